"""A prepared convolution of the main path: spectral norm folded, weights in the device's preferred memory layout."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from spade_studio.engine.inference.linear import Linear, can_pack
from spade_studio.engine.inference.transfer import to_device
from spade_studio.engine.networks.config import Padding

_ROWS_AT_ONCE = 512
_SIZES_PACKED = 2


def folded_weight(state: Mapping[str, Tensor], name: str) -> Tensor:
    """Return ``name.weight`` in float64, divided by its spectral norm where ``weight_orig, weight_u, weight_v`` stand for it."""
    if f"{name}.weight" in state:
        return state[f"{name}.weight"].double()
    weight, u, v = (state[f"{name}.weight_{part}"].double() for part in ("orig", "u", "v"))
    return weight / torch.dot(u, weight.flatten(1) @ v)


class Convolution:
    """A stride-1 convolution that keeps the size.

    Args:
        weight: [out, in, k, k] on any device.
        bias: [out], or None.
        padding: Padding mode, zeros or replicate.
    """

    def __init__(
        self, weight: Tensor, bias: Tensor | None, device: torch.device, dtype: torch.dtype, padding: Padding = "zeros"
    ) -> None:
        self.out_channels, self.in_channels, self.kernel_size, _ = weight.shape
        self._padding = [self.kernel_size // 2] * 2
        self._bias = None if bias is None else bias.to(device, dtype)
        self._plain: Tensor | None = weight.to(device, dtype, memory_format=torch.channels_last)
        self._can_pack = can_pack(device, dtype)
        self._packed: OrderedDict[tuple[int, int], Tensor] = OrderedDict()
        self._linear: Linear | None = None
        self._device, self._dtype = device, dtype
        self._replicates = padding == "replicate" and self.kernel_size > 1
        self._edges: OrderedDict[tuple[int, int], tuple[Tensor, Tensor]] = OrderedDict()

    def _weight_for(self, height: int, width: int) -> Tensor:
        """Return the weight as the device wants it for inputs of a size.

        oneDNN chooses an order by the input's size; in another size's order the same convolution was up to 40 times slower.
        """
        if not self._can_pack:
            return self._plain_weight()
        size = (height, width) if self.kernel_size > 1 else (1, 1)
        packed = self._packed.get(size)
        if packed is None:
            inputs = [1, self.in_channels, height, width]
            plain = self._plain_weight().contiguous()
            packed = torch.ops.mkldnn._reorder_convolution_weight(plain, self._padding, [1, 1], [1, 1], 1, inputs)
            self._packed[size] = packed
            self._plain = None  # one copy is enough; it can be had back from a packed one
            while len(self._packed) > _SIZES_PACKED:
                self._packed.popitem(last=False)
        self._packed.move_to_end(size)
        return packed

    def _plain_weight(self) -> Tensor:
        return next(iter(self._packed.values())).to_dense() if self._plain is None else self._plain

    def __call__(self, x: Tensor) -> Tensor:
        """[N, h, w, in] -> [N, h, w, out], both contiguous; N is 1 with replicate padding."""
        planes = x.permute(0, 3, 1, 2)
        weight = self._weight_for(x.shape[1], x.shape[2])
        if self._can_pack:
            out = torch.ops.mkldnn._convolution_pointwise(planes, weight, self._bias, self._padding, [1, 1], [1, 1], 1, "none", [], "")
        else:
            out = F.conv2d(planes, weight, self._bias, padding=self._padding)
        out = out.permute(0, 2, 3, 1).contiguous()
        if self._replicates:
            places, around = self._edge(x.shape[1], x.shape[2])
            out.view(-1, self.out_channels).index_copy_(0, places, self.at(x.reshape(-1, self.in_channels), around))
        return out

    def _edge(self, height: int, width: int) -> tuple[Tensor, Tensor]:
        """Return the flat places [n] whose windows leave the picture, and the places [n, k * k] that their windows see instead."""
        size = (height, width)
        if size not in self._edges:
            reach = self.kernel_size // 2
            places = np.arange(height * width).reshape(height, width)
            inner = np.zeros((height, width), np.bool_)
            inner[reach : height - reach, reach : width - reach] = True
            padded = np.pad(places, reach, mode="edge")
            edge = places[~inner]
            rows, columns = np.divmod(edge, width)
            steps = np.arange(self.kernel_size)
            around = padded[rows[:, None, None] + steps[:, None], columns[:, None, None] + steps].reshape(len(edge), -1)
            self._edges[size] = to_device(edge, self._device), to_device(around, self._device)
            while len(self._edges) > _SIZES_PACKED:
                self._edges.popitem(last=False)
        self._edges.move_to_end(size)
        return self._edges[size]

    def edges(self) -> list[Tensor]:
        """Return the cached indices of edge positions and their windows for recent sizes; those of other sizes may replace them."""
        return [tensor for pair in self._edges.values() for tensor in pair]

    def add_to(self, out: Tensor, x: Tensor) -> None:
        """Add the convolution of x [N, h, w, in] to ``out`` [N, h, w, out] in place; N is 1 with replicate padding."""
        if self._can_pack and self._replicates:
            places, around = self._edge(x.shape[1], x.shape[2])
            flat = out.view(-1, self.out_channels)
            edge = flat.index_select(0, places).add_(self.at(x.view(-1, self.in_channels), around))
            self._add_packed(out, x)
            flat.index_copy_(0, places, edge)
        elif self._can_pack:
            self._add_packed(out, x)
        else:
            out += self(x)

    def _add_packed(self, out: Tensor, x: Tensor) -> None:
        torch.ops.mkldnn._convolution_pointwise_.binary(
            out.permute(0, 3, 1, 2),
            x.permute(0, 3, 1, 2),
            self._weight_for(x.shape[1], x.shape[2]),
            self._bias,
            self._padding,
            [1, 1],
            [1, 1],
            1,
            "add",
            1.0,
            None,
            [],
            None,
        )

    def at(self, rows: Tensor, around: Tensor) -> Tensor:
        """Compute single positions.

        Args:
            rows: Activations [m, in].
            around: Rows in the window of each requested position, int64 [n, k * k].

        Returns:
            [n, out].
        """
        linear = self._as_linear()
        out = rows.new_empty(len(around), self.out_channels)
        for begin in range(0, len(around), _ROWS_AT_ONCE):
            part = around[begin : begin + _ROWS_AT_ONCE]
            out[begin : begin + len(part)] = linear(rows.index_select(0, part.reshape(-1)).view(len(part), -1))
        return out

    def of_rows(self, rows: Tensor) -> Tensor:
        """Apply a 1x1 convolution: [n, in] -> [n, out]."""
        return self._as_linear()(rows)

    def _as_linear(self) -> Linear:
        """Return the same layer over the k * k * in values around a position, made when a preview first needs it."""
        if self._linear is None:
            weight = self._plain_weight().permute(0, 2, 3, 1).reshape(self.out_channels, -1)
            self._linear = Linear(weight, self._bias, self._device, self._dtype)
        return self._linear
