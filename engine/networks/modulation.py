"""Gamma and beta of the distinct neighbourhoods of a layout, and their differentiable application to pixels."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from spade_studio.engine.networks.grid import Grid

Gradients = tuple[Tensor | None, ...]
_AT_ONCE = 1 << 18  # numbers


def window_table(weight: Tensor) -> Tensor:
    """Return a convolution's weight [out, S, k, k] as a table [k * k, S + 1, out]; row S of each position is zero."""
    return F.pad(weight.permute(2, 3, 1, 0).flatten(0, 1), (0, 0, 0, 1))


def window_sum(table: Tensor, label_rows: Tensor, edge_rows: Tensor | None) -> Tensor:
    """Compute a convolution of one-hot planes at distinct windows as a sum of k * k weight rows.

    Args:
        table: Table of :func:`window_table`, [k * k, S + 1, out].
        label_rows: Label channel of each position of each window, [n1, k * k]; S for none.
        edge_rows: Likewise for the edge channel; None without one.

    Returns:
        [n1, out], without bias.
    """
    positions, channels, _ = table.shape
    first_rows = torch.arange(positions, device=table.device) * channels
    index = label_rows + first_rows
    if edge_rows is not None:
        index = torch.cat((index, edge_rows + first_rows), 1)
    return F.embedding_bag(index, table.flatten(0, 1), mode="sum")


def hidden_rows(table: Tensor, bias: Tensor, label_rows: Tensor, edge_rows: Tensor | None) -> Tensor:
    """Return ReLU(:func:`window_sum` + bias): the hidden map of a SPADE layer at distinct windows, [n1, hidden]."""
    return F.relu(window_sum(table, label_rows, edge_rows) + bias)


def modulation_rows(weights: tuple[Tensor, ...], grid: Grid) -> Tensor:
    """Compute 1 + gamma and beta for every distinct neighbourhood.

    Args:
        weights: Weights as for :func:`head_rows`, with 1 added to gamma's bias.
        grid: Distinct neighbourhoods of the layout at this resolution.

    Returns:
        1 + gamma, then beta, [n2, 2 C].
    """
    return torch.cat(head_rows(weights, grid), 1)


def head_rows(weights: tuple[Tensor, ...], grid: Grid) -> tuple[Tensor, ...]:
    """Compute convolutions of the hidden map at each distinct neighbourhood.

    Args:
        weights: Weight [hidden, S, k, k] and bias [hidden] of the hidden map, then weight [C, hidden, k, k] and bias [C] of each
            convolution of it.
        grid: Distinct neighbourhoods of the layout at this resolution.

    Returns:
        Output [n2, C] of each convolution, in autocast's type where that is on.
    """
    device = weights[0].device.type
    inside = torch.is_autocast_enabled(device)
    dtype = torch.get_autocast_dtype(device) if inside and weights[0].dtype is torch.float32 else weights[0].dtype
    with torch.autocast(device, enabled=False) if inside else nullcontext():
        return cast("tuple[Tensor, ...]", _Rows.apply(grid, dtype, *weights))  # pyright: ignore[reportUnknownMemberType]


def _by_positions(weight: Tensor, dtype: torch.dtype) -> Tensor:
    """Lay a weight [C, hidden, k, k] out as [C, k * k * hidden]: a view where it is channels last and of that type."""
    return weight.to(dtype).permute(0, 2, 3, 1).flatten(1)


class _Rows(torch.autograd.Function):
    """All of :func:`modulation_rows`; only the hidden map at distinct windows is kept for backward, the rest is computed again.

    On a CPU in float32 or wider, windows are multiplied first, once for every position that they can have in a neighbourhood, and rows are
    sums of products: there are fewer windows than neighbourhoods. In narrow types, and on a GPU, the windows of every neighbourhood are
    gathered for one product: the bytes moved count there, and the roundings.
    """

    @staticmethod
    def forward(ctx: Any, grid: Grid, dtype: torch.dtype, shared: Tensor, shared_bias: Tensor, *heads: Tensor) -> tuple[Tensor, ...]:
        """Return [n2, C] for each weight and bias, which alternate in ``heads``."""
        table = shared.detach().permute(2, 3, 1, 0).reshape(-1, shared.shape[0])  # [k * k * S, hidden]
        hidden = F.embedding_bag(grid.table_rows, table, grid.window_offsets, mode="sum").add_(shared_bias).relu_()
        # The last row belongs to positions outside the picture: zero, not ReLU(bias).
        hidden = F.pad(hidden.to(dtype), (0, 0, 0, 1))
        ctx.grid = grid
        ctx.save_for_backward(hidden, shared, *heads)
        pairs = zip(heads[::2], heads[1::2], strict=True)
        if _multiplies_windows_first(hidden):
            return tuple(_sums_of_products(hidden, grid, weight.to(dtype)).add_(bias.to(dtype)) for weight, bias in pairs)
        around = hidden.index_select(0, grid.hidden_ids.flatten()).view(len(grid.hidden_ids), -1)  # [n2, k * k * hidden]
        return tuple(torch.addmm(bias.to(dtype), around, _by_positions(weight, dtype).T) for weight, bias in pairs)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grad_outputs: Any) -> Gradients:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return the gradients of weights and biases."""
        hidden, shared, *heads = cast("tuple[Tensor, ...]", ctx.saved_tensors)
        grid = cast("Grid", ctx.grid)
        wide = torch.promote_types(hidden.dtype, torch.float32)
        parts = cast("tuple[Tensor, ...]", grad_outputs)
        if _multiplies_windows_first(hidden):
            grad_hidden, grads = _gradients_of_products(hidden, grid, parts, heads)
            return None, None, *_gradients_of_windows(grad_hidden, hidden, grid, shared), *grads
        around = hidden.index_select(0, grid.hidden_ids.flatten()).view(len(grid.hidden_ids), -1)
        grad_around: Tensor | None = None
        grads: list[Tensor | None] = []
        for part, weight, bias in zip(parts, heads[::2], heads[1::2], strict=True):
            narrow = part.to(hidden.dtype)
            matrix = _by_positions(weight, hidden.dtype)
            grad_around = narrow @ matrix if grad_around is None else grad_around.addmm_(narrow, matrix)
            out, width, height, breadth = weight.shape
            grad_weight = (narrow.T @ around).view(out, height, breadth, width).permute(0, 3, 1, 2)
            grads += [grad_weight.to(weight.dtype), part.to(wide).sum(0).to(bias.dtype)]
        assert grad_around is not None
        grad_around = grad_around.view(-1, hidden.shape[1])
        if grad_around.dtype is torch.float16:  # the sum, which is always made in float32 at least, may be too large for it
            grad_around = grad_around.to(wide)
        offsets = grid.window_order_offsets[:: grid.hidden_ids.shape[1]]
        grad_hidden = F.embedding_bag(grid.window_order, grad_around, offsets, mode="sum").to(wide)
        return None, None, *_gradients_of_windows(grad_hidden, hidden, grid, shared), *grads


def _multiplies_windows_first(hidden: Tensor) -> bool:
    return hidden.device.type == "cpu" and hidden.dtype.itemsize >= 4


def _sums_of_products(hidden: Tensor, grid: Grid, weight: Tensor) -> Tensor:
    """Return the convolution of the hidden map [n1 + 1, hidden] at every neighbourhood, without bias: [n2, C]."""
    by_position = weight.permute(2, 3, 1, 0).flatten(0, 1)  # [k * k, hidden, C], a view where the weight is channels last
    products = hidden.new_empty(len(by_position), len(hidden), weight.shape[0])
    for product, matrix in zip(products, by_position, strict=True):
        torch.mm(hidden, matrix, out=product)
    places = grid.hidden_ids + torch.arange(len(by_position), device=hidden.device) * len(hidden)
    return F.embedding_bag(places, products.flatten(0, 1), mode="sum")


def _gradients_of_products(
    hidden: Tensor, grid: Grid, parts: tuple[Tensor, ...], heads: list[Tensor]
) -> tuple[Tensor, list[Tensor | None]]:
    """Return the gradients of the hidden map [n1 + 1, hidden], and of the weights and biases which alternate in ``heads``."""
    positions = grid.hidden_ids.shape[1]
    neighbourhoods = grid.window_order // positions
    grad_hidden = torch.zeros_like(hidden)
    grads: list[Tensor | None] = []
    for part, weight, bias in zip(parts, heads[::2], heads[1::2], strict=True):
        of_products = F.embedding_bag(neighbourhoods, part, grid.window_order_offsets, mode="sum").view(len(hidden), positions, -1)
        grad_weight = torch.empty_like(weight, dtype=hidden.dtype, memory_format=torch.channels_last)
        matrices = zip(
            weight.to(hidden.dtype).permute(2, 3, 0, 1).flatten(0, 1),
            grad_weight.permute(2, 3, 0, 1).flatten(0, 1),
            of_products.unbind(1),
            strict=True,
        )
        for matrix, grad_matrix, of_product in matrices:
            grad_hidden.addmm_(of_product, matrix)
            torch.mm(of_product.T, hidden, out=grad_matrix)
        grads += [grad_weight.to(weight.dtype), part.sum(0).to(bias.dtype)]
    return grad_hidden, grads


def _gradients_of_windows(grad_hidden: Tensor, hidden: Tensor, grid: Grid, shared: Tensor) -> tuple[Tensor, Tensor]:
    """Return the gradients of the weight and bias that the hidden map [n1 + 1, hidden] was made with."""
    grad_hidden = grad_hidden[:-1] * (hidden[:-1] > 0)
    grad_table = F.embedding_bag(grid.table_order, grad_hidden, grid.table_order_offsets, mode="sum")
    out, channels, height, width = shared.shape
    grad_shared = grad_table.view(height, width, channels, out).permute(3, 2, 0, 1)
    return grad_shared.to(shared.dtype), grad_hidden.sum(0).to(shared.dtype)


@dataclass(frozen=True)
class Statistics:
    """Batch statistics, differentiable: mean and biased variance [C], and the epsilon added to the variance."""

    mean: Tensor
    variance: Tensor
    eps: float

    def normalize(self, x: Tensor) -> Tensor:
        """Return (x - mean) / deviation in x's type."""
        return torch.native_batch_norm(x, None, None, self.mean, self.variance, False, 0.0, self.eps)[0]


class _Modulate(torch.autograd.Function):
    """Normalise, x * (1 + gamma) + beta with rows gathered per pixel, leaky ReLU.

    Kept are x and the result, which its neighbours keep too. Backward sums over each neighbourhood's pixels in at least float32.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor, shift: Tensor, grid: Grid, statistics: Statistics | None, slope: float) -> Tensor:
        """Apply 1 + gamma and beta, [n2, C], to x [B, C, h, w]."""
        rows, pixels = (scale, shift), _pixels(x, grid)  # [R, P, C]
        if statistics is not None and x.dtype.itemsize >= 4:  # of the few rows, not of the pixels
            factor = scale * (statistics.variance + statistics.eps).rsqrt()
            rows = factor, torch.addcmul(shift, factor, statistics.mean, value=-1)
        elif statistics is not None:  # rounded only once it is normalised
            pixels = _pixels(statistics.normalize(x), grid)
        gamma, beta = (row.to(x.dtype).index_select(0, grid.pixel_ids) for row in rows)  # [P, C]
        pixels = beta.addcmul_(pixels[0], gamma) if len(pixels) == 1 else torch.addcmul(beta, pixels, gamma)
        if slope != 1:
            F.leaky_relu_(pixels, slope)
        batch, channels, height, width = x.shape
        out = pixels.view(batch, height, width, channels).permute(0, 3, 1, 2)
        kept = () if statistics is None else (statistics.mean, statistics.variance)
        ctx.save_for_backward(x, scale, out if slope != 1 else None, *kept)
        ctx.grid, ctx.eps, ctx.slope = grid, None if statistics is None else statistics.eps, slope
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grad_outputs: Any) -> Gradients:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return the gradients of x and of the rows."""
        x, scale, out, *kept = cast("tuple[Tensor, ...]", ctx.saved_tensors)
        grid, grad = cast("Grid", ctx.grid), cast("Tensor", grad_outputs[0])
        statistics = Statistics(kept[0], kept[1], ctx.eps) if kept else None
        if ctx.slope != 1:
            grad = torch.ops.aten.leaky_relu_backward(grad, out, ctx.slope, True)
        grad = _pixels(grad, grid)
        normalized = _pixels(x if statistics is None else statistics.normalize(x), grid)
        sums: list[Tensor] = []
        if ctx.needs_input_grad[1] or statistics is not None:
            wide = grad.to(torch.promote_types(grad.dtype, torch.float32))
            for term in (_product(normalized, wide), wide):  # [R, P, C]
                of_pixels = term[0] if len(term) == 1 else term.sum(0)
                sums.append(F.embedding_bag(grid.order, of_pixels, grid.offsets, mode="sum"))
        grads_of_rows: list[Tensor | None] = [part.to(scale.dtype) for part in sums] if ctx.needs_input_grad[1] else [None, None]
        if not ctx.needs_input_grad[0]:
            return None, *grads_of_rows, None, None, None
        if statistics is None:
            grad_x = grad * scale.to(grad.dtype).index_select(0, grid.pixel_ids)
        else:
            # The sums that batch norm's backward needs are those over pixels of grad * (1 + gamma): few rows instead of all pixels.
            inverse = (statistics.variance + statistics.eps).rsqrt()
            count = x.numel() // x.shape[1]
            along_x, along_ones = ((scale * part).sum(0) * (-inverse / count) for part in sums)
            factor = (scale * inverse).to(grad.dtype).index_select(0, grid.pixel_ids)
            grad_x = torch.addcmul(along_ones.to(grad.dtype), normalized, along_x.to(grad.dtype)).addcmul_(grad, factor)
        batch, channels, height, width = x.shape
        return grad_x.view(batch, height, width, channels).permute(0, 3, 1, 2), *grads_of_rows, None, None, None


def _product(narrow: Tensor, wide: Tensor) -> Tensor:
    """Multiply [R, P, C] of a narrow type by the same in a wide one, a part of the pixels at a time: little is widened at once."""
    if narrow.dtype == wide.dtype or narrow.device.type != "cpu":
        return narrow * wide
    product = torch.empty_like(wide)
    step = max(1, _AT_ONCE // max(1, narrow.shape[0] * narrow.shape[2]))
    for i in range(0, narrow.shape[1], step):
        torch.mul(narrow[:, i : i + step].to(wide.dtype), wide[:, i : i + step], out=product[:, i : i + step])
    return product


def _pixels(x: Tensor, grid: Grid) -> Tensor:
    """Return [B, C, h, w] as [R, P, C]: P pixels of the grid's layouts, R times; a view where x is channels last."""
    batch, channels, height, width = x.shape
    return x.permute(0, 2, 3, 1).reshape(batch // grid.batch, grid.batch * height * width, channels)


def modulate(x: Tensor, rows: Tensor | tuple[Tensor, ...], grid: Grid, statistics: Statistics | None = None, slope: float = 1.0) -> Tensor:
    """Apply modulation rows to activations.

    Args:
        x: Activations [B, C, h, w].
        rows: Result of :func:`modulation_rows`, [n2, 2 C], or its two halves.
        grid: The same grid, of B layouts or of one for all pictures.
        statistics: Statistics to normalise x with first, with gradients through them; None if x is normalised already.
        slope: Negative slope of the leaky ReLU that follows; 1 for none.

    Returns:
        Activations [B, C, h, w], channels last in memory.
    """
    scale, shift = rows.chunk(2, 1) if isinstance(rows, Tensor) else rows
    return cast("Tensor", _Modulate.apply(x, scale, shift, grid, statistics, slope))  # pyright: ignore[reportUnknownMemberType]
