"""Run history assembled from events: curves, metrics, files and state."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from math import nan

from PySide6.QtCore import QCoreApplication

from spade_studio.app.training.trainer_process import is_alive, last_output, read_note
from spade_studio.engine.files import open_regular
from spade_studio.train.run.directory import RunDirectory
from spade_studio.train.run.events import (
    CheckpointWritten,
    Event,
    MetricsMeasured,
    RunEnded,
    RunPaused,
    RunStarted,
    SamplesWritten,
    StepLogged,
    Warned,
    event_from_line,
)

_TAIL = 65536


class RunState(Enum):
    """State of a run; the value is its displayed name."""

    NEW = "not started"
    STARTING = "starting"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    STOPPING = "stopping"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    CUT_OFF = "cut off"

    @property
    def is_active(self) -> bool:
        """Whether a trainer is running or paused."""
        return self is RunState.STARTING or self is RunState.STOPPING or self.takes_requests

    @property
    def takes_requests(self) -> bool:
        """Whether a trainer accepts requests to pause, resume or stop."""
        return self is RunState.RUNNING or self.has_pause

    @property
    def has_pause(self) -> bool:
        """Whether a pause is the latest request."""
        return self in (RunState.PAUSING, RunState.PAUSED)

    @property
    def can_go_on(self) -> bool:
        """Whether the run can be started or resumed."""
        return self in (RunState.NEW, RunState.STOPPED, RunState.FAILED, RunState.CUT_OFF)


@dataclass
class RunHistory:
    """Contents of a run's events.

    Attributes:
        total_steps: Number of steps of the whole training; 0 before the first start.
        device: Device of the first process.
        steps: Logged steps, oldest first, without those discarded by a resume.
        metrics: Metric measurements, oldest first, without discarded ones.
        checkpoints: Checkpoint files, oldest first; older ones may have been deleted.
        samples: Sample grid files, oldest first, without discarded ones.
        warnings: Warning messages.
        last: Newest event, or None.
    """

    total_steps: int = 0
    device: str = ""
    steps: list[StepLogged] = field(default_factory=list)
    metrics: list[MetricsMeasured] = field(default_factory=list)
    checkpoints: list[CheckpointWritten] = field(default_factory=list)
    samples: list[SamplesWritten] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    last: Event | None = None
    _losses: dict[str, tuple[list[int], list[float]]] = field(default_factory=dict)

    def add(self, events: Iterable[Event]) -> None:
        """Add newer events; a resume discards entries beyond its checkpoint."""
        for event in events:
            self.last = event
            match event:
                case RunStarted():
                    at, self.total_steps, self.device = event.at_step, event.steps, event.device
                    steps = [step for step in self.steps if step.step <= at]
                    self.steps, self._losses = [], {}
                    for step in steps:
                        self._add_step(step)
                    self.metrics = [entry for entry in self.metrics if entry.at_step <= at]
                    self.checkpoints = [entry for entry in self.checkpoints if entry.at_step <= at]
                    self.samples = [entry for entry in self.samples if entry.at_step <= at]
                case StepLogged():
                    self._add_step(event)
                case MetricsMeasured():
                    self.metrics.append(event)
                case CheckpointWritten():
                    self.checkpoints.append(event)
                case SamplesWritten():
                    self.samples.append(event)
                case Warned():
                    self.warnings.append(event.message)
                case _:
                    pass

    @property
    def step(self) -> int:
        """Newest logged step; 0 if there is none."""
        return self.steps[-1].step if self.steps else 0

    def loss_curves(self, side: str) -> dict[str, tuple[list[int], list[float]]]:
        """Return (steps, values) by loss name for side ``generator`` or ``discriminator``; NaN for values that were not finite."""
        return {name.partition(".")[2]: curve for name, curve in self._losses.items() if name.startswith(f"{side}.")}

    def _add_step(self, event: StepLogged) -> None:
        self.steps.append(event)
        for name, value in event.losses.items():
            steps, values = self._losses.setdefault(name, ([], []))
            steps.append(event.step)
            values.append(nan if value is None else value)

    def metric_curves(self) -> dict[str, tuple[list[int], list[float]]]:
        """Return (steps, values) by metric name; NaN for values that were not finite."""
        curves: dict[str, tuple[list[int], list[float]]] = {}
        for entry in self.metrics:
            for name, value in entry.values.items():
                xs, ys = curves.setdefault(name, ([], []))
                xs.append(entry.at_step)
                ys.append(nan if value is None else value)
        return curves


def last_event(run: RunDirectory) -> Event | None:
    """Return a run's newest event, reading only the end of its events file; None if there is none."""
    try:
        with open_regular(run.events_path) as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL))
            lines = file.read().splitlines()
    except OSError:
        return None
    return next((event for line in reversed(lines) if (event := event_from_line(line)) is not None), None)


def run_state(run: RunDirectory, last: Event | None) -> tuple[RunState, str]:
    """Return a run's state, and the reason for its end or an empty text.

    Args:
        run: Folder of the run.
        last: Newest event of the run, or None.
    """
    try:
        running = run.is_running()
    except OSError:  # the folder is not writable, so no trainer runs there
        running = False
    if running:
        if run.stop_requested():
            return RunState.STOPPING, ""
        if run.pause_requested():
            return (RunState.PAUSED if isinstance(last, RunPaused) else RunState.PAUSING), ""
        return RunState.RUNNING, ""
    note = read_note(run)
    if note is not None and (last is None or last.time < note.started):
        if is_alive(run, note):
            return RunState.STARTING, ""
        words = last_output(run)
        nothing = QCoreApplication.translate("RunState", "The trainer ended before it could start; it said nothing.")
        return RunState.FAILED, words or nothing
    match last:
        case None:
            return RunState.NEW, ""
        case RunEnded():
            return {"finished": RunState.FINISHED, "stopped": RunState.STOPPED, "failed": RunState.FAILED}[last.reason], last.message
        case _:
            return RunState.CUT_OFF, QCoreApplication.translate(
                "RunState", "The trainer ended without a word: it was ended, or the machine was switched off."
            )
