"""The style encoder: from a photograph to the posterior of its style code (paper, appendix A)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from spade_studio.engine.networks.blocks import LEAKY_SLOPE, maybe_spectral
from spade_studio.engine.networks.config import EncoderConfig


class Encoder(nn.Module):
    """Five or six stride-2 convolutions with instance norm, then two linear layers."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        f = config.base_channels
        widths = [3, f, 2 * f, 4 * f, 8 * f, 8 * f, 8 * f][: config.layers + 1]
        for i in range(config.layers):
            # A bias would be removed by the norm that follows.
            conv = nn.Conv2d(widths[i], widths[i + 1], 3, stride=2, padding=1, bias=False)
            layer = nn.Sequential(maybe_spectral(conv, config.spectral_norm), nn.InstanceNorm2d(widths[i + 1], affine=False))
            self.add_module(f"layer{i + 1}", layer)
        self.fc_mu = nn.Linear(8 * f * 16, config.z_width)
        self.fc_var = nn.Linear(8 * f * 16, config.z_width)

    def forward(self, photo: Tensor) -> tuple[Tensor, Tensor]:
        """Encode photographs.

        Args:
            photo: [B, 3, H, W] in [-1, 1], any size.

        Returns:
            mu and logvar, each [B, z_width].
        """
        side = self.config.input_size
        x = photo
        if x.shape[-2:] != (side, side):
            x = F.interpolate(x, size=(side, side), mode="bilinear", align_corners=False)
        for i in range(self.config.layers):
            if i:
                x = F.leaky_relu(x, LEAKY_SLOPE)
            x = self.get_submodule(f"layer{i + 1}")(x)  # [B, width, side / 2**(i + 1), same]
        x = F.leaky_relu(x, LEAKY_SLOPE).flatten(1)
        return self.fc_mu(x), self.fc_var(x)
