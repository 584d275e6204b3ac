"""The SPADE generator: a layout, and perhaps a style code, to a picture (paper, appendix A; REFERENCE.md, section 1).

It knows neither label sets nor files; the layout's channels are given.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spade_studio.engine.networks.blocks import LEAKY_SLOPE, SPADEResBlock
from spade_studio.engine.networks.config import GeneratorConfig
from spade_studio.engine.networks.layout import Layout


class Generator(nn.Module):
    """The SPADE generator.

    Args:
        config: Its architecture; ``state_dict`` names are the published ones.
    """

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.config = config
        f = config.base_channels
        if config.input == "noise":
            height, width = config.first_grid
            self.fc: nn.Module = nn.Linear(config.z_width, 16 * f * height * width)
        else:
            self.fc = nn.Conv2d(config.semantic_channels, 16 * f, 3, padding=1)
        for name, in_channels, out_channels, _ in config.block_plan:
            self.add_module(name, SPADEResBlock(in_channels, out_channels, config))
        self.conv_img = nn.Conv2d(config.final_channels, 3, 3, padding=1)

    def forward(self, layout: Layout, z: Tensor | None = None) -> Tensor:
        """Compute pictures of the layout's size.

        Args:
            layout: B layouts, or one for all styles; its sides must be multiples of ``config.stride``.
            z: Style codes [B, z_width]; drawn from a normal distribution where None. Ignored with layout input.

        Returns:
            Pictures [B, 3, H, W] in [-1, 1].
        """
        x = self.first(layout, z)
        for name, _, _, upsample_before in self.config.block_plan:
            if upsample_before:
                x = F.interpolate(x, scale_factor=2, mode="nearest")  # [B, C, 2h, 2w]
            x = self.get_submodule(name)(x, layout)
        x = self.conv_img(F.leaky_relu(x, LEAKY_SLOPE))  # [B, 3, H, W]
        return torch.tanh(x)

    def first(self, layout: Layout, z: Tensor | None) -> Tensor:
        """Return the activations that enter ``head_0``: [B, 16f, H / stride, W / stride].

        At sizes other than the built-for one the learned first grid is resized bilinearly (issue 2, section 2).
        """
        stride = self.config.stride
        grid = (layout.height // stride, layout.width // stride)
        weight = self.fc.weight
        assert isinstance(weight, Tensor)
        if self.config.input == "layout":
            return self.fc(layout.one_hot(*grid, weight.device, weight.dtype))
        if z is None:
            z = torch.randn(layout.batch, self.config.z_width, dtype=weight.dtype, device=weight.device)
        x: Tensor = self.fc(z).view(z.shape[0], -1, *self.config.first_grid)
        if grid != self.config.first_grid:
            x = F.interpolate(x, size=grid, mode="bilinear", align_corners=False)
        return x
