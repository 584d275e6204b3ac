"""Gamma and beta for the distinct neighbourhoods of a layout, and their application to pixels, differentiable.

It computes exactly what the convolutions of a SPADE layer would (DESIGN.md, section 4) and knows no other part of the network.
"""

from __future__ import annotations

from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from spade_studio.engine.layout import Grid


def window_table(weight: Tensor) -> Tensor:
    """Lay a convolution's weight [out, S, k, k] out as rows [k * k, S + 1, out]; row S of each position is zero."""
    return F.pad(weight.permute(2, 3, 1, 0).flatten(0, 1), (0, 0, 0, 1))


def window_sum(table: Tensor, label_rows: Tensor, edge_rows: Tensor | None) -> Tensor:
    """Compute a convolution of one-hot planes at distinct windows: a sum of k * k rows of its weights.

    Args:
        table: Of :func:`window_table`, [k * k, S + 1, out].
        label_rows: [n1, k * k]: the label channel that each position of a window sets; S where it sets none.
        edge_rows: The same for the edge channel, None without one.

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


def modulation_rows(weights: tuple[Tensor, Tensor, Tensor, Tensor], grid: Grid) -> Tensor:
    """Compute 1 + gamma and beta for every distinct neighbourhood.

    Args:
        weights: Of :meth:`SPADE.dense_weights`.
        grid: The layout's distinct neighbourhoods at this resolution.

    Returns:
        [n2, 2 C]: 1 + gamma, then beta.
    """
    shared_weight, shared_bias, weight, bias = weights
    hidden = hidden_rows(window_table(shared_weight), shared_bias, grid.label_rows, grid.edge_rows)
    hidden = F.pad(hidden, (0, 0, 0, 1))  # the row of positions outside the picture is zero, not ReLU(bias)
    around = F.embedding(grid.hidden_ids, hidden).flatten(1)  # [n2, k * k * hidden]
    return F.linear(around, weight.permute(0, 2, 3, 1).flatten(1), bias)


class _Modulate(torch.autograd.Function):
    """x * (1 + gamma) + beta with rows gathered per pixel; backward sums over each neighbourhood's pixels in at least float32."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, rows: Tensor, pixel_ids: Tensor, order: Tensor, offsets: Tensor) -> Tensor:
        """Apply rows [n2, 2 C] to pixels x [R, P, C]."""
        ctx.save_for_backward(x, rows, pixel_ids, order, offsets)
        gamma, beta = rows.index_select(0, pixel_ids).to(x.dtype).chunk(2, 1)
        return torch.addcmul(beta, x, gamma)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> tuple[Tensor | None, ...]:
        """Return the gradients of x and of the rows."""
        x, rows, pixel_ids, order, offsets = cast("tuple[Tensor, ...]", ctx.saved_tensors)
        grad = cast("Tensor", grad_outputs[0])
        grad_x = grad_rows = None
        if ctx.needs_input_grad[0]:
            grad_x = grad * rows[:, : rows.shape[1] // 2].index_select(0, pixel_ids).to(grad.dtype)
        if ctx.needs_input_grad[1]:
            wide = torch.promote_types(grad.dtype, torch.float32)
            per_pixel = torch.cat(((grad.to(wide) * x).sum(0), grad.to(wide).sum(0)), 1)  # [P, 2 C]
            grad_rows = F.embedding_bag(order, per_pixel, offsets, mode="sum").to(rows.dtype)
        return grad_x, grad_rows, None, None, None


def modulate(x: Tensor, rows: Tensor, grid: Grid) -> Tensor:
    """Apply modulation rows to normalised activations.

    Args:
        x: [B, C, h, w], normalised.
        rows: [n2, 2 C] of :func:`modulation_rows`.
        grid: The same grid; of B layouts, or of one for all B pictures.

    Returns:
        [B, C, h, w], channels last in memory.
    """
    batch, channels, height, width = x.shape
    repeats = batch // grid.batch
    pixels = x.permute(0, 2, 3, 1).reshape(repeats, grid.batch * height * width, channels)
    out = cast("Tensor", _Modulate.apply(pixels, rows, grid.pixel_ids, grid.order, grid.offsets))  # pyright: ignore[reportUnknownMemberType]
    return out.view(batch, height, width, channels).permute(0, 3, 1, 2)
