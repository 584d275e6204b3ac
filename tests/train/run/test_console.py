"""What a training says at the terminal."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable, Iterator
from typing import get_args

import pytest
from rich.console import Console

from spade_studio.train.run.console import (
    ConsoleMode,
    PlainConsole,
    QuietConsole,
    RichConsole,
    TrainingConsole,
    event_words,
    open_console,
    remaining,
    short_name,
)
from spade_studio.train.run.events import (
    CheckpointWritten,
    Event,
    MetricsMeasured,
    Noted,
    RunContinued,
    RunEnded,
    RunPaused,
    RunStarted,
    SamplesWritten,
    StepLogged,
    Warned,
)

LOSSES: dict[str, float | None] = {
    "discriminator.fake": 1.0234,
    "discriminator.real": 0.00098,
    "generator.adversarial": -0.015,
    "generator.feature_matching": 12.3456,
    "generator.kl": None,
    "generator.perceptual": 3.0,
}


def step(number: int, **changes: float) -> StepLogged:
    values = {"epoch": 1.25, "seconds_per_step": 2.0, "images_per_second": 4.0, **changes}
    return StepLogged(step=number, images_seen=8 * number, losses=LOSSES, learning_rates=(1e-4, 4e-4), **values)  # pyright: ignore[reportArgumentType]


EVENTS: list[tuple[Event, str]] = [
    (RunStarted(0, 5000, 1, "cpu", "0.1.0"), "Training starts: 5,000 steps, 1 process on cpu, version 0.1.0"),
    (RunStarted(1250, 5000, 4, "cuda:0", "0.1.0"), "Training goes on after step 1,250: 5,000 steps, 4 processes on cuda:0, version 0.1.0"),
    (
        step(1400),
        "step 1400/5000  epoch 1.25  4.00 images/s  2:00:00 left  D.fake 1.02  D.real 0.00098  G.adversarial -0.015  "
        "G.feature_matching 12.3  G.kl not finite  G.perceptual 3",
    ),
    (CheckpointWritten(1500, "step_00001500.pt"), "Checkpoint of step 1,500: step_00001500.pt"),
    (SamplesWritten(1500, "step_00001500.png"), "Samples of step 1,500: step_00001500.png"),
    (MetricsMeasured(1500, {"diversity": 0.3217, "frechet": None}), "Measured at step 1,500: diversity 0.322  frechet not finite"),
    (MetricsMeasured(1500, {"diversity": 0.3217}, best=True), "Measured at step 1,500: diversity 0.322  (best so far)"),
    (Warned(1500, "Something [bold]happened[/bold]."), "Warning: Something [bold]happened[/bold]."),
    (Noted(1500, "16 samples are decoded once."), "16 samples are decoded once."),
    (RunPaused(1500), "Paused after step 1,500"),
    (RunContinued(1500, 3725.4), "Going on after step 1,500, paused for 1:02:05"),
    (RunEnded(1500, "stopped", "Go on"), "Stopped after step 1,500: Go on"),
    (RunEnded(5000, "finished"), "Finished after step 5,000"),
]


def every_kind(kind: type[Event] = Event) -> Iterator[type[Event]]:
    for sub in kind.__subclasses__():
        yield sub
        yield from every_kind(sub)


# ---- words


def test_every_kind_of_event_has_words() -> None:
    assert {type(event) for event, _ in EVENTS} == set(every_kind())
    for event, words in EVENTS:
        assert event_words(event, 5000) == words


def test_a_failure_is_told_in_full_to_logs() -> None:
    assert event_words(RunEnded(7, "failed", "the disk is full")) == "Failed after step 7: the disk is full"


def test_a_step_without_a_known_end() -> None:
    words = event_words(step(1400))
    assert words.startswith("step 1400  epoch 1.25  4.00 images/s  D.fake")
    assert "left" not in words


@pytest.mark.parametrize(
    ("at", "seconds", "words"),
    [(10, 1.0, "0:01:30"), (100, 1.0, "0:00:00"), (120, 1.0, "0:00:00"), (0, 36.5, "1:00:50"), (0, 900.0, "1 day, 1:00:00")],
)
def test_the_time_that_is_left(at: int, seconds: float, words: str) -> None:
    assert remaining(step(at, seconds_per_step=seconds), 100) == words


def test_short_names() -> None:
    assert [short_name(name) for name in LOSSES] == [
        "D.fake", "D.real", "G.adversarial", "G.feature_matching", "G.kl", "G.perceptual",
    ]


# ---- plain and quiet


def test_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    console = PlainConsole()
    for event, _ in EVENTS:
        console.show(event)
    console.show(RunEnded(7, "failed", "the disk is full"))
    console.close()
    said = capsys.readouterr()
    assert said.err.splitlines() == [*(words for _, words in EVENTS), "Failed after step 7"]  # the command tells why
    assert said.out == ""


def test_quiet_tells_warnings_and_failures(capsys: pytest.CaptureFixture[str]) -> None:
    console = QuietConsole()
    for event, _ in EVENTS:
        console.show(event)
    console.show(RunEnded(7, "failed", "the disk is full"))
    console.close()
    assert capsys.readouterr() == ("", "Warning: Something [bold]happened[/bold].\nFailed after step 7\n")


def test_the_mode_goes_by_where_stderr_leads(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    assert isinstance(open_console(), PlainConsole)
    monkeypatch.setattr(stream, "isatty", lambda: True)
    assert isinstance(open_console(), RichConsole)
    kinds: list[type[TrainingConsole]] = [RichConsole, PlainConsole, QuietConsole]
    assert [type(open_console(mode)) for mode in get_args(ConsoleMode)[1:]] == kinds


# ---- rich

Screen = Callable[[int], tuple[RichConsole, io.StringIO]]


@pytest.fixture
def screen() -> Iterator[Screen]:
    opened: list[RichConsole] = []

    def build(width: int) -> tuple[RichConsole, io.StringIO]:
        stream = io.StringIO()
        console = RichConsole(Console(file=stream, force_terminal=True, width=width, height=24, color_system=None))
        opened.append(console)
        return console, stream

    yield build
    for console in opened:
        console.close()


def lines_shown(text: str) -> list[str]:
    """Return what stands on the screen at last: lines that were erased are gone."""
    rows, row = [""], 0
    for token in re.findall(r"\x1b\[[?\d]*[A-Za-z]|\r\n|\r|\n|[^\x1b\r\n]+", text):
        if token in ("\n", "\r\n"):
            row += 1
            rows += [""] * (row + 1 - len(rows))
        elif token == "\x1b[2K":
            rows[row] = ""
        elif token == "\x1b[1A":
            row -= 1
        elif not token.startswith("\x1b") and token != "\r":
            rows[row] += token
    return [line.rstrip() for line in rows if line.strip()]


@pytest.mark.parametrize("width", [80, 100, 160])
def test_the_live_lines_are_readable(width: int, screen: Screen) -> None:
    console, stream = screen(width)
    console.show(RunStarted(1250, 125000, 1, "cpu", "0.1.0"))
    console.show(step(25000, epoch=123.456, seconds_per_step=1.5, images_per_second=1234.5))
    console._progress.refresh()  # pyright: ignore[reportPrivateUsage]
    first, *losses = lines_shown(stream.getvalue())[1:]
    assert re.fullmatch(r" *25000/125000 [━╸╺ ]+ epoch 123\.46, 1234\.50 images/s, 1 day, 17:40:00 left", first)
    words = " ".join(" ".join(losses).split())
    assert words == " ".join(f"{short_name(name)} {'not finite' if value is None else f'{value:.3g}'}" for name, value in LOSSES.items())
    assert max(len(line) for line in (first, *losses)) <= width
    assert "…" not in stream.getvalue()


def test_numbers_come_first_where_there_is_little_room(screen: Screen) -> None:
    console, stream = screen(56)
    console.show(RunStarted(0, 5000, 1, "cpu", "0.1.0"))
    console.show(step(1400))
    console._progress.refresh()  # pyright: ignore[reportPrivateUsage]
    line = next(line for line in reversed(lines_shown(stream.getvalue())) if "/5000" in line)
    assert line.strip().startswith("1400/5000")
    assert line.endswith("epoch 1.25, 4.00 images/s, 2:00:00 left")


def test_other_events_are_lines_above_and_the_live_ones_go_at_the_end(screen: Screen) -> None:
    console, stream = screen(80)
    for event, _ in EVENTS:
        if not isinstance(event, RunEnded):
            console.show(event)
    console.show(EVENTS[-2][0])
    assert lines_shown(stream.getvalue()) == [words for event, words in EVENTS[:-1] if not isinstance(event, StepLogged)]
    assert stream.getvalue().rindex("\x1b[?25h") > stream.getvalue().rindex("\x1b[?25l")  # the cursor is there again


def test_closing_leaves_a_clean_terminal(screen: Screen) -> None:
    console, stream = screen(80)
    console.show(RunStarted(0, 5000, 1, "cpu", "0.1.0"))
    console.show(step(10))
    console.close()
    console.close()
    assert lines_shown(stream.getvalue()) == [EVENTS[0][1]]
    assert stream.getvalue().rindex("\x1b[?25h") > stream.getvalue().rindex("\x1b[?25l")


def test_a_run_that_fails_before_it_starts(screen: Screen) -> None:
    console, stream = screen(80)
    console.show(step(3))  # nothing to show it on
    console.show(RunEnded(0, "failed", "there is no data"))
    assert lines_shown(stream.getvalue()) == ["Failed after step 0"]
