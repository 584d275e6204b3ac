"""One training step: what moves and what does not, accumulation, precision, guards, averaging over ranks."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from spade_studio.engine.networks.config import DiscriminatorConfig, EncoderConfig, GeneratorConfig
from spade_studio.engine.networks.discriminator import MultiscaleDiscriminator
from spade_studio.engine.networks.encoder import Encoder
from spade_studio.engine.networks.fast_spade import accelerate
from spade_studio.engine.networks.generator import Generator
from spade_studio.engine.networks.layout import Layout
from spade_studio.train.config.losses import LossConfig, OptimizerConfig, PerceptualConfig
from spade_studio.train.learning.optimizer import Optimizers, all_finite
from spade_studio.train.learning.preparation import initialize, keep_channels_last
from spade_studio.train.learning.step import Phase, TrainingNetworks, style_noise, training_step
from spade_studio.train.pretrained.vgg import PerceptualDistance, VGGFeatures

LABELS, STYLE, SIDE = 4, 5, 64
PLAIN = LossConfig(perceptual_weight=0)


@dataclass(frozen=True)
class Batch:
    photos: Tensor
    layout: Layout
    indices: tuple[int, ...]


def batch(indices: list[int], dtype: torch.dtype = torch.float32) -> Batch:
    photos, maps = list[Any](), list[Any]()
    for index in indices:
        random = np.random.default_rng(index)
        photos.append(random.uniform(-1, 1, (3, SIDE, SIDE)))
        maps.append(np.kron(random.integers(0, LABELS, (4, 4)), np.ones((SIDE // 4, SIDE // 4), np.int64)))
    return Batch(torch.from_numpy(np.stack(photos)).to(dtype), Layout.from_channels(np.stack(maps), LABELS), tuple(indices))


def networks(
    losses: Any = PLAIN, *, norm: Any = "batch", spectral: bool = True, dtype: Any = torch.float32, dense: bool = False, **options: Any
) -> TrainingNetworks:
    torch.manual_seed(5)
    config = GeneratorConfig(LABELS, 2, 8, norm=norm, spectral_norm=spectral, input="noise", z_width=STYLE, crop_size=SIDE)
    generator = Generator(config) if dense else accelerate(Generator(config))
    encoder = Encoder(EncoderConfig(2, 5, STYLE, spectral))
    discriminator = MultiscaleDiscriminator(DiscriminatorConfig(LABELS, 4, 3, spectral_norm=spectral))
    for network in (generator, encoder, discriminator):
        initialize(network, 1.0, 1.0)
        network.to(dtype)
    return TrainingNetworks(generator, encoder, discriminator, losses, **options)


def optimizers_of(training: TrainingNetworks, **options: Any) -> Optimizers:
    return Optimizers(training.generator, training.encoder, training.discriminator, OptimizerConfig(), **options)


def noise_for(indices: list[list[int]], dtype: torch.dtype = torch.float32) -> Callable[[Phase, int], Tensor]:
    return lambda phase, i: style_noise(1, 0, phase, indices[i], STYLE).to(dtype)


def parts_of(training: TrainingNetworks) -> dict[str, nn.Module]:
    return {"g": training.generator, "e": training.encoder, "d": training.discriminator}  # pyright: ignore


def state_of(training: TrainingNetworks) -> dict[str, Tensor]:
    parts = parts_of(training)
    return {f"{part}.{name}": value.clone() for part, network in parts.items() for name, value in network.state_dict().items()}


def gradients_of(network: nn.Module) -> dict[str, Tensor]:
    return {name: parameter.grad.clone() for name, parameter in network.named_parameters() if parameter.grad is not None}


# ---- what moves


def test_a_step_moves_all_three_networks_and_runs_each_twice() -> None:
    training = networks()
    before = state_of(training)
    report = training_step(training, optimizers_of(training), [batch([0, 1])], noise_for([[0, 1]]))
    after = state_of(training)
    assert report.finite
    still = [name for name, value in after.items() if torch.equal(value, before[name]) and "weight_u" not in name]
    # The scores' bias of a hinge loss with as many reals as fakes inside the margin gets no gradient; biases before instance
    # norm likewise. Everything else moves.
    assert [name for name in still if not name.endswith("bias")] == []
    assert all(int(value) == 2 for name, value in after.items() if name.endswith("num_batches_tracked"))
    assert set(report.generator.terms) == {"adversarial", "feature_matching", "kl"}
    assert report.discriminator is not None
    assert set(report.discriminator.terms) == {"fake", "real"}


def test_the_generators_turn_leaves_no_gradient_in_the_discriminator_and_the_other_way_round() -> None:
    training = networks()
    training.generator_step(batch([0, 1]), torch.zeros(2, STYLE))
    encoder, discriminator = parts_of(training)["e"], parts_of(training)["d"]
    assert gradients_of(discriminator) == {}
    assert gradients_of(encoder)
    assert all(parameter.requires_grad for parameter in discriminator.parameters())
    found = gradients_of(training.generator)
    training.discriminator_step(batch([0, 1]), torch.zeros(2, STYLE))
    assert gradients_of(discriminator)
    assert all(torch.equal(value, found[name]) for name, value in gradients_of(training.generator).items())


@pytest.mark.parametrize("name", ["adversarial", "feature_matching", "kl", "perceptual"])
def test_every_term_can_be_switched_off(name: str) -> None:
    perceptual = PerceptualDistance(VGGFeatures("vgg16", 1), PerceptualConfig("vgg16", tap_weights=(1, 0, 0, 0, 0)))
    everything = networks(LossConfig(), perceptual=perceptual).generator_step(batch([0]), torch.zeros(1, STYLE))
    without = networks(replace(LossConfig(), **{f"{name}_weight": 0.0}), perceptual=perceptual)
    values = without.generator_step(batch([0]), torch.zeros(1, STYLE))
    assert set(everything.terms) - set(values.terms) == {name}
    for term, value in values.terms.items():
        assert float(value) == pytest.approx(float(everything.terms[term]))
    assert float(values.total) == pytest.approx(sum(values.numbers().values()))


def test_the_perceptual_loss_needs_its_network() -> None:
    without = networks(LossConfig())
    with pytest.raises(ValueError, match="perceptual network is on, but there is none"):
        without.generator_step(batch([0]), torch.zeros(1, STYLE))


# ---- accumulation, ranks, noise


@pytest.mark.parametrize("form", ["sum", "mean", "published"])
def test_accumulated_parts_give_the_gradients_of_the_whole_batch(form: Any) -> None:
    # Batch norm of a part differs by definition, and power iterations move with every part; without both all else shows.
    double = torch.float64
    config = replace(PLAIN, kl_form=form)
    found: list[tuple[dict[str, Tensor], dict[str, Tensor], dict[str, float]]] = []
    for parts in ([[0, 1, 2, 3]], [[0], [1, 2, 3]]):
        training = networks(config, norm="instance", spectral=False, dtype=double)
        values = None
        for part in parts:
            noise = style_noise(1, 0, "generator", part, STYLE).to(double)
            added = training.generator_step(batch(part, double), noise, share=len(part) / 4)
            values = added if values is None else values + added
        assert values is not None
        assert training.encoder is not None
        found.append((gradients_of(training.generator), gradients_of(training.encoder), values.numbers()))
    whole, parts = found
    for expected, given in zip(whole[:2], parts[:2], strict=True):
        for name, value in expected.items():
            assert torch.allclose(given[name], value, rtol=1e-8, atol=1e-12), name
    assert parts[2] == pytest.approx(whole[2], rel=1e-10)


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_gradients_of_a_single_picture_are_those_of_the_dense_definition(norm: str, *, channels_last: bool) -> None:
    double = torch.float64
    found: list[dict[str, Tensor]] = []
    for dense in (True, False):
        training = networks(norm=norm, dtype=double, dense=dense)
        assert training.encoder is not None
        if channels_last and not dense:
            for network in parts_of(training).values():
                keep_channels_last(network)
        single = batch([0], double)
        training.generator_step(single, torch.ones(1, STYLE, dtype=double))
        found.append(gradients_of(training.generator) | {f"e.{name}": value for name, value in gradients_of(training.encoder).items()})
    expected, given = found
    assert len(expected) > 50
    for name, value in expected.items():
        assert torch.allclose(given[name], value, rtol=1e-7, atol=1e-9), name


def test_noise_depends_on_the_sample_not_on_its_place() -> None:
    together = style_noise(3, 10, "generator", [4, 5, 6], 8)
    assert torch.equal(style_noise(3, 10, "generator", [6], 8), together[2:])
    assert not torch.equal(together[0], together[1])
    for other in (
        style_noise(4, 10, "generator", [4], 8),
        style_noise(3, 11, "generator", [4], 8),
        style_noise(3, 10, "discriminator", [4], 8),
    ):
        assert not torch.equal(other, together[:1])
    many = style_noise(0, 0, "generator", range(500), 16)
    assert abs(float(many.mean())) < 0.05
    assert float(many.std()) == pytest.approx(1, abs=0.05)


def test_ranks_that_average_take_the_step_of_one_process() -> None:
    """Two ranks, each with half of the batch, one after the other: the second hears what the first had to average."""
    double = torch.float64
    config = replace(PLAIN, kl_form="mean")

    def take(parts: list[int], average: Callable[[list[Tensor]], None] | None) -> dict[str, Tensor]:
        training = networks(config, norm="instance", spectral=False, dtype=double)
        training_step(training, optimizers_of(training), [batch(parts, double)], noise_for([parts], double), average=average)
        return state_of(training)

    turns: list[list[Tensor]] = []
    take([0, 1], lambda tensors: turns.append([tensor.clone() for tensor in tensors]))
    first_turn = turns[0]

    def average_with_the_first(tensors: list[Tensor]) -> None:
        # Only the generator's turn: after it the discriminators of both would see other fakes.
        assert len(tensors) == len(first_turn)
        for mine, theirs in zip(tensors, first_turn, strict=True):
            mine.add_(theirs).div_(2)
        raise StopAfterGenerator

    class StopAfterGenerator(Exception):  # noqa: N818
        pass

    training = networks(config, norm="instance", spectral=False, dtype=double)
    with pytest.raises(StopAfterGenerator):
        training_step(
            training, optimizers_of(training), [batch([2, 3], double)], noise_for([[2, 3]], double), average=average_with_the_first
        )
    halves = gradients_of(training.generator)
    whole = networks(config, norm="instance", spectral=False, dtype=double)
    whole.generator_step(batch([0, 1, 2, 3], double), style_noise(1, 0, "generator", [0, 1, 2, 3], STYLE).to(double))
    for name, value in gradients_of(whole.generator).items():
        assert torch.allclose(halves[name], value, rtol=1e-8, atol=1e-12), name


# ---- guards


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_non_finite_loss_leaves_no_trace(dtype: torch.dtype) -> None:
    training = networks(dtype=dtype)
    optimizers = optimizers_of(training)
    training_step(training, optimizers, [batch([0, 1], dtype)], noise_for([[0, 1]], dtype))
    before = state_of(training)
    bad = batch([2, 3], dtype)
    bad.photos[1, 0, 0, 0] = float("inf")
    report = training_step(training, optimizers, [batch([0, 1], dtype), bad], noise_for([[0, 1], [2, 3]], dtype))
    assert not report.finite
    assert report.discriminator is None
    assert not report.generator.total.isfinite()
    after = state_of(training)
    assert [name for name, value in after.items() if not torch.equal(value, before[name])] == []
    assert gradients_of(training.generator) == {}
    assert training_step(training, optimizers, [batch([4, 5], dtype)], noise_for([[4, 5]], dtype)).finite


def test_a_scaler_does_not_hide_a_non_finite_loss() -> None:
    training = networks()
    optimizers = optimizers_of(training, scale_gradients=True)
    training.scaler = optimizers.scaler
    before = state_of(training)
    bad = batch([0, 1])
    bad.photos[0] = float("nan")
    assert not training_step(training, optimizers, [bad], noise_for([[0, 1]])).finite
    assert all(torch.equal(value, before[name]) for name, value in state_of(training).items())
    assert training_step(training, optimizers, [batch([0, 1])], noise_for([[0, 1]])).finite


@pytest.mark.parametrize("turn", [0, 1], ids=["generator", "discriminator"])
def test_a_nan_of_another_rank_stops_this_one_too(turn: int) -> None:
    training = networks()
    optimizers = optimizers_of(training)
    before = state_of(training)
    turns: list[int] = []

    def average(tensors: list[Tensor]) -> None:
        if len(turns) == turn:
            tensors[-1].fill_(float("nan"))  # the other rank's loss was not a number
        turns.append(len(tensors))

    report = training_step(training, optimizers, [batch([0, 1])], noise_for([[0, 1]]), average=average)
    assert not report.finite
    after = state_of(training)
    # Buffers of the discriminator moved rightly in the generator's turn.
    names = {f"d.{name}" for name, _ in parts_of(training)["d"].named_parameters()} if turn else set(after)
    assert [name for name in names if not torch.equal(after[name], before[name])] == []
    assert torch.equal(after["g.fc.weight"], before["g.fc.weight"]) == (turn == 0)
    sides = (optimizers.generator, optimizers.discriminator)
    assert turns == [len(one.parameters) + 1 for one in sides[: turn + 1] if one is not None]


def test_finite_is_told_of_any_number_of_tensors() -> None:
    assert all_finite([])
    assert all_finite([torch.full((3,), 1e18), torch.zeros(2)])
    assert not all_finite([torch.zeros(2), torch.tensor([0.0, float("nan")])])
    assert not all_finite([torch.tensor(float("-inf"))])


# ---- precision and memory layout


def test_bfloat16_comes_near_float32_and_losses_stay_wide() -> None:
    reports = {}
    for name, autocast in (("float32", None), ("bfloat16", torch.bfloat16)):
        training = networks(autocast=autocast)
        reports[name] = training_step(training, optimizers_of(training), [batch([0, 1])], noise_for([[0, 1]]))
        assert all(parameter.dtype == torch.float32 for parameter in training.generator.parameters())
    narrow, full = reports["bfloat16"].generator, reports["float32"].generator
    assert all(value.dtype == torch.float32 for value in narrow.terms.values())
    for name, value in full.numbers().items():
        assert float(narrow.terms[name]) == pytest.approx(value, rel=0.05, abs=0.05), name
        assert float(narrow.terms[name]) != value


def test_spectral_norms_are_computed_outside_autocast(monkeypatch: pytest.MonkeyPatch) -> None:
    inside: list[bool] = []
    multiply = torch.mv

    def watched(matrix: Tensor, vector: Tensor) -> Tensor:
        inside.append(torch.is_autocast_enabled("cpu"))
        return multiply(matrix, vector)

    monkeypatch.setattr(torch, "mv", watched)
    types: list[torch.dtype] = []
    training = networks(autocast=torch.bfloat16)
    training.generator.get_submodule("head_0.conv_1").register_forward_hook(lambda module, given, output: types.append(output.dtype))
    training.generator_step(batch([0, 1]), torch.zeros(2, STYLE))
    assert len(inside) > 20
    assert not any(inside)
    assert types == [torch.bfloat16]


def test_a_scaler_that_overflows_finds_a_smaller_scale_and_then_moves() -> None:
    scaler_scale = 2.0**127
    training = networks()
    optimizers = optimizers_of(training, scale_gradients=True)
    optimizers.scaler = torch.amp.GradScaler("cpu", init_scale=scaler_scale)
    training.scaler = optimizers.scaler
    before = state_of(training)
    report = training_step(training, optimizers, [batch([0, 1])], noise_for([[0, 1]]))
    assert report.finite  # the losses are; that gradients overflow is the scaler's affair
    parameters = {f"g.{name}" for name, _ in training.generator.named_parameters()}
    assert all(torch.equal(state_of(training)[name], before[name]) for name in parameters)
    assert optimizers.scaler.get_scale() < scaler_scale
    optimizers.scaler.load_state_dict({**optimizers.scaler.state_dict(), "scale": 1024.0})
    training_step(training, optimizers, [batch([0, 1])], noise_for([[0, 1]]))
    assert any(not torch.equal(state_of(training)[name], before[name]) for name in parameters)


def test_a_scaler_changes_no_gradient() -> None:
    states = []
    for scale in (False, True):
        training = networks(dtype=torch.float64)
        optimizers = optimizers_of(training, scale_gradients=scale)
        training.scaler = optimizers.scaler
        training_step(training, optimizers, [batch([0, 1], torch.float64)], noise_for([[0, 1]], torch.float64))
        states.append(state_of(training))
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())


def test_channels_last_computes_the_same() -> None:
    results = []
    for channels_last in (False, True):
        training = networks(dtype=torch.float64)
        if channels_last:
            for network in parts_of(training).values():
                keep_channels_last(network)
                weights = [parameter for parameter in network.parameters() if parameter.ndim == 4]
                assert all(weight.is_contiguous(memory_format=torch.channels_last) for weight in weights)
        results.append(training.generator_step(batch([0, 1], torch.float64), torch.zeros(2, STYLE, dtype=torch.float64)).numbers())
    assert results[0] == pytest.approx(results[1], rel=1e-9)


# ---- optimisers and initial weights


def test_optimizers_continue_from_their_state() -> None:
    training, other = networks(dtype=torch.float64), networks(dtype=torch.float64)
    noise = noise_for([[0, 1]], torch.float64)
    one, two = optimizers_of(training), optimizers_of(other)
    training_step(training, one, [batch([0, 1], torch.float64)], noise)
    for part, network in parts_of(training).items():
        parts_of(other)[part].load_state_dict(network.state_dict())
    two.load_state_dict(copy.deepcopy(one.state_dict()))
    for steps in ((training, one), (other, two)):
        training_step(*steps, [batch([2, 3], torch.float64)], noise)
    assert all(torch.equal(value, state_of(other)[name]) for name, value in state_of(training).items())


def test_the_schedule_reaches_both_sides() -> None:
    optimizers = optimizers_of(networks())
    optimizers.set_factor(0.5)
    assert optimizers.rates == pytest.approx([5e-5, 2e-4])
    optimizers.set_factor(1.0)
    assert optimizers.rates[1] == pytest.approx(4e-4)


def test_modulation_layers_have_a_gain_of_their_own() -> None:
    torch.manual_seed(0)
    generator = Generator(GeneratorConfig(LABELS, 16, 64, crop_size=32))
    initialize(generator, 1.0, 0.1)
    gamma = generator.get_parameter("head_0.norm_0.mlp_gamma.weight")
    conv = generator.get_parameter("head_0.conv_0.weight_orig")
    for weight, gain in ((gamma, 0.1), (conv, 1.0)):
        fan = (weight.shape[0] + weight.shape[1]) * 9
        assert float(weight.detach().std()) == pytest.approx(gain * (2 / fan) ** 0.5, rel=0.02)
    assert not any(parameter.any() for name, parameter in generator.named_parameters() if name.endswith("bias"))
