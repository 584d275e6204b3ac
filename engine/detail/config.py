"""Configurations of super-resolution networks, and the names and shapes of their tensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from spade_studio.engine.errors import ConfigError

Shapes = dict[str, tuple[int, ...]]

COLOURS = 3
_LIMITS = {"scale": 8, "width": 512, "blocks": 64, "growth": 256, "doublings": 3, "unshuffle": 4, "layers": 128}


def _check(values: dict[str, int]) -> None:
    for name, value in values.items():
        if not 1 <= value <= _LIMITS[name]:
            raise ConfigError(f"a super-resolution network with {name} {value:,}", f"1 to {_LIMITS[name]}")


@dataclass(frozen=True)
class RRDBConfig:
    """RRDBNet: residual-in-residual dense blocks at low resolution, then doublings (Wang et al. 2018, ESRGAN; 2021, Real-ESRGAN).

    Attributes:
        width: Number of channels between the blocks.
        blocks: Number of residual-in-residual dense blocks, of three dense blocks each.
        growth: Number of channels that each convolution of a dense block adds.
        doublings: Number of x2 upsamplings after the blocks.
        unshuffle: Factor of the pixel unshuffle before the first convolution: 1, 2 or 4.
    """

    kind: ClassVar[str] = "rrdb"
    width: int
    blocks: int
    growth: int
    doublings: int
    unshuffle: int = 1

    def __post_init__(self) -> None:
        _check({"width": self.width, "blocks": self.blocks, "growth": self.growth, "unshuffle": self.unshuffle})
        if not 0 <= self.doublings <= _LIMITS["doublings"] or 2**self.doublings % self.unshuffle:
            raise ConfigError(
                f"a super-resolution network with {self.doublings} doublings of pixels in squares of {self.unshuffle}",
                f"at most {_LIMITS['doublings']} doublings, and a picture no smaller than the one that goes in",
            )

    @property
    def scale(self) -> int:
        """Factor by which each side is enlarged."""
        return 2**self.doublings // self.unshuffle

    @property
    def multiplications(self) -> int:
        """Number of multiplications for one input pixel."""
        width, growth = self.width, self.growth
        dense = sum((width + i * growth) * growth for i in range(4)) + (width + 4 * growth) * width
        low = COLOURS * self.unshuffle**2 * width + 3 * self.blocks * dense + width * width
        high = sum(4**i for i in range(1, self.doublings + 1)) * width * width + 4**self.doublings * (width + COLOURS) * width
        return 9 * (low + high) // self.unshuffle**2

    def shapes(self) -> Shapes:
        """Return the shape of each tensor by its name in Real-ESRGAN."""
        width, growth = self.width, self.growth
        convolutions = {"conv_first": (width, COLOURS * self.unshuffle**2)}
        for block in range(self.blocks):
            for dense in (1, 2, 3):
                for i in range(5):
                    convolutions[f"body.{block}.rdb{dense}.conv{i + 1}"] = (growth if i < 4 else width, width + i * growth)
        ups = [f"conv_up{i + 1}" for i in range(self.doublings)]
        convolutions |= dict.fromkeys(("conv_body", *ups, "conv_hr"), (width, width))
        convolutions["conv_last"] = (COLOURS, width)
        return _convolution_shapes(convolutions)


@dataclass(frozen=True)
class CompactConfig:
    """SRVGGNetCompact: a chain of convolutions at low resolution, then a pixel shuffle (Real-ESRGAN).

    Attributes:
        scale: Factor by which each side is enlarged.
        width: Number of channels of the chain.
        layers: Number of convolutions between the first and the last.
    """

    kind: ClassVar[str] = "compact"
    scale: int
    width: int
    layers: int

    def __post_init__(self) -> None:
        _check({"scale": self.scale, "width": self.width, "layers": self.layers})

    @property
    def multiplications(self) -> int:
        """Number of multiplications for one input pixel."""
        return 9 * self.width * (COLOURS + self.layers * self.width + COLOURS * self.scale**2)

    def shapes(self) -> Shapes:
        """Return the shape of each tensor by its name in Real-ESRGAN."""
        last = 2 * self.layers + 2
        widths = {0: (self.width, COLOURS), last: (COLOURS * self.scale**2, self.width)}
        shapes = _convolution_shapes({f"body.{i}": widths.get(i, (self.width, self.width)) for i in range(0, last + 1, 2)})
        return shapes | {f"body.{i}.weight": (self.width,) for i in range(1, last, 2)}


UpscalerConfig = RRDBConfig | CompactConfig


def _convolution_shapes(convolutions: dict[str, tuple[int, int]]) -> Shapes:
    shapes: Shapes = {}
    for name, (outputs, inputs) in convolutions.items():
        shapes[f"{name}.weight"] = (outputs, inputs, 3, 3)
        shapes[f"{name}.bias"] = (outputs,)
    return shapes
