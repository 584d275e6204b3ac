"""Spectral norms against torch's own, whose hook ours takes the place of."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import spectral_norm

from spade_studio.train.learning.preparation import keep_channels_last, keep_spectral_norms_wide

MODULES: dict[str, Callable[[], nn.Module]] = {
    "3x3": lambda: spectral_norm(nn.Conv2d(5, 7, 3), eps=1e-12),
    "1x1": lambda: spectral_norm(nn.Conv2d(5, 7, 1), eps=1e-12),
    "no bias": lambda: spectral_norm(nn.Conv2d(5, 7, 4, bias=False), eps=1e-12),
    "several iterations": lambda: spectral_norm(nn.Conv2d(5, 7, 3), eps=1e-12, n_power_iterations=3),
    "linear": lambda: spectral_norm(nn.Linear(6, 3), eps=1e-12),
    "transposed": lambda: spectral_norm(nn.ConvTranspose2d(5, 7, 3), eps=1e-12, dim=1),
}


def twins(kind: str, *, last: bool = False, dtype: torch.dtype = torch.float64) -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    theirs = MODULES[kind]().to(dtype)
    if last:
        keep_channels_last(theirs)
    ours = copy.deepcopy(theirs)
    keep_spectral_norms_wide(ours)
    return ours, theirs


def backward(module: nn.Module, x: Tensor) -> Tensor:
    module.zero_grad()
    out = module(x)
    out.float().square().sum().backward()
    return out


@pytest.mark.parametrize("last", [False, True], ids=["channels first", "channels last"])
@pytest.mark.parametrize("kind", MODULES)
def test_values_gradients_and_vectors_are_those_of_torch(kind: str, last: bool) -> None:
    ours, theirs = twins(kind, last=last)
    x = torch.randn((2, 6) if kind == "linear" else (2, 5, 6, 6), dtype=torch.float64)
    for training in (True, True, False):
        ours.train(training)
        theirs.train(training)
        torch.testing.assert_close(backward(ours, x), backward(theirs, x), rtol=0, atol=1e-12)
        for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert mine.grad is not None
            assert mine.grad.stride() == mine.stride()
            torch.testing.assert_close(mine.grad, other.grad, rtol=1e-6, atol=1e-9)
        for mine, other in zip(ours.buffers(), theirs.buffers(), strict=True):
            torch.testing.assert_close(mine, other, rtol=0, atol=1e-12)


def test_inside_autocast_the_weight_is_narrow_and_its_norm_is_not() -> None:
    ours, theirs = twins("3x3", last=True, dtype=torch.float32)
    x = torch.randn(2, 5, 6, 6)
    with torch.autocast("cpu", torch.bfloat16):
        narrow = backward(ours, x)
    full = backward(theirs, x)
    weight = ours.get_parameter("weight_orig")
    assert narrow.dtype == torch.bfloat16
    assert isinstance(ours.weight, Tensor)
    assert ours.weight.dtype == torch.bfloat16
    assert isinstance(theirs.weight, Tensor)
    torch.testing.assert_close(ours.weight, theirs.weight.bfloat16(), rtol=0, atol=0)
    assert weight.grad is not None
    assert weight.grad.dtype == torch.float32
    torch.testing.assert_close(narrow.float(), full, rtol=0.03, atol=0.03)
    expected = theirs.get_parameter("weight_orig").grad
    assert expected is not None
    assert float((weight.grad - expected).norm() / expected.norm()) < 0.02


def test_gradients_may_come_after_the_next_power_iteration() -> None:
    """Two forward passes before a backward pass, as with a discriminator that judges twice."""
    ours, theirs = twins("3x3")
    x = torch.randn(2, 5, 6, 6, dtype=torch.float64)
    for module in (ours, theirs):
        (module(x).square().sum() + module(2 * x).sum()).backward()
    torch.testing.assert_close(ours.get_parameter("weight_orig").grad, theirs.get_parameter("weight_orig").grad, rtol=1e-9, atol=1e-9)
