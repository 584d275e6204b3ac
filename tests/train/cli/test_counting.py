"""What a dry run counts, against what torch computes and holds."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from spade_studio.train.cli.counting import count_step, seconds_by_operations
from spade_studio.train.cli.estimate import describe_run, estimate_memory
from spade_studio.train.config.losses import PerceptualConfig
from spade_studio.train.config.presets import preset, with_architecture
from spade_studio.train.config.run import TrainConfig
from spade_studio.train.datasets.loading import Batch
from spade_studio.train.learning.distributed import Ranks
from spade_studio.train.learning.trainer import Trainer
from spade_studio.train.run.data import open_run_data


@pytest.fixture
def config(make: Any) -> TrainConfig:
    """Give tiny with a batch of 4, and pictures whose labels lie in patches."""
    for number in range(9):
        make.photo(f"images/p{number:02}.png", 72, 72, number)
        patches = np.random.default_rng(number).choice([156, 134, 168, 255], (9, 9))
        make.map(f"labels/p{number:02}.png", patches.repeat(8, 0).repeat(8, 1), 72, 72)
    tiny = preset("tiny")
    return dataclasses.replace(tiny, data=dataclasses.replace(tiny.data, path=str(make.root), validation=0))


def trainer_of(config: TrainConfig) -> Trainer:
    return Trainer(config, open_run_data(config).training, Ranks(0, 1, torch.device("cpu")))


def first_batch(trainer: Trainer, count: int) -> Batch:
    batch = trainer.collate.batch([trainer.training_set[key] for key in trainer.sampler.batch(0, 0)[:count]])
    assert isinstance(batch, Batch)
    return batch


@pytest.mark.parametrize(("dense", "penalized"), [(False, False), (True, True)])
def test_operations_and_memory_are_those_of_a_real_step(config: TrainConfig, dense: bool, penalized: bool) -> None:
    if dense:
        config = dataclasses.replace(config, compute=dataclasses.replace(config.compute, modulation="dense"))
    if penalized:
        config = dataclasses.replace(config, losses=dataclasses.replace(config.losses, r1_weight=1.0, r1_every=1))
    trainer = trainer_of(config)
    counted = count_step(config, trainer.dataset, 4, None)
    memory = estimate_memory(trainer, 4)
    assert counted.state == memory.state
    assert counted.activations == pytest.approx(memory.activations, rel=0.25)
    with FlopCounterMode(display=False) as counter:
        trainer.train_step([first_batch(trainer, 4)])
    assert 4 * counted.operations == pytest.approx(counter.get_total_flops(), rel=0.1)


def test_more_pictures_keep_as_much_each(config: TrainConfig) -> None:
    dataset = open_run_data(config).training
    few, many = (count_step(config, dataset, pictures, None) for pictures in (9, 90))
    assert many.activations == pytest.approx(10 * few.activations)
    assert many.operations == few.operations


def test_frozen_networks_count_without_their_files(config: TrainConfig) -> None:
    dataset = open_run_data(config).training
    perceptual = PerceptualConfig("vgg16", tap_weights=(1, 1, 0, 0, 0))
    judged = dataclasses.replace(config, losses=dataclasses.replace(config.losses, perceptual_weight=1.0, perceptual=perceptual))
    plain, more = count_step(config, dataset, 2, None), count_step(judged, dataset, 2, None)
    assert more.operations > 2 * plain.operations
    assert more.state > plain.state


def test_networks_without_a_discriminator_count(config: TrainConfig) -> None:
    crn = with_architecture(config, "crn")
    crn = dataclasses.replace(crn, generator=dataclasses.replace(crn.generator, base_channels=4), batch_size=2)
    counted = count_step(crn, open_run_data(crn).training, 2, None)
    assert counted.operations > 0
    assert counted.activations > 0


def test_time_and_short_batches_are_told(config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spade_studio.train.cli.estimate.rate_of", lambda *given: 1e9)
    epochs = dataclasses.replace(config, schedule=dataclasses.replace(config.schedule, constant=3.0), schedule_unit="epochs")
    epochs = dataclasses.replace(epochs, data=dataclasses.replace(epochs.data, cache="/decoded"))
    words = describe_run(epochs)
    assert "Cache:         about 0 MiB of decoded pictures in /decoded" in words
    # 9 pictures in batches of 4: the last one of an epoch is filled up to two.
    assert "Steps:         9 (3 an epoch), 30 pictures" in words
    operations = count_step(epochs, open_run_data(epochs).training, 4, None).operations
    assert f"at {1 / seconds_by_operations(operations, 1e9):,.2f} images/s" in words
    assert "GFLOP/s of cpu in convolutions; --measure times real steps" in words
