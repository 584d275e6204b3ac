"""Progress of a training on the terminal: live lines with rich, plain lines for logs, or failures only."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable
from datetime import timedelta
from typing import Literal, Protocol

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Column
from rich.text import Text

from spade_studio.engine.printable import printable, write_line
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

ConsoleMode = Literal["auto", "rich", "plain", "quiet"]


class TrainingConsole(Protocol):
    """Interface of consoles, which show events on the terminal."""

    def show(self, event: Event) -> None:
        """Show an event."""
        ...

    def close(self) -> None:
        """Restore the terminal."""
        ...


def open_console(mode: ConsoleMode = "auto") -> TrainingConsole:
    """Return the console of a mode; ``auto`` is rich on a terminal and plain where output is redirected."""
    if mode == "auto":
        mode = "rich" if sys.stderr.isatty() else "plain"
    return {"rich": RichConsole, "plain": PlainConsole, "quiet": QuietConsole}[mode]()


def event_words(event: Event, steps: int = 0) -> str:
    """Return an event as a line for logs.

    Args:
        event: Event of any type.
        steps: Total number of steps, for the remaining time; 0 where unknown.
    """
    match event:
        case RunStarted():
            begin = "Training starts" if not event.at_step else f"Training goes on after step {event.at_step:,}"
            ranks = f"{event.processes} processes" if event.processes > 1 else "1 process"
            return f"{begin}: {event.steps:,} steps, {ranks} on {event.device}, version {event.version}"
        case StepLogged():
            of = f"/{steps}" if steps else ""
            losses = "  ".join(f"{short_name(name)} {_number(value)}" for name, value in event.losses.items())
            left = f"  {remaining(event, steps)} left" if steps else ""
            return f"step {event.step}{of}  epoch {event.epoch:.2f}  {event.images_per_second:.2f} images/s{left}  {losses}"
        case CheckpointWritten():
            return f"Checkpoint of step {event.at_step:,}: {event.file}"
        case SamplesWritten():
            return f"Samples of step {event.at_step:,}: {event.file}"
        case MetricsMeasured():
            values = "  ".join(f"{name} {_number(value)}" for name, value in event.values.items())
            return f"Measured at step {event.at_step:,}: {values}{'  (best so far)' if event.best else ''}"
        case Warned():
            return f"Warning: {event.message}"
        case Noted():
            return event.message
        case RunPaused():
            return f"Paused after step {event.at_step:,}"
        case RunContinued():
            return f"Going on after step {event.at_step:,}, paused for {timedelta(seconds=round(event.seconds))}"
        case RunEnded():
            return f"{event.reason.capitalize()} after step {event.at_step:,}{f': {event.message}' if event.message else ''}"
        case _:
            return event.kind


def short_name(loss: str) -> str:
    """Return the short form of a loss's name: ``G.kl`` for ``generator.kl``."""
    side, _, term = loss.partition(".")
    return f"{side[:1].upper()}.{term}"


def remaining(event: StepLogged, steps: int) -> str:
    """Return the remaining time at the present pace, such as ``1:02:03``."""
    return str(timedelta(seconds=round(max(0, steps - event.step) * event.seconds_per_step)))


def _number(value: float | None) -> str:
    return "not finite" if value is None else f"{value:.3g}"


def _terminal_words(event: Event, steps: int = 0) -> str:
    """Return an event as a line for the terminal, where the error of a failed run is shown separately."""
    if isinstance(event, RunEnded) and event.reason == "failed":
        return f"Failed after step {event.at_step:,}"
    return event_words(event, steps)


class QuietConsole:
    """Console for failures and warnings only."""

    def show(self, event: Event) -> None:
        """Show an event."""
        if isinstance(event, Warned) or (isinstance(event, RunEnded) and event.reason == "failed"):
            _say(_terminal_words(event))

    def close(self) -> None:
        """Do nothing."""


class PlainConsole:
    """Console with a line for every event."""

    def __init__(self) -> None:
        self._steps = 0

    def show(self, event: Event) -> None:
        """Show an event."""
        if isinstance(event, RunStarted):
            self._steps = event.steps
        _say(_terminal_words(event, self._steps))

    def close(self) -> None:
        """Do nothing."""


class _LiveLines(Progress):
    """Live line with bar and numbers, above lines of losses wrapped to the width of the terminal."""

    losses: tuple[str, ...] = ()

    def get_renderables(self) -> Iterable[RenderableType]:
        """Yield the lines."""
        yield self.make_tasks_table(self.tasks)
        if self.losses:
            # No-break spaces keep name and value together.
            joined = "  ".join(loss.replace(" ", "\u00a0") for loss in self.losses)
            yield Text("\n".join(textwrap.wrap(joined, self.console.width - 1)), style="dim", no_wrap=True, overflow="ellipsis")


class RichConsole:
    """Console with live lines of bar, epoch, pace, remaining time and losses; other events are lines above them."""

    def __init__(self, console: Console | None = None) -> None:
        self._steps = 0
        self._progress = _LiveLines(
            MofNCompleteColumn(table_column=Column(no_wrap=True)),  # on narrow terminals the bar shrinks instead
            BarColumn(bar_width=None),
            TextColumn("epoch {task.fields[epoch]},"),
            TextColumn("{task.fields[pace]} images/s,"),
            TextColumn("{task.fields[left]} left"),
            console=console or Console(stderr=True),
            expand=True,
            transient=True,
        )
        self._task: TaskID | None = None

    def show(self, event: Event) -> None:
        """Show an event."""
        if isinstance(event, StepLogged):
            self._step(event)
            return
        if isinstance(event, RunStarted):
            self._steps = event.steps
            self._progress.start()
            self._task = self._progress.add_task("", total=event.steps, completed=event.at_step, epoch="-", pace="-", left="-")
        if isinstance(event, RunEnded):
            self.close()
        self._progress.console.print(printable(_terminal_words(event)), markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        """Remove the live lines."""
        self._progress.stop()

    def _step(self, event: StepLogged) -> None:
        if self._task is None:
            return
        # Constant width, so that the line does not jump from step to step.
        self._progress.losses = tuple(f"{short_name(name)} {_number(value):<8}" for name, value in event.losses.items())
        self._progress.update(
            self._task,
            completed=event.step,
            epoch=f"{event.epoch:.2f}",
            pace=f"{event.images_per_second:.2f}",
            left=remaining(event, self._steps),
        )


def _say(text: str) -> None:
    write_line(sys.stderr, text)
