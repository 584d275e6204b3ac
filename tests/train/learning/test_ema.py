"""Averaged parameters, spectral norms that fit them, and batch statistics estimated anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from spade_studio.engine.networks.ablations.pix2pixhd import Pix2PixHDGenerator
from spade_studio.engine.networks.config import GeneratorConfig, Pix2PixHDConfig
from spade_studio.engine.networks.generator import Generator
from spade_studio.engine.networks.layout import Layout
from spade_studio.train.learning.ema import ExponentialAverage, converge_spectral_norms, reestimate_statistics

CONFIG = GeneratorConfig(5, 2, 8, input="noise", z_width=6, crop_size=32)


@dataclass(frozen=True)
class Batch:
    layout: Layout
    style: Tensor | None
    seeds: Tensor


def batch(seed: int, size: int = 32, count: int = 3) -> Batch:
    random = np.random.default_rng(seed)
    labels = np.kron(random.integers(0, 5, (count, 4, 4)), np.ones((size // 4, size // 4), np.int64))
    return Batch(Layout.from_channels(labels, 5), torch.from_numpy(random.standard_normal((count, 6), np.float32)), torch.arange(count))


def generator(seed: int) -> Generator:
    torch.manual_seed(seed)
    return Generator(CONFIG)


def spectral_layers(network: nn.Module) -> Iterator[tuple[nn.Module, Tensor]]:
    for module in network.modules():
        if hasattr(module, "weight_u"):
            weight = module.get_parameter("weight_orig").detach()
            yield module, (weight.transpose(0, 1) if isinstance(module, nn.ConvTranspose2d) else weight).flatten(1)


def test_averages_follow_the_formula_and_leave_the_live_network_alone() -> None:
    live = generator(0)
    first = {name: value.detach().clone() for name, value in live.named_parameters()}
    average = ExponentialAverage(live, generator(1), 0.9, warm_up=False)
    with torch.no_grad():
        for parameter in live.parameters():
            parameter += 1
    average.update(live)
    average.update(live)
    for name, value in average.network.named_parameters():
        assert torch.allclose(value, first[name] + 1 - 0.81, atol=1e-6), name
        assert not value.requires_grad
    assert all(torch.equal(value, first[name] + 1) for name, value in live.named_parameters())
    assert not average.network.training
    assert live.training


def test_warm_up_forgets_the_initial_weights_sooner() -> None:
    live = nn.Linear(1, 1, bias=False)
    average = ExponentialAverage(live, nn.Linear(1, 1, bias=False), 0.999)
    start = float(live.weight.detach())
    with torch.no_grad():
        live.weight += 1
    average.update(live)
    assert float(average.network.get_parameter("weight")) == pytest.approx(start + 0.9, abs=1e-6)
    average.load_state_dict({**average.state_dict(), "updates": 1_000_000})
    before = float(average.network.get_parameter("weight"))
    average.update(live)
    assert float(average.network.get_parameter("weight")) - before == pytest.approx(0.1 * 0.001, rel=1e-2)


@pytest.mark.parametrize("warm_up", [True, False])
def test_whether_they_follow_can_be_decided_by_a_flag_on_the_device(warm_up: bool) -> None:
    live = generator(0)
    known, flagged = (ExponentialAverage(live, generator(1), 0.7, warm_up=warm_up) for _ in range(2))
    for moved in (True, False, True, True, True, True):
        with torch.no_grad():
            for parameter in live.parameters():
                parameter += 1
        if moved:
            known.update(live)
        before = [value.clone() for value in flagged.network.parameters()]
        flagged.update_where(live, torch.tensor(moved))
        for value, old, expected in zip(flagged.network.parameters(), before, known.network.parameters(), strict=True):
            torch.testing.assert_close(value, expected)
            assert moved or torch.equal(value, old)
    assert known.state_dict()["updates"] == flagged.state_dict()["updates"] == 5


def test_average_continues_from_its_state() -> None:
    live = generator(0)
    one = ExponentialAverage(live, generator(1), 0.9)
    with torch.no_grad():
        live.conv_img.bias += 1  # pyright: ignore[reportOperatorIssue]
    one.update(live)
    other = ExponentialAverage(generator(2), generator(3), 0.9)
    other.load_state_dict(one.state_dict())
    assert other.updates == 1
    one.update(live)
    other.update(live)
    mine, theirs = one.network.state_dict(), other.network.state_dict()
    assert all(torch.equal(value, theirs[name]) for name, value in mine.items())


@pytest.mark.parametrize("kind", ["spade", "pix2pixhd"])
def test_spectral_norms_fit_changed_weights(kind: str) -> None:
    torch.manual_seed(4)
    network = Generator(CONFIG) if kind == "spade" else Pix2PixHDGenerator(Pix2PixHDConfig(5, 4, 2, 1, crop_size=32))
    with torch.no_grad():
        for _, weight in spectral_layers(network):
            weight.copy_(torch.randn(weight.shape))
    parameters = {name: value.detach().clone() for name, value in network.named_parameters()}
    converge_spectral_norms(network)
    errors: list[float] = []
    for module, weight in spectral_layers(network):
        u, v = module.get_buffer("weight_u"), module.get_buffer("weight_v")
        errors.append(abs(float(u @ weight @ v) / float(torch.linalg.matrix_norm(weight, 2)) - 1))
    assert len(errors) > 5
    assert max(errors) < 1e-3
    assert all(torch.equal(value, parameters[name]) for name, value in network.named_parameters())


def test_refreshed_average_computes_as_a_network_with_exact_norms() -> None:
    live = generator(0)
    average = ExponentialAverage(live, generator(1), 0.5, warm_up=False)
    with torch.no_grad():
        for parameter in live.parameters():
            parameter.copy_(torch.randn(parameter.shape) * 0.05)
    average.update(live)
    average.refresh()
    sample = batch(3)
    with torch.no_grad():
        found = average.network(sample.layout, sample.style)
        for module, weight in spectral_layers(average.network):
            # The exact singular vectors in place of iterated ones.
            left, _, right = torch.linalg.svd(weight, full_matrices=False)
            module.get_buffer("weight_u").copy_(left[:, 0])
            module.get_buffer("weight_v").copy_(right[0])
        exact = average.network(sample.layout, sample.style)
    assert float((found - exact).abs().max()) < 1e-3


def test_statistics_are_averages_over_batches_and_nothing_else_moves() -> None:
    network = generator(0)
    network.train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    seen: list[Tensor] = []
    head = network.get_submodule("head_0.norm_0.param_free_norm")
    handle = head.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].detach().clone()))
    assert reestimate_statistics(network, (batch(seed) for seed in range(3))) == 3
    handle.remove()
    means = torch.stack([x.mean((0, 2, 3)) for x in seen]).mean(0)
    variances = torch.stack([x.var((0, 2, 3)) for x in seen]).mean(0)
    assert torch.allclose(head.get_buffer("running_mean"), means, atol=1e-6)
    assert torch.allclose(head.get_buffer("running_var"), variances, rtol=1e-5)
    for name, value in network.state_dict().items():
        if "param_free_norm" not in name:
            assert torch.equal(value, before[name]), name
    assert all(module.training for module in network.modules())
    assert getattr(head, "momentum") == 0.1  # noqa: B009


def test_estimating_twice_gives_the_same() -> None:
    network = generator(0)
    reestimate_statistics(network, [batch(1), batch(2)])
    once = {name: value.clone() for name, value in network.state_dict().items()}
    reestimate_statistics(network, [batch(1), batch(2)])
    assert all(torch.equal(value, once[name]) for name, value in network.state_dict().items())


def test_instance_norm_needs_no_batches() -> None:
    network = Generator(GeneratorConfig(5, 2, 8, norm="instance", crop_size=32))
    assert reestimate_statistics(network, []) == 0
    with pytest.raises(ValueError, match="no batches"):
        reestimate_statistics(generator(0), [])
