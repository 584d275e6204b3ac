"""Non-blocking copies between host and device."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor


def host_tensor(array: npt.NDArray[Any], device: torch.device) -> Tensor:
    """Return an array as a host tensor, in pinned memory for CUDA devices, from which copies do not block."""
    tensor = torch.as_tensor(np.ascontiguousarray(array))
    return tensor.pin_memory() if device.type == "cuda" and torch.cuda.is_available() else tensor


def to_device(array: npt.NDArray[Any], device: torch.device, dtype: torch.dtype | None = None) -> Tensor:
    """Return an array as a tensor on a device, by a non-blocking copy."""
    return host_tensor(array, device).to(device, dtype, non_blocking=True)


def to_host(values: Tensor) -> Tensor:
    """Copy a tensor to the host, on CUDA through pinned memory, with the only synchronisation of a frame.

    The result never shares memory with ``values``.
    """
    if values.device.type == "cpu":
        return values.clone()
    if values.device.type != "cuda":
        return values.cpu()
    pinned = torch.empty(values.shape, dtype=values.dtype, pin_memory=True)
    pinned.copy_(values, non_blocking=True)
    torch.cuda.current_stream(values.device).synchronize()
    return pinned
