"""Textures are compared by label, wherever their parts lie."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from spade_studio.train.learning.texture import label_distance, texture_distance

LABELS = np.zeros((2, 32, 32), np.int64)
LABELS[:, :, 16:] = 3


def random(seed: int = 0) -> list[np.random.Generator]:
    return [np.random.default_rng((seed, place)) for place in range(2)]


def features(seed: int, scale: float = 1.0) -> Tensor:
    return scale * torch.randn(2, 8, 32, 32, generator=torch.Generator().manual_seed(seed))


def shuffled(x: Tensor, columns: slice) -> Tensor:
    """Move the places of some columns about, each with all of its channels."""
    x = x.clone()
    part = x[..., columns].flatten(2)
    x[..., columns] = part[..., torch.randperm(part.shape[2])].view(x[..., columns].shape)
    return x


def test_places_of_a_label_may_lie_anywhere_but_not_those_of_others() -> None:
    target = features(1)
    target[..., 16:] += 5
    assert label_distance(target, target, LABELS, random()) == 0
    moved = shuffled(shuffled(target, slice(0, 16)), slice(16, 32))
    assert label_distance(moved, target, LABELS, random()) == pytest.approx(0, abs=1e-6)
    assert label_distance(target.flip(3), target, LABELS, random()) > 0.3


def test_the_distance_is_relative_and_grows_with_the_difference() -> None:
    target = features(1)
    softer, softest = (label_distance(share * features(2), target, LABELS, random()) for share in (0.8, 0.2))
    assert 0 < label_distance(features(2), target, LABELS, random()) < softer < softest < 1
    large = label_distance(20 * features(2), 100 * target, LABELS, random())
    assert large == pytest.approx(float(softest), rel=1e-4)


def test_descent_brings_distributions_together() -> None:
    target, fake = features(1), features(2, 0.3).requires_grad_()
    before = label_distance(fake, target, LABELS, random())
    before.backward()
    assert fake.grad is not None
    with torch.no_grad():
        assert label_distance(fake - 4000 * fake.grad, target, LABELS, random()) < 0.8 * before


def test_channels_that_are_silent_do_not_count_for_more() -> None:
    target = features(1)
    target[:, 0] = 0
    fake = target.clone()
    fake[:, 0] = 0.1
    assert label_distance(fake, target, LABELS, random()) < 0.2


def test_small_labels_and_black_pictures_are_finite() -> None:
    small = np.arange(2 * 32 * 32).reshape(2, 32, 32) // 32
    assert label_distance(features(1), features(2), small, random()) == 0
    assert label_distance(features(1, 0), features(2, 0), LABELS, random()) == 0


def test_layers_of_any_size_are_averaged() -> None:
    one, two = features(1), features(2)
    ours, theirs = (torch.nn.functional.avg_pool2d(x, 2) for x in (one, two))
    seeds = [(4, 0, 7), (4, 0, 8)]
    distance = texture_distance([one, ours], [two, theirs], LABELS, seeds)
    source = [np.random.default_rng((*seed, 0, 5)) for seed in seeds]
    by_hand = [label_distance(one, two, LABELS, source), label_distance(ours, theirs, LABELS, source)]
    assert distance == pytest.approx(float(sum(by_hand) / 2))
    assert distance == texture_distance([one, ours], [two, theirs], LABELS, seeds)


def test_every_picture_has_directions_and_places_of_its_own() -> None:
    """With as many places and the same power in each picture, the distance of a batch is the mean of those of its parts."""
    fake = torch.randn(1, 4, 64, 64, generator=torch.Generator().manual_seed(1)).expand(4, -1, -1, -1)
    target, labels = features_of_one_power(), np.zeros((4, 64, 64), np.int64)  # 4096 places, of which half count
    seeds = [(1, 9, index) for index in (6, 2, 9, 4)]
    whole = texture_distance([fake], [target], labels, seeds)
    alone = [float(texture_distance([fake[i : i + 1]], [target[i : i + 1]], labels[i : i + 1], seeds[i : i + 1])) for i in range(4)]
    assert len(set(alone)) == 4
    halves = [texture_distance([fake[part]], [target[part]], labels[part], seeds[part]) for part in (slice(0, 2), slice(2, 4))]
    assert float(whole) == pytest.approx(float(sum(halves)) / 2, rel=1e-5)
    assert float(whole) == pytest.approx(sum(alone) / 4, rel=1e-5)


def features_of_one_power() -> Tensor:
    return (2 * torch.randn(1, 4, 64, 64, generator=torch.Generator().manual_seed(2))).expand(4, -1, -1, -1)
