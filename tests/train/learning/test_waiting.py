"""Nothing in a training step waits for the device: checked with tensors that have no numbers to look at."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from spade_studio.engine.networks.config import DiscriminatorConfig, EncoderConfig, GeneratorConfig
from spade_studio.engine.networks.discriminator import MultiscaleDiscriminator
from spade_studio.engine.networks.encoder import Encoder
from spade_studio.engine.networks.fast_spade import accelerate
from spade_studio.engine.networks.generator import Generator
from spade_studio.engine.networks.layout import Layout
from spade_studio.train.config.losses import LossConfig, OptimizerConfig
from spade_studio.train.learning.ema import ExponentialAverage
from spade_studio.train.learning.optimizer import Optimizers
from spade_studio.train.learning.preparation import initialize, keep_channels_last
from spade_studio.train.learning.step import Moving, TrainingNetworks, training_step

LABELS, STYLE, SIDE = 4, 5, 64


@dataclass(frozen=True)
class Batch:
    photos: Tensor
    layout: Layout
    indices: tuple[int, ...] = (0, 1)


def make(config: GeneratorConfig, losses: LossConfig, optimizer: OptimizerConfig) -> tuple[TrainingNetworks, Optimizers]:
    generator, encoder = accelerate(Generator(config)), Encoder(EncoderConfig(2, 5, STYLE))
    discriminator = MultiscaleDiscriminator(DiscriminatorConfig(LABELS, 4, 3))
    for network in (generator, encoder, discriminator):
        initialize(network)
        keep_channels_last(network)
        network.to("meta")
    return TrainingNetworks(generator, encoder, discriminator, losses), Optimizers(generator, encoder, discriminator, optimizer)


@pytest.fixture
def numberless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let optimisers take tensors without numbers for those of a GPU."""
    monkeypatch.setattr(sys.modules["torch.optim.adam"], "_device_dtype_check_for_fused", lambda *_, **__: None)
    monkeypatch.setattr(torch, "is_autocast_enabled", lambda *_: False)
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: nullcontext())


@pytest.mark.usefixtures("numberless")
@pytest.mark.parametrize(
    ("augmentations", "regularized"), [((), False), (("colour", "translation", "cut_out", "zoom"), True)], ids=["plain", "regularized"]
)
def test_no_number_of_a_step_is_looked_at(augmentations: Any, regularized: bool) -> None:
    config = GeneratorConfig(LABELS, 2, 8, input="layout_and_style", z_width=STYLE, crop_size=SIDE, noise_injection=True)
    losses = LossConfig(perceptual_weight=0, augmentations=augmentations, r1_weight=float(regularized))
    networks, optimizers = make(config, losses, OptimizerConfig(clip_norm=float(regularized)))
    assert networks.encoder is not None
    average = ExponentialAverage(networks.generator, Generator(config).to("meta"), 0.9)
    labels = np.random.default_rng(0).integers(0, LABELS, (2, SIDE, SIDE))
    batch = Batch(torch.empty(2, 3, SIDE, SIDE, device="meta"), Layout.from_channels(labels, LABELS))
    report = training_step(networks, optimizers, [batch], lambda phase, i: torch.empty(2, STYLE, device="meta"), penalized=regularized)
    average.update_where(networks.generator, report.finite)
    assert report.discriminator is not None
    assert ("r1" in report.discriminator.terms) is regularized
    assert report.finite.is_meta
    with pytest.raises(RuntimeError):
        bool(report.finite)


def test_what_moved_is_kept_or_undone() -> None:
    for flag in (True, False):
        tensors = [torch.tensor([1.0, 2.0]), torch.tensor([[3.0]]), torch.tensor(4)]
        moving = Moving(tensors)
        tensors[0].fill_(torch.nan)
        tensors[2].add_(1)
        moving.keep_where(torch.tensor(flag))
        assert tensors[0].isnan().all() if flag else tensors[0].tolist() == [1.0, 2.0]
        assert (tensors[1].tolist(), int(tensors[2])) == ([[3.0]], 5 if flag else 4)
