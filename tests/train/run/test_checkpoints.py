"""Checkpoints: equal state comes back, the newest sound one is found, and nothing that goes wrong spoils what was there."""

from __future__ import annotations

import errno
import json
import os
import pickle
import random
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spade_studio.engine import files
from spade_studio.train.config.presets import preset
from spade_studio.train.run import checkpoints, pins
from spade_studio.train.run.checkpoints import (
    BestCheckpoint,
    Checkpoint,
    CheckpointError,
    CheckpointStore,
    random_state,
    read_checkpoint,
    set_random_state,
)


def checkpoint(step: int) -> Checkpoint:
    tensors = {"weight": torch.full((3, 2), float(step)), "half": torch.ones(2, dtype=torch.bfloat16), "count": torch.tensor(step)}
    return Checkpoint(step, preset("tiny"), {"generator": tensors, "sampler": {"epoch": 1, "position": (2, None)}}, [random_state()])


@pytest.fixture
def store(tmp_path: Path) -> CheckpointStore:
    return CheckpointStore(tmp_path / "checkpoints", keep=2)


def damage(path: Path, how: str) -> None:
    content = bytearray(path.read_bytes())
    if how == "truncated":
        content = content[: len(content) // 2]
    elif how == "emptied":
        content = bytearray()
    else:
        # in the middle of a tensor, where no structure is hurt
        content[content.index(b"\0\0\xe0\x40" if how == "one bit" else b"PK")] ^= 1
    path.write_bytes(content)


def test_what_was_written_is_read_back(store: CheckpointStore) -> None:
    store.write(checkpoint(5))
    found, notes = store.read_newest()
    assert notes == []
    assert found is not None
    assert (found.step, found.config) == (5, preset("tiny"))
    assert torch.equal(found.parts["generator"]["weight"], torch.full((3, 2), 5.0))
    assert found.parts["generator"]["half"].dtype == torch.bfloat16
    assert found.parts["sampler"] == {"epoch": 1, "position": (2, None)}


def test_a_run_without_checkpoints_has_none(store: CheckpointStore) -> None:
    assert store.read_newest() == (None, [])
    store.folder.mkdir()
    assert store.read_newest() == (None, [])


def test_random_numbers_go_on_where_they_were(store: CheckpointStore) -> None:
    def draw() -> list[float]:
        return [random.random(), random.gauss(), *np.random.rand(2), *np.random.randn(1), *torch.rand(2).tolist()]

    before = random_state()
    try:
        draw()
        np.random.randn(1)  # half of a pair of normal numbers waits
        store.write(checkpoint(1))
        expected = draw()
        found, _ = store.read_newest()
        assert found is not None
        assert draw() != expected
        set_random_state(found.random_states[0])
        assert draw() == expected
    finally:
        set_random_state(before)


def test_the_last_few_and_the_best_stay(store: CheckpointStore) -> None:
    for step in range(1, 6):
        store.write(checkpoint(step), 0.25 if step == 2 else None)
    assert [file.step for file in store.files()] == [5, 4, 2]
    assert sorted(path.name for path in store.folder.glob("*.pt")) == ["step_00000002.pt", "step_00000004.pt", "step_00000005.pt"]
    assert store.best() == BestCheckpoint(store.folder / "step_00000002.pt", 2, 0.25)
    store.write(checkpoint(6), 0.125)
    assert [file.step for file in store.files()] == [6, 5]
    assert store.best() == BestCheckpoint(store.folder / "step_00000006.pt", 6, 0.125)


def test_latest_names_the_newest(store: CheckpointStore) -> None:
    store.write(checkpoint(1))
    store.write(checkpoint(2))
    data = json.loads((store.folder / "latest.json").read_text("utf-8"))
    assert [entry["file"] for entry in data["checkpoints"]] == ["step_00000002.pt", "step_00000001.pt"]


@pytest.mark.parametrize("how", ["truncated", "emptied", "one bit", "header"])
def test_a_damaged_newest_falls_back_and_says_so(store: CheckpointStore, how: str) -> None:
    store.write(checkpoint(6))
    damage(store.write(checkpoint(7)), how)
    found, notes = store.read_newest()
    assert found is not None
    assert found.step == 6
    assert "step_00000007.pt is damaged" in notes[0]
    assert "Going on from the checkpoint of step 6" in notes[1]


def test_a_newest_that_is_gone_falls_back(store: CheckpointStore) -> None:
    store.write(checkpoint(6))
    store.write(checkpoint(7)).unlink()
    found, notes = store.read_newest()
    assert found is not None
    assert found.step == 6
    assert "step_00000007.pt cannot be read: No such file" in notes[0]


def test_nothing_sound_is_an_error_and_no_new_start(store: CheckpointStore) -> None:
    damage(store.write(checkpoint(7)), "truncated")
    with pytest.raises(CheckpointError, match=r"no checkpoint in .* can be read.*step_00000007\.pt is damaged"):
        store.read_newest()


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b'{"checkpoints": []}', b'{"checkpoints": [{"file": "../x.pt"}]}'])
def test_a_lost_list_is_made_up_for_by_the_files(store: CheckpointStore, content: bytes | None) -> None:
    store.write(checkpoint(6))
    damage(store.write(checkpoint(7)), "truncated")
    latest = store.folder / "latest.json"
    if content is None:
        latest.unlink()
    else:
        latest.write_bytes(content)
    found, notes = store.read_newest()
    assert found is not None
    assert found.step == 6
    assert "latest.json is" in notes[0]
    store.write(checkpoint(8))
    assert [file.step for file in store.files()] == [8, 7]


def test_going_on_from_an_earlier_one_forgets_the_lost_future(store: CheckpointStore) -> None:
    store.write(checkpoint(5))
    store.write(checkpoint(10), 1.0)
    store.write(checkpoint(8))
    assert [file.step for file in store.files()] == [8, 5]
    assert store.best() is None
    assert not (store.folder / "step_00000010.pt").exists()


def test_a_full_disk_leaves_the_last_checkpoint_whole(store: CheckpointStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write(checkpoint(6))
    before = {path.name: path.read_bytes() for path in store.folder.iterdir()}
    written = checkpoints.atomic_writer

    class Full:
        def __init__(self, file: Any) -> None:
            self.file, self.left = file, 500

        def write(self, data: bytes) -> int:
            self.left -= len(data)
            if self.left < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return self.file.write(data)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.file, name)

    @contextmanager
    def small_disk(path: Path) -> Generator[Any]:
        with written(path) as file:
            yield Full(file)

    monkeypatch.setattr(checkpoints, "atomic_writer", small_disk)
    with pytest.raises(CheckpointError, match="the disk is full; the last whole checkpoint is that of step 6"):
        store.write(checkpoint(7))
    monkeypatch.undo()
    assert {path.name: path.read_bytes() for path in store.folder.iterdir()} == before
    found, notes = store.read_newest()
    assert found is not None
    assert (found.step, notes) == (6, [])


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_process_killed_while_writing_leaves_the_one_before(store: CheckpointStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write(checkpoint(6))
    code = (
        "import os, pathlib, signal, sys, torch\n"
        "from spade_studio.train.config.presets import preset\n"
        "from spade_studio.train.run.checkpoints import BestCheckpoint, Checkpoint, CheckpointStore\n"
        "save = torch.save\n"
        "def killed(value, file):\n"
        "    save(value, file)\n"
        "    file.flush()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "torch.save = killed\n"
        "CheckpointStore(pathlib.Path(sys.argv[1])).write(Checkpoint(7, preset('tiny'), {}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(store.folder)], capture_output=True, check=False, timeout=120)
    assert done.returncode == -9, done.stderr
    (left,) = store.folder.glob(".*.tmp")
    found, notes = store.read_newest()
    assert found is not None
    assert (found.step, notes) == (6, [])
    os.utime(left, (0, 0))
    monkeypatch.setattr(files, "_swept", set())  # as in the process that goes on
    store.write(checkpoint(7))
    assert not left.exists()


def test_a_pickle_that_runs_code_is_refused(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return print, ("run!",)

    path = tmp_path / "step_00000001.pt"
    torch.save({"format_version": 1, "step": 1, "config": {}, "parts": Evil(), "random_states": []}, path)
    with pytest.raises(CheckpointError, match=r"step_00000001\.pt cannot be read"):
        read_checkpoint(path)
    path.write_bytes(pickle.dumps(Evil(), protocol=2))
    with pytest.raises(CheckpointError, match=r"step_00000001\.pt cannot be read"):
        read_checkpoint(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([1], "is no checkpoint"),
        ({"weight": torch.ones(1)}, "is no checkpoint"),
        ({"format_version": 2}, "newer SPADE Studio"),
        ({"format_version": 1, "step": 1, "config": {"sed": 1}, "parts": {}, "random_states": []}, "no usable configuration.*'sed'"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: object, words: str) -> None:
    torch.save(content, tmp_path / "other.pt")
    with pytest.raises(CheckpointError, match=words):
        read_checkpoint(tmp_path / "other.pt")


@pytest.mark.parametrize("how", ["one bit", "truncated", "emptied"])
def test_damage_is_found_where_the_list_of_checkpoints_is_lost(store: CheckpointStore, how: str) -> None:
    store.write(checkpoint(6))
    store.write(checkpoint(7))
    (store.folder / "latest.json").unlink()
    damage(store.folder / "step_00000007.pt", how)
    found, notes = store.read_newest()
    assert found is not None
    assert found.step == 6
    assert any("step_00000007.pt" in note for note in notes)


def test_another_process_reads_the_same_file_or_says_that_the_folder_is_not_shared(store: CheckpointStore, tmp_path: Path) -> None:
    store.write(checkpoint(5))
    mark = store.mark(5)
    found = store.read_same(5, mark)
    assert torch.equal(found.parts["generator"]["weight"], torch.full((3, 2), 5.0))
    elsewhere = CheckpointStore(tmp_path / "elsewhere")
    with pytest.raises(CheckpointError, match=r"finds no step_00000005.pt in .*elsewhere.*a disk that all machines share"):
        elsewhere.read_same(5, mark)
    other = Checkpoint(5, preset("tiny"), {"generator": {"weight": torch.zeros(3, 2)}})
    elsewhere.write(other)
    with pytest.raises(CheckpointError, match=r"finds another step_00000005.pt"):
        elsewhere.read_same(5, mark)
    damage(elsewhere.folder / "step_00000005.pt", "truncated")
    with pytest.raises(CheckpointError, match=r"finds no step_00000005.pt that can be read"):
        elsewhere.read_same(5, mark)


def test_a_checkpoint_that_somebody_reads_stays_until_it_is_let_go(store: CheckpointStore) -> None:
    first = store.write(checkpoint(5))
    assert pins.pin(first)
    for step in (10, 15, 20):
        store.write(checkpoint(step))
    assert first.is_file()
    assert [file.step for file in store.files()] == [20, 15]
    found = store.read_step(5)
    assert found is not None
    assert found.step == 5
    pins.unpin(first)
    assert store.read_step(5) is None
    store.write(checkpoint(25))
    assert not first.is_file()


def test_a_mark_that_was_left_behind_holds_for_an_hour(store: CheckpointStore) -> None:
    first = store.write(checkpoint(5))
    assert pins.pin(first)
    mark = next(store.folder.glob("*.pin"))
    os.utime(mark, (0, 0))
    for step in (10, 15):
        store.write(checkpoint(step))
    assert not first.is_file()
    assert not mark.is_file()
    assert not pins.pin(first)
    assert not mark.is_file()
