"""Random numbers of a step: each sample has its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from spade_studio.engine.networks.config import DiscriminatorConfig, GeneratorConfig
from spade_studio.engine.networks.discriminator import MultiscaleDiscriminator
from spade_studio.engine.networks.generator import Generator
from spade_studio.engine.networks.layout import Layout
from spade_studio.train.config.losses import LossConfig, OptimizerConfig, PerceptualConfig
from spade_studio.train.learning.optimizer import Optimizers
from spade_studio.train.learning.step import TrainingNetworks, training_step
from spade_studio.train.pretrained.vgg import PerceptualDistance, VGGFeatures


@dataclass(frozen=True)
class Batch:
    photos: Tensor
    layout: Layout
    indices: tuple[int, ...]


def batch(indices: list[int]) -> Batch:
    labels = np.zeros((len(indices), 64, 64), np.int64)
    return Batch(torch.zeros(len(indices), 3, 64, 64), Layout.from_channels(labels, 2), tuple(indices))


def test_random_numbers_depend_on_samples_not_on_how_they_are_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    """One rank with four pictures draws what two ranks with two each, or two accumulated parts, draw."""
    perceptual = PerceptualDistance(VGGFeatures("vgg16", 3), PerceptualConfig("vgg16", crop_size=32, tap_weights=(0, 0, 1, 0, 0)))
    losses = LossConfig(texture_weight=1, augmentations=("colour", "translation", "cut_out", "zoom"))
    drawn: dict[str, set[Any]] = {"augmented": set(), "texture": set(), "crop": set()}

    def augment(planes: Tensor, pictures: Tensor, names: Any, seeds: Any) -> Tensor:
        drawn["augmented"].update(seeds)
        assert len(seeds) == len(pictures)
        return torch.cat((planes, pictures), 1)

    def texture(found: Any, targets: Any, labels: Any, seeds: Any) -> Tensor:
        assert len(seeds) == len(labels)
        drawn["texture"].update(seeds)
        return found[0].sum()

    def crop(self: PerceptualDistance, height: int, width: int, seed: Any) -> Any:
        drawn["crop"].add(seed)
        return slice(0, 32), slice(0, 32)

    monkeypatch.setattr("spade_studio.train.learning.step.augmented", augment)
    monkeypatch.setattr("spade_studio.train.learning.objective.texture_distance", texture)
    monkeypatch.setattr(PerceptualDistance, "_crop", crop)

    def take(*parts: list[int], seed: tuple[int, ...] = (7, 3)) -> dict[str, set[Any]]:
        for seen in drawn.values():
            seen.clear()
        generator = Generator(GeneratorConfig(2, 2, 4, crop_size=64))
        discriminator = MultiscaleDiscriminator(DiscriminatorConfig(2, 4, 3))
        training = TrainingNetworks(generator, None, discriminator, losses, perceptual=perceptual)
        optimizers = Optimizers(generator, None, discriminator, OptimizerConfig())
        training_step(training, optimizers, [batch(part) for part in parts], lambda phase, i: None, seed=seed)
        return {name: set(seen) for name, seen in drawn.items()}

    whole = take([4, 1, 6, 2])
    assert (len(whole["augmented"]), len(whole["texture"]), len(whole["crop"])) == (8, 4, 1)
    assert take([4, 1], [6, 2]) == whole
    ranks = [take([4, 6]), take([1, 2])]
    assert {name: ranks[0][name] | ranks[1][name] for name in whole} == whole
    for other in ((7, 4), (8, 3)):
        assert not any(whole[name] & seen for name, seen in take([4, 1, 6, 2], seed=other).items())
