"""The synthesis network of SIMS (Qi et al., 2018): from a layout and a canvas of photograph segments to a picture."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spade_studio.engine.networks.blocks import LEAKY_SLOPE
from spade_studio.engine.networks.config import SIMSConfig
from spade_studio.engine.networks.layout import Layout
from spade_studio.engine.networks.refinement import RefinementModule, enlarged, halvings


class EncoderBlock(nn.Module):
    """Several 3x3 convolutions, each with a layer norm and a LeakyReLU."""

    def __init__(self, in_channels: int, width: int, convolutions: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList()
        self.norms = nn.ModuleList()
        for number in range(convolutions):
            self.convolutions.append(nn.Conv2d(width if number else in_channels, width, 3, padding=1, bias=False))
            self.norms.append(nn.GroupNorm(1, width))

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, in, h, w] to [B, width, h, w]."""
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = F.leaky_relu(norm(convolution(x)), LEAKY_SLOPE)
        return x


class SIMSGenerator(nn.Module):
    """A U-Net over layout, canvas and canvas mask, which each scale of its decoder also reads at its own resolution.

    One head generates the picture, the other per-pixel label scores, which training compares with the layout.
    """

    def __init__(self, config: SIMSConfig) -> None:
        super().__init__()
        self.config = config
        inputs = config.semantic_channels + 4
        self.encoder = nn.ModuleList()
        previous = inputs
        for count, width in config.encoder_plan:
            self.encoder.append(EncoderBlock(previous, width, count))
            previous = width
        # From the smallest scale, which sees the last block's features halved once more.
        beside = [previous, *(width for _, width in config.encoder_plan[::-1])]
        self.decoder = nn.ModuleList()
        previous = 0
        for width, features in zip(config.decoder_widths, beside, strict=True):
            self.decoder.append(RefinementModule(previous + features + inputs, width))
            previous = width
        self.picture = nn.Conv2d(previous, 3, 1)
        self.labels = nn.Conv2d(previous, config.semantic_channels, 1)

    def outputs(self, layout: Layout) -> tuple[Tensor, Tensor]:
        """Return pictures [B, 3, H, W], nominally in [-1, 1], not clipped, and label scores [B, S, H, W].

        Sides must be multiples of ``config.stride``; layouts without a canvas have an empty one.
        """
        weight = self.picture.weight
        planes = layout.one_hot(layout.height, layout.width, weight.device, weight.dtype)
        x = torch.cat((planes, layout.canvas_planes(weight.device, weight.dtype)), 1)  # [B, S + 4, H, W]
        seen = halvings(x, len(self.decoder))
        features: list[Tensor] = []
        for block in self.encoder:
            x = block(x)
            features.append(x)
            x = F.avg_pool2d(x, 2)
        features.append(x)
        x = self.decoder[0](torch.cat((features[-1], seen[0]), 1))
        for stage, skipped, inputs in zip(list(self.decoder)[1:], features[-2::-1], seen[1:], strict=True):
            x = stage(torch.cat((enlarged(x), skipped, inputs), 1))
        return self.picture(x), self.labels(x)

    def forward(self, layout: Layout, z: Tensor | None = None) -> Tensor:
        """Return pictures [B, 3, H, W] in [-1, 1]; z is ignored."""
        del z
        return self.outputs(layout)[0].clamp(-1, 1)
