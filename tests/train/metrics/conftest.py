"""A small feature network and a small perceptual one, with weights that a seed tells."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from spade_studio.train.config.losses import PerceptualConfig
from spade_studio.train.metrics import FrechetDistance
from spade_studio.train.pretrained.feature_network import FeatureNetwork
from spade_studio.train.pretrained.vgg import PerceptualDistance, VGGFeatures


class TinyFeatures(FeatureNetwork):
    kind: ClassVar[str] = "a network of one layer"
    distance: ClassVar[str] = "frechet_tiny"
    num_features: ClassVar[int] = 5

    def __init__(self, digest: str = "d1") -> None:
        super().__init__()
        weights = np.random.default_rng(3).standard_normal((5, 3, 3, 3), np.float32)
        self.weight = torch.nn.Parameter(torch.as_tensor(weights), requires_grad=False)
        self.digest = digest

    def embed(self, values: Tensor) -> Tensor:
        return F.relu(F.conv2d(values / 255, self.weight)).mean((2, 3))


class OwnPictures(VGGFeatures):
    """Taps that are the pictures themselves."""

    def __init__(self) -> None:
        super().__init__("vgg16", 1)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        return [pictures]


@pytest.fixture
def tiny_features() -> Callable[..., FeatureNetwork]:
    return TinyFeatures


@pytest.fixture
def frechet_distance() -> FrechetDistance:
    return FrechetDistance(TinyFeatures())


@pytest.fixture
def perceptual() -> PerceptualDistance:
    """Give the L1 distance as a loss may have it: of a crop, of half the batch."""
    return PerceptualDistance(OwnPictures(), PerceptualConfig("vgg16", tap_weights=(1, 0, 0, 0, 0), crop_size=16, batch_share=0.5))
