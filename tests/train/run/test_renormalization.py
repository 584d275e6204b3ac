"""Generators that normalise with their running statistics from a step on: what is trained then is what renders."""

from __future__ import annotations

import copy
import dataclasses
from pathlib import Path

import pytest
import torch
from torch import Tensor

from spade_studio.engine.errors import ConfigError
from spade_studio.engine.networks.batch_renorm import BatchRenorm2d, set_renormalization
from spade_studio.train.config.presets import preset
from spade_studio.train.config.run import TrainConfig
from spade_studio.train.learning.distributed import Ranks
from spade_studio.train.learning.ema import reestimate_statistics
from spade_studio.train.learning.trainer import Trainer, renormalization_limits
from spade_studio.train.run.data import open_run_data

AFTER = 2


def make_trainer(data: Path, renormalize_after: int) -> Trainer:
    config: TrainConfig = dataclasses.replace(preset("tiny"), statistics_images=8, renormalize_after=renormalize_after)
    config = dataclasses.replace(config, data=dataclasses.replace(config.data, path=str(data), validation=2))
    return Trainer(config, open_run_data(config).training, Ranks(0, 1, torch.device("cpu")))


def take_steps(trainer: Trainer, until: int) -> None:
    batches = iter(trainer.loader())
    while trainer.step < until:
        trainer.train_step(next(batches))


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return all(torch.equal(value, other[name]) for name, value in one.items())


def test_limits_are_batch_norms_at_first_and_grow_over_as_many_steps_again() -> None:
    assert renormalization_limits(0, 100) == (1, 0, 0.1)
    assert renormalization_limits(100, 100) == (1, 0, 0.1)
    assert renormalization_limits(150, 100) == pytest.approx((2, 2.5, 0.055))
    assert renormalization_limits(200, 100) == renormalization_limits(5000, 100) == pytest.approx((3, 5, 0.01))


def test_up_to_the_step_it_is_batch_norm_and_then_it_is_not(landscape_data: Path) -> None:
    plain, other = make_trainer(landscape_data, 0), make_trainer(landscape_data, AFTER)
    take_steps(plain, AFTER)
    take_steps(other, AFTER)
    assert [*plain.generator.state_dict()] == [*other.generator.state_dict()]
    assert same(plain.generator.state_dict(), other.generator.state_dict())
    take_steps(plain, AFTER + 2)
    take_steps(other, AFTER + 2)
    assert not same(dict(plain.generator.named_parameters()), dict(other.generator.named_parameters()))


def test_what_is_trained_is_what_renders(landscape_data: Path) -> None:
    def difference(renormalize_after: int) -> float:
        """Return how far the generator in training is from the one that renders, on one batch."""
        trainer = make_trainer(landscape_data, renormalize_after)
        batch = next(iter(trainer.statistics_batches()))
        take_steps(trainer, 2 * AFTER + 1)
        norms = [module for module in trainer.generator.modules() if isinstance(module, BatchRenorm2d)]
        assert bool(norms) == (renormalize_after > 0)
        assert all((norm.scale_limit, norm.shift_limit) == (3, 5) for norm in norms)
        set_renormalization(trainer.generator, 1e6, 1e6, 0.0)  # far from its few steps' statistics, the usual limits would show
        with torch.no_grad():
            trained = trainer.generator(batch.layout, batch.style)
            rendered = trainer.generator.eval()(batch.layout, batch.style)
        return float((trained - rendered).abs().max())

    assert difference(AFTER) < 1e-3  # the power iterations of the spectral norms
    assert difference(0) > 0.02


def test_averages_have_statistics_of_their_own_weights(landscape_data: Path) -> None:
    """Those of the live weights would fit other weights: pictures become darker and their textures coarser."""
    trainer = make_trainer(landscape_data, AFTER)
    take_steps(trainer, AFTER + 1)
    averages = trainer.fit_averages()
    fitted = {name: value.clone() for name, value in averages.generator.named_buffers() if "running_" in name}
    assert len(fitted) > 4
    reestimate_statistics(averages.generator, trainer.statistics_batches())
    assert same(fitted, dict(averages.generator.named_buffers()))
    assert not same(fitted, dict(trainer.generator.named_buffers()))


def test_a_norm_without_batch_statistics_is_refused() -> None:
    config = dataclasses.replace(preset("tiny"), renormalize_after=AFTER)
    with pytest.raises(ConfigError, match="with the norm instance"):
        dataclasses.replace(config, generator=dataclasses.replace(config.generator, norm="instance"))


@pytest.mark.parametrize("step", [AFTER, AFTER + 1])
def test_a_run_that_goes_on_is_as_one_that_was_not_interrupted(landscape_data: Path, step: int) -> None:
    whole = make_trainer(landscape_data, AFTER)
    take_steps(whole, step)
    state = copy.deepcopy(whole.state_dict())
    take_steps(whole, AFTER + 3)
    resumed = make_trainer(landscape_data, AFTER)
    resumed.load_state_dict(step, state)
    take_steps(resumed, AFTER + 3)
    assert same(whole.generator.state_dict(), resumed.generator.state_dict())


@pytest.mark.parametrize("before", [0, AFTER], ids=["never", "before"])
def test_a_run_may_be_told_otherwise_when_it_goes_on(landscape_data: Path, before: int) -> None:
    trained = make_trainer(landscape_data, before)
    take_steps(trained, AFTER + 1)
    resumed = make_trainer(landscape_data, 0 if before else 1)
    resumed.load_state_dict(AFTER + 1, copy.deepcopy(trained.state_dict()))
    take_steps(resumed, AFTER + 2)
    norms = [module for module in resumed.generator.modules() if isinstance(module, BatchRenorm2d)]
    assert bool(norms) == (not before)
    assert all((norm.scale_limit, norm.shift_limit) == (3, 5) for norm in norms)
    assert resumed.skipped == 0
