"""The cascaded refinement network, CRN (Chen and Koltun, 2017), the paper's baseline without a discriminator."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spade_studio.engine.networks.blocks import LEAKY_SLOPE
from spade_studio.engine.networks.config import CRNConfig
from spade_studio.engine.networks.layout import Layout


class RefinementModule(nn.Module):
    """Two 3x3 convolutions, each with a layer norm over channels, rows and columns, and a LeakyReLU."""

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        self.conv_0 = nn.Conv2d(in_channels, width, 3, padding=1, bias=False)
        self.norm_0 = nn.GroupNorm(1, width)
        self.conv_1 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm_1 = nn.GroupNorm(1, width)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, in, h, w] to [B, width, h, w]."""
        x = F.leaky_relu(self.norm_0(self.conv_0(x)), LEAKY_SLOPE)
        return F.leaky_relu(self.norm_1(self.conv_1(x)), LEAKY_SLOPE)


def enlarged(x: Tensor) -> Tensor:
    """Upsample x2 bilinearly with aligned corners: [B, C, h, w] -> [B, C, 2h, 2w]."""
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)


def halvings(x: Tensor, count: int) -> list[Tensor]:
    """Return x [B, C, H, W] and ``count - 1`` successive reductions to half the size by area averaging, smallest first."""
    found = [x]
    for _ in range(count - 1):
        found.append(F.avg_pool2d(found[-1], 2))
    return found[::-1]


class CRNGenerator(nn.Module):
    """Modules at heights 4, 8, ... of the nominal picture; each reads the layout and the features of the last one."""

    def __init__(self, config: CRNConfig) -> None:
        super().__init__()
        self.config = config
        self.stages = nn.ModuleList()
        previous = 0
        for width in config.widths:
            self.stages.append(RefinementModule(previous + config.semantic_channels, width))
            previous = width
        self.last = nn.Conv2d(previous, 3 * config.pictures, 1)

    def pictures(self, layout: Layout) -> Tensor:
        """Return all K pictures [B, K, 3, H, W], nominally in [-1, 1], not clipped; sides must be multiples of ``config.stride``."""
        weight = self.last.weight
        planes = halvings(layout.one_hot(layout.height, layout.width, weight.device, weight.dtype), len(self.stages))
        x = self.stages[0](planes[0])
        for stage, seen in zip(list(self.stages)[1:], planes[1:], strict=True):
            x = stage(torch.cat((enlarged(x), seen), 1))  # [B, C + S, 2h, 2w]
        # Channels are all red ones first, then green, then blue.
        return self.last(x).unflatten(1, (3, self.config.pictures)).transpose(1, 2)

    def train_last(self, modules: int) -> None:
        """Train only the given number of last modules and the output layer; 0 for all modules."""
        for stage in list(self.stages)[:-modules] if modules else []:
            stage.requires_grad_(False)

    def forward(self, layout: Layout, z: Tensor | None = None) -> Tensor:
        """Return pictures [B, 3, H, W] in [-1, 1].

        Args:
            layout: B layouts.
            z: Scores [B, K], whose argmax selects each layout's picture; the first picture where None.
        """
        pictures = self.pictures(layout).clamp(-1, 1)
        if z is None or self.config.pictures == 1:
            return pictures[:, 0]
        return pictures[torch.arange(len(pictures), device=pictures.device), z.argmax(1)]
