"""The paper's ``decoder w/ Concat``: the SPADE generator's decoder, conditioned by concatenation (paper, table 3)."""

from __future__ import annotations

from dataclasses import fields

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spade_studio.engine.networks.blocks import LEAKY_SLOPE, maybe_spectral
from spade_studio.engine.networks.config import ConcatenationConfig, GeneratorConfig
from spade_studio.engine.networks.discriminator import conv_norm
from spade_studio.engine.networks.generator import Generator
from spade_studio.engine.networks.layout import Layout
from spade_studio.engine.networks.noise import TextureNoise


def with_planes(x: Tensor, layout: Layout) -> Tensor:
    """Concatenate the one-hot layout at the resolution of x: [B, C, h, w] -> [B, C + S, h, w]."""
    planes = layout.one_hot(x.shape[-2], x.shape[-1], x.device, x.dtype)
    return torch.cat((x, planes.expand(x.shape[0], -1, -1, -1)), 1)


class ConcatenationResBlock(nn.Module):
    """Two norm-activation-convolution stages with a shortcut, learned where the widths differ; convolutions read the layout too."""

    def __init__(self, in_channels: int, out_channels: int, config: GeneratorConfig) -> None:
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

    def forward(self, x: Tensor, layout: Layout, z: Tensor | None = None, noise: TextureNoise | None = None) -> Tensor:
        """Map [B, in, h, w] to [B, out, h, w]; z and noise are ignored."""
        del z, noise
        shortcut = self.conv_s(with_planes(self.norm_s(x), layout)) if self.learned_shortcut else x
        residual = self.conv_0(with_planes(F.leaky_relu(self.norm_0(x), LEAKY_SLOPE), layout))
        residual = self.conv_1(with_planes(F.leaky_relu(self.norm_1(residual), LEAKY_SLOPE), layout))
        return shortcut + residual


class ConcatenationGenerator(Generator):
    """The SPADE generator with concatenation blocks."""

    def __init__(self, config: ConcatenationConfig) -> None:
        super().__init__(GeneratorConfig(**{field.name: getattr(config, field.name) for field in fields(config)}))

    def block(self, number: int) -> nn.Module:
        """Return a block by its index in the plan."""
        _, in_channels, out_channels, _ = self.config.block_plan[number]
        return ConcatenationResBlock(in_channels, out_channels, self.config)
