"""The residual block of the SPADE generator (paper, figure 4 left)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils import spectral_norm

from spade_studio.engine.networks.config import GeneratorConfig
from spade_studio.engine.networks.convolution import Convolution
from spade_studio.engine.networks.layout import Layout
from spade_studio.engine.networks.noise import NoiseInjection, TextureNoise
from spade_studio.engine.networks.spade import SPADE

LEAKY_SLOPE = 0.2


def maybe_spectral(module: nn.Module, spectral: bool, *, dim: int = 0) -> nn.Module:
    """Apply spectral norm to ``weight`` (eps 1e-12, one power iteration a training forward) if ``spectral``."""
    return spectral_norm(module, eps=1e-12, dim=dim) if spectral else module


class SPADEResBlock(nn.Module):
    """Two SPADE-activation-convolution stages with a shortcut, learned where the widths differ.

    Args:
        in_channels: Number of input channels.
        out_channels: Number of output channels.
        config: Configuration of the generator.
        middle_channels: Number of channels between the convolutions; the smaller of the other two where None.
        layer: Number of the first of its two noise fields.
    """

    def __init__(
        self, in_channels: int, out_channels: int, config: GeneratorConfig, middle_channels: int | None = None, layer: int = 1
    ) -> None:
        super().__init__()
        middle = middle_channels or min(in_channels, out_channels)
        self.in_channels, self.middle_channels, self.out_channels = in_channels, middle, out_channels
        self.learned_shortcut = in_channels != out_channels

        def spade(channels: int) -> SPADE:
            return SPADE(channels, config.semantic_channels, config.hidden_width, config.kernel_size, config.norm, config.padding)

        def convolution(inputs: int, outputs: int) -> nn.Module:
            return maybe_spectral(Convolution(inputs, outputs, 3, padding=1, padding_mode=config.padding), config.spectral_norm)

        self.conv_0 = convolution(in_channels, middle)
        self.conv_1 = convolution(middle, out_channels)
        self.norm_0 = spade(in_channels)
        self.norm_1 = spade(middle)
        if self.learned_shortcut:
            self.conv_s = maybe_spectral(Convolution(in_channels, out_channels, 1, bias=False), config.spectral_norm)
            self.norm_s = spade(in_channels)
        if config.style_modulation:
            self.style = nn.Linear(config.z_width, 2 * middle)
        if config.noise_injection:
            self.noise_0 = NoiseInjection(middle, layer)
            self.noise_1 = NoiseInjection(out_channels, layer + 1)

    def forward(self, x: Tensor, layout: Layout, z: Tensor | None = None, noise: TextureNoise | None = None) -> Tensor:
        """Map [B, in, h, w] to [B, out, h, w].

        Args:
            x: Input activations.
            layout: B layouts, or one for all.
            z: Style codes [B, z_width], for style modulation.
            noise: Noise of B pictures, for noise injection.
        """
        shortcut = self.conv_s(self.norm_s(x, layout)) if self.learned_shortcut else x
        residual = self.conv_0(self.norm_0(x, layout, LEAKY_SLOPE))
        if z is not None:
            scale, shift = self.style(z).to(residual.dtype)[:, :, None, None].chunk(2, 1)  # [B, middle, 1, 1]
            residual = torch.addcmul(shift, residual, 1 + scale)
        if noise is not None:
            residual = self.noise_0(residual, noise)
        out = shortcut + self.conv_1(self.norm_1(residual, layout, LEAKY_SLOPE))
        return out if noise is None else self.noise_1(out, noise)
