"""Events: lines that can be read back, files cut short by a crash, readers that follow."""

from __future__ import annotations

import errno
import json
import math
from pathlib import Path
from typing import Any

import pytest

from spade_studio.train.run.events import (
    CheckpointWritten,
    Event,
    EventLog,
    EventReader,
    Noted,
    RunContinued,
    RunEnded,
    RunPaused,
    RunStarted,
    StepLogged,
    Warned,
    event_from_line,
    event_to_line,
    finite_or_none,
)


def step(number: int, kl: float = 0.5) -> StepLogged:
    return StepLogged(number, number / 8, 4 * number, finite_or_none({"kl": kl, "fake": 1.0}), (1e-4, 4e-4), 0.25, 16.0, time=2.0)


ALL: list[Event] = [
    RunStarted(0, 20, 2, "cpu", "0.1.0"),
    step(1),
    Warned(1, "a line\nof «words»"),
    Noted(1, "words"),
    CheckpointWritten(5, "step_00000005.pt"),
    RunPaused(5),
    RunContinued(5, 12.5),
    RunEnded(5, "stopped", "as asked"),
]


@pytest.mark.parametrize("event", ALL, ids=lambda event: event.kind)
def test_events_are_read_back_as_they_were(event: Event) -> None:
    line = event_to_line(event)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert event_from_line(line) == event


def test_only_logged_steps_have_the_key_step() -> None:
    with_key = [event.kind for event in ALL if "step" in json.loads(event_to_line(event))]
    assert with_key == ["step"]


def test_numbers_that_json_lacks_become_null() -> None:
    line = event_to_line(step(3, kl=math.nan))
    assert json.loads(line)["losses"] == {"kl": None, "fake": 1.0}
    assert event_from_line(line) == step(3, kl=math.inf)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"kind": "from the future", "step": 1}',
        b'{"kind": "warning", "at_step": "1", "message": ""}',
        b'{"kind": "warning", "at_step": 1}',
        event_to_line(ALL[1]).replace(b"0.5", b"{}"),
    ],
    ids=range(9),
)
def test_damaged_and_unknown_lines_are_no_events(line: bytes) -> None:
    assert event_from_line(line) is None


def test_a_reader_follows_a_growing_file(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    reader = EventReader(path)
    assert reader.read_new() == []
    with EventLog(path) as log:
        log.write(ALL[0])
        log.write(ALL[1])
        assert reader.read_new() == ALL[:2]
        assert reader.read_new() == []
        log.write(ALL[2])
        assert reader.read_new() == [ALL[2]]
    assert EventReader(path).read_new() == ALL[:3]


def test_a_line_that_is_being_written_waits(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    line = event_to_line(ALL[1])
    path.write_bytes(event_to_line(ALL[0]) + line[:20])
    reader = EventReader(path)
    assert reader.read_new() == [ALL[0]]
    with path.open("ab") as file:
        file.write(line[20:] + b"damaged\n")
    assert reader.read_new() == [ALL[1]]
    assert reader.unreadable == 1


@pytest.mark.parametrize("torn", [b"", b'{"kind": "st', b"x" * 200_000], ids=len)
@pytest.mark.parametrize("whole", [0, 2])
def test_going_on_removes_a_line_that_a_crash_cut_short(tmp_path: Path, torn: bytes, whole: int) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"".join(map(event_to_line, ALL[:whole])) + torn)
    with EventLog(path) as log:
        log.write(ALL[2])
    reader = EventReader(path)
    assert reader.read_new() == [*ALL[:whole], ALL[2]]
    assert reader.unreadable == 0


def test_a_reader_starts_again_where_another_file_took_the_place(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(event_to_line(ALL[0]) + event_to_line(ALL[1]))
    reader = EventReader(path)
    reader.read_new()
    path.write_bytes(event_to_line(ALL[0]))
    assert reader.read_new() == [ALL[0]]


def test_a_full_disk_leaves_no_half_line(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    log: Any = EventLog(path)
    log.write(ALL[0])
    file = log._file

    class Full:
        def write(self, data: bytes) -> int:
            if len(data) <= 10:
                raise OSError(errno.ENOSPC, "No space left on device")
            return file.write(data[:-10])

        def __getattr__(self, name: str) -> Any:
            return getattr(file, name)

    log._file = Full()
    with pytest.raises(OSError, match="No space"):
        log.write(ALL[1])
    log._file = file
    log.write(ALL[2])
    log.close()
    assert EventReader(path).read_new() == [ALL[0], ALL[2]]
