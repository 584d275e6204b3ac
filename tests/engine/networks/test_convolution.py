"""The product of matrices against torch's convolution, and the choice between them."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from spade_studio.engine.networks import convolution
from spade_studio.engine.networks.convolution import Convolution


def layer(kernel: tuple[int, int] = (3, 3), *, last: bool = True, dtype: torch.dtype = torch.float64) -> Convolution:
    torch.manual_seed(0)
    module = Convolution(3, 4, kernel, padding=(kernel[0] // 2, kernel[1] // 2)).to(dtype)
    if last:
        module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last)
    return module


def is_product(out: Tensor) -> bool:
    return "Product" in type(out.grad_fn).__name__


@pytest.fixture
def small_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convolution, "_LEAST_WEIGHTS", 1)


@pytest.mark.usefixtures("small_counts")
@pytest.mark.parametrize("kernel", [(1, 1), (3, 3), (1, 3), (5, 5)])
def test_values_and_gradients_are_those_of_the_convolution(kernel: tuple[int, int]) -> None:
    module = layer(kernel)
    x = torch.randn(2, 3, 5, 4, dtype=torch.float64, requires_grad=True)
    inputs = [x, *module.parameters()]
    found = module(x)
    assert is_product(found)
    expected = F.conv2d(x, module.weight, module.bias, padding=module.padding)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    toward = torch.randn_like(expected)
    for mine, theirs in zip(torch.autograd.grad(found, inputs, toward), torch.autograd.grad(expected, inputs, toward), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-12)


@pytest.mark.usefixtures("small_counts")
def test_autocast_narrows_both_alike() -> None:
    module = layer(dtype=torch.float32)
    x = torch.randn(2, 3, 5, 4, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        found, expected = module(x), F.conv2d(x, module.weight, module.bias, padding=1)
    assert is_product(found)
    assert found.dtype == expected.dtype == torch.bfloat16
    torch.testing.assert_close(found, expected, rtol=0.02, atol=0.02)
    found.float().sum().backward()
    assert module.weight.grad is not None
    assert module.weight.grad.dtype == torch.float32


def test_it_is_chosen_for_few_pixels_and_many_weights_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    few, many = torch.randn(1, 3, 4, 4), torch.randn(1, 3, 40, 40)
    assert not is_product(layer(dtype=torch.float32)(few))
    monkeypatch.setattr(convolution, "_LEAST_WEIGHTS", 1)
    assert is_product(layer(dtype=torch.float32)(few))
    assert not is_product(layer(dtype=torch.float32)(many))
    assert not is_product(layer(dtype=torch.float32, last=False)(few))
    strided = Convolution(3, 4, 3, stride=2, padding=1)
    strided.weight.data = strided.weight.data.contiguous(memory_format=torch.channels_last)
    assert not is_product(strided(few))


@pytest.mark.parametrize("last", [True, False], ids=["channels last", "channels first"])
def test_a_convolution_of_single_pixels_keeps_channels_last(last: bool) -> None:
    torch.manual_seed(0)
    module = Convolution(3, 4, 1, bias=False).double()
    x = torch.randn(2, 3, 5, 4, dtype=torch.float64)
    x = (x.contiguous(memory_format=torch.channels_last) if last else x).requires_grad_()
    found, expected = module(x), F.conv2d(x, module.weight)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    assert not last or found.is_contiguous(memory_format=torch.channels_last)
    toward, inputs = torch.randn_like(expected), [x, module.weight]
    for mine, theirs in zip(torch.autograd.grad(found, inputs, toward), torch.autograd.grad(expected, inputs, toward), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-12)
