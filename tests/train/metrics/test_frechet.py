"""The Frechet distance against its formula, the statistics kept of real pictures, and what is too little or not finite."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed
from safetensors.torch import load_file, save_file
from torch import Tensor

from spade_studio.train.metrics import FeatureStatistics, FrechetDistance, MetricError, RealCache
from spade_studio.train.pretrained.feature_network import FeatureNetwork

MakeFeatures = Callable[..., FeatureNetwork]


def bytes_of(count: int, seed: int, brightest: int = 256) -> Tensor:
    return torch.as_tensor(np.random.default_rng(seed).integers(0, brightest, (count, 3, 8, 8), np.uint8))


def formula(network: FeatureNetwork, real: Tensor, fake: Tensor) -> float:
    """Return the distance from the definition, by symmetric square roots."""
    a, b = (network(pictures).double().numpy() for pictures in (real, fake))
    first, second = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    values, vectors = np.linalg.eigh(first)
    half = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    cross = np.sqrt(np.clip(np.linalg.eigvalsh(half @ second @ half), 0, None)).sum()
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(first) + np.trace(second) - 2 * cross)


def no_pictures() -> Iterator[Tensor]:
    pytest.fail("pictures were asked for, although their statistics are kept")
    yield torch.zeros(0)


@pytest.fixture
def cache(tmp_path: Path) -> RealCache:
    return RealCache(tmp_path / "statistics" / "real.safetensors", "landscapes, 300 held out", 8, 8)


def test_distance_is_that_of_the_formula(frechet_distance: FrechetDistance) -> None:
    real, fake = bytes_of(40, 1), bytes_of(30, 2, brightest=128)
    assert not frechet_distance.use_real([real[:7], real[7:7], real[7:]])
    frechet_distance.update_fake(fake[:20])
    frechet_distance.update_fake(fake[20:].float() / 127.5 - 1)  # in memory or from a file, a picture counts the same
    expected = formula(frechet_distance.features, real, fake)
    assert expected > 0.1
    assert frechet_distance.compute() == pytest.approx(expected, rel=1e-9)
    assert frechet_distance.name == "frechet_tiny"


def test_fewer_pictures_than_features_are_a_distance_still(frechet_distance: FrechetDistance) -> None:
    real, fake = bytes_of(3, 1), bytes_of(4, 2)
    frechet_distance.use_real([real])
    frechet_distance.update_fake(fake)
    assert frechet_distance.compute() == pytest.approx(formula(frechet_distance.features, real, fake), rel=1e-4)


def test_equal_sets_are_at_no_distance(frechet_distance: FrechetDistance) -> None:
    frechet_distance.use_real([bytes_of(20, 1)])
    frechet_distance.update_fake(bytes_of(20, 1))
    assert 0 <= frechet_distance.compute() < 1e-5


def test_reset_forgets_the_generated_pictures_alone(frechet_distance: FrechetDistance) -> None:
    frechet_distance.use_real([bytes_of(20, 1)])
    frechet_distance.update_fake(bytes_of(20, 2))
    first = frechet_distance.compute()
    frechet_distance.reset()
    assert (frechet_distance.real.count, frechet_distance.fake.count) == (20, 0)
    frechet_distance.update_fake(bytes_of(20, 3, brightest=99))
    second = frechet_distance.compute()
    assert second > 2 * first
    frechet_distance.reset()
    frechet_distance.update_fake(bytes_of(20, 2))
    assert frechet_distance.compute() == pytest.approx(first, rel=1e-9)


def test_real_pictures_are_replaced_not_added_to(frechet_distance: FrechetDistance, tiny_features: MakeFeatures, cache: RealCache) -> None:
    FrechetDistance(tiny_features()).use_real([bytes_of(30, 4, brightest=200)], cache)
    frechet_distance.update_fake(bytes_of(20, 2))
    for real in (bytes_of(20, 1), bytes_of(9, 3, brightest=50)):
        frechet_distance.use_real([real])
        assert frechet_distance.compute() == pytest.approx(formula(frechet_distance.features, real, bytes_of(20, 2)), rel=1e-9)
    assert frechet_distance.use_real(no_pictures(), cache)
    expected = formula(frechet_distance.features, bytes_of(30, 4, brightest=200), bytes_of(20, 2))
    assert frechet_distance.compute() == pytest.approx(expected, rel=1e-9)


@pytest.mark.filterwarnings("error")
def test_parts_that_processes_looked_at_add_up(tiny_features: MakeFeatures) -> None:
    parts = [FrechetDistance(tiny_features()) for _ in range(2)]
    whole = FrechetDistance(tiny_features())
    for part, count in zip(parts, (4, 11), strict=True):
        part.update_fake(bytes_of(count, count))
        whole.update_fake(bytes_of(count, count))
    gathered = parts[0].fake + parts[1].fake
    assert gathered.count == 15
    assert torch.allclose(gathered.products, whole.fake.products)
    assert torch.allclose(gathered.total, whole.fake.total)


def test_statistics_read_out_do_not_change_with_later_pictures(frechet_distance: FrechetDistance) -> None:
    frechet_distance.update_fake(bytes_of(5, 1))
    frechet_distance.update_real(bytes_of(5, 1))
    kept = (frechet_distance.fake, frechet_distance.real)
    totals = [statistics.total.clone() for statistics in kept]
    frechet_distance.update_fake(bytes_of(5, 2))
    frechet_distance.update_real(bytes_of(5, 2))
    for statistics, total in zip(kept, totals, strict=True):
        assert torch.equal(statistics.total, total)
        assert statistics.count == 5
    assert not torch.equal(frechet_distance.real.total, totals[1])


def test_too_few_pictures_are_said(frechet_distance: FrechetDistance, cache: RealCache) -> None:
    with pytest.raises(MetricError, match="frechet_tiny of 1 real picture\\. Expected two at least"):
        frechet_distance.use_real([bytes_of(1, 1)], cache)
    assert not cache.path.exists()
    frechet_distance.update_real(bytes_of(1, 2))
    with pytest.raises(MetricError, match="of 0 generated pictures"):
        frechet_distance.compute()
    frechet_distance.update_fake(bytes_of(2, 2))
    assert math.isfinite(frechet_distance.compute())


def test_pictures_that_are_not_finite_give_no_number(frechet_distance: FrechetDistance) -> None:
    frechet_distance.use_real([bytes_of(9, 1)])
    frechet_distance.update_fake(torch.full((3, 3, 8, 8), torch.nan))
    assert math.isnan(frechet_distance.compute())


def test_kept_statistics_are_used_and_pictures_not_asked_for(tiny_features: MakeFeatures, cache: RealCache) -> None:
    first, second = FrechetDistance(tiny_features()), FrechetDistance(tiny_features())
    assert not first.use_real([bytes_of(20, 1)], cache)
    assert second.use_real(no_pictures(), cache)
    for distance in (first, second):
        distance.update_fake(bytes_of(20, 2))
    assert first.compute() == second.compute()
    content = cache.path.read_bytes()
    second.update_real(bytes_of(2, 3))  # adds to what was read, not to the file
    assert cache.path.read_bytes() == content
    cache.path.unlink()
    first.use_real([bytes_of(20, 1)], cache)
    assert cache.path.read_bytes() == content


@pytest.mark.parametrize("change", [{"data": "other data"}, {"height": 16}, {"width": 16}, {"digest": "d2"}])
def test_stale_statistics_are_computed_anew(tiny_features: MakeFeatures, cache: RealCache, change: dict[str, object]) -> None:
    FrechetDistance(tiny_features()).use_real([bytes_of(20, 1)], cache)
    digest = str(change.pop("digest", "d1"))
    other = replace(cache, **change)  # pyright: ignore[reportArgumentType]
    distance = FrechetDistance(tiny_features(digest))
    assert not distance.use_real([bytes_of(7, 2)], other)
    assert distance.real.count == 7
    assert FrechetDistance(tiny_features(digest)).use_real(no_pictures(), other)


def test_another_network_finds_nothing_kept(tiny_features: MakeFeatures, cache: RealCache, monkeypatch: pytest.MonkeyPatch) -> None:
    before = cache.key(tiny_features())
    monkeypatch.setattr(type(tiny_features()), "distance", "frechet_other")
    assert cache.key(tiny_features()) != before


def test_damaged_statistics_are_computed_anew(tiny_features: MakeFeatures, cache: RealCache) -> None:
    FrechetDistance(tiny_features()).use_real([bytes_of(20, 1)], cache)
    whole, key = cache.path.read_bytes(), cache.key(tiny_features())
    tensors = load_file(cache.path)
    name = "spade-studio-statistics"

    def refused() -> bool:
        found = FeatureStatistics.read(cache.path, key, 5) is None
        cache.path.write_bytes(whole)
        assert FeatureStatistics.read(cache.path, key, 5) is not None
        return found

    for content in (b"", whole[:-8], whole[:40], b"<html>"):
        cache.path.write_bytes(content)
        assert refused()
    wrong: tuple[dict[str, Tensor], ...] = (
        {"total": tensors["total"]},
        tensors | {"total": torch.zeros(4, dtype=torch.float64)},
        tensors | {"products": tensors["products"].float()},
        tensors | {"products": torch.full((5, 5), torch.nan, dtype=torch.float64)},
        tensors | {"count": torch.tensor(1)},
        tensors | {"count": torch.tensor(20.0)},
    )
    for change in wrong:
        save_file(change, cache.path, {name: key})
        assert refused()
    save_file(tensors, cache.path)
    assert refused()
    cache.path.write_bytes(whole[:-8])
    distance = FrechetDistance(tiny_features())
    assert not distance.use_real([bytes_of(20, 1)], cache)
    assert cache.path.read_bytes() == whole


def test_statistics_that_cannot_be_kept_are_in_use_all_the_same(frechet_distance: FrechetDistance, cache: RealCache) -> None:
    cache.path.mkdir(parents=True)
    with pytest.raises(OSError, match="real"):
        frechet_distance.use_real([bytes_of(20, 1)], cache)
    assert frechet_distance.real.count == 20
    assert list(cache.path.parent.iterdir()) == [cache.path]


def test_random_states_are_left_alone(tiny_features: MakeFeatures, cache: RealCache) -> None:
    before, numpy_before = torch.get_rng_state(), str(np.random.get_state())
    distance = FrechetDistance(tiny_features())
    distance.use_real([bytes_of(20, 1)], cache)
    distance.update_fake(bytes_of(20, 2))
    distance.compute()
    assert torch.equal(torch.get_rng_state(), before)
    assert str(np.random.get_state()) == numpy_before


def test_one_rank_computes_without_the_others(frechet_distance: FrechetDistance, monkeypatch: pytest.MonkeyPatch) -> None:
    frechet_distance.use_real([bytes_of(20, 1)])
    frechet_distance.update_fake(bytes_of(20, 2))
    expected = formula(frechet_distance.features, bytes_of(20, 1), bytes_of(20, 2))

    def waits(*_: object, **__: object) -> None:
        pytest.fail("the other ranks are waited for")

    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    for name in ("barrier", "all_gather", "get_world_size"):
        monkeypatch.setattr(torch.distributed, name, waits)
    assert frechet_distance.compute() == pytest.approx(expected, rel=1e-9)


@pytest.mark.cuda
def test_a_network_on_cuda_gives_the_same_distance(tiny_features: MakeFeatures) -> None:
    values: list[float] = []
    for device in ("cpu", "cuda"):
        distance = FrechetDistance(tiny_features().to(device))
        distance.use_real([bytes_of(20, 1)])
        distance.update_fake(bytes_of(20, 2).to(device))
        values.append(distance.compute())
    assert values[1] == pytest.approx(values[0], rel=1e-2)
