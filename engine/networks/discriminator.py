"""The multi-scale PatchGAN discriminator (paper, appendix A), with the features of all layers for feature matching."""

from __future__ import annotations

from typing import cast

import torch.nn.functional as F
from torch import Tensor, nn

from spade_studio.engine.networks.blocks import LEAKY_SLOPE, maybe_spectral
from spade_studio.engine.networks.config import ConvNorm, DiscriminatorConfig

_MAX_WIDTH = 512


def conv_norm(kind: ConvNorm, channels: int) -> list[nn.Module]:
    """Return the normalisation after a convolution as a list of at most one module; only the batch kinds have parameters."""
    match kind:
        case "none":
            return []
        case "instance":
            return [nn.InstanceNorm2d(channels, affine=False)]
        case "batch" | "sync_batch":
            return [nn.BatchNorm2d(channels)]


class PatchDiscriminator(nn.Module):
    """One scale: 4x4 convolutions with one output channel of patch scores."""

    def __init__(self, config: DiscriminatorConfig) -> None:
        super().__init__()
        self.layers = config.layers
        width = config.base_channels
        first = nn.Conv2d(config.semantic_channels + config.image_channels, width, 4, stride=2, padding=2)
        self.model0 = nn.Sequential(first, nn.LeakyReLU(LEAKY_SLOPE))
        for i in range(1, config.layers):
            previous, width = width, min(2 * width, _MAX_WIDTH)
            stride = 1 if i == config.layers - 1 else 2
            conv = nn.Conv2d(previous, width, 4, stride=stride, padding=2, bias=config.norm == "none")
            stage = nn.Sequential(maybe_spectral(conv, config.spectral_norm), *conv_norm(config.norm, width))
            self.add_module(f"model{i}", nn.Sequential(stage, nn.LeakyReLU(LEAKY_SLOPE)))
        self.add_module(f"model{config.layers}", nn.Sequential(nn.Conv2d(width, 1, 4, stride=1, padding=2)))

    @property
    def first(self) -> nn.Conv2d:
        """First convolution; its input is the layout, then the picture's channels."""
        return cast("nn.Conv2d", self.get_submodule("model0.0"))

    @property
    def later(self) -> list[nn.Module]:
        """Layers after the first convolution and its activation."""
        return [self.get_submodule(f"model{i}") for i in range(1, self.layers + 1)]

    def forward(self, x: Tensor) -> list[Tensor]:
        """Map [B, S + 3, H, W] to the outputs of all layers, the patch scores [B, 1, h, w] last."""
        features: list[Tensor] = []
        for i in range(self.layers + 1):
            x = self.get_submodule(f"model{i}")(x)
            features.append(x)
        return features


class MultiscaleDiscriminator(nn.Module):
    """Copies of the patch discriminator on successively halved inputs, ``discriminator_0`` at full size."""

    def __init__(self, config: DiscriminatorConfig) -> None:
        super().__init__()
        self.config = config
        for i in range(config.scales):
            self.add_module(f"discriminator_{i}", PatchDiscriminator(config))

    @property
    def patches(self) -> list[PatchDiscriminator]:
        """Discriminators of all scales, full size first."""
        return [cast("PatchDiscriminator", self.get_submodule(f"discriminator_{i}")) for i in range(self.config.scales)]

    def forward(self, planes_and_picture: Tensor) -> list[list[Tensor]]:
        """Compute features and patch scores.

        Args:
            planes_and_picture: One-hot layout (edge channel last), then the picture in [-1, 1], [B, S + 3, H, W].

        Returns:
            Outputs of all layers of each scale, the patch scores last.
        """
        x = planes_and_picture
        results: list[list[Tensor]] = []
        for i, patch in enumerate(self.patches):
            if i:
                x = halved(x)
            results.append(patch(x))
        return results


def halved(x: Tensor) -> Tensor:
    """Return the input of the next scale: [B, C, H, W] -> [B, C, ceil(H / 2), ceil(W / 2)]."""
    return F.avg_pool2d(x, kernel_size=3, stride=2, padding=1, count_include_pad=False)
