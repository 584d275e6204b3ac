"""The memory that a dry run tells, against what torch really holds."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from spade_studio.engine.weights.shapes import parameter_count
from spade_studio.train.cli.estimate import describe_run, estimate_memory, seconds_per_picture, time_words
from spade_studio.train.config.losses import PerceptualConfig
from spade_studio.train.config.presets import preset, with_architecture
from spade_studio.train.config.run import TrainConfig
from spade_studio.train.datasets.loading import Batch
from spade_studio.train.learning.distributed import Ranks
from spade_studio.train.learning.optimizer import Side
from spade_studio.train.learning.trainer import Trainer
from spade_studio.train.pretrained.vgg import PerceptualDistance, VGGFeatures
from spade_studio.train.run.data import open_run_data


@pytest.fixture
def config(make: Any) -> TrainConfig:
    """Give tiny with a batch of 8, and pictures whose labels lie in patches."""
    for number in range(12):
        make.photo(f"images/p{number:02}.png", 72, 72, number)
        patches = np.random.default_rng(number).choice([156, 134, 168, 255], (9, 9))
        make.map(f"labels/p{number:02}.png", patches.repeat(8, 0).repeat(8, 1), 72, 72)
    tiny = preset("tiny")
    return dataclasses.replace(tiny, batch_size=8, data=dataclasses.replace(tiny.data, path=str(make.root), validation=2))


def trainer_of(config: TrainConfig, perceptual: PerceptualDistance | None = None) -> Trainer:
    return Trainer(config, open_run_data(config).training, Ranks(0, 1, torch.device("cpu")), perceptual)


def size(tensors: Any) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def whole_batch(trainer: Trainer) -> Batch:
    batch = trainer.collate.batch([trainer.training_set[key] for key in trainer.sampler.batch(0, 0)])
    assert isinstance(batch, Batch)
    return batch


def networks_of(trainer: Trainer) -> list[nn.Module]:
    return [network for network in (trainer.generator, trainer.encoder, trainer.discriminator) if network is not None]


def held(trainer: Trainer) -> int:
    """Return the bytes of parameters, moments and averages."""
    assert trainer.optimizers.discriminator is not None
    sides = (trainer.optimizers.generator.adam, trainer.optimizers.discriminator.adam)
    moments = [state[name] for side in sides for state in side.state.values() for name in ("exp_avg", "exp_avg_sq")]
    averages = trainer.averages
    assert averages is not None
    networks = [*networks_of(trainer), *(network for network in (averages.generator, averages.encoder) if network is not None)]
    return size(parameter for network in networks for parameter in network.parameters()) + size(moments)


def kept(trainer: Trainer) -> int:
    """Return the bytes that the generator's turn keeps for its backward pass, for the whole batch, parameters left out."""
    batch = whole_batch(trainer)
    networks = [*networks_of(trainer), *([] if trainer.networks.perceptual is None else [trainer.networks.perceptual])]
    own = {tensor.untyped_storage().data_ptr() for network in networks for tensor in (*network.parameters(), *network.buffers())}
    storages: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    noise = None if trainer.z_width is None else torch.randn(len(batch.indices), trainer.z_width)
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        trainer.networks.generator_step(batch, noise)
    return sum(count for pointer, count in storages.items() if pointer not in own)


@pytest.mark.parametrize("encoder", [True, False])
def test_the_state_is_what_torch_holds_in_a_step(config: TrainConfig, encoder: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not encoder:
        config = dataclasses.replace(config, encoder=dataclasses.replace(config.encoder, used=False))
    trainer = trainer_of(config)
    estimate = estimate_memory(trainer, 8)
    gradients: list[int] = []
    update = Side.update

    def noted(side: Side, *given: Any) -> torch.Tensor:
        parameters = [parameter for network in networks_of(trainer) for parameter in network.parameters()]
        gradients.append(size(parameter.grad for parameter in parameters if parameter.grad is not None))
        return update(side, *given)

    monkeypatch.setattr(Side, "update", noted)
    trainer.train_step([whole_batch(trainer)])
    assert len(gradients) == 2
    assert estimate.state == held(trainer) + max(gradients)
    assert estimate.total == estimate.state + estimate.activations


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_activations_are_near_those_of_the_whole_batch(config: TrainConfig, dtype: Any) -> None:
    trainer = trainer_of(dataclasses.replace(config, compute=dataclasses.replace(config.compute, dtype=dtype)))
    measured = kept(trainer)
    assert measured / 2 < estimate_memory(trainer, 8).activations < measured * 2
    assert estimate_memory(trainer, 16).activations > 1.5 * measured


def test_other_networks_and_the_dense_path(config: TrainConfig) -> None:
    dense = dataclasses.replace(config, compute=dataclasses.replace(config.compute, modulation="dense"))
    other = with_architecture(dense, "pix2pixhd")
    other = dataclasses.replace(other, generator=dataclasses.replace(other.generator, base_channels=4, blocks=1))
    for changed in (dense, other):
        trainer = trainer_of(changed)
        measured = kept(trainer)
        assert measured / 1.2 < estimate_memory(trainer, 8).activations < measured * 1.2


def test_the_perceptual_network_counts(config: TrainConfig) -> None:
    perceptual = PerceptualConfig("vgg16", tap_weights=(1, 1, 0, 0, 0), crop_size=32, batch_share=0.5)
    torch.manual_seed(0)
    distance = PerceptualDistance(VGGFeatures("vgg16", 2), perceptual)
    losses = dataclasses.replace(config.losses, perceptual_weight=1.0, perceptual=perceptual)
    trainer = trainer_of(dataclasses.replace(config, losses=losses), distance)
    estimate, plain = estimate_memory(trainer, 8), estimate_memory(trainer_of(config), 8)
    assert estimate.state == plain.state + size(distance.state_dict().values())
    measured = kept(trainer)
    assert measured / 1.3 < estimate.activations < measured * 1.3
    assert estimate.activations > 1.1 * plain.activations


@pytest.mark.parametrize("pictures", [1, 2, 3])
def test_small_batches_are_measured(config: TrainConfig, pictures: int) -> None:
    trainer = trainer_of(dataclasses.replace(config, batch_size=pictures))
    assert estimate_memory(trainer, pictures).activations == kept(trainer)


def test_pictures_that_shrink_to_a_pixel(config: TrainConfig) -> None:
    # Batch statistics of a single picture would not exist there.
    config = dataclasses.replace(config, generator=dataclasses.replace(config.generator, upsampling="more"))
    assert estimate_memory(trainer_of(config), 8).activations > 0


def test_parameters_are_those_of_the_networks(config: TrainConfig) -> None:
    trainer, words = trainer_of(config), describe_run(config)
    for name, network in (("Generator", trainer.generator), ("Encoder", trainer.encoder), ("Discriminator", trainer.discriminator)):
        assert network is not None
        count = sum(parameter.numel() for parameter in network.parameters())
        assert f"{count:,} parameters" in next(line for line in words.splitlines() if line.startswith(f"{name}:"))
    assert parameter_count(trainer.generator_config) == sum(parameter.numel() for parameter in trainer.generator.parameters())


def test_the_estimate_trains_nothing(config: TrainConfig, tmp_path: Path) -> None:
    trainer = trainer_of(config)
    before = [parameter.detach().clone() for parameter in trainer.generator.parameters()]
    estimate_memory(trainer, 8)
    assert all(torch.equal(mine, was) for mine, was in zip(trainer.generator.parameters(), before, strict=True))
    assert (trainer.step, trainer.sampler.position) == (0, 0)


def test_the_time_is_that_of_whole_steps(config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer, seen = trainer_of(config), list[int]()
    train_step = trainer.train_step

    def slow(batches: Any) -> Any:
        seen.append(len(batches[0].indices))
        time.sleep(0.5)
        return train_step(batches)

    monkeypatch.setattr(trainer, "train_step", slow)
    seconds = seconds_per_picture(trainer, 8)
    assert seen == [2]
    assert 0.25 < seconds < 30
    monkeypatch.setattr("spade_studio.train.cli.estimate.seconds_per_picture", lambda *given: 2.0)
    # 2 ranks: a picture a second; 20 steps are 10 epochs of 8 pictures and 4, of which 2 fill up
    both = dataclasses.replace(config, compute=dataclasses.replace(config.compute, processes_per_node=2, device="cpu"))
    assert both.total_steps(trainer.steps_per_epoch) == 20
    expected = f"\nTime:          about {time_words(120)} at 1.00 images/s, timed with 2 pictures at once on cpu ("
    assert expected in describe_run(both, measure=True)


def test_a_device_without_room_for_a_step_is_told(config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: Any) -> float:
        raise torch.OutOfMemoryError("no room")

    monkeypatch.setattr("spade_studio.train.cli.estimate.seconds_per_picture", full)
    assert describe_run(config, measure=True).endswith("has no memory left to time a step")


def test_times_are_told_roughly() -> None:
    assert [time_words(seconds) for seconds in (50, 150, 9000, 400_000)] == ["50 seconds", "2 minutes", "2 hours", "5 days"]
