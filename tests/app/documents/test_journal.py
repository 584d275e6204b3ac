"""The journal of a map: what is recorded comes back, and what is cut off, damaged or of another copy does no harm."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spade_studio.app.documents import journal
from spade_studio.app.documents.journal import DirtyTiles
from spade_studio.app.model.raster import Rect
from spade_studio.app.model.state import DocumentState
from spade_studio.engine.labels import load_label_set

SIZE = (150, 200)
TOKEN = "00c0ffee"
STATE = DocumentState(np.zeros(SIZE, np.uint8), load_label_set("coco_stuff"), "Lake")


def record(path: Path, labels: np.ndarray, objects: np.ndarray | None, *rects: Rect) -> None:
    dirty = DirtyTiles(SIZE)
    for rect in rects:
        dirty.mark(rect)
    change = dirty.take(labels, objects)
    assert change is not None
    journal.append(path, TOKEN, change)
    assert dirty.take(labels, objects) is None


@pytest.mark.parametrize("has_objects", [False, True])
def test_records_come_back_in_their_order(tmp_path, has_objects):
    path, random = tmp_path / "j", np.random.default_rng(1)
    labels = np.zeros(SIZE, np.uint8)
    objects = np.zeros(SIZE, np.uint16) if has_objects else None
    for rect in (Rect(0, 0, 1, 1), Rect(199, 149, 200, 150), Rect(30, 20, 140, 130), Rect(60, 60, 70, 70)):
        labels[rect.slices] = random.integers(0, 255, labels[rect.slices].shape)
        if objects is not None:
            objects[rect.slices] = random.integers(0, 60000, labels[rect.slices].shape)
        record(path, labels, objects, rect)
    found = journal.replayed(STATE, path, TOKEN)
    np.testing.assert_array_equal(found.labels, labels)
    if objects is None:
        assert found.instances is None
    else:
        np.testing.assert_array_equal(found.instances, objects)
    assert not STATE.labels.any()


def test_only_squares_that_changed_are_written(tmp_path):
    labels = np.random.default_rng(1).integers(0, 255, SIZE, np.uint8)
    record(tmp_path / "j", labels, None, Rect(70, 70, 80, 80))
    assert (tmp_path / "j").stat().st_size < 64 * 64 + 200


def test_another_copy_and_another_size_have_nothing_of_it(tmp_path):
    labels = np.ones(SIZE, np.uint8)
    record(tmp_path / "j", labels, None, Rect(0, 0, 200, 150))
    assert journal.replayed(STATE, tmp_path / "j", "00000000") is STATE
    assert journal.replayed(STATE, tmp_path / "none", TOKEN) is STATE
    larger = DocumentState(np.zeros((300, 400), np.uint8), STATE.label_set)
    assert journal.replayed(larger, tmp_path / "j", TOKEN) is larger


@pytest.mark.parametrize("fails_at", ["write", "fsync"])
def test_a_record_that_a_full_disk_has_torn_hides_none_of_those_after_it(tmp_path, monkeypatch, fails_at):
    path, labels = tmp_path / "j", np.random.default_rng(1).integers(0, 255, SIZE, np.uint8)
    record(path, labels, None, Rect(0, 0, 64, 64))
    before = path.read_bytes()
    with monkeypatch.context() as patch:
        if fails_at == "fsync":
            patch.setattr(os, "fsync", lambda _descriptor: (_ for _ in ()).throw(OSError(errno.EIO, "input/output error")))
        else:
            patch.setattr(Path, "open", lambda path, mode, buffering=-1: Full(path, mode))
        with pytest.raises(OSError, match=r"error|space"):
            record(path, labels, None, Rect(64, 0, 128, 64))
    assert path.read_bytes() == before
    record(path, labels, None, Rect(0, 64, 64, 128))
    found = journal.replayed(STATE, path, TOKEN).labels
    np.testing.assert_array_equal(found[:64, :64], labels[:64, :64])
    np.testing.assert_array_equal(found[64:128, :64], labels[64:128, :64])


class Full(io.FileIO):
    """A file on a disk that has room for 100 bytes more."""

    room = 100

    def write(self, data):
        if not self.room:
            raise OSError(errno.ENOSPC, "no space left on device")
        written = super().write(bytes(data)[: self.room])
        self.room -= written
        return written


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damage_costs_the_records_from_there_on(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "j"
    path.unlink(missing_ok=True)
    maps = [np.zeros(SIZE, np.uint8)]
    for value in (1, 2, 3):
        labels = maps[-1].copy()
        labels[20 * value :] = value
        record(path, labels, None, Rect(0, 0, 200, 150))
        maps.append(labels)
    content = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content)))]
    else:
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    found = journal.replayed(STATE, path, TOKEN).labels
    assert any((found == one).all() for one in maps)
