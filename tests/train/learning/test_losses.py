"""The losses against the published values (shared/reference/discriminator), and against their definitions."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor

from spade_studio.engine.errors import ConfigError
from spade_studio.engine.networks.config import DiscriminatorConfig
from spade_studio.engine.networks.discriminator import MultiscaleDiscriminator
from spade_studio.engine.networks.layout import Layout
from spade_studio.train.config.losses import AdversarialKind, LossConfig, OptimizerConfig, PerceptualConfig, ScheduleConfig
from spade_studio.train.learning import judging
from spade_studio.train.learning.losses import (
    Features,
    discriminator_adversarial,
    feature_matching,
    generator_adversarial,
    kl_divergence,
)
from spade_studio.train.learning.objective import TERMS

PUBLISHED: dict[AdversarialKind, str] = {"hinge": "hinge", "least_squares": "ls", "cross_entropy": "original", "wasserstein": "w"}
Judged = tuple[Features, Features, dict[str, Tensor], dict[str, float]]


def features_of(*scores: list[float], dtype: torch.dtype = torch.float64) -> list[list[Tensor]]:
    return [[torch.tensor(one, dtype=dtype)] for one in scores]


@pytest.fixture(scope="module")
def judged(shared: Callable[..., Path]) -> Judged:
    """Give the published discriminator's features of its fake and real picture, mu and logvar, and the published values."""
    folder = shared("reference", "discriminator")
    with np.load(folder / "case.npz") as file:
        data: dict[str, Any] = dict(file)
    network = MultiscaleDiscriminator(DiscriminatorConfig(11, 6)).eval()
    network.load_state_dict(torch.load(folder / "latest_net_D.pth", weights_only=True))
    layout = Layout.from_channels(data["label"][None].astype(np.int64), 11, instances=data["instance"][None], edge_channel=True)
    planes = layout.one_hot(128, 128, "cpu", torch.float32)
    pictures = torch.from_numpy(np.concatenate((data["fake"], data["real"])))
    with torch.no_grad():
        fake, real = judging.judged(network, planes, pictures)
    posterior = {name: torch.from_numpy(data[name]) for name in ("mu", "logvar")}
    return fake, real, posterior, json.loads((folder / "options.json").read_text())["losses"]


@pytest.mark.reference
@pytest.mark.parametrize("kind", PUBLISHED)
def test_adversarial_losses_have_the_published_values(kind: AdversarialKind, judged: Judged) -> None:
    fake, real, _, published = judged
    found = {
        "G": generator_adversarial(kind, fake),
        "D_fake": discriminator_adversarial(kind, fake, real=False),
        "D_real": discriminator_adversarial(kind, real, real=True),
    }
    for name, value in found.items():
        assert float(value) == pytest.approx(published[f"{PUBLISHED[kind]}_{name}"], rel=1e-4), name


@pytest.mark.reference
def test_feature_matching_and_kl_have_the_published_values(judged: Judged) -> None:
    fake, real, posterior, published = judged
    assert 10 * float(feature_matching(fake, real)) == pytest.approx(published["feature_matching_lambda10"], rel=1e-4)
    assert float(kl_divergence(**posterior)) == pytest.approx(published["kld_sum"], rel=1e-4)


@pytest.mark.parametrize(
    ("kind", "fake", "real", "generator"),
    [
        ("hinge", (0.5 + 0) / 2, (2.5 + 0.5) / 2, 1.25),
        ("least_squares", (0.25 + 4) / 2, (2.25 + 9) / 2, (2.25 + 9) / 2),
        ("wasserstein", -1.25, 1.25, 1.25),
    ],
)
def test_losses_by_hand(kind: AdversarialKind, fake: float, real: float, generator: float) -> None:
    scores = features_of([-0.5], [-2.0])
    # hinge: max(0, 1 + s) for fakes and max(0, 1 - s) for reals, at -0.5 and -2
    expected_real = {"hinge": (1.5 + 3.0) / 2}.get(kind, real)
    assert float(discriminator_adversarial(kind, scores, real=False)) == pytest.approx(fake)
    assert float(discriminator_adversarial(kind, scores, real=True)) == pytest.approx(expected_real)
    assert float(generator_adversarial(kind, scores)) == pytest.approx(generator)


def test_cross_entropy_stays_finite_where_a_sigmoid_saturates() -> None:
    scores = features_of([200.0, -200.0], dtype=torch.float32)
    assert float(discriminator_adversarial("cross_entropy", scores, real=True)) == pytest.approx(100.0)
    assert float(discriminator_adversarial("cross_entropy", scores, real=False)) == pytest.approx(100.0)


def test_a_scale_counts_the_same_whatever_its_size() -> None:
    assert float(generator_adversarial("wasserstein", features_of([1.0, 1.0, 1.0], [4.0]))) == pytest.approx(-2.5)


def test_feature_matching_leaves_out_the_scores_and_the_reals_gradient() -> None:
    fake = [[torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor([9.0])], [torch.tensor([3.0]), torch.tensor([5.0])]]
    real = [[torch.tensor([2.0, 4.0], requires_grad=True), torch.tensor([0.0])], [torch.tensor([7.0]), torch.tensor([0.0])]]
    distance = feature_matching(fake, real)
    assert float(distance.detach()) == pytest.approx((1.5 + 4.0) / 2)
    distance.backward()
    assert fake[0][0].grad is not None
    assert fake[0][0].grad.tolist() == pytest.approx([-0.25, -0.25])
    assert real[0][0].grad is None


def test_kl_is_zero_for_the_standard_distribution_and_a_sum_otherwise() -> None:
    assert float(kl_divergence(torch.zeros(3, 4), torch.zeros(3, 4))) == 0
    mu, logvar = torch.full((2, 5), 2.0), torch.full((2, 5), 1.0)
    assert float(kl_divergence(mu, logvar)) == pytest.approx(10 * 0.5 * (4 + np.e - 1 - 1), rel=1e-6)


def test_narrow_scores_are_summed_in_float32() -> None:
    scores = [[torch.full((70_000,), 1.0, dtype=torch.bfloat16)]]
    loss = generator_adversarial("least_squares", scores)
    assert loss.dtype == torch.float32
    assert float(generator_adversarial("wasserstein", scores)) == -1.0


# ---- the settings


@pytest.mark.parametrize(
    "build",
    [
        lambda: LossConfig(adversarial="hing"),  # pyright: ignore[reportArgumentType]
        lambda: LossConfig(kl_form="median"),  # pyright: ignore[reportArgumentType]
        lambda: LossConfig(feature_matching_weight=-1),
        lambda: LossConfig(perceptual_weight=float("nan")),
        lambda: LossConfig(adversarial_weight=0, feature_matching_weight=0, perceptual_weight=0),
        lambda: PerceptualConfig(network="hed_vgg16"),
        lambda: PerceptualConfig(tap_weights=(0, 0, 0, 0, 0)),
        lambda: PerceptualConfig(batch_share=1.5),
        lambda: PerceptualConfig(crop_size=3),
        lambda: OptimizerConfig(betas=(0.0, 1.0)),
        lambda: OptimizerConfig(learning_rate=-1e-4),
        lambda: ScheduleConfig(10, 10, 1.5),
    ],
)
def test_unusable_settings_are_refused(build: Any) -> None:
    with pytest.raises(ConfigError):
        build()


def test_rates_are_the_published_ones() -> None:
    assert OptimizerConfig().rates == pytest.approx((1e-4, 4e-4))
    assert OptimizerConfig().adam_betas == (0.0, 0.9)
    without = OptimizerConfig(two_time_scales=False)
    assert without.rates == pytest.approx((2e-4, 2e-4))
    assert without.adam_betas == (0.5, 0.999)
    assert OptimizerConfig(generator_learning_rate=2e-4).rates == pytest.approx((2e-4, 4e-4))


def test_schedule_stays_then_falls_straight_to_its_end() -> None:
    schedule = ScheduleConfig(100, 100)
    assert [schedule.factor(epoch) for epoch in (0, 99, 100, 150, 199)] == pytest.approx([1, 1, 1, 0.5, 0.01])
    assert schedule.factor(200) == 0
    assert ScheduleConfig(100).factor(1000) == 1
    assert ScheduleConfig(0, 50, 0.02).factor(50) == pytest.approx(0.02)
    assert ScheduleConfig(0, 50, 0.02).factor(25) == pytest.approx(0.51)


def test_the_published_divergence_counts_four_pictures_whatever_the_batch() -> None:
    posterior = torch.randn(4, 5), torch.randn(4, 5)
    each = [float(kl_divergence(mu, logvar)) for mu, logvar in zip(*posterior, strict=True)]

    def term(form: Any, places: slice, share: float = 1.0) -> float:
        part = tuple(values[places] for values in posterior)
        made = SimpleNamespace(posterior=part, losses=LossConfig(kl_form=form), own=len(part[0]), share=share)
        divergence = TERMS["kl"](cast("Any", made))
        assert divergence is not None
        return share * float(divergence)

    assert term("mean", slice(0, 2)) == pytest.approx(sum(each[:2]) / 2)
    assert term("published", slice(0, 2)) == pytest.approx(4 * sum(each[:2]) / 2)
    assert term("published", slice(0, 4)) == pytest.approx(term("sum", slice(0, 4)))
    # In parts and on two ranks it comes to the same.
    assert term("published", slice(0, 1), 0.25) + term("published", slice(1, 4), 0.75) == pytest.approx(sum(each))
    assert (term("published", slice(0, 2)) + term("published", slice(2, 4))) / 2 == pytest.approx(sum(each))


def test_rates_grow_over_the_first_steps() -> None:
    warm = OptimizerConfig(warmup_steps=4)
    assert [warm.warmup(step) for step in (0, 1, 3, 4, 100)] == [0.25, 0.5, 1.0, 1.0, 1.0]
    assert OptimizerConfig().warmup(0) == 1.0
    with pytest.raises(ConfigError, match="warmup_steps is -1"):
        OptimizerConfig(warmup_steps=-1)
    with pytest.raises(ConfigError, match="clip_norm is -1"):
        OptimizerConfig(clip_norm=-1)
