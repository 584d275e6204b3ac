"""Distances of pictures from photographs and from each other."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from spade_studio.train.config.losses import PerceptualConfig
from spade_studio.train.metrics import MetricError, diversity, reconstruction_l1, whole_pictures
from spade_studio.train.pretrained.vgg import PerceptualDistance, VGGFeatures


def grey(*levels: float) -> Tensor:
    return torch.tensor(levels).view(-1, 1, 1, 1).expand(-1, 3, 32, 32)


def test_reconstruction_is_measured_picture_by_picture() -> None:
    assert reconstruction_l1(grey(-1, 0.25), grey(1, 0)).tolist() == [2, 0.25]
    assert reconstruction_l1(grey(0.5).bfloat16(), grey(0)).dtype == torch.float32
    with pytest.raises(MetricError, match=r"shape \[1, 3, 32, 32\] beside photographs of shape \[2, 3, 32, 32\]"):
        reconstruction_l1(grey(0), grey(0, 0))


def test_diversity_is_the_mean_over_all_pairs(perceptual: PerceptualDistance) -> None:
    seen: list[float] = []
    perceptual.features.register_forward_hook(lambda _, inputs, __: seen.append(float(inputs[0].mean())))
    distance = whole_pictures(perceptual)
    assert diversity(grey(0, 0.5, -1), distance) == pytest.approx((0.5 + 1 + 1.5) / 3)
    assert seen == [0, 0.5, -1]  # every picture once
    assert diversity(grey(0.5, 0.5), distance) == 0
    with pytest.raises(MetricError, match="1 style of a layout"):
        diversity(grey(0.0), distance)


def test_whole_pictures_count_where_the_loss_takes_a_crop(perceptual: PerceptualDistance) -> None:
    fake, photo = grey(0, 0).clone(), grey(0, 0)
    fake[1, :, :, 31] = 1.0
    whole = whole_pictures(perceptual)
    assert float(whole(fake, photo)) == pytest.approx(1 / 64)
    assert float(perceptual(fake, photo)) == 0  # the first picture alone
    assert whole.features is perceptual.features
    assert (perceptual.config.crop_size, perceptual.config.batch_share) == (16, 0.5)


def test_diversity_by_a_perceptual_network() -> None:
    torch.manual_seed(0)
    distance = PerceptualDistance(VGGFeatures("vgg16", 2), PerceptualConfig("vgg16", tap_weights=(1, 1, 0, 0, 0)))
    pictures = torch.rand(3, 3, 16, 16) * 2 - 1
    pairs = [float(distance(pictures[i : i + 1], pictures[j : j + 1])) for i, j in ((0, 1), (0, 2), (1, 2))]
    assert min(pairs) > 0
    assert diversity(pictures, whole_pictures(distance)) == pytest.approx(sum(pairs) / 3)
