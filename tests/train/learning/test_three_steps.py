"""Three published training steps (shared/reference/three_steps): losses, parameters, batch statistics."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from spade_studio.engine.networks.config import DiscriminatorConfig, GeneratorConfig
from spade_studio.engine.networks.discriminator import MultiscaleDiscriminator
from spade_studio.engine.networks.fast_spade import accelerate
from spade_studio.engine.networks.generator import Generator
from spade_studio.engine.networks.layout import Layout
from spade_studio.train.config.losses import LossConfig, OptimizerConfig
from spade_studio.train.learning.optimizer import Optimizers
from spade_studio.train.learning.step import StepReport, TrainingNetworks, training_step

NAMES = {"adversarial": "GAN", "feature_matching": "GAN_Feat", "fake": "D_Fake", "real": "D_real"}
STATISTICS = ("running_mean", "running_var", "weight_u", "weight_v")


@dataclass(frozen=True)
class Batch:
    photos: Tensor
    layout: Layout
    indices: tuple[int, ...] = ()


@dataclass(frozen=True)
class ThreeSteps:
    generator: Generator
    discriminator: MultiscaleDiscriminator
    reports: list[StepReport]


@pytest.fixture
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def state_of(path: Path) -> dict[str, Tensor]:
    return torch.load(path, weights_only=True)


def take_three_steps(folder: Path, *, dense: bool) -> ThreeSteps:
    generator = Generator(GeneratorConfig(6, 2, crop_size=64))
    generator.load_state_dict(state_of(folder / "initial_net_G.pth"))
    if not dense:
        accelerate(generator)
    discriminator = MultiscaleDiscriminator(DiscriminatorConfig(6, 4))
    discriminator.load_state_dict(state_of(folder / "initial_net_D.pth"))
    networks = TrainingNetworks(generator, None, discriminator, LossConfig(perceptual_weight=0))
    optimizers = Optimizers(generator, None, discriminator, OptimizerConfig())
    reports: list[StepReport] = []
    with np.load(folder / "batches.npz") as batches:
        for labels, photos in zip(batches["label"], batches["image"], strict=True):
            batch = Batch(torch.from_numpy(photos), Layout.from_channels(labels.astype(np.int64), 6))
            reports.append(training_step(networks, optimizers, [batch], lambda phase, i: None))
    return ThreeSteps(generator, discriminator, reports)


def mean_difference(found: dict[str, Tensor], expected: dict[str, Tensor]) -> float:
    """Return the mean absolute difference over all parameters."""
    differences = [(found[name] - value).abs().flatten() for name, value in expected.items() if not name.endswith((*STATISTICS, "tracked"))]
    return float(torch.cat(differences).double().mean())


@pytest.mark.reference
@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("dense", [False, True], ids=["fast", "dense"])
def test_three_published_steps_are_reproduced(shared: Callable[..., Path], *, dense: bool) -> None:
    folder = shared("reference", "three_steps")
    result = take_three_steps(folder, dense=dense)
    expected = json.loads((folder / "steps.json").read_text())["losses_per_step"]
    worst = 0.0
    for report, published in zip(result.reports, expected, strict=True):
        assert report.finite
        assert report.discriminator is not None
        found = report.generator.numbers() | report.discriminator.numbers()
        assert {NAMES[name] for name in found} == set(published)
        worst = max(worst, *(abs(value / published[NAMES[name]] - 1) for name, value in found.items()))
    generator, discriminator = result.generator.state_dict(), result.discriminator.state_dict()
    part, final = state_of(folder / "final_net_G_part.pth"), state_of(folder / "final_net_D.pth")
    of_generator, of_discriminator = mean_difference(generator, part), mean_difference(discriminator, final)
    of_statistics = max(
        float((found[name] - value).abs().max())
        for found, wanted in ((generator, part), (discriminator, final))
        for name, value in wanted.items()
        if name.endswith(STATISTICS)
    )
    print(f"losses {worst:.1e}, generator {of_generator:.1e}, discriminator {of_discriminator:.1e}, statistics {of_statistics:.1e}")  # noqa: T201
    assert worst < 2e-4
    assert of_generator < 3e-6
    assert of_discriminator < 2.5e-5
    assert of_statistics < 1e-3
    tracked = [name for name in part if name.endswith("num_batches_tracked")]
    assert tracked
    assert all(int(generator[name]) == int(part[name]) for name in tracked)
