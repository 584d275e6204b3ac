"""The paper's ``decoder w/ Concat``: the SPADE generator's decoder that is told the layout by concatenation (paper, table 3)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spade_studio.engine.networks.blocks import LEAKY_SLOPE, maybe_spectral
from spade_studio.engine.networks.config import ConcatenationConfig
from spade_studio.engine.networks.discriminator import conv_norm
from spade_studio.engine.networks.layout import Layout


def with_planes(x: Tensor, layout: Layout) -> Tensor:
    """Concatenate the layout's planes at the resolution of x: [B, C, h, w] -> [B, C + S, h, w]."""
    planes = layout.one_hot(x.shape[-2], x.shape[-1], x.device, x.dtype)
    return torch.cat((x, planes.expand(x.shape[0], -1, -1, -1)), 1)


class ConcatenationResBlock(nn.Module):
    """Two norm-activation-convolution stages beside a shortcut, learned where the widths differ; convolutions see the layout."""

    def __init__(self, in_channels: int, out_channels: int, config: ConcatenationConfig) -> None:
        super().__init__()
        middle, planes = min(in_channels, out_channels), config.semantic_channels
        self.learned_shortcut = in_channels != out_channels
        self.conv_0 = maybe_spectral(nn.Conv2d(in_channels + planes, middle, 3, padding=1), config.spectral_norm)
        self.conv_1 = maybe_spectral(nn.Conv2d(middle + planes, out_channels, 3, padding=1), config.spectral_norm)
        self.norm_0 = conv_norm(config.norm, in_channels)[0]
        self.norm_1 = conv_norm(config.norm, middle)[0]
        if self.learned_shortcut:
            self.conv_s = maybe_spectral(nn.Conv2d(in_channels + planes, out_channels, 1, bias=False), config.spectral_norm)
            self.norm_s = conv_norm(config.norm, in_channels)[0]

    def forward(self, x: Tensor, layout: Layout) -> Tensor:
        """[B, in, h, w] -> [B, out, h, w]."""
        shortcut = self.conv_s(with_planes(self.norm_s(x), layout)) if self.learned_shortcut else x
        residual = self.conv_0(with_planes(F.leaky_relu(self.norm_0(x), LEAKY_SLOPE), layout))
        residual = self.conv_1(with_planes(F.leaky_relu(self.norm_1(residual), LEAKY_SLOPE), layout))
        return shortcut + residual


class ConcatenationGenerator(nn.Module):
    """The decoder; blocks and grid are those of the SPADE generator."""

    def __init__(self, config: ConcatenationConfig) -> None:
        super().__init__()
        self.config = config
        f = config.base_channels
        if config.input == "noise":
            height, width = config.first_grid
            self.fc: nn.Module = nn.Linear(config.z_width, 16 * f * height * width)
        else:
            self.fc = nn.Conv2d(config.semantic_channels, 16 * f, 3, padding=1)
        for name, in_channels, out_channels, _ in config.block_plan:
            self.add_module(name, ConcatenationResBlock(in_channels, out_channels, config))
        self.conv_img = nn.Conv2d(config.final_channels, 3, 3, padding=1)

    def forward(self, layout: Layout, z: Tensor | None = None) -> Tensor:
        """Return pictures [B, 3, H, W] in [-1, 1]; arguments as of :meth:`Generator.forward`."""
        config = self.config
        grid = (layout.height // config.stride, layout.width // config.stride)
        weight = self.conv_img.weight
        if config.input == "layout":
            x: Tensor = self.fc(layout.one_hot(*grid, weight.device, weight.dtype))  # [B, 16f, h, w]
        else:
            if z is None:
                z = torch.randn(layout.batch, config.z_width, dtype=weight.dtype, device=weight.device)
            x = self.fc(z).view(z.shape[0], -1, *config.first_grid)
            if grid != config.first_grid:
                x = F.interpolate(x, size=grid, mode="bilinear", align_corners=False)
        for name, _, _, upsample_before in config.block_plan:
            if upsample_before:
                x = F.interpolate(x, scale_factor=2, mode="nearest")  # [B, C, 2h, 2w]
            x = self.get_submodule(name)(x, layout)
        return torch.tanh(self.conv_img(F.leaky_relu(x, LEAKY_SLOPE)))  # [B, 3, H, W]
