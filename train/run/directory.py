"""Folder of a run: paths, creation, lookup, lock against a second trainer, and requests to stop or pause."""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from spade_studio.engine.errors import EngineError
from spade_studio.engine.files import atomic_writer
from spade_studio.engine.printable import printable
from spade_studio.train.config.run import TrainConfig

_NUMBERED = re.compile(r"([0-9]{5,})-.+")
_LONGEST_NAME = 60


class RunError(EngineError):
    """A run's folder cannot be created or used."""


@dataclass(frozen=True)
class RunDirectory:
    """Folder of a run, ``00000-name``.

    Attributes:
        path: Path of the folder.
    """

    path: Path

    @property
    def config_path(self) -> Path:
        """Path of the run's configuration, ``config.json``."""
        return self.path / "config.json"

    @property
    def log_path(self) -> Path:
        """Path of the log, a copy of the terminal output with times."""
        return self.path / "log.txt"

    @property
    def events_path(self) -> Path:
        """Path of the events, JSON lines."""
        return self.path / "events.jsonl"

    @property
    def checkpoints_path(self) -> Path:
        """Path of the folder of checkpoints."""
        return self.path / "checkpoints"

    @property
    def samples_path(self) -> Path:
        """Path of the folder of sample grids, such as ``step_00001000.png``."""
        return self.path / "samples"

    @property
    def weights_path(self) -> Path:
        """Path of the exported weights, written at the end of the run and by export."""
        return self.path / "weights.safetensors"

    @property
    def stop_path(self) -> Path:
        """Path of the stop request: while it exists, the run saves a checkpoint and ends after the current step."""
        return self.path / "STOP"

    @property
    def pause_path(self) -> Path:
        """Path of the pause request: while it exists, the run waits after the current step, its state kept in memory."""
        return self.path / "PAUSE"

    @property
    def number(self) -> int:
        """Number of the run; -1 for a renamed folder."""
        found = _NUMBERED.fullmatch(self.path.name)
        return int(found[1]) if found else -1

    @classmethod
    def create(cls, runs: Path, name: str, config: TrainConfig) -> RunDirectory:
        """Create the next numbered folder with its ``config.json``.

        Args:
            runs: Folder of all runs, created where missing.
            name: Name of the run; characters unsuitable for file names become hyphens.
            config: Configuration of the run.

        Raises:
            RunError: The folder cannot be written.
        """
        plain_name = re.sub(r"[^\w.]+", "-", name).strip("-.")[:_LONGEST_NAME] or "run"
        try:
            runs.mkdir(parents=True, exist_ok=True)
            with FileLock(runs / ".lock"):  # another process may be creating a run of the same number
                number = max((run.number for run in list_runs(runs, started=False)), default=-1) + 1
                path = runs / f"{number:05}-{plain_name}"
                path.mkdir()
            run = cls(path)
            run.checkpoints_path.mkdir()
            with atomic_writer(run.config_path) as file:
                file.write(json.dumps(config.to_json(), indent=2).encode() + b"\n")
        except OSError as error:
            raise RunError(f"no run can be made in {runs}: {error.strerror or error}", "a folder that can be written") from error
        return run

    @classmethod
    def open(cls, path: Path) -> RunDirectory:
        """Return the run at ``path``.

        Raises:
            RunError: The path is not the folder of a run; the message lists runs inside it.
        """
        run = cls(path)
        if run.config_path.is_file():
            return run
        inside = [run.path.name for run in list_runs(path)] if path.is_dir() else []
        action = f"Name one of its runs: {', '.join(inside[-5:])}" if inside else ""
        raise RunError(f"{path} has no config.json" if path.is_dir() else f"there is no folder {path}", "the folder of a run", action)

    def config(self) -> TrainConfig:
        """Read the configuration.

        Raises:
            ConfigError: The configuration is unreadable or invalid.
        """
        return TrainConfig.read(self.config_path)

    def append_log(self, text: str) -> None:
        """Append lines to ``log.txt``, each with the local time.

        Raises:
            OSError: The log cannot be written.
        """
        now = datetime.now().astimezone().isoformat(" ", "seconds")
        with self.log_path.open("a", encoding="utf-8") as file:
            file.writelines(f"{now}  {printable(line)}\n" for line in text.splitlines())

    def request_stop(self) -> None:
        """Ask the run to save and end; callable from any process."""
        self.stop_path.touch()

    def stop_requested(self) -> bool:
        """Return whether a stop is requested."""
        return self.stop_path.exists()

    def request_pause(self) -> None:
        """Ask the run to pause; callable from any process."""
        self.pause_path.touch()

    def pause_requested(self) -> bool:
        """Return whether a pause is requested."""
        return self.pause_path.exists()

    def end_pause(self) -> None:
        """Ask a paused run to continue; callable from any process."""
        self.pause_path.unlink(missing_ok=True)

    def clear_requests(self) -> None:
        """Remove requests for a stop or a pause, as at the start of a run."""
        self.stop_path.unlink(missing_ok=True)
        self.end_pause()

    @contextmanager
    def locked(self) -> Generator[None]:
        """Lock the folder against other trainers; the system releases the lock when the process ends.

        Raises:
            RunError: Another trainer is running in this folder.
        """
        lock = self._lock()
        try:
            lock.acquire(timeout=1)  # is_running holds the lock briefly
        except Timeout as error:
            raise RunError(f"{self.path.name} is being trained by another process", "", "Stop it, or wait for its end") from error
        try:
            yield
        finally:
            lock.release()

    def is_running(self) -> bool:
        """Return whether a trainer on this machine is running in this folder."""
        try:
            with self._lock().acquire(blocking=False):
                return False
        except Timeout:
            return True

    def _lock(self) -> FileLock:
        return FileLock(self.path / ".lock", thread_local=False)


def list_runs(runs: Path, *, started: bool = True) -> list[RunDirectory]:
    """Return the runs in a folder by number; an empty list where the folder does not exist.

    Args:
        runs: Folder of all runs.
        started: Whether to leave out folders without a configuration.
    """
    if not runs.is_dir():
        return []
    found = [RunDirectory(path) for path in runs.iterdir() if _NUMBERED.fullmatch(path.name) and path.is_dir()]
    if started:
        found = [run for run in found if run.config_path.is_file()]
    return sorted(found, key=lambda run: (run.number, run.path.name))
