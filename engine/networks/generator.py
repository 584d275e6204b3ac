"""The SPADE generator: from a layout, and optionally a style code, to a picture (paper, appendix A)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spade_studio.engine.networks.blocks import LEAKY_SLOPE, SPADEResBlock
from spade_studio.engine.networks.config import GeneratorConfig, UpsamplingFilter
from spade_studio.engine.networks.layout import Layout
from spade_studio.engine.networks.noise import NoiseInjection, TextureNoise


class Generator(nn.Module):
    """The SPADE generator.

    Args:
        config: Architecture; ``state_dict`` has the published names.
    """

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.config = config
        f = config.base_channels
        if config.input == "noise":
            height, width = config.first_grid
            self.fc: nn.Module = nn.Linear(config.z_width, 16 * f * height * width)
        elif config.input == "layout":
            self.fc = nn.Conv2d(config.semantic_channels, 16 * f, 3, padding=1, padding_mode=config.padding)
        else:
            self.fc = nn.Linear(config.z_width, 16 * f)
            self.fc_layout = nn.Conv2d(config.semantic_channels, 16 * f, 3, padding=1, padding_mode=config.padding)
        if config.noise_injection:
            self.fc_noise = NoiseInjection(16 * f, 0)
        for number, (name, *_) in enumerate(config.block_plan):
            self.add_module(name, self.block(number))
        self.conv_img = nn.Conv2d(config.final_channels, 3, 3, padding=1, padding_mode=config.padding)

    def block(self, number: int) -> nn.Module:
        """Return a block by its index in the plan."""
        name, in_channels, out_channels, _ = self.config.block_plan[number]
        return SPADEResBlock(in_channels, out_channels, self.config, self.config.middle_channels(name), 2 * number + 1)

    @property
    def injects_noise(self) -> bool:
        """Whether :meth:`forward` takes noise."""
        return self.config.noise_injection

    def forward(self, layout: Layout, z: Tensor | None = None, noise: TextureNoise | None = None) -> Tensor:
        """Generate pictures of the layout's size.

        Args:
            layout: B layouts, or one for all styles; sides must be multiples of ``config.stride``.
            z: Style codes [B, z_width]; drawn from the standard normal distribution where None. Ignored with layout input.
            noise: Noise of B pictures, for generators with noise injection; with random seeds where None.

        Returns:
            Pictures [B, 3, H, W] in [-1, 1].
        """
        config, weight = self.config, self.conv_img.weight
        if z is None and config.style_width is not None:
            z = torch.randn(layout.batch, config.style_width, dtype=weight.dtype, device=weight.device)
        if not config.noise_injection:
            noise = None
        elif noise is None:
            noise = TextureNoise.random(layout.batch if z is None else len(z), weight.device)
        x = self.first(layout, z)
        if noise is not None:
            x = self.fc_noise(x, noise)
        for name, _, _, upsample_before in config.block_plan:
            if upsample_before:
                x = upsampled(x, config.upsampling_filter)  # [B, C, 2h, 2w]
            x = self.get_submodule(name)(x, layout, z if config.style_modulation else None, noise)
        x = self.conv_img(F.leaky_relu(x, LEAKY_SLOPE))  # [B, 3, H, W]
        return torch.tanh(x)

    def first(self, layout: Layout, z: Tensor | None) -> Tensor:
        """Return the input of ``head_0`` before noise: [B, 16f, H / stride, W / stride].

        At sizes other than the nominal one the learned first grid is resized bilinearly.
        """
        stride = self.config.stride
        grid = (layout.height // stride, layout.width // stride)
        weight = self.conv_img.weight
        if self.config.input == "layout":
            return self.fc(layout.one_hot(*grid, weight.device, weight.dtype))
        if self.config.input == "layout_and_style":
            return self.fc_layout(layout.one_hot(*grid, weight.device, weight.dtype)) + self.fc(z)[:, :, None, None]
        x: Tensor = self.fc(z)
        x = x.view(len(x), -1, *self.config.first_grid)
        if grid != self.config.first_grid:
            x = F.interpolate(x, size=grid, mode="bilinear", align_corners=False)
        return x


def upsampled(x: Tensor, kind: UpsamplingFilter) -> Tensor:
    """Upsample x2: [B, C, h, w] -> [B, C, 2h, 2w]."""
    if kind == "nearest":
        return F.interpolate(x, scale_factor=2, mode="nearest")
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
