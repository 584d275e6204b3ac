"""Noise injection (Karras et al., A Style-Based Generator Architecture, CVPR 2019, section 3.2)."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

Texture = int | npt.NDArray[np.int32]
"""Noise seeds of one picture: a single seed, or one per pixel, int32 [H, W]."""

Regions = npt.NDArray[np.uint16]
"""Regions of a picture with noise seeds of their own, uint16 [H, W]: 0 for the picture's seed, one seed per other number."""

_MEAN = 4 * 255 / 2
_DEVIATION = (4 * (256**2 - 1) / 12) ** 0.5
_ROW, _COLUMN, _LAYER, _REGION = 0x632BE5AB, 0x5BD1E995, 0x2545F491, 0x9E3779B1  # odd numbers with mixed bits


def _signed(value: int) -> int:
    value &= 0xFFFFFFFF
    return value - (1 << 32) if value >= 1 << 31 else value


def texture_of(seed: int, regions: Regions | None) -> Texture:
    """Return the noise seeds of a picture: the seed itself, or one per pixel where there are regions."""
    if regions is None or not regions.any():
        return seed
    return (regions.astype(np.uint32) * np.uint32(_REGION) + np.uint32(seed & 0xFFFFFFFF)).view(np.int32)


def _mixed(x: Tensor) -> Tensor:
    """Hash int32 in place (Wellons' lowbias32): the same numbers on every device."""
    x ^= (x >> 16) & 0xFFFF
    x *= _signed(0x7FEB352D)
    x ^= (x >> 15) & 0x1FFFF
    x *= _signed(0x846CA68B)
    x ^= (x >> 16) & 0xFFFF
    return x


class TextureNoise:
    """Noise fields with mean 0 and variance 1, a function of seed, layer and position.

    Values are sums of four bytes of a hash: nearly normal, and bitwise equal on all devices.

    Args:
        seeds: One seed a picture, int32 [B], or one a pixel, int32 [B, H, W], resized by nearest neighbour for coarser fields.
    """

    def __init__(self, seeds: Tensor) -> None:
        self.seeds = seeds.to(torch.int32)

    @classmethod
    def of(cls, texture: Texture, device: torch.device | str = "cpu") -> TextureNoise:
        """Return the noise of one picture."""
        if isinstance(texture, int):
            return cls(torch.tensor([_signed(texture)], dtype=torch.int32, device=device))
        return cls(torch.from_numpy(texture.astype(np.int32))[None].to(device))  # pyright: ignore[reportUnknownMemberType]

    @classmethod
    def random(cls, batch: int, device: torch.device) -> TextureNoise:
        """Return noise with seeds from torch's global random state."""
        return cls(torch.randint(-(1 << 31), 1 << 31, (batch,), dtype=torch.int64).to(device))

    def field(self, layer: int, height: int, width: int, dtype: torch.dtype) -> Tensor:
        """Return the noise field of a layer, [B, 1, height, width]."""
        seeds = self.seeds
        if seeds.ndim == 3:
            rows = torch.arange(height, device=seeds.device) * seeds.shape[1] // height
            columns = torch.arange(width, device=seeds.device) * seeds.shape[2] // width
            seeds = seeds[:, rows][:, :, columns]
        else:
            seeds = seeds[:, None, None]
        x = _mixed(seeds ^ _signed(layer * _LAYER))
        y = torch.arange(height, dtype=torch.int32, device=seeds.device)[:, None]
        x = _mixed((x ^ (y * _signed(_ROW))).contiguous())
        columns = torch.arange(width, dtype=torch.int32, device=seeds.device)
        x = _mixed((x + columns * _signed(_COLUMN)).contiguous())
        total = (x & 0xFF) + ((x >> 8) & 0xFF) + ((x >> 16) & 0xFF) + ((x >> 24) & 0xFF)
        return ((total.float() - _MEAN) / _DEVIATION).to(dtype).unsqueeze(1)


class _Add(torch.autograd.Function):
    """x + strength * field, whose gradient to strength is one product of a matrix and a vector."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, strength: Tensor, field: Tensor) -> Tensor:
        """[B, C, h, w], [C], [B, 1, h, w] -> [B, C, h, w]."""
        ctx.save_for_backward(field)
        ctx.dtype = strength.dtype
        return torch.addcmul(x, field, strength.to(x.dtype).view(1, -1, 1, 1))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grad_outputs: Any) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return the gradients of x and strength."""
        (field,) = cast("tuple[Tensor, ...]", ctx.saved_tensors)
        grad = cast("Tensor", grad_outputs[0])
        strength = None
        if ctx.needs_input_grad[1]:
            rows = grad.permute(0, 2, 3, 1).reshape(-1, grad.shape[1])
            strength = (field.reshape(1, -1).to(rows.dtype) @ rows)[0].to(ctx.dtype)
        return grad, strength, None


class NoiseInjection(nn.Module):
    """Adds a noise field with a learned strength per channel, initially 0.

    Args:
        channels: Number of channels.
        layer: Number of the noise field.
    """

    def __init__(self, channels: int, layer: int) -> None:
        super().__init__()
        self.layer = layer
        self.strength = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor, noise: TextureNoise) -> Tensor:
        """Map [B, C, h, w] to the same shape."""
        field = noise.field(self.layer, x.shape[2], x.shape[3], x.dtype)
        return cast("Tensor", _Add.apply(x, self.strength, field))  # pyright: ignore[reportUnknownMemberType]


def injected(generator: nn.Module, seeds: Tensor) -> dict[str, TextureNoise]:
    """Return the keyword argument ``noise`` of a generator's forward for seeds [B]; empty without noise injection."""
    return {"noise": TextureNoise(seeds)} if getattr(generator, "injects_noise", False) else {}
