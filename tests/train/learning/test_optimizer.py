"""Updates under a gradient scaler, where infinite gradients are a search for a scale or the end, and states from other trainings."""

from __future__ import annotations

import copy

import pytest
import torch

from spade_studio.train.config.losses import OptimizerConfig
from spade_studio.train.learning.optimizer import Optimizers, Side
from spade_studio.train.learning.preparation import keep_channels_last


@pytest.mark.parametrize(("scale", "finite"), [(65536.0, True), (2.0**-12, False)])
def test_infinite_gradients_count_once_no_scale_helps(scale: float, finite: bool) -> None:
    side = Side([torch.nn.Linear(1, 1)], 0.1, (0.0, 0.9))
    for parameter in side.parameters:
        parameter.grad = torch.full_like(parameter, torch.nan)
    before = [parameter.clone() for parameter in side.parameters]
    scaler = torch.amp.GradScaler("cpu", init_scale=scale)
    scaler.scale(torch.ones(()))  # makes the scale
    assert bool(side.update(scaler, torch.ones(()))) is finite
    assert all(torch.equal(a, b) for a, b in zip(before, side.parameters, strict=True))


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("length", [0.5, 20.0, 0.0])
def test_gradients_are_clipped_by_their_length_all_together(length: float, scaled: bool) -> None:
    side = Side([torch.nn.Linear(3, 1, bias=False), torch.nn.Linear(1, 1, bias=False)], 0.1, (0.0, 0.9), clip_norm=length)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0, enabled=scaled)
    scaler.scale(torch.ones(()))  # makes the scale
    gradients = [torch.tensor([[2.0, -4.0, 6.0]]), torch.tensor([[5.0]])]  # 9 long
    for parameter, gradient in zip(side.parameters, gradients, strict=True):
        parameter.grad = gradient * (1024 if scaled else 1)
    assert side.update(scaler, torch.ones(()))
    factor = length / 9 if 0 < length < 9 else 1.0
    for parameter, gradient in zip(side.parameters, gradients, strict=True):
        assert parameter.grad is not None
        if factor == 1:
            assert torch.equal(parameter.grad, gradient)
        torch.testing.assert_close(parameter.grad, gradient * factor)
        torch.testing.assert_close(side.adam.state[parameter]["exp_avg_sq"], 0.1 * (gradient * factor).square())  # what moved it


def test_clipping_leaves_the_search_for_a_scale_alone() -> None:
    side = Side([torch.nn.Linear(1, 1)], 0.1, (0.0, 0.9), clip_norm=1.0)
    scaler = torch.amp.GradScaler("cpu", init_scale=65536.0)
    scaler.scale(torch.ones(()))
    before = [parameter.clone() for parameter in side.parameters]
    for parameter in side.parameters:
        parameter.grad = torch.full_like(parameter, torch.inf)
    assert side.update(scaler, torch.ones(()))
    scaler.update()
    assert scaler.get_scale() == 32768
    assert all(torch.equal(a, b) for a, b in zip(before, side.parameters, strict=True))


def test_moments_keep_their_places_in_another_memory_format() -> None:
    def trained(layer: torch.nn.Conv2d, state: dict[str, object] | None) -> Side:
        side = Side([layer], 0.1, (0.5, 0.9))
        if state is not None:
            side.load_state_dict(state)
        for parameter in side.parameters:
            numbers = torch.arange(parameter.numel(), dtype=torch.float32).view(parameter.shape) - 7
            parameter.grad = torch.empty_like(parameter).copy_(numbers)
        side.update(torch.amp.GradScaler("cpu", enabled=False), torch.ones(()))
        return side

    with torch.random.fork_rng():
        torch.manual_seed(0)
        layer = torch.nn.Conv2d(3, 4, 3)
    before = trained(layer, None).adam.state_dict()
    made: list[list[torch.nn.Parameter]] = []
    for last in (False, True):
        other = torch.nn.Conv2d(3, 4, 3)
        other.load_state_dict(layer.state_dict())
        if last:
            keep_channels_last(other)
        made.append(trained(other, copy.deepcopy(before)).parameters)
    for one, other in zip(*made, strict=True):
        torch.testing.assert_close(one, other)


def test_a_training_in_float16_goes_on_from_one_without_scaled_losses() -> None:
    one, other = (
        Optimizers(torch.nn.Linear(1, 1), None, None, OptimizerConfig(), scale_gradients=scaled, device="cpu") for scaled in (False, True)
    )
    other.load_state_dict(one.state_dict())
    assert other.scaler.get_scale() == torch.amp.GradScaler("cpu").get_scale()
    one.load_state_dict(other.state_dict())
