"""A convolution that is computed as a matrix product where weights far outnumber pixels."""

from __future__ import annotations

from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

_MOST_PIXELS = 512
_LEAST_WEIGHTS = 1 << 20


class Convolution(nn.Conv2d):
    """``nn.Conv2d`` that, on a CPU, avoids oneDNN's reordering of wide channels-last weights on coarse grids.

    At 8 x 8 pixels and 1024 channels the reordering takes ten times as long as the products, mostly in the backward pass. At 1 x 1
    pixels, channels last, the convolution is a matrix product.
    """

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:  # noqa: A002 (torch's name)
        if (
            self.kernel_size == (1, 1)
            and bias is None
            and input.device.type == "cpu"
            and (self.stride, self.padding, self.groups) == ((1, 1), (0, 0), 1)
            and input.is_contiguous(memory_format=torch.channels_last)
        ):
            return F.linear(input.permute(0, 2, 3, 1), weight.flatten(1)).permute(0, 3, 1, 2)
        batch, _, height, width = input.shape if input.ndim == 4 else (0, 0, 0, 0)
        suits = (
            input.device.type == "cpu"
            and 0 < batch * height * width <= _MOST_PIXELS
            and weight.numel() >= _LEAST_WEIGHTS
            and weight.is_contiguous(memory_format=torch.channels_last)
            and (self.stride, self.dilation, self.groups, self.padding_mode) == ((1, 1), (1, 1), 1, "zeros")
            and self.padding == (self.kernel_size[0] // 2, self.kernel_size[1] // 2)
            and self.kernel_size[0] % 2 == self.kernel_size[1] % 2 == 1
        )
        if not suits or bias is None:
            return super()._conv_forward(input, weight, bias)
        narrow = torch.is_autocast_enabled("cpu") and torch.float64 not in (input.dtype, weight.dtype)
        dtype = torch.get_autocast_dtype("cpu") if narrow else weight.dtype
        with torch.autocast("cpu", enabled=False):
            return cast("Tensor", _Product.apply(input.to(dtype), weight.to(dtype), bias.to(dtype)))  # pyright: ignore[reportUnknownMemberType]


def _windows(x: Tensor, height: int, width: int) -> Tensor:
    """Return the windows around all pixels of [B, C, h, w] as rows [B * h * w, height * width * C]; zero outside."""
    padded = F.pad(x.permute(0, 2, 3, 1), (0, 0, width // 2, width // 2, height // 2, height // 2))
    return padded.unfold(1, height, 1).unfold(2, width, 1).permute(0, 1, 2, 4, 5, 3).reshape(x.shape[0] * x.shape[2] * x.shape[3], -1)


class _Product(torch.autograd.Function):
    """A convolution of stride 1 as a product of all windows with the weights as they lie, channels last."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Return [B, out, h, w], channels last."""
        ctx.save_for_backward(x, weight)
        batch, _, height, width = x.shape
        matrix = weight.permute(0, 2, 3, 1).flatten(1)
        out = torch.addmm(bias, _windows(x, *weight.shape[2:]), matrix.T)
        return out.view(batch, height, width, -1).permute(0, 3, 1, 2)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grad_outputs: Any) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return the gradients of x, weight and bias."""
        x, weight = cast("tuple[Tensor, ...]", ctx.saved_tensors)
        grad = cast("Tensor", grad_outputs[0]).permute(0, 2, 3, 1).flatten(0, 2)  # [pixels, out]
        (batch, channels, height, width), (out, _, rows, columns) = x.shape, weight.shape
        grad_x = grad_weight = grad_bias = None
        if ctx.needs_input_grad[0]:
            parts = (grad @ weight.permute(0, 2, 3, 1).flatten(1)).view(batch, height, width, rows, columns, channels)
            wide = torch.promote_types(x.dtype, torch.float32)
            padded = torch.zeros(batch, height + rows - 1, width + columns - 1, channels, dtype=wide, device=x.device)
            for i in range(rows):
                for j in range(columns):
                    padded[:, i : i + height, j : j + width] += parts[:, :, :, i, j]
            inner = padded[:, rows // 2 : rows // 2 + height, columns // 2 : columns // 2 + width]
            grad_x = inner.to(x.dtype).permute(0, 3, 1, 2)
        if ctx.needs_input_grad[1]:
            grad_weight = (grad.T @ _windows(x, rows, columns)).view(out, rows, columns, channels).permute(0, 3, 1, 2)
        if ctx.needs_input_grad[2]:
            grad_bias = grad.sum(0)
        return grad_x, grad_weight, grad_bias
