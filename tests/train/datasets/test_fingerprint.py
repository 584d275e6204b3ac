"""Data told apart: by names, sizes and some label maps, wherever they lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spade_studio.train.datasets import DataError, open_dataset
from spade_studio.train.datasets.fingerprint import DataFingerprint, compare, fingerprint, of_checkpoint


def of(path: Path) -> DataFingerprint:
    return fingerprint(open_dataset(path))


def test_place_and_packing_do_not_matter(make: Any, tmp_path: Path) -> None:
    make.pair("a")
    make.pair("b")
    before = of(make.root)
    assert of(make.zip(tmp_path / "a.zip", top="data/")) == before
    assert of(make.root.rename(tmp_path / "moved")) == before
    assert compare(before, before, "data") == ""


def test_other_pictures_are_refused(make: Any, make_at: Any) -> None:
    make.pair("a")
    other = make_at("other")
    other.pair("b")
    with pytest.raises(DataError, match=r"other pictures.*--accept-data-change"):
        compare(of(make.root), of(other.root), "data")


@pytest.mark.parametrize("changed", ["images/a.png", "labels/a.png"])
def test_other_files_of_the_same_names_are_told(make: Any, changed: str) -> None:
    make.pair("a")
    before = of(make.root)
    if changed.startswith("images"):
        make.photo(changed, 64, 64)
    else:
        size = (make.root / changed).stat().st_size
        make.map(changed, 134)
        assert (make.root / changed).stat().st_size == size, "its bytes have to tell"
    assert "have changed" in compare(before, of(make.root), "data")


def test_checkpoints_carry_it_and_older_ones_say_nothing(make: Any) -> None:
    make.pair("a")
    now = of(make.root)
    assert of_checkpoint({"data": now.to_state()}) == now
    for parts in ({}, {"data": None}, {"data": {"names": 3}}):
        assert of_checkpoint(parts) is None
    assert compare(None, now, "data") == ""
