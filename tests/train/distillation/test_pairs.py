"""Pairs: the teacher's results for renders and photographs, kept part by part."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spade_studio.engine.errors import EngineError
from spade_studio.train.datasets.pairs import Sample
from spade_studio.train.distillation.config import PairsConfig
from spade_studio.train.distillation.pairs import PairMaker, make_pairs, read_pairs

Make = Callable[[PairsConfig], PairMaker]


def never() -> bool:
    return False


def test_targets_are_what_the_teacher_gives(maker: Make) -> None:
    pairs = maker(PairsConfig(4, crop=12))
    for number in range(4):
        given, target = pairs.make(number)
        made = pairs._teacher.upscale(given.astype(np.float32) / np.float32(255))
        assert made is not None
        assert given.shape == (3, 12, 12)
        assert np.array_equal(target, (made * 255 + 0.5).astype(np.uint8))
        assert np.array_equal(pairs.make(number)[0], given)
    assert not np.array_equal(pairs.make(0)[0], pairs.make(1)[0])


def test_shares_of_photographs_and_renders(maker: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: list[int] = []
    render = PairMaker._render

    def counted(self: PairMaker, sample: Sample, random: np.random.Generator) -> NDArray[np.uint8]:
        rendered.append(1)
        return render(self, sample, random)

    monkeypatch.setattr(PairMaker, "_render", counted)
    for photos, low, high in ((0.0, 12, 12), (0.5, 2, 10), (1.0, 0, 0)):
        rendered.clear()
        pairs = maker(PairsConfig(12, crop=12, photos=photos))
        for number in range(12):
            pairs.make(number)
        assert low <= len(rendered) <= high


def test_parts_that_are_there_are_kept(maker: Make, tmp_path: Path) -> None:
    config, folder = PairsConfig(34, crop=12), tmp_path / "pairs"
    asked = 0

    def after_33() -> bool:
        nonlocal asked
        asked += 1
        return asked > 33

    told: list[tuple[int, int]] = []
    assert not make_pairs(maker(config), folder, 34, lambda done, count: told.append((done, count)), after_33)
    first = folder / "pairs_0000000.npz"
    written = first.stat().st_mtime_ns
    assert [path.name for path in folder.glob("*.npz")] == [first.name]
    assert make_pairs(maker(config), folder, 34, lambda done, count: told.append((done, count)), never)
    assert told[-1] == (34, 34)
    assert first.stat().st_mtime_ns == written
    pairs = read_pairs(folder, 34)
    assert pairs.inputs.shape == (34, 3, 12, 12)
    assert pairs.scale == 4
    assert np.array_equal(pairs.inputs[33], maker(config).make(33)[0])


def test_more_pairs_are_added_and_fewer_are_read(maker: Make, tmp_path: Path) -> None:
    for count in (2, 5):
        config = PairsConfig(count, crop=12)
        assert make_pairs(maker(config), tmp_path, count, lambda done, count: None, never)
        pairs = read_pairs(tmp_path, count)
        assert pairs.inputs.shape == (count, 3, 12, 12)
    written = (tmp_path / "pairs_0000000.npz").stat().st_mtime_ns
    assert make_pairs(maker(PairsConfig(3, crop=12)), tmp_path, 3, lambda done, count: None, never)
    assert (tmp_path / "pairs_0000000.npz").stat().st_mtime_ns == written
    assert np.array_equal(read_pairs(tmp_path, 3).targets, pairs.targets[:3])
    with pytest.raises(EngineError, match="5 pairs of 6"):
        read_pairs(tmp_path, 6)


def test_as_many_other_samples_are_other_data(maker: Make, make: Any, tmp_path: Path) -> None:
    config = PairsConfig(2, crop=12)
    make_pairs(maker(config), tmp_path / "pairs", 2, lambda done, count: None, never)
    make.pair("p1", 168, 9, 30, 20)
    with pytest.raises(EngineError, match="other weights, data or options"):
        make_pairs(maker(config), tmp_path / "pairs", 2, lambda done, count: None, never)


def test_other_pairs_and_damage_are_refused(maker: Make, tmp_path: Path) -> None:
    config = PairsConfig(2, crop=12)
    make_pairs(maker(config), tmp_path, 2, lambda done, count: None, never)
    with pytest.raises(EngineError, match="other weights, data or options"):
        make_pairs(maker(dataclasses.replace(config, seed=1)), tmp_path, 2, lambda done, count: None, never)
    (tmp_path / "pairs_0000000.npz").write_bytes(b"PK\x03\x04")
    with pytest.raises(EngineError, match="Remove it"):
        read_pairs(tmp_path, 2)
    with pytest.raises(EngineError, match="reduced to 32x32"):
        maker(PairsConfig(2, crop=40))


def test_a_part_of_pairs_of_another_size_is_refused(maker: Make, tmp_path: Path) -> None:
    make_pairs(maker(PairsConfig(2, crop=12)), tmp_path, 2, lambda done, count: None, never)
    for number, side in ((0, 12), (32, 8)):
        inputs, targets = (np.zeros((32, 3, side * factor, side * factor), np.uint8) for factor in (1, 4))
        np.savez(tmp_path / f"pairs_{number:07}.npz", inputs=inputs, targets=targets)
    with pytest.raises(EngineError, match=r"pairs_0000032\.npz cannot be read .*one side"):
        read_pairs(tmp_path, 64)
