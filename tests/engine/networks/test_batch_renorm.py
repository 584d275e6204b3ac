"""Batch renormalisation against its definition: results, gradients, running statistics; in SPADE layers along both paths."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from spade_studio.engine.networks.batch_renorm import BatchRenorm2d, renormalize, set_renormalization
from spade_studio.engine.networks.fast_spade import FastSPADE
from spade_studio.engine.networks.layout import Layout
from spade_studio.engine.networks.spade import SPADE


def definition(norm: nn.BatchNorm2d, x: Tensor, scale_limit: float, shift_limit: float) -> Tensor:
    """Compute Ioffe (2017), algorithm 1, for float64 [B, C, h, w]."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
    deviation, running = (variance + norm.eps).sqrt(), (norm.running_var + norm.eps).sqrt()
    scale = (deviation / running).clamp(1 / scale_limit, scale_limit).detach()
    shift = ((mean - norm.running_mean) / running).clamp(-shift_limit, shift_limit).detach()
    planes = (value.view(1, -1, 1, 1) for value in (mean, deviation, scale, shift))
    mean, deviation, scale, shift = planes
    return (x - mean) / deviation * scale + shift


def make_norm(*, affine: bool) -> nn.BatchNorm2d:
    torch.manual_seed(2)
    norm = nn.BatchNorm2d(5, affine=affine).double()
    for _ in range(20):
        norm(torch.randn(4, 5, 3, 3, dtype=torch.float64) * 2 + torch.arange(5).view(1, 5, 1, 1))
    return norm


@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize("limits", [(1e9, 1e9), (1.2, 0.1), (1.0, 0.2), (1.5, 0.0)])
def test_result_and_gradient_are_the_definitions(limits: tuple[float, float], affine: bool) -> None:
    norm = make_norm(affine=affine)
    ours = renormalize(copy.deepcopy(norm))
    assert isinstance(ours, BatchRenorm2d)
    set_renormalization(ours, *limits, 0.1)
    x = torch.randn(3, 5, 4, 4, dtype=torch.float64) * 3 + 1
    one, other, weights = x.clone().requires_grad_(), x.clone().requires_grad_(), torch.randn_like(x)
    expected = definition(norm, one, *limits)
    if affine:
        expected = expected * norm.weight.view(1, -1, 1, 1) + norm.bias.view(1, -1, 1, 1)
    found = ours(other)
    assert torch.allclose(found, expected, rtol=0, atol=1e-12)
    (expected * weights).sum().backward()
    (found * weights).sum().backward()
    assert one.grad is not None
    assert other.grad is not None
    assert torch.allclose(other.grad, one.grad, rtol=0, atol=1e-12)
    for mine, theirs in zip(ours.parameters(), norm.parameters(), strict=True):
        assert mine.grad is not None
        assert theirs.grad is not None
        assert torch.allclose(mine.grad, theirs.grad, rtol=0, atol=1e-11)
    norm(x)
    for name, value in norm.state_dict().items():
        assert torch.allclose(ours.state_dict()[name], value, rtol=0, atol=1e-12), name


def test_without_limits_a_batch_is_normalised_as_when_it_renders() -> None:
    ours = renormalize(make_norm(affine=True))
    set_renormalization(ours, 1e9, 1e9, 0.0)
    x = torch.randn(2, 5, 4, 4, dtype=torch.float64) * 4 - 2
    trained = ours(x)
    assert torch.allclose(trained, ours.eval()(x), rtol=0, atol=1e-12)


def test_until_limits_are_set_it_is_batch_norm_to_the_bit() -> None:
    norm = make_norm(affine=True)
    ours = renormalize(copy.deepcopy(norm))
    x = torch.randn(2, 5, 4, 4, dtype=torch.float64)
    assert torch.equal(ours(x), norm(x))
    assert [*ours.state_dict()] == [*norm.state_dict()]


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_both_paths_of_a_spade_layer_agree(dtype: torch.dtype) -> None:
    torch.manual_seed(4)
    layer = SPADE(6, 4, 8, 3, "batch").double()
    for _ in range(10):
        layer.param_free_norm(torch.randn(2, 6, 8, 8, dtype=torch.float64) * 2 + 1)
    renormalize(layer)
    set_renormalization(layer, 2.0, 0.5, 0.1)
    layer.to(dtype)
    channels = np.random.default_rng(0).integers(0, 4, (3, 8, 8))
    x = torch.randn(3, 6, 8, 8, dtype=torch.float64).to(dtype)
    results: list[list[Tensor]] = []
    for dense in (True, False):
        one = copy.deepcopy(layer) if dense else FastSPADE(copy.deepcopy(layer))
        inside = x.clone().requires_grad_()
        out = one(inside, Layout.from_channels(channels, 4), 0.2)
        (out * torch.linspace(-1, 1, 6, dtype=torch.float64).to(dtype).view(1, 6, 1, 1)).sum().backward()
        assert inside.grad is not None
        grads = [parameter.grad for parameter in one.parameters()]
        results.append([out.detach(), inside.grad, *(grad for grad in grads if grad is not None), *one.buffers()])
    for dense_one, fast_one in zip(*results, strict=True):
        scale = float(dense_one.abs().max()) + 1e-6
        assert float((dense_one.double() - fast_one.double()).abs().max()) <= (1e-10 if dtype is torch.float64 else 0.05) * scale


def test_mixed_precision_and_memory_layout_stay() -> None:
    torch.manual_seed(6)
    layer = SPADE(6, 4, 8, 3, "batch")
    for _ in range(10):
        layer.param_free_norm(torch.randn(2, 6, 8, 8) * 2 + 1)
    renormalize(layer)
    set_renormalization(layer, 2.0, 0.5, 0.1)
    x = (torch.randn(3, 6, 8, 8) * 2).contiguous(memory_format=torch.channels_last)
    layout = Layout.from_channels(np.random.default_rng(0).integers(0, 4, (3, 8, 8)), 4)
    with torch.no_grad():
        exact = copy.deepcopy(layer).double()(x.double(), layout)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        mixed = copy.deepcopy(layer)(x.bfloat16().contiguous(memory_format=torch.channels_last), layout)
    assert mixed.dtype is torch.bfloat16
    assert mixed.is_contiguous(memory_format=torch.channels_last)
    assert float((mixed.double() - exact).abs().max()) < 0.05 * float(exact.abs().max())
    norm = layer.param_free_norm
    assert isinstance(norm, BatchRenorm2d)
    alone = norm(x)
    assert alone.is_contiguous(memory_format=torch.channels_last)
    assert norm(x.bfloat16()).dtype is torch.bfloat16
