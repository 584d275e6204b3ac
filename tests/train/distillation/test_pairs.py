"""Pairs: the teacher's results for renders and photographs, kept part by part."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

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
