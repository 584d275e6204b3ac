"""Generators that normalise with statistics that stay, from a step on: what is trained then is what renders."""

from __future__ import annotations

import copy
import dataclasses
from pathlib import Path

import pytest
import torch
from torch import Tensor

from spade_studio.train.config import TrainConfig
from spade_studio.train.distributed import Ranks
from spade_studio.train.presets import preset
from spade_studio.train.run_data import open_run_data
from spade_studio.train.trainer import Trainer

AFTER = 2


def make_trainer(data: Path, fixed_statistics_after: int) -> Trainer:
    config: TrainConfig = dataclasses.replace(preset("tiny"), statistics_images=8, fixed_statistics_after=fixed_statistics_after)
    config = dataclasses.replace(config, data=dataclasses.replace(config.data, path=str(data), validation=2))
    return Trainer(config, open_run_data(config).training, Ranks(0, 1, torch.device("cpu")))


def take_steps(trainer: Trainer, until: int) -> None:
    batches = iter(trainer.loader())
    while trainer.step < until:
        trainer.train_step(next(batches))


def statistics(trainer: Trainer) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in trainer.generator.named_buffers() if "running_" in name}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return all(torch.equal(value, other[name]) for name, value in one.items())


@pytest.mark.usefixtures("one_thread")
def test_statistics_move_up_to_the_step_and_then_stay(landscape_data: Path) -> None:
    trainer = make_trainer(landscape_data, AFTER)
    averages = trainer.averages
    assert averages is not None
    take_steps(trainer, AFTER)
    before = statistics(trainer)
    averages.fit(trainer.statistics_batches())  # estimated: nothing is fixed yet
    assert not same(before, dict(averages.generator.named_buffers()))
    take_steps(trainer, AFTER + 1)
    fixed = statistics(trainer)
    assert not same(before, fixed)
    weights = {name: value.clone() for name, value in trainer.generator.named_parameters()}
    take_steps(trainer, AFTER + 2)
    assert same(fixed, statistics(trainer))
    assert not same(weights, dict(trainer.generator.named_parameters()))
    assert trainer.statistics_batches() is None
    averages.fit(None)
    assert same(fixed, dict(averages.generator.named_buffers()))


@pytest.mark.usefixtures("one_thread")
def test_what_is_trained_is_what_renders(landscape_data: Path) -> None:
    def difference(fixed_statistics_after: int) -> float:
        """Return how far the generator in training is from the one that renders, on one batch."""
        trainer = make_trainer(landscape_data, fixed_statistics_after)
        batches = trainer.statistics_batches()
        assert batches is not None
        batch = next(iter(batches))
        take_steps(trainer, AFTER + 1)
        with torch.no_grad():
            trained = trainer.generator(batch.layout, batch.style)
            rendered = trainer.generator.eval()(batch.layout, batch.style)
        return float((trained - rendered).abs().max())

    assert difference(AFTER) < 1e-3  # the power iterations of the spectral norms
    assert difference(0) > 0.05


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("step", [AFTER, AFTER + 1])
def test_a_run_that_goes_on_is_as_one_that_was_not_interrupted(landscape_data: Path, step: int) -> None:
    whole = make_trainer(landscape_data, AFTER)
    take_steps(whole, step)
    state = copy.deepcopy(whole.state_dict())
    take_steps(whole, AFTER + 3)
    resumed = make_trainer(landscape_data, AFTER)
    resumed.load_state_dict(step, state)
    take_steps(resumed, AFTER + 3)
    assert same(dict(whole.generator.named_parameters()), dict(resumed.generator.named_parameters()))
    assert same(statistics(whole), statistics(resumed))


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("before", [0, AFTER], ids=["never", "before"])
def test_a_run_that_is_told_otherwise_estimates_when_it_goes_on_or_follows_its_batches_again(landscape_data: Path, before: int) -> None:
    trained = make_trainer(landscape_data, before)
    take_steps(trained, AFTER + 2)
    resumed = make_trainer(landscape_data, 0 if before else AFTER)
    resumed.load_state_dict(AFTER + 2, copy.deepcopy(trained.state_dict()))
    moving = statistics(resumed)
    take_steps(resumed, AFTER + 3)
    assert resumed.statistics_are_fixed == (not before)
    estimated = statistics(resumed)
    assert not same(moving, estimated)
    take_steps(resumed, AFTER + 4)
    assert same(estimated, statistics(resumed)) == (not before)


@pytest.mark.usefixtures("one_thread")
def test_checkpoints_that_do_not_say_it_are_as_step_and_setting_were(landscape_data: Path) -> None:
    trained = make_trainer(landscape_data, AFTER)
    take_steps(trained, AFTER + 2)
    state = copy.deepcopy(trained.state_dict())
    del state["statistics_are_fixed"]
    for step, fixed in ((AFTER, False), (AFTER + 2, True)):
        resumed = make_trainer(landscape_data, AFTER)
        resumed.load_state_dict(step, copy.deepcopy(state))
        assert resumed.statistics_are_fixed == fixed
