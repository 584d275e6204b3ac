"""The events of a run: typed, one JSON line each, appended by rank 0."""

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

_LONGEST_READ = 1 << 24  # bytes that one look at the file takes in


@dataclass(frozen=True)
class Event:
    """Base class of events.

    Attributes:
        time: Seconds since 1970 at which it was written.
    """

    kind: ClassVar[str] = ""

    time: float = field(default_factory=time.time, kw_only=True)


@dataclass(frozen=True)
class RunStarted(Event):
    """Training begins, or goes on; what a file says of steps after ``at_step`` before this was undone.

    Attributes:
        at_step: Steps done before; 0 for a new run.
        steps: Steps of the whole training.
        processes: How many processes train together.
        device: What the first one computes on.
        version: Of this program.
    """

    kind: ClassVar[str] = "run_started"

    at_step: int
    steps: int
    processes: int
    device: str
    version: str


@dataclass(frozen=True)
class StepLogged(Event):
    """A logged step; the only event with the key ``step``.

    Attributes:
        step: Steps done, this one included.
        epoch: Passes through the data done, a part of one included.
        images_seen: Pictures trained on since the start of the run.
        losses: The weighted terms by name, such as generator.kl; None where one is not finite.
        learning_rates: Of generator and encoder, and of the discriminator.
        seconds_per_step: Mean since the last logged step.
        images_per_second: Likewise.
        loading_share: Share of that time in which the first rank waited for pictures, 0 to 1.
        memory_mib: Most memory that the first rank has held: on its GPU, else in all; 0 where the system does not tell.
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
    """A checkpoint is whole on the disk.

    Attributes:
        at_step: Steps done when it was taken.
        file: Its name in the run's folder of checkpoints.
    """

    kind: ClassVar[str] = "checkpoint"

    at_step: int
    file: str


@dataclass(frozen=True)
class SamplesWritten(Event):
    """A sample grid was written.

    Attributes:
        at_step: Steps done.
        file: Its name in the run's folder of samples.
    """

    kind: ClassVar[str] = "samples"

    at_step: int
    file: str


@dataclass(frozen=True)
class MetricsMeasured(Event):
    """The averaged networks were measured.

    Attributes:
        at_step: Steps done.
        values: By name of the metric; None where one is not finite.
        best: Whether this is the best so far by the metric that the configuration names.
    """

    kind: ClassVar[str] = "metrics"

    at_step: int
    values: dict[str, float | None]
    best: bool = False


@dataclass(frozen=True)
class Warned(Event):
    """Something that a person should know, though training goes on.

    Attributes:
        at_step: Steps done.
        message: In plain words.
    """

    kind: ClassVar[str] = "warning"

    at_step: int
    message: str


@dataclass(frozen=True)
class RunPaused(Event):
    """Training waits, since somebody asked for it; what is in memory stays there.

    Attributes:
        at_step: Steps done.
    """

    kind: ClassVar[str] = "run_paused"

    at_step: int


@dataclass(frozen=True)
class RunContinued(Event):
    """Training no longer waits.

    Attributes:
        at_step: Steps done.
        seconds: How long it has waited; no pace counts them.
    """

    kind: ClassVar[str] = "run_continued"

    at_step: int
    seconds: float


@dataclass(frozen=True)
class RunEnded(Event):
    """Training ends; a run without this as its last event was cut off, or still runs.

    Attributes:
        at_step: Steps done.
        reason: finished: all steps are done. stopped: somebody asked for it. failed: see the message.
        message: What a person should know about it.
    """

    kind: ClassVar[str] = "run_ended"

    at_step: int
    reason: Literal["finished", "stopped", "failed"]
    message: str = ""


_KINDS: dict[str, type[Event]] = {
    kind.kind: kind
    for kind in (RunStarted, StepLogged, CheckpointWritten, SamplesWritten, MetricsMeasured, Warned, RunPaused, RunContinued, RunEnded)
}


def finite_or_none(values: Mapping[str, float]) -> dict[str, float | None]:
    """Return the values with None in place of infinities and NaN, which JSON does not have."""
    return {name: value if math.isfinite(value) else None for name, value in values.items()}


def event_to_line(event: Event) -> bytes:
    """Return the event as a line of JSON, its line feed included."""
    data: dict[str, Any] = {"kind": event.kind, **plain.to_json(event)}
    return json.dumps(data, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def event_from_line(line: bytes) -> Event | None:
    """Return the event of a line, or None where it is damaged or of a kind that this version does not know."""
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
    """Appends events to a file; every line is handed to the system at once.

    A line that a crash cut short is removed first, so that lines never run together.

    Args:
        path: Made where it is missing.

    Raises:
        OSError: It cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._file = _open_for_appending(path)

    def write(self, event: Event) -> None:
        """Append an event.

        Raises:
            OSError: The disk is full or gone.
        """
        line = event_to_line(event)
        start = os.fstat(self._file.fileno()).st_size
        try:
            while line:
                line = line[self._file.write(line) :]
        except OSError:
            with suppress(OSError):
                self._file.truncate(start)  # half a line would spoil the next one
            raise

    def close(self) -> None:
        """Force all to the disk and close the file."""
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
    """Follows a file of events by its byte offset, while it grows or later.

    Args:
        path: The file; it may not exist yet.

    Attributes:
        offset: Bytes read so far: whole lines only.
        unreadable: Lines that were damaged or of unknown kind.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = 0
        self.unreadable = 0

    def read_new(self) -> list[Event]:
        """Return the events since the last call; a line that is still being written waits for the next.

        Raises:
            OSError: The file is there but cannot be read.
        """
        events: list[Event] = []
        try:
            with open_regular(self.path) as file:
                if os.fstat(file.fileno()).st_size < self.offset:
                    self.offset = 0  # another file took its place
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
