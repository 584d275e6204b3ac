"""Measuring a generator: what is measured by what, what is left out, and that nothing else changes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pytest
import torch
from torch import Tensor

from spade_studio.engine.networks.config import EncoderConfig, GeneratorConfig
from spade_studio.engine.networks.encoder import Encoder
from spade_studio.engine.networks.generator import Generator
from spade_studio.engine.networks.layout import Layout
from spade_studio.train.learning.preparation import initialize
from spade_studio.train.metrics import METRICS, FrechetDistance, MetricBatch, MetricContext, MetricError, measure
from spade_studio.train.pretrained.vgg import PerceptualDistance

STYLE, SIDE = 6, 32


@dataclass(frozen=True, eq=False)
class HeldOut:
    photos: Tensor
    layout: Layout
    indices: tuple[int, ...]


def held_out(indices: Sequence[int]) -> HeldOut:
    photos: list[np.ndarray] = []
    maps: list[np.ndarray] = []
    for index in indices:
        random = np.random.default_rng(index)
        photos.append(random.uniform(-1, 1, (3, SIDE, SIDE)).astype(np.float32))
        maps.append(np.kron(random.integers(0, 5, (4, 4)), np.ones((SIDE // 4, SIDE // 4), np.int64)))
    return HeldOut(torch.as_tensor(np.stack(photos)), Layout.from_channels(np.stack(maps), 5), tuple(indices))


def batches(*sizes: int) -> list[MetricBatch]:
    ends = np.cumsum(sizes).tolist()
    return [held_out(range(end - size, end)) for end, size in zip(ends, sizes, strict=True)]


class Painter:
    """Renders pictures of one grey, the first number of the style; keeps the styles it was asked for."""

    def __init__(self) -> None:
        self.styles: list[Tensor | None] = []

    def __call__(self, layout: Layout, z: Tensor | None) -> Tensor:
        self.styles.append(z)
        return torch.zeros(3, 3, SIDE, SIDE) if z is None else z[:, :1, None, None].tanh().expand(-1, 3, SIDE, SIDE)


@pytest.fixture
def filled(frechet_distance: FrechetDistance) -> FrechetDistance:
    frechet_distance.use_real(batch.photos for batch in batches(8))
    return frechet_distance


def test_the_registry_tells_what_each_metric_is() -> None:
    assert {name: metric.lower_is_better for name, metric in METRICS.items()} == {
        "reconstruction_l1": True,
        "diversity": False,
        "frechet": True,
    }
    assert all(metric.name == name and metric.unit for name, metric in METRICS.items())


def test_better_is_lower_or_higher_and_never_nan() -> None:
    lower, higher = METRICS["frechet"], METRICS["diversity"]
    assert lower.is_better(1, 2)
    assert not lower.is_better(2, 2)
    assert higher.is_better(3, 2)
    assert not higher.is_better(1, 2)
    assert lower.is_better(5, None)
    assert lower.is_better(5, math.nan)
    assert not lower.is_better(math.nan, None)
    assert not higher.is_better(math.nan, 1)


def test_each_metric_has_the_value_that_its_pictures_tell(perceptual: PerceptualDistance, filled: FrechetDistance) -> None:
    data = batches(3, 1)
    painter = Painter()
    context = MetricContext(painter, data, lambda photos: photos.mean((2, 3)).repeat(1, 2), STYLE, perceptual, filled, seed=5)
    values = measure(["frechet", "reconstruction_l1", "diversity"], context)
    assert list(values) == ["frechet", "reconstruction_l1", "diversity"]

    photos = torch.cat([batch.photos for batch in data])
    own = photos.mean((2, 3))[:, :1, None, None].tanh()
    assert values["reconstruction_l1"] == pytest.approx(float((own - photos).abs().mean()), rel=1e-5)
    greys = context.random_styles(range(4))[:, :, 0].tanh()
    pairs = [(greys[:, i] - greys[:, j]).abs() for i, j in combinations(range(3), 2)]
    assert values["diversity"] == pytest.approx(float(torch.stack(pairs).mean()), rel=1e-5)
    filled.reset()
    filled.update_fake(greys[:, :1, None, None].expand(-1, 3, SIDE, SIDE))
    assert values["frechet"] == pytest.approx(filled.compute(), rel=1e-6)
    assert values["frechet"] > 0
    assert len(painter.styles) == 2 * (1 + 3)  # every picture once, though two metrics read the first style


def test_a_sample_is_seen_in_the_same_styles_however_it_is_batched(perceptual: PerceptualDistance, filled: FrechetDistance) -> None:
    context = MetricContext(Painter(), batches(3, 1), None, STYLE, perceptual, filled, seed=5)
    values = measure(["diversity", "frechet"], context)
    again = measure(["diversity", "frechet"], replace(context, batches=batches(1, 2, 1)))
    assert again == pytest.approx(values, rel=1e-6)
    assert measure(["diversity"], replace(context, seed=6)) != pytest.approx({"diversity": values["diversity"]}, rel=1e-3)
    assert torch.equal(replace(context, styles=5).random_styles([7, 2])[:, :3], context.random_styles([7, 2]))
    codes = context.random_styles(range(200))
    assert abs(float(codes.mean())) < 0.1
    assert float(codes.std()) == pytest.approx(1, abs=0.1)


def test_metrics_that_lack_what_they_need_are_left_out(perceptual: PerceptualDistance, filled: FrechetDistance) -> None:
    full = MetricContext(Painter(), batches(3), lambda photos: photos.mean((2, 3)).repeat(1, 2), STYLE, perceptual, filled)
    assert set(measure(METRICS, full)) == set(METRICS)
    assert set(measure(METRICS, replace(full, encode=None))) == {"diversity", "frechet"}
    assert set(measure(METRICS, replace(full, perceptual=None))) == {"reconstruction_l1", "frechet"}
    assert set(measure(METRICS, replace(full, frechet=None))) == {"reconstruction_l1", "diversity"}
    assert METRICS["diversity"].lacks(replace(full, z_width=None, perceptual=None)) == ("style input", "perceptual network")

    def unread() -> Iterator[MetricBatch]:
        pytest.fail("pictures were read for nothing")
        yield held_out([0])

    assert measure(["frechet"], replace(full, frechet=None, batches=unread())) == {}


def test_a_generator_without_style_input_is_measured_by_its_only_pictures(filled: FrechetDistance) -> None:
    painter = Painter()
    data = batches(3)
    values = measure(METRICS, MetricContext(painter, data, frechet=filled))
    assert set(values) == {"reconstruction_l1", "frechet"}
    assert values["reconstruction_l1"] == pytest.approx(float(data[0].photos.abs().mean()), rel=1e-5)
    assert painter.styles == [None]


def test_what_cannot_be_measured_is_said(frechet_distance: FrechetDistance, filled: FrechetDistance) -> None:
    context = MetricContext(Painter(), batches(3), lambda photos: photos.mean((2, 3)).repeat(1, 2), STYLE)
    with pytest.raises(MetricError, match=r"no metric 'fid'.*one of reconstruction_l1, diversity, frechet"):
        measure(["reconstruction_l1", "fid"], context)
    with pytest.raises(MetricError, match="no picture to measure on"):
        measure(["reconstruction_l1"], replace(context, batches=[]))
    with pytest.raises(MetricError, match="of 1 generated picture"):
        measure(["frechet"], replace(context, batches=batches(1), frechet=filled))
    with pytest.raises(MetricError, match="random styles of a layout: 1"):
        replace(context, styles=1)


def test_no_picture_is_rendered_without_real_ones_to_compare_with(frechet_distance: FrechetDistance) -> None:
    painter = Painter()
    with pytest.raises(MetricError, match="frechet_tiny with 0 real pictures"):
        measure(["frechet"], MetricContext(painter, batches(3), None, STYLE, frechet=frechet_distance))
    assert painter.styles == []


def test_pictures_that_are_not_finite_give_no_number(perceptual: PerceptualDistance, filled: FrechetDistance) -> None:
    context = MetricContext(lambda layout, z: torch.full((3, 3, SIDE, SIDE), torch.nan), batches(3), None, STYLE, perceptual, filled)
    assert all(math.isnan(value) for value in measure(["diversity", "frechet"], context).values())


def test_measuring_networks_changes_nothing_else(perceptual: PerceptualDistance, filled: FrechetDistance) -> None:
    torch.manual_seed(3)
    generator = Generator(GeneratorConfig(5, 2, 8, input="noise", z_width=STYLE, crop_size=SIDE)).eval()
    encoder = Encoder(EncoderConfig(2, 5, STYLE)).eval()
    for network in (generator, encoder):
        initialize(network, 1.0, 1.0)
    states = [{name: value.clone() for name, value in network.state_dict().items()} for network in (generator, encoder)]
    before, numpy_before = torch.get_rng_state(), str(np.random.get_state())
    context = MetricContext(generator, batches(2, 2), lambda photos: encoder(photos)[0], STYLE, perceptual, filled)
    first = measure(METRICS, context)
    assert set(first) == set(METRICS)
    assert all(value > 1e-3 for value in first.values())
    assert measure(METRICS, context) == first
    assert torch.equal(torch.get_rng_state(), before)
    assert str(np.random.get_state()) == numpy_before
    for network, state in zip((generator, encoder), states, strict=True):
        assert not network.training
        assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())
