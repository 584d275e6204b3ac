"""Samples kept decoded: to the bit those of the files, decoded once, and never half of them or those of other data."""

from __future__ import annotations

import dataclasses
import os
import pickle
import shutil
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spade_studio.train.config.data import GeometryConfig
from spade_studio.train.datasets import DataError, PairDataset, open_dataset
from spade_studio.train.datasets.cache import CachedSamples, CacheFile, open_cache
from spade_studio.train.datasets.loading import BatchLoader, Collate, TrainingSet
from spade_studio.train.datasets.pairs import Pairing
from spade_studio.train.datasets.sampler import ResumableSampler, SampleKey

CROP = GeometryConfig("scale_shortside_and_crop", load_size=40, crop_size=32)
IDS = (156, 134, 168)
COUNT = 5


def fill(make: Any, *, instances: bool = True) -> PairDataset:
    """Write pictures of three sizes, and return them as a data set."""
    for number in range(COUNT):
        height, width = ((44, 61), (70, 50), (24, 36))[number % 3]
        make.photo(f"images/p{number}.jpg", height, width, number)
        make.map(f"labels/p{number}.png", np.random.default_rng(number).choice(IDS, (height, width)), height, width)
        if instances:
            make.map(f"instances/p{number}.png", 7 * np.arange(height * width).reshape(height, width) // 3, height, width, np.uint16)
    return open_dataset(make.root)


def cached(data: PairDataset, folder: Path, geometry: GeometryConfig = CROP, **options: Any) -> CachedSamples | None:
    return open_cache(CacheFile(data, geometry, 32, folder), workers=0, **options)


def batches(data: TrainingSet, count: int) -> list[tuple[Any, ...]]:
    sampler = ResumableSampler(len(data), 1, seed=1)
    loader = BatchLoader(data, sampler, Collate(data.dataset.channels, ((32, 32, 3),)))
    return [(part.names, part.photos, torch.as_tensor(part.layout.codes)) for (part,) in islice(loader, count)]


@pytest.mark.parametrize(
    "mode",
    ["resize_and_crop", "crop", "scale_width", "scale_width_and_crop", "scale_shortside", "scale_shortside_and_crop", "fixed", "none"],
)
@pytest.mark.parametrize("instances", [True, False])
def test_batches_are_those_of_the_files_to_the_bit(make: Any, tmp_path: Path, mode: Any, instances: bool) -> None:
    data, geometry = fill(make, instances=instances), dataclasses.replace(CROP, mode=mode)
    plain, kept = (TrainingSet(data, geometry, 1) for _ in range(2))
    kept.cache = cached(data, tmp_path / "cache", geometry)
    assert kept.cache is not None
    shutil.rmtree(make.root)  # what is in the cache is enough
    found = batches(kept, 3 * COUNT)
    fill(make, instances=instances)
    for ours, theirs in zip(found, batches(plain, 3 * COUNT), strict=True):
        assert ours[0] == theirs[0]
        assert torch.equal(ours[1], theirs[1])
        assert torch.equal(ours[2], theirs[2])
    one, other = kept.example(SampleKey(2, 1)), plain.example(SampleKey(2, 1))
    assert np.array_equal(one.instances, other.instances)
    assert one.instances.dtype == other.instances.dtype == np.int32
    assert len({batch[1].numpy().tobytes() for batch in found}) > COUNT  # crops differ from epoch to epoch


def test_worker_processes_get_no_picture_but_where_they_are(make: Any, tmp_path: Path) -> None:
    here = cached(fill(make), tmp_path)
    assert here is not None
    sample = here.read(0)  # maps the file here: that is not handed over
    handed = pickle.dumps(here)
    again = pickle.loads(handed).read(0)
    assert len(handed) < 2000
    assert sample is not None
    assert np.array_equal(again.photo, sample.photo)


def test_it_is_made_once_and_its_size_is_told_before(make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, told = fill(make), list[str]()
    assert cached(data, tmp_path / "cache", tell=told.append) is not None
    (path,) = (tmp_path / "cache").glob("*.pictures")
    assert told == [f"5 samples are decoded once, into {path}: about 0 MiB."]
    estimated = CacheFile(data, CROP, 32, tmp_path).estimated_bytes()
    assert path.stat().st_size == estimated + 32 * COUNT + 64 + 16
    monkeypatch.setattr(PairDataset, "read", lambda *_: pytest.fail("decoded again"))
    assert cached(data, tmp_path / "cache", dataclasses.replace(CROP, flip=False), tell=told.append) is not None
    assert len(told) == 1


def test_other_data_sizes_and_labels_have_files_of_their_own(make: Any, tmp_path: Path) -> None:
    data = fill(make)
    file = CacheFile(data, CROP, 32, tmp_path)
    key = file.key
    others = [
        dataclasses.replace(file, geometry=dataclasses.replace(CROP, load_size=41)),
        dataclasses.replace(file, multiple=16),
        dataclasses.replace(file, dataset=data.subset(range(4))),
        dataclasses.replace(file, dataset=PairDataset(data.source, Pairing(data.entries, ()), data.channels, upright=False)),
    ]
    photo = make.root / "images/p0.jpg"
    content, changed = photo.read_bytes(), photo.stat().st_mtime_ns + 10**10
    zipped = [make.zip(tmp_path / "before.zip")]
    photo.write_bytes(content[::-1])  # as many bytes
    zipped.append(make.zip(tmp_path / "after.zip"))
    os.utime(photo, ns=(changed, changed))
    assert file.key != key
    keys = {dataclasses.replace(file, dataset=open_dataset(path)).key for path in zipped}
    assert len(keys) == 2
    make.photo("images/p0.jpg", 44, 61, 77)
    assert file.key != key  # of other bytes in its place
    assert len({file.key, *(other.key for other in others)}) == 1 + len(others)
    assert file.path(file.key).parent == tmp_path


def test_a_sample_that_cannot_be_read_is_told_of_as_before(make: Any, tmp_path: Path) -> None:
    data = fill(make)
    (make.root / "images/p2.jpg").write_bytes(b"no picture")
    training_set = TrainingSet(data, CROP, 1)
    training_set.cache = cached(data, tmp_path)
    assert training_set.cache is not None
    assert training_set[SampleKey(0, 1)].example is not None
    error = training_set[SampleKey(0, 2)].error
    assert error is not None
    assert "images/p2.jpg" in str(error)


@pytest.mark.parametrize("harm", ["cut", "other_key", "places", "overflow", "flat", "flags", "empty"])
def test_a_damaged_file_is_written_anew(make: Any, tmp_path: Path, harm: str) -> None:
    data = fill(make)
    assert cached(data, tmp_path) is not None
    (path,) = tmp_path.glob("*.pictures")
    whole = path.read_bytes()
    tail = 32 * COUNT + 64 + 16

    def with_index(*row: int) -> bytes:
        return whole[:-tail] + np.array([row] * COUNT, np.int64).tobytes() + whole[-80:]

    damaged = {
        "cut": whole[:-100],
        "other_key": whole[:-17] + b"x" + whole[-16:],
        "places": with_index(1 << 19, 1, 1, 1),
        "overflow": with_index((1 << 63) - 1, 40, 60, 0),
        "flat": with_index(0, 40, 0, 0),
        "flags": with_index(0, 40, 60, 1 << 61),
        "empty": b"",
    }
    path.write_bytes(damaged[harm])
    with pytest.raises(ValueError, match=r"too short|another key|impossible sizes|gaps or overlaps"):
        CachedSamples(path, tuple(entry.name for entry in data.entries), CacheFile(data, CROP, 32, tmp_path).key)
    assert cached(data, tmp_path) is not None
    assert path.read_bytes() == whole


def test_what_is_removed_while_it_is_used_is_read_from_the_files_again(make: Any, tmp_path: Path) -> None:
    data = fill(make)
    training_set = TrainingSet(data, CROP, 1)
    training_set.cache = cached(data, tmp_path)
    assert training_set.cache is not None
    (path,) = tmp_path.glob("*.pictures")
    for change in (lambda: path.write_bytes(b""), path.unlink):
        change()
        assert training_set.cache.read(0) is None
        assert training_set[SampleKey(0, 0)].example is not None


def test_what_is_stopped_or_fails_leaves_no_file(make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, folder = fill(make), tmp_path / "cache"
    answers = iter([False, False, False, True, True])
    assert cached(data, folder, stopped=lambda: next(answers)) is None
    assert not list(folder.glob("*.pictures"))
    assert not list(folder.glob(".spade*"))
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 10 << 20}))
    with pytest.raises(DataError, match=r"has 10 MiB free for decoded pictures of about 0 MiB. Expected room for all"):
        cached(data, folder)
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"cannot be written: .*Expected a folder with room"):
        cached(data, tmp_path / "file")
