"""Typed events of a run, stored as JSON lines by rank 0."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import Any, ClassVar, Literal

from spade_studio.engine.errors import EngineError
from spade_studio.engine.files import open_regular
from spade_studio.train.config import plain

_LONGEST_READ = 1 << 24  # maximum number of bytes per read


@dataclass(frozen=True)
class Event:
    """Base class of events.

    Attributes:
        time: Unix time in seconds at which the event was written.
    """

    kind: ClassVar[str] = ""

    time: float = field(default_factory=time.time, kw_only=True)


@dataclass(frozen=True)
class RunStarted(Event):
    """Training starts or resumes; earlier events of steps after ``at_step`` are void.

    Attributes:
        at_step: Number of steps done before; 0 for a new run.
        steps: Total number of steps.
        processes: Number of ranks.
        device: Device of the first rank.
        version: Version of SPADE Studio.
    """

    kind: ClassVar[str] = "run_started"

    at_step: int
    steps: int
    processes: int
    device: str
    version: str


@dataclass(frozen=True)
class StepLogged(Event):
    """Losses and pace at a step; the only event with the key ``step``.

    Attributes:
        step: Number of steps done, including this one.
        epoch: Number of epochs done, with fraction.
        images_seen: Number of pictures trained on since the start of the run.
        losses: Weighted terms by name, such as generator.kl; None for non-finite values.
        learning_rates: Learning rates of generator and encoder, and of the discriminator.
        seconds_per_step: Mean seconds per step since the last such event.
        images_per_second: Pictures per second of all ranks in that time.
        loading_share: Share of that time in which the first rank waited for pictures, 0 to 1.
        memory_mib: Peak memory of the first rank in MiB, on its GPU or else of the process; 0 where unknown.
    """

    kind: ClassVar[str] = "step"

    step: int
    epoch: float
    images_seen: int
    losses: dict[str, float | None]
    learning_rates: tuple[float, float]
    seconds_per_step: float
    images_per_second: float
    loading_share: float = 0.0
    memory_mib: int = 0


@dataclass(frozen=True)
class CheckpointWritten(Event):
    """A checkpoint was written.

    Attributes:
        at_step: Number of steps done.
        file: File name in the run's folder of checkpoints.
    """

    kind: ClassVar[str] = "checkpoint"

    at_step: int
    file: str


@dataclass(frozen=True)
class SamplesWritten(Event):
    """A sample grid was written.

    Attributes:
        at_step: Number of steps done.
        file: File name in the run's folder of samples.
    """

    kind: ClassVar[str] = "samples"

    at_step: int
    file: str


@dataclass(frozen=True)
class MetricsMeasured(Event):
    """Metrics of the averaged networks were measured.

    Attributes:
        at_step: Number of steps done.
        values: Values by name of the metric; None for non-finite ones.
        best: Whether this is the best checkpoint so far by the deciding metric of the configuration.
    """

    kind: ClassVar[str] = "metrics"

    at_step: int
    values: dict[str, float | None]
    best: bool = False


@dataclass(frozen=True)
class Warned(Event):
    """Warning for the user; training continues.

    Attributes:
        at_step: Number of steps done.
        message: Text of the warning.
    """

    kind: ClassVar[str] = "warning"

    at_step: int
    message: str


@dataclass(frozen=True)
class Noted(Event):
    """Information for the user.

    Attributes:
        at_step: Number of steps done.
        message: Text of the note.
    """

    kind: ClassVar[str] = "note"

    at_step: int
    message: str


@dataclass(frozen=True)
class RunPaused(Event):
    """Training is paused on request, its state kept in memory.

    Attributes:
        at_step: Number of steps done.
    """

    kind: ClassVar[str] = "run_paused"

    at_step: int


@dataclass(frozen=True)
class RunContinued(Event):
    """Training continues after a pause.

    Attributes:
        at_step: Number of steps done.
        seconds: Length of the pause in seconds, not part of any pace.
    """

    kind: ClassVar[str] = "run_continued"

    at_step: int
    seconds: float


@dataclass(frozen=True)
class RunEnded(Event):
    """Training ends; a run whose last event is another one was interrupted or is still running.

    Attributes:
        at_step: Number of steps done.
        reason: finished (all steps are done), stopped (on request) or failed (see the message).
        message: Explanation for the user.
    """

    kind: ClassVar[str] = "run_ended"

    at_step: int
    reason: Literal["finished", "stopped", "failed"]
    message: str = ""


_KINDS: dict[str, type[Event]] = {
    kind.kind: kind
    for kind in (
        RunStarted,
        StepLogged,
        CheckpointWritten,
        SamplesWritten,
        MetricsMeasured,
        Warned,
        Noted,
        RunPaused,
        RunContinued,
        RunEnded,
    )
}


def finite_or_none(values: Mapping[str, float]) -> dict[str, float | None]:
    """Return the values with None for infinities and NaN, which JSON lacks."""
    return {name: value if math.isfinite(value) else None for name, value in values.items()}


def event_to_line(event: Event) -> bytes:
    """Return an event as a line of JSON with its line feed."""
    data: dict[str, Any] = {"kind": event.kind, **plain.to_json(event)}
    return json.dumps(data, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def event_from_line(line: bytes) -> Event | None:
    """Return the event of a line; None for damaged lines and unknown events."""
    try:
        data: object = json.loads(line)
        if not isinstance(data, dict):
            return None
        values: dict[str, object] = {**data}
        kind = _KINDS.get(str(values.pop("kind", "")))
        return None if kind is None else plain.from_json(kind, values)
    except (ValueError, RecursionError, EngineError):
        return None


class EventLog:
    """Writer that appends events to a file, flushed after every line.

    An incomplete last line, left by a crash, is removed first.

    Args:
        path: Path of the file, created where missing.

    Raises:
        OSError: The file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._file = _open_for_appending(path)

    def write(self, event: Event) -> None:
        """Append an event.

        Raises:
            OSError: The disk is full or unavailable.
        """
        line = event_to_line(event)
        start = os.fstat(self._file.fileno()).st_size
        try:
            while line:
                line = line[self._file.write(line) :]
        except OSError:
            with suppress(OSError):
                self._file.truncate(start)  # removes an incomplete line
            raise

    def close(self) -> None:
        """Synchronise the file to the disk and close it."""
        try:
            os.fsync(self._file.fileno())
        finally:
            self._file.close()

    def __enter__(self) -> EventLog:
        return self

    def __exit__(self, *unused: object) -> None:
        self.close()


def _open_for_appending(path: Path) -> FileIO:
    path.touch()
    with path.open("r+b") as file:
        file.seek(0, os.SEEK_END)
        end = position = file.tell()
        while position > 0:
            start = max(0, position - 65536)
            file.seek(start)
            if (found := file.read(position - start).rfind(b"\n")) >= 0:
                position = start + found + 1
                break
            position = start
        if position < end:
            file.truncate(position)
    return path.open("ab", buffering=0)


class EventReader:
    """Reader that follows a growing file of events.

    Args:
        path: Path of the file, which may not exist yet.

    Attributes:
        offset: Number of bytes read, whole lines only.
        unreadable: Number of lines that were damaged or of unknown type.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = 0
        self.unreadable = 0

    def read_new(self) -> list[Event]:
        """Return the events since the last call; an incomplete last line is left for the next one.

        Raises:
            OSError: The file exists but cannot be read.
        """
        events: list[Event] = []
        try:
            with open_regular(self.path) as file:
                if os.fstat(file.fileno()).st_size < self.offset:
                    self.offset = 0  # the file was replaced
                file.seek(self.offset)
                while content := file.read(_LONGEST_READ):
                    whole = content.rfind(b"\n") + 1
                    if not whole:
                        break
                    self.offset += whole
                    file.seek(self.offset)
                    for line in content[: whole - 1].split(b"\n"):
                        event = event_from_line(line)
                        if event is None:
                            self.unreadable += 1
                        else:
                            events.append(event)
        except FileNotFoundError:
            return []
        return events
