"""Super-resolution networks as their papers define them, interruptible between convolutions."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spade_studio.engine.detail.config import COLOURS, CompactConfig, RRDBConfig, UpscalerConfig

Pulse = Callable[[int], None]
"""Callback before each convolution, with its number of multiplications; an exception ends the computation."""

STRIP_MULTIPLICATIONS = 2_000_000_000
"""Number of multiplications above which a convolution on a CPU is split into strips of rows, for a pulse every few tens of ms."""

ENLARGED_ROWS = 24
"""Number of feature rows that RRDBNet upsamples at a time, which bounds memory."""

_ENLARGED_MARGIN = 2  # rows of features that reach a row's pixels through the convolutions behind them


def _no_pulse(_: int) -> None:
    pass


def _convolution(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1)


def _convolve(layer: nn.Conv2d, x: Tensor, pulse: Pulse) -> Tensor:
    """Apply a 3x3 convolution to [N, C, H, W], in strips where it is large."""
    height = x.shape[2]
    row = layer.weight.numel() * x.shape[0] * x.shape[3]
    rows = max(1, STRIP_MULTIPLICATIONS // row) if x.device.type == "cpu" else height
    if rows >= height:
        pulse(row * height)
        return layer(x)
    strips: list[Tensor] = []
    for top in range(0, height, rows):
        bottom = min(height, top + rows)
        pulse(row * (bottom - top))
        start = max(0, top - 1)
        strips.append(layer(x[:, :, start : bottom + 1])[:, :, top - start : bottom - start])
    return torch.cat(strips, 2)


class DenseBlock(nn.Module):
    """Five densely connected convolutions from ``width`` to ``width`` channels."""

    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        self.conv1 = _convolution(width, growth)
        self.conv2 = _convolution(width + growth, growth)
        self.conv3 = _convolution(width + 2 * growth, growth)
        self.conv4 = _convolution(width + 3 * growth, growth)
        self.conv5 = _convolution(width + 4 * growth, width)

    def forward(self, x: Tensor, pulse: Pulse = _no_pulse) -> Tensor:
        """Map [N, width, H, W] to the same shape."""
        features = x
        for convolution in (self.conv1, self.conv2, self.conv3, self.conv4):
            features = torch.cat((features, F.leaky_relu(_convolve(convolution, features, pulse), 0.2)), 1)
        return torch.add(x, _convolve(self.conv5, features, pulse), alpha=0.2)


class RRDB(nn.Module):
    """Residual-in-residual dense block."""

    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        self.rdb1 = DenseBlock(width, growth)
        self.rdb2 = DenseBlock(width, growth)
        self.rdb3 = DenseBlock(width, growth)

    def forward(self, x: Tensor, pulse: Pulse = _no_pulse) -> Tensor:
        """Map [N, width, H, W] to the same shape."""
        return torch.add(x, self.rdb3(self.rdb2(self.rdb1(x, pulse), pulse), pulse), alpha=0.2)


class RRDBNet(nn.Module):
    """The generator of ESRGAN and Real-ESRGAN."""

    def __init__(self, config: RRDBConfig) -> None:
        super().__init__()
        width = config.width
        self.unshuffle = config.unshuffle
        self.conv_first = _convolution(COLOURS * config.unshuffle**2, width)
        self.body = nn.ModuleList(RRDB(width, config.growth) for _ in range(config.blocks))
        self.conv_body = _convolution(width, width)
        self.doublings = config.doublings
        for name in self._up_names():
            self.add_module(name, _convolution(width, width))
        self.conv_hr = _convolution(width, width)
        self.conv_last = _convolution(width, COLOURS)

    def forward(self, x: Tensor, pulse: Pulse = _no_pulse) -> Tensor:
        """Enlarge pictures.

        Args:
            x: [N, 3, H, W] in [0, 1], sides multiples of ``unshuffle``.
            pulse: See :data:`Pulse`.

        Returns:
            [N, 3, scale H, scale W], about in [0, 1].
        """
        first = _convolve(self.conv_first, F.pixel_unshuffle(x, self.unshuffle).to(self.conv_first.weight.dtype), pulse)
        features = first
        for block in self.body:
            features = block(features, pulse)
        features = first + _convolve(self.conv_body, features, pulse)
        height, factor = features.shape[2], 2**self.doublings
        parts: list[Tensor] = []
        for top in range(0, height, ENLARGED_ROWS):
            start, bottom = max(0, top - _ENLARGED_MARGIN), min(height, top + ENLARGED_ROWS)
            part = self._enlarge(features[:, :, start : bottom + _ENLARGED_MARGIN], pulse)
            parts.append(part[:, :, (top - start) * factor : (bottom - start) * factor])
        return torch.cat(parts, 2)

    def _up_names(self) -> list[str]:
        return [f"conv_up{i + 1}" for i in range(self.doublings)]

    def _enlarge(self, features: Tensor, pulse: Pulse) -> Tensor:
        for layer in map(self.get_submodule, self._up_names()):
            assert isinstance(layer, nn.Conv2d)
            features = F.leaky_relu(_convolve(layer, F.interpolate(features, scale_factor=2.0, mode="nearest"), pulse), 0.2)
        features = F.leaky_relu(_convolve(self.conv_hr, features, pulse), 0.2)
        return _convolve(self.conv_last, features.to(self.conv_last.weight.dtype), pulse)


class SRVGGNetCompact(nn.Module):
    """A chain of convolutions and PReLUs, then a pixel shuffle, added to the nearest-neighbour upsampling of the input."""

    def __init__(self, config: CompactConfig) -> None:
        super().__init__()
        self.scale = config.scale
        layers: list[nn.Module] = [_convolution(COLOURS, config.width), nn.PReLU(config.width)]
        for _ in range(config.layers):
            layers += [_convolution(config.width, config.width), nn.PReLU(config.width)]
        layers.append(_convolution(config.width, COLOURS * config.scale**2))
        self.body = nn.ModuleList(layers)

    def forward(self, x: Tensor, pulse: Pulse = _no_pulse) -> Tensor:
        """Enlarge pictures; see :meth:`RRDBNet.forward`."""
        features = x
        for layer in self.body:
            features = _convolve(layer, features.to(layer.weight.dtype), pulse) if isinstance(layer, nn.Conv2d) else layer(features)
        return F.pixel_shuffle(features, self.scale) + F.interpolate(x, scale_factor=float(self.scale), mode="nearest")


UpscalerNetwork = RRDBNet | SRVGGNetCompact


def build_upscaler(config: UpscalerConfig) -> UpscalerNetwork:
    """Build the network of a configuration, with torch's default initialisation."""
    return RRDBNet(config) if isinstance(config, RRDBConfig) else SRVGGNetCompact(config)


def last_convolution(network: UpscalerNetwork) -> nn.Conv2d:
    """Return the output convolution; computed in float32 it avoids banding in smooth areas."""
    layer = network.conv_last if isinstance(network, RRDBNet) else network.body[-1]
    assert isinstance(layer, nn.Conv2d)
    return layer
