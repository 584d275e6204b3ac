"""Judging through a frozen network, styles drawn by chance for a part of the batch, and judging without the edges."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from spade_studio.engine.errors import ConfigError, WeightsError
from spade_studio.engine.networks.config import DiscriminatorConfig, EncoderConfig, GeneratorConfig
from spade_studio.engine.networks.discriminator import MultiscaleDiscriminator
from spade_studio.engine.networks.encoder import Encoder
from spade_studio.engine.networks.generator import Generator
from spade_studio.engine.networks.layout import Layout
from spade_studio.train.config.losses import LossConfig
from spade_studio.train.config.networks import ProjectedOptions
from spade_studio.train.learning.preparation import initialize
from spade_studio.train.learning.projected import ProjectedDiscriminator, build_discriminator
from spade_studio.train.learning.step import TrainingNetworks
from spade_studio.train.pretrained.efficientnet_lite import EfficientNetLiteFeatures

LABELS, STYLE, SIDE = 4, 5, 64
CONFIG = DiscriminatorConfig(LABELS, 4, 3, 1)
PLAIN = LossConfig(perceptual_weight=0, kl_form="mean")


@pytest.fixture(scope="module")
def network_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    torch.manual_seed(3)
    path = tmp_path_factory.mktemp("features") / "network.safetensors"
    save_file(EfficientNetLiteFeatures().state_dict(), path)
    return str(path)


@dataclass(frozen=True)
class Batch:
    photos: Tensor
    layout: Layout
    indices: tuple[int, ...] = ()


def batch(count: int) -> Batch:
    random = np.random.default_rng(1)
    maps = np.kron(random.integers(0, LABELS, (count, 4, 4)), np.ones((1, SIDE // 4, SIDE // 4), np.int64))
    photos = torch.from_numpy(random.uniform(-1, 1, (count, 3, SIDE, SIDE))).float()
    return Batch(photos, Layout.from_channels(maps, LABELS))


def networks(discriminator: MultiscaleDiscriminator, losses: LossConfig = PLAIN) -> TrainingNetworks:
    torch.manual_seed(5)
    generator = Generator(GeneratorConfig(LABELS, 2, 8, input="noise", z_width=STYLE, crop_size=SIDE))
    encoder = Encoder(EncoderConfig(2, 5, STYLE, True))
    for network in (generator, encoder, discriminator):
        initialize(network, 1.0, 1.0)
    return TrainingNetworks(generator, encoder, discriminator, losses)


def patches() -> MultiscaleDiscriminator:
    torch.manual_seed(4)  # of the vectors that spectral norms begin with
    return MultiscaleDiscriminator(CONFIG)


def projected(network_file: str, **options: Any) -> MultiscaleDiscriminator:
    torch.manual_seed(4)
    return build_discriminator(CONFIG, ProjectedOptions(network_file, mixed_channels=8, width=8, **options))


def test_it_judges_pixels_and_four_levels_of_features(network_file: str) -> None:
    judge = projected(network_file)
    scales = judge(torch.rand(2, LABELS + 3, SIDE, SIDE))
    assert len(scales) == 1 + 4
    assert [len(scale) for scale in scales] == [4, 1, 1, 1, 1]
    assert [tuple(scale[-1].shape) for scale in scales[1:]] == [(2, 1, SIDE // stride, SIDE // stride) for stride in (4, 8, 16, 32)]
    larger = projected(network_file, side=2 * SIDE)(torch.rand(2, LABELS + 3, SIDE, SIDE))
    assert larger[1][0].shape[-1] == SIDE // 2


def test_the_frozen_network_is_no_part_of_it(network_file: str) -> None:
    judge = projected(network_file)
    assert isinstance(judge, ProjectedDiscriminator)
    assert all(name.startswith(("discriminator_0.", "projected_")) for name in judge.state_dict())
    again = projected(network_file)
    again.load_state_dict(judge.state_dict())
    seen = torch.rand(2, LABELS + 3, SIDE, SIDE)
    for ours, theirs in zip(judge.eval()(seen), again.eval()(seen), strict=True):
        assert torch.equal(ours[-1], theirs[-1])  # the fixed convolutions are the same every time


def test_it_moves_with_its_network(network_file: str) -> None:
    judge = projected(network_file).double()
    assert judge(torch.rand(2, LABELS + 3, SIDE, SIDE).double())[-1][-1].dtype == torch.float64


def test_the_generator_learns_from_it_and_photographs_cost_no_backward_pass(network_file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    training = networks(projected(network_file), replace(PLAIN, feature_matching_weight=0, kl_weight=0))
    counted: list[tuple[int, bool]] = []
    levels = EfficientNetLiteFeatures.levels

    def count(self: EfficientNetLiteFeatures, pictures: Tensor) -> list[Tensor]:
        counted.append((len(pictures), torch.is_grad_enabled() and pictures.requires_grad))
        return levels(self, pictures)

    monkeypatch.setattr(EfficientNetLiteFeatures, "levels", count)
    terms = training.generator_step(batch(2), torch.zeros(2, STYLE)).numbers()
    assert sorted(counted) == [(2, False), (2, True)]
    assert training.discriminator is not None
    assert all(parameter.grad is None for parameter in training.discriminator.parameters())
    short = [parameter.grad.clone() for parameter in training.generator.parameters() if parameter.grad is not None]
    assert short

    # The same as with gradients for all.
    monkeypatch.setattr(ProjectedDiscriminator, "_levels", lambda self, pictures: self._frozen[0](pictures))
    whole = networks(projected(network_file), training.losses)
    assert whole.generator_step(batch(2), torch.zeros(2, STYLE)).numbers() == pytest.approx(terms, rel=1e-5)
    full = [parameter.grad for parameter in whole.generator.parameters() if parameter.grad is not None]
    for ours, theirs in zip(short, full, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-5)
    training.discriminator_step(batch(2), torch.zeros(2, STYLE))
    assert training.discriminator is not None
    heads = [parameter for name, parameter in training.discriminator.named_parameters() if name.startswith("projected_")]
    assert all(parameter.grad is not None for parameter in heads)


def test_feature_matching_counts_the_scales_that_have_features(network_file: str) -> None:
    noise = torch.zeros(2, STYLE)
    alone = networks(patches()).generator_step(batch(2), noise).numbers()
    both = networks(projected(network_file))
    other = networks(patches()).discriminator
    assert both.discriminator is not None
    assert other is not None
    both.discriminator.get_submodule("discriminator_0").load_state_dict(other.get_submodule("discriminator_0").state_dict())
    terms = both.generator_step(batch(2), noise).numbers()
    assert terms["feature_matching"] == pytest.approx(alone["feature_matching"], rel=1e-3)
    assert terms["adversarial"] != alone["adversarial"]


def test_a_part_of_the_batch_gets_styles_drawn_by_chance() -> None:
    training = networks(patches(), replace(PLAIN, prior_share=0.5))
    seen: list[Tensor] = []
    training.generator.register_forward_hook(lambda _module, given, _made: seen.append(given[1]))
    noise = torch.randn(4, STYLE)
    terms = training.generator_step(batch(4), noise).numbers()
    assert torch.equal(seen[0][2:], noise[2:])
    assert not torch.equal(seen[0][:2], noise[:2])
    # What compares with photographs sees the first two alone: it does not change with the photographs of the others.
    other = batch(4)
    other.photos[2:] = -other.photos[2:]
    again = networks(patches(), replace(PLAIN, prior_share=0.5)).generator_step(other, noise).numbers()
    assert again == pytest.approx(terms, rel=1e-5)
    all_own = networks(patches()).generator_step(other, noise).numbers()
    assert all_own["feature_matching"] != pytest.approx(terms["feature_matching"])


def test_one_picture_keeps_its_own_style() -> None:
    training = networks(patches(), replace(PLAIN, prior_share=0.9))
    assert "kl" in training.generator_step(batch(1), torch.zeros(1, STYLE)).terms


def test_what_is_refused(network_file: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="prior_share"):
        LossConfig(prior_share=1.0)
    with pytest.raises(ConfigError, match="augmentations"):
        LossConfig(augmentations=("blur",))  # pyright: ignore[reportArgumentType]
    with pytest.raises(ConfigError, match=r"projected\.width"):
        ProjectedOptions(width=0)
    with pytest.raises(WeightsError, match=r"none\.safetensors"):
        build_discriminator(CONFIG, ProjectedOptions(str(tmp_path / "none.safetensors")))
    assert type(build_discriminator(CONFIG, ProjectedOptions())) is MultiscaleDiscriminator
