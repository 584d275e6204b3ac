"""Discriminator with heads on features of a frozen EfficientNet-Lite0 (Sauer et al., Projected GANs, NeurIPS 2021)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spade_studio.engine.errors import WeightsError
from spade_studio.engine.networks.blocks import LEAKY_SLOPE, maybe_spectral
from spade_studio.engine.networks.config import DiscriminatorConfig
from spade_studio.engine.networks.discriminator import MultiscaleDiscriminator
from spade_studio.train.config.networks import ProjectedOptions
from spade_studio.train.learning.preparation import keep_channels_last
from spade_studio.train.pretrained.efficientnet_lite import EfficientNetLiteFeatures
from spade_studio.train.pretrained.features import load_features

_LEVELS = (24, 40, 112, 320)
"""Channels of the frozen features at strides 4, 8, 16 and 32."""


class FeatureHead(nn.Module):
    """Discriminator head of one feature level: patch scores from features and layout planes, with a projection on the label."""

    def __init__(self, channels: int, planes: int, width: int) -> None:
        super().__init__()
        self.first = maybe_spectral(nn.Conv2d(channels + planes, width, 3, padding=1), True)
        self.second = maybe_spectral(nn.Conv2d(width, width, 3, padding=1), True)
        self.score = maybe_spectral(nn.Conv2d(width, 1, 1), True)
        self.by_label = maybe_spectral(nn.Conv2d(width, planes, 1, bias=False), True)

    def forward(self, features: Tensor, planes: Tensor) -> Tensor:
        """Features [B, C, h, w] and planes [B or B / 2, S, H, W] -> patch scores [B, 1, h, w]."""
        shares = F.adaptive_avg_pool2d(planes, (features.shape[-2], features.shape[-1])).to(features.dtype)
        shares = shares.repeat(len(features) // len(shares), 1, 1, 1)
        x = F.leaky_relu(self.first(torch.cat((features, shares), 1)), LEAKY_SLOPE)
        x = F.leaky_relu(self.second(x), LEAKY_SLOPE)
        return self.score(x) + (self.by_label(x) * shares).sum(1, keepdim=True)


class Projection(nn.Module):
    """Frozen feature network with fixed random projections across channels and scales (CCM and CSM of the paper).

    Args:
        network: Feature network; its weights are shared, not copied.
        width: Number of channels of every projected level.
        seed: Seed of the fixed convolutions, equal on all ranks and after a resume.
    """

    def __init__(self, network: EfficientNetLiteFeatures, width: int, seed: int = 0) -> None:
        super().__init__()
        self.network = network
        random = torch.Generator().manual_seed(seed)

        def fixed(channels: int, kernel: int) -> nn.Conv2d:
            convolution = nn.Conv2d(channels, width, kernel, padding=kernel // 2, bias=False)
            with torch.no_grad():
                convolution.weight.normal_(0, (2 / (channels * kernel * kernel)) ** 0.5, generator=random)
            return convolution

        self.lateral = nn.ModuleList(fixed(channels, 1) for channels in _LEVELS)
        self.merge = nn.ModuleList(fixed(width, 3) for _ in _LEVELS[1:])
        self.requires_grad_(False).eval()
        keep_channels_last(self)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Pictures [B, 3, H, W] in [-1, 1] -> projected levels [B, width, h, w], fine to coarse."""
        levels = [lateral(level) for lateral, level in zip(self.lateral, self.network.levels(pictures), strict=True)]
        for i in range(len(levels) - 2, -1, -1):
            below = F.interpolate(levels[i + 1], size=levels[i].shape[-2:], mode="bilinear")
            levels[i] = self.merge[i]((levels[i] + below) * 0.5**0.5)
        return levels


class ProjectedDiscriminator(MultiscaleDiscriminator):
    """Patch discriminators with additional heads on every level of a projection; each head counts as a scale with scores only.

    In the generator step a batch holds fakes followed by as many photographs, which get no gradients. The frozen network is not part of
    the parameters or of the state dict.

    Args:
        config: Configuration of the patch discriminators.
        projection: Frozen projection.
        options: Width of the heads, and input size of the projection.
    """

    def __init__(self, config: DiscriminatorConfig, projection: Projection, options: ProjectedOptions) -> None:
        super().__init__(config)
        self._frozen = (projection,)  # a tuple: not registered
        self._side = options.side
        for i in range(len(_LEVELS)):
            self.add_module(f"projected_{i}", FeatureHead(options.mixed_channels, config.semantic_channels, options.width))

    def forward(self, planes_and_picture: Tensor) -> list[list[Tensor]]:
        """Return features as :meth:`MultiscaleDiscriminator.forward` does, followed by the scales of the projection."""
        return super().forward(planes_and_picture) + self.projected(planes_and_picture[:, :-3], planes_and_picture[:, -3:])

    def projected(self, planes: Tensor, pictures: Tensor) -> list[list[Tensor]]:
        """Return the scores of pictures [B, 3, H, W] in [-1, 1] by level of the projection; planes are [B or B / 2, S, H, W]."""
        levels = self._levels(self._resized(pictures))
        return [[self.get_submodule(f"projected_{i}")(level, planes)] for i, level in enumerate(levels)]

    def _resized(self, pictures: Tensor) -> Tensor:
        height, width = pictures.shape[-2:]
        if not self._side or min(height, width) == self._side:
            return pictures
        factor = self._side / min(height, width)
        return F.interpolate(pictures, size=(round(height * factor), round(width * factor)), mode="bilinear", antialias=factor < 1)

    def _levels(self, pictures: Tensor) -> list[Tensor]:
        """Return projected levels; photographs are projected without gradients where only the fakes need them."""
        is_generators_turn = pictures.requires_grad and not next(self.parameters()).requires_grad
        if not is_generators_turn or pictures.shape[0] % 2:
            return self._frozen[0](pictures)
        fakes, photos = pictures.chunk(2)
        with torch.no_grad():
            real = self._frozen[0](photos)
        return [torch.cat(both) for both in zip(self._frozen[0](fakes), real, strict=True)]

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Any:
        self._frozen[0]._apply(fn, recurse)  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType]
        return super()._apply(fn, recurse)  # pyright: ignore[reportUnknownMemberType]


def build_discriminator(config: DiscriminatorConfig, options: ProjectedOptions) -> MultiscaleDiscriminator:
    """Build a discriminator, with a projection where the options name a feature network's file.

    Raises:
        WeightsError: The file is unusable.
    """
    if not options.file:
        return MultiscaleDiscriminator(config)
    network = load_features(options.file)
    if not isinstance(network, EfficientNetLiteFeatures):
        raise WeightsError(
            f"{options.file} holds {network.kind}", "EfficientNet-Lite0, the only network to project with", "Name its file"
        )
    return ProjectedDiscriminator(config, Projection(network, options.mixed_channels), options)
