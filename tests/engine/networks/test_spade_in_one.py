"""Normalisation, modulation and activation in one function, against the modules that they replace."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spade_studio.engine.networks.fast_spade import FastSPADE
from spade_studio.engine.networks.layout import Layout
from spade_studio.engine.networks.spade import SPADE

S, C = 5, 6


def layout() -> Layout:
    channels = np.random.default_rng(0).integers(-1, S - 1, (3, 4, 4)).repeat(3, axis=1).repeat(3, axis=2)
    return Layout.from_channels(channels, S, edge_channel=True)


def twins(momentum: float | None = 0.1) -> tuple[SPADE, SPADE]:
    torch.manual_seed(0)
    one = SPADE(C, S, 7, 3, "batch").double()
    assert isinstance(one.param_free_norm, nn.BatchNorm2d)
    one.param_free_norm.momentum = momentum
    return FastSPADE(copy.deepcopy(one)), one


def activations(seed: int) -> Tensor:
    return (torch.randn(3, C, 12, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * 3 + 2).requires_grad_()


@pytest.mark.parametrize("last", [True, False], ids=["channels last", "channels first"])
@pytest.mark.parametrize("slope", [1.0, 0.2])
def test_slope_and_memory_layout(slope: float, last: bool) -> None:
    fast, dense = twins()
    x = activations(0)
    given = x.contiguous(memory_format=torch.channels_last) if last else x
    found, expected = fast(given, layout(), slope), dense(x, layout(), slope)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-10)
    toward = torch.randn_like(expected)
    mine = torch.autograd.grad((found * toward).sum(), [x, *fast.parameters()])
    theirs = torch.autograd.grad((expected * toward).sum(), [x, *dense.parameters()])
    for a, b in zip(mine, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-9)


@pytest.mark.parametrize("momentum", [0.1, 1.0, None])
def test_running_statistics_move_as_in_batch_norm(momentum: float | None) -> None:
    fast, dense = twins(momentum)
    for seed in range(3):
        fast(activations(seed), layout())
        dense(activations(seed), layout())
    mine, theirs = fast.param_free_norm.state_dict(), dense.param_free_norm.state_dict()
    assert int(mine["num_batches_tracked"]) == 3
    for name, value in theirs.items():
        torch.testing.assert_close(mine[name], value, rtol=1e-12, atol=1e-12)


def test_one_value_per_channel_is_refused_as_by_batch_norm() -> None:
    fast, _ = twins()
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        fast(torch.randn(1, C, 1, 1, dtype=torch.float64), Layout.from_channels(np.zeros((1, 4, 4), np.int64), S))


def test_whoever_watches_the_norm_sees_its_calls() -> None:
    fast, dense = twins()
    seen: list[Tensor] = []
    fast.param_free_norm.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    x = activations(0)
    torch.testing.assert_close(fast(x, layout(), 0.2), dense(x, layout(), 0.2), rtol=0, atol=1e-10)
    assert len(seen) == 1
    assert seen[0] is x


def test_statistics_of_bfloat16_are_wide() -> None:
    """A mean that is rounded to bfloat16 is off by up to 2 ** -9 of itself: here by a good part of the deviation."""
    fast, _ = twins()
    fast.float()
    x = (activations(0).detach() / 3 + 60).bfloat16().contiguous(memory_format=torch.channels_last)
    assert isinstance(fast.param_free_norm.running_mean, Tensor)
    for _ in range(200):  # the running mean comes as near as its share allows
        fast(x, layout())
    torch.testing.assert_close(fast.param_free_norm.running_mean, x.float().mean((0, 2, 3)), rtol=1e-5, atol=0)
    with torch.no_grad():
        for module in (fast.mlp_gamma, fast.mlp_beta):
            module.weight.zero_()
            assert module.bias is not None
            module.bias.zero_()
    found = fast(x, layout())
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.float(), F.batch_norm(x.float(), None, None, training=True), rtol=0.01, atol=0.01)
