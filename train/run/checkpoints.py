"""Checkpoints: the whole state of a run in one file, written atomically and verified when read."""

from __future__ import annotations

import errno
import hashlib
import json
import pickle
import random
import re
import socket
import struct
import zipfile
import zlib
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import torch

from spade_studio.engine.errors import EngineError
from spade_studio.engine.files import atomic_writer, open_regular, sha256_of
from spade_studio.train.config.run import TrainConfig
from spade_studio.train.run.pins import is_pinned, unpin

FORMAT_VERSION: Final = 1
LATEST: Final = "latest.json"
_NAME = re.compile(r"step_([0-9]{8,})\.pt")


class CheckpointError(EngineError):
    """A checkpoint cannot be written or read."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The whole state of a run, for a resume that continues it exactly.

    Attributes:
        step: Number of steps done.
        config: Configuration of the run.
        parts: State dicts by name: networks, averages, optimisers, sampler. Values are tensors, numbers, strings, bytes, None, and
            dicts, lists and tuples of these.
        random_states: Random states by rank, see :func:`random_state`.
    """

    step: int
    config: TrainConfig
    parts: Mapping[str, Any]
    random_states: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


def random_state() -> dict[str, Any]:
    """Return the states of this process's global random number generators: Python, numpy, torch, and every GPU."""
    name, keys, position, has_gauss, cached = cast("tuple[str, Any, int, int, float]", np.random.get_state())
    return {
        "python": random.getstate(),
        "numpy": (name, torch.tensor(keys.tolist()), position, has_gauss, cached),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def set_random_state(state: Mapping[str, Any]) -> None:
    """Restore the states that :func:`random_state` returned; those of GPUs that this machine lacks are ignored."""
    random.setstate(state["python"])
    name, keys, position, has_gauss, cached = state["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), position, has_gauss, cached))
    torch.set_rng_state(state["torch"])
    for index, gpu in enumerate(state["cuda"][: torch.cuda.device_count()]):
        torch.cuda.set_rng_state(gpu, index)


@dataclass(frozen=True)
class CheckpointFile:
    """Entry of a checkpoint in ``latest.json``.

    Attributes:
        name: File name.
        step: Number of steps done.
        sha256: SHA-256 of the file; empty where ``latest.json`` has none.
    """

    name: str
    step: int
    sha256: str = ""


@dataclass(frozen=True)
class BestCheckpoint:
    """The best checkpoint of a run.

    Attributes:
        path: Path of the file.
        step: Number of steps done.
        value: Value of the deciding metric.
    """

    path: Path
    step: int
    value: float


class CheckpointStore:
    """Folder of a run's checkpoints, with a single writer.

    ``latest.json`` lists the complete checkpoints, newest first, and the best one. Files that it does not list are used only where
    ``latest.json`` is lost.

    Args:
        folder: Path of the folder, made with the first checkpoint.
        keep: Number of newest checkpoints to keep, besides the best one.
    """

    def __init__(self, folder: Path, keep: int = 3) -> None:
        self.folder = folder
        self.keep = keep

    def write(self, checkpoint: Checkpoint, best: float | None = None) -> Path:
        """Write a checkpoint, list it in ``latest.json``, and remove those beyond ``keep``.

        Args:
            checkpoint: Checkpoint to write.
            best: Value of the deciding metric if this is the best checkpoint so far; else None.

        Raises:
            CheckpointError: The disk is full or the folder is not writable; earlier checkpoints are unaffected.
        """
        name = _file_name(checkpoint.step)
        path = self.folder / name
        state = {
            "format_version": FORMAT_VERSION,
            "step": checkpoint.step,
            "config": checkpoint.config.to_json(),
            "parts": dict(checkpoint.parts),
            "random_states": checkpoint.random_states,
        }
        known, best_before, _ = self._index()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with atomic_writer(path) as file:
                torch.save(state, file)
            entry = CheckpointFile(name, checkpoint.step, sha256_of(path))
            # After a resume from an earlier checkpoint, later ones are dropped.
            others = [old for old in known if old.step < checkpoint.step]
            if best is not None:
                best_before = checkpoint.step, best
            self._write_index([entry, *others], best_before if best_before is None or best_before[0] <= checkpoint.step else None)
        except (OSError, RuntimeError) as error:
            raise self._not_written(name, error, known) from error
        self._prune()
        return path

    def best(self) -> BestCheckpoint | None:
        """Return the entry of the best checkpoint; None where there is none."""
        known, best, _ = self._index()
        found = next((file for file in known if best is not None and file.step == best[0]), None)
        return None if found is None or best is None else BestCheckpoint(self.folder / found.name, found.step, best[1])

    def files(self) -> list[CheckpointFile]:
        """Return the entries of the valid checkpoints, newest first."""
        return self._index()[0]

    def read_newest(self) -> tuple[Checkpoint | None, list[str]]:
        """Return the newest intact checkpoint and notes on damaged ones; None for a run without checkpoints.

        Raises:
            CheckpointError: All checkpoints are damaged.
        """
        known, _, notes = self._index()
        for file in known:
            try:
                checkpoint = self._read_checked(file)
            except CheckpointError as error:
                notes.append(str(error))
                continue
            if file is not known[0]:
                notes.append(f"Going on from the checkpoint of step {file.step} instead.")
            return checkpoint, notes
        if known:
            raise CheckpointError(f"no checkpoint in {self.folder} can be read. {' '.join(notes)}", "at least one that is whole")
        return None, notes

    def read_best(self) -> Checkpoint | None:
        """Return the best checkpoint; None where there is none.

        Raises:
            CheckpointError: The checkpoint is damaged.
        """
        known, best, _ = self._index()
        found = next((file for file in known if best is not None and file.step == best[0]), None)
        return None if found is None else self._read_checked(found)

    def read_step(self, step: int) -> Checkpoint | None:
        """Return the checkpoint of a step, listed or pinned; None where there is none.

        Raises:
            CheckpointError: The checkpoint is damaged.
        """
        found = next((file for file in self.files() if file.step == step), None)
        name = _file_name(step)
        if found is None and is_pinned(self.folder / name) and (self.folder / name).is_file():
            found = CheckpointFile(name, step)
        return None if found is None else self._read_checked(found)

    def mark(self, step: int) -> str:
        """Return :func:`mark_of` for the checkpoint of a step, with the same errors."""
        return mark_of(self.folder / _file_name(step))

    def read_same(self, step: int, mark: str) -> Checkpoint:
        """Return the checkpoint of a step that another process has verified.

        Args:
            step: Number of steps done.
            mark: Result of :meth:`mark` in that process.

        Raises:
            CheckpointError: The file is missing or another one in this process's view of the folder.
        """
        path = self.folder / _file_name(step)
        try:
            found = "" if mark_of(path) == mark else f"another {path.name}"
        except FileNotFoundError:
            found = f"no {path.name}"
        except (OSError, CheckpointError) as error:
            found = f"no {path.name} that can be read ({error})"
        if found:
            raise CheckpointError(
                f"a process on {socket.gethostname()} finds {found} in {self.folder}",
                "the file that the first process has read",
                "Put the run's folder on a disk that all machines share, under the same path",
            )
        return read_checkpoint(path)

    def _read_checked(self, file: CheckpointFile) -> Checkpoint:
        path = self.folder / file.name
        try:
            if file.sha256 and sha256_of(path) != file.sha256:
                raise CheckpointError(f"the checkpoint {file.name} is damaged: its bytes are not those that were written")
            if not file.sha256:
                _check_records(path)
        except OSError as error:
            raise CheckpointError(f"the checkpoint {file.name} cannot be read: {error.strerror or error}") from error
        checkpoint = read_checkpoint(path)
        if checkpoint.step != file.step:
            raise CheckpointError(f"the checkpoint {file.name} is of step {checkpoint.step}", f"step {file.step}")
        return checkpoint

    def _index(self) -> tuple[list[CheckpointFile], tuple[int, float] | None, list[str]]:
        """Return the entries of valid checkpoints, newest first, the best (step, value), and notes for the user."""
        path = self.folder / LATEST
        try:
            data = json.loads(path.read_bytes())
            files = [CheckpointFile(str(entry["file"]), int(entry["step"]), str(entry["sha256"])) for entry in data["checkpoints"]]
            if not files or not all(_NAME.fullmatch(file.name) for file in files):
                raise ValueError("it names no checkpoints")
            best = data["best"]
            return files, None if best is None else (int(best["step"]), float(best["value"])), []
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            lost = error
        found = [(path, match) for path in self.folder.glob("*.pt") if (match := _NAME.fullmatch(path.name))]
        files = sorted((CheckpointFile(path.name, int(match[1])) for path, match in found), key=lambda file: -file.step)
        reason = "is missing" if isinstance(lost, FileNotFoundError) else "is damaged"
        return files, None, [f"{LATEST} {reason}; the checkpoints were found by their names."] if files else []

    def _write_index(self, files: list[CheckpointFile], best: tuple[int, float] | None) -> None:
        stay = [file for i, file in enumerate(files) if i < self.keep or (best is not None and file.step == best[0])]
        data = {
            "checkpoints": [{"file": file.name, "step": file.step, "sha256": file.sha256} for file in stay],
            "best": None if best is None else {"step": best[0], "value": best[1]},
        }
        with atomic_writer(self.folder / LATEST) as file:
            file.write(json.dumps(data, indent=2).encode() + b"\n")

    def _prune(self) -> None:
        """Remove checkpoints that are neither listed in ``latest.json`` nor pinned."""
        names = {file.name for file in self._index()[0]}
        for path in self.folder.glob("*.pt"):
            if _NAME.fullmatch(path.name) and path.name not in names and not is_pinned(path):
                with suppress(OSError):
                    path.unlink()
                    unpin(path)

    def _not_written(self, name: str, error: Exception, known: list[CheckpointFile]) -> CheckpointError:
        reason = "the disk is full" if _is_full(error) else (str(error).strip().splitlines() or [type(error).__name__])[0]
        last = f"the last whole checkpoint is that of step {known[0].step}" if known else "there is no checkpoint yet"
        return CheckpointError(f"{name} could not be written to {self.folder}: {reason}; {last}", "", "Make room, then resume the run")


def _file_name(step: int) -> str:
    return f"step_{step:08}.pt"


def _is_full(error: BaseException | None) -> bool:
    """Return whether an error or one of its causes is a full disk; torch's writer raises an error of its own after it."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
            return True
        error = error.__cause__ or error.__context__
    return False


def _check_records(path: Path) -> None:
    """Verify the checksum of every record, which torch writes but does not check.

    Raises:
        CheckpointError: A checksum differs, or the file is not a torch archive.
        OSError: The file cannot be read.
    """
    with _as_archive(path) as archive:
        bad = archive.testzip()
    if bad is not None:
        raise CheckpointError(f"the checkpoint {path.name} is damaged: the checksum of {bad} is wrong")


def mark_of(path: Path) -> str:
    """Return a hash of the checksums of a checkpoint's records, which identifies it without reading the whole file.

    Raises:
        CheckpointError: The file is not a torch archive.
        OSError: The file cannot be read.
    """
    with _as_archive(path) as archive:
        records = sorted((entry.filename, entry.file_size, entry.CRC) for entry in archive.infolist())
    return hashlib.sha256(repr(records).encode()).hexdigest()


@contextmanager
def _as_archive(path: Path) -> Generator[zipfile.ZipFile]:
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, EOFError, struct.error) as error:
        raise CheckpointError(f"the checkpoint {path.name} is damaged: {error}") from error


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint without running code from it; its tensors are memory-mapped.

    Raises:
        CheckpointError: The file is unreadable or damaged, holds more than plain data and tensors, or has a newer format.
    """
    try:
        state: object = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except (OSError, RuntimeError, ValueError, KeyError, EOFError, pickle.UnpicklingError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise CheckpointError(f"the checkpoint {path.name} cannot be read: {reason}") from error
    if not isinstance(state, dict):
        raise CheckpointError(f"{path.name} is no checkpoint of SPADE Studio", "a file that a training run wrote")
    match cast("dict[str, Any]", state):
        case {"format_version": int(version)} if version > FORMAT_VERSION:
            found = f"the checkpoint {path.name} was written by a newer SPADE Studio (format {version})"
            raise CheckpointError(found, f"format {FORMAT_VERSION}", "Update SPADE Studio")
        case {"format_version": int(), "step": int(step), "config": config, "parts": parts, "random_states": states} if (
            isinstance(parts, dict) and isinstance(states, list)
        ):
            try:
                config = TrainConfig.from_json(config)
            except EngineError as error:
                raise CheckpointError(f"the checkpoint {path.name} has no usable configuration: {error}") from error
            return Checkpoint(step, config, cast("dict[str, Any]", parts), cast("list[dict[str, Any]]", states))
        case _:
            raise CheckpointError(f"{path.name} is no checkpoint of SPADE Studio", "a file that a training run wrote")
