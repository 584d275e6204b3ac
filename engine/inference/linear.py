"""A prepared linear layer, its weights in oneDNN's blocked layout where oneDNN serves the processor."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def can_pack(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether weights can be packed in oneDNN's blocked layout; eager layers reorder them in every call."""
    if device.type != "cpu" or not torch.backends.mkldnn.is_available() or dtype not in (torch.float32, torch.bfloat16):
        return False
    names = (
        "_reorder_convolution_weight",
        "_convolution_pointwise",
        "_convolution_pointwise_",
        "_reorder_linear_weight",
        "_linear_pointwise",
    )
    if not all(hasattr(torch.ops.mkldnn, name) for name in names):
        return False
    # Without AVX-512 its bfloat16 raises, while torch's own layers still work.
    return dtype == torch.float32 or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


class Linear:
    """A linear layer, [n, in] to [n, out].

    Args:
        weight: [out, in] on any device.
        bias: [out], or None.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, device: torch.device, dtype: torch.dtype) -> None:
        self._bias = None if bias is None else bias.to(device, dtype)
        plain = weight.to(device, dtype).contiguous()
        self._packed = can_pack(device, dtype)
        # torch's own float32 product goes to MKL, which was 2.3 times slower on an AMD processor with AVX-512.
        self._weight: Tensor = torch.ops.mkldnn._reorder_linear_weight(plain) if self._packed else plain

    def __call__(self, rows: Tensor) -> Tensor:
        """[n, in] -> [n, out]."""
        if self._packed:
            return torch.ops.mkldnn._linear_pointwise(rows, self._weight, self._bias, "none", [], "")
        return F.linear(rows, self._weight, self._bias)
