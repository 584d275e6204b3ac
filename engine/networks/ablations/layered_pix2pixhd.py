"""The paper's ``pix2pixHD++ w/ SPADE`` and ``w/ Concat``: encoder-decoders with the layout in inner layers too (tables 3 and 5)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spade_studio.engine.networks.ablations.concatenation import with_planes
from spade_studio.engine.networks.blocks import maybe_spectral
from spade_studio.engine.networks.config import LayeredPix2PixHDConfig
from spade_studio.engine.networks.discriminator import conv_norm
from spade_studio.engine.networks.layout import Layout
from spade_studio.engine.networks.spade import SPADE


class Stage(nn.Module):
    """A convolution and its normalisation, SPADE or plain."""

    def __init__(self, conv: nn.Conv2d | nn.ConvTranspose2d, config: LayeredPix2PixHDConfig) -> None:
        super().__init__()
        channels = conv.out_channels
        self.conv = maybe_spectral(conv, config.spectral_norm, dim=int(isinstance(conv, nn.ConvTranspose2d)))
        if config.layout == "spade":
            self.norm: nn.Module = SPADE(channels, config.semantic_channels, config.hidden_width, config.kernel_size, config.norm)
        else:
            self.norm = conv_norm(config.norm, channels)[0]

    def forward(self, x: Tensor, layout: Layout) -> Tensor:
        """Map [B, in, h, w] to [B, out, h', w'], before the activation."""
        x = self.conv(x)
        return self.norm(x, layout) if isinstance(self.norm, SPADE) else self.norm(x)


class LayeredResidualBlock(nn.Module):
    """Two reflect-padded stages with an identity shortcut; with concatenation the layout joins the input of the first."""

    def __init__(self, channels: int, config: LayeredPix2PixHDConfig) -> None:
        super().__init__()
        self.concatenate = config.layout == "concatenation"
        extra = config.semantic_channels if self.concatenate else 0
        side = config.kernels[1]
        self.reach = side // 2
        self.stage_0 = Stage(nn.Conv2d(channels + extra, channels, side, bias=False), config)
        self.stage_1 = Stage(nn.Conv2d(channels, channels, side, bias=False), config)

    def forward(self, x: Tensor, layout: Layout) -> Tensor:
        """Map [B, C, h, w] to the same shape."""
        inner = with_planes(x, layout) if self.concatenate else x
        inner = F.relu(self.stage_0(_reflect(inner, self.reach), layout))
        return x + self.stage_1(_reflect(inner, self.reach), layout)


class LayeredPix2PixHDGenerator(nn.Module):
    """Downsampling, residual blocks, upsampling."""

    def __init__(self, config: LayeredPix2PixHDConfig) -> None:
        super().__init__()
        self.config = config
        width, side = config.base_channels, config.kernels[0]
        self.reach = side // 2
        self.first = Stage(nn.Conv2d(config.semantic_channels, width, side, bias=False), config)
        self.down, self.blocks, self.up = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for _ in range(config.downsamplings):
            self.down.append(Stage(nn.Conv2d(width, 2 * width, 3, stride=2, padding=1, bias=False), config))
            width *= 2
        for _ in range(config.blocks):
            self.blocks.append(LayeredResidualBlock(width, config))
        for _ in range(config.downsamplings):
            conv = nn.ConvTranspose2d(width, width // 2, 3, stride=2, padding=1, output_padding=1, bias=False)
            self.up.append(Stage(conv, config))
            width //= 2
        self.last = nn.Conv2d(width, 3, side)

    def forward(self, layout: Layout, z: Tensor | None = None) -> Tensor:
        """Return pictures [B, 3, H, W] in [-1, 1]; sides must be multiples of ``config.stride``; z is ignored."""
        del z
        weight = self.last.weight
        x = layout.one_hot(layout.height, layout.width, weight.device, weight.dtype)
        x = F.relu(self.first(_reflect(x, self.reach), layout))  # [B, f, H, W]
        for stage in self.down:
            x = F.relu(stage(x, layout))  # [B, 2C, h / 2, w / 2]
        for block in self.blocks:
            x = block(x, layout)
        for stage in self.up:
            x = F.relu(stage(x, layout))  # [B, C / 2, 2h, 2w]
        return torch.tanh(self.last(_reflect(x, self.reach)))


def _reflect(x: Tensor, reach: int) -> Tensor:
    return F.pad(x, (reach,) * 4, mode="reflect")
