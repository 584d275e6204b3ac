"""The folder of a run: what lies where in it, how it is made, found, locked against a second trainer, and asked to stop or to wait."""

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
    """A run's folder cannot be made or used."""


@dataclass(frozen=True)
class RunDirectory:
    """A run's folder, ``00000-name``.

    Attributes:
        path: The folder.
    """

    path: Path

    @property
    def config_path(self) -> Path:
        """The configuration that the run was started with."""
        return self.path / "config.json"

    @property
    def log_path(self) -> Path:
        """What the terminal was told, with times."""
        return self.path / "log.txt"

    @property
    def events_path(self) -> Path:
        """Events, one JSON line each."""
        return self.path / "events.jsonl"

    @property
    def checkpoints_path(self) -> Path:
        """The folder of checkpoints."""
        return self.path / "checkpoints"

    @property
    def samples_path(self) -> Path:
        """The folder of sample grids, ``step_00001000.png``."""
        return self.path / "samples"

    @property
    def weights_path(self) -> Path:
        """The weights that the application opens, written at the end and by export."""
        return self.path / "weights.safetensors"

    @property
    def stop_path(self) -> Path:
        """While this file exists, the run saves a checkpoint and ends after the step at hand."""
        return self.path / "STOP"

    @property
    def pause_path(self) -> Path:
        """While this file exists, the run waits after the step at hand, with all in memory."""
        return self.path / "PAUSE"

    @property
    def number(self) -> int:
        """Its number among the runs beside it; -1 for a folder that was renamed."""
        found = _NUMBERED.fullmatch(self.path.name)
        return int(found[1]) if found else -1

    @classmethod
    def create(cls, runs: Path, name: str, config: TrainConfig) -> RunDirectory:
        """Make the next numbered folder, with ``config.json`` in it.

        Args:
            runs: The folder of all runs, made where it is missing.
            name: What to call the run; characters that file names had better not have become hyphens.
            config: What it shall do.

        Raises:
            RunError: Nothing can be written there.
        """
        plain_name = re.sub(r"[^\w.]+", "-", name).strip("-.")[:_LONGEST_NAME] or "run"
        try:
            runs.mkdir(parents=True, exist_ok=True)
            with FileLock(runs / ".lock"):  # another process may be making the same number under another name
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
            RunError: That is no run's folder; where runs lie in it, they are named.
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
            ConfigError: It cannot be read or is invalid.
        """
        return TrainConfig.read(self.config_path)

    def append_log(self, text: str) -> None:
        """Append lines to ``log.txt``, each with the local time.

        Raises:
            OSError: It cannot be written.
        """
        now = datetime.now().astimezone().isoformat(" ", "seconds")
        with self.log_path.open("a", encoding="utf-8") as file:
            file.writelines(f"{now}  {printable(line)}\n" for line in text.splitlines())

    def request_stop(self) -> None:
        """Ask the run to save and end; any process may."""
        self.stop_path.touch()

    def stop_requested(self) -> bool:
        """Whether somebody asked."""
        return self.stop_path.exists()

    def request_pause(self) -> None:
        """Ask the run to wait; any process may."""
        self.pause_path.touch()

    def pause_requested(self) -> bool:
        """Whether somebody asked it to wait, and nobody to go on since."""
        return self.pause_path.exists()

    def end_pause(self) -> None:
        """Ask a run that waits to go on; any process may."""
        self.pause_path.unlink(missing_ok=True)

    def clear_requests(self) -> None:
        """Forget that somebody asked for a stop or a pause, as a run does when it starts or goes on."""
        self.stop_path.unlink(missing_ok=True)
        self.end_pause()

    @contextmanager
    def locked(self) -> Generator[None]:
        """Keep other trainers out while this one writes; the system lets go of the lock when a process dies, however it does.

        Raises:
            RunError: Another trainer is at work in this folder.
        """
        lock = self._lock()
        try:
            lock.acquire(timeout=1)  # is_running holds it for a moment
        except Timeout as error:
            raise RunError(f"{self.path.name} is being trained by another process", "", "Stop it, or wait for its end") from error
        try:
            yield
        finally:
            lock.release()

    def is_running(self) -> bool:
        """Whether a trainer on this machine is at work in this folder."""
        try:
            with self._lock().acquire(blocking=False):
                return False
        except Timeout:
            return True

    def _lock(self) -> FileLock:
        return FileLock(self.path / ".lock", thread_local=False)


def list_runs(runs: Path, *, started: bool = True) -> list[RunDirectory]:
    """Return the runs in a folder by number; none where there is no such folder.

    Args:
        runs: The folder of all runs.
        started: Leave out folders that have no configuration (yet).
    """
    if not runs.is_dir():
        return []
    found = [RunDirectory(path) for path in runs.iterdir() if _NUMBERED.fullmatch(path.name) and path.is_dir()]
    if started:
        found = [run for run in found if run.config_path.is_file()]
    return sorted(found, key=lambda run: (run.number, run.path.name))
