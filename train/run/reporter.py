"""Reporting of a run's events to events.jsonl, log.txt, terminal and trackers, on the first rank only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from spade_studio.engine.errors import EngineError
from spade_studio.train.run.console import TrainingConsole, event_words
from spade_studio.train.run.directory import RunDirectory
from spade_studio.train.run.events import Event, EventLog, MetricsMeasured, RunStarted, StepLogged, Warned
from spade_studio.train.run.trackers import Tracker, TrackerError, event_scalars


class ReportError(EngineError):
    """Events can no longer be written."""


class Reporter:
    """Context that passes events on to all destinations.

    Args:
        run: Folder of the run, for events and log.
        console: Console on the terminal.
        trackers: Trackers; one that fails is left out from then on.

    Attributes:
        step: Number of steps done according to the last event.
    """

    def __init__(self, run: RunDirectory, console: TrainingConsole, trackers: Sequence[Tracker] = ()) -> None:
        self.run = run
        self.console = console
        self.trackers = list(trackers)
        self._steps = 0
        self.step = 0
        self._log = EventLog(run.events_path)

    def __enter__(self) -> Reporter:
        return self

    def close_trackers(self) -> None:
        """Close the trackers, so that their warnings precede the end of the run."""
        for tracker in list(self.trackers):
            self._track(tracker, tracker.close)  # failures are reported
        self.trackers.clear()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        try:
            self.close_trackers()
        finally:
            self.console.close()
            try:
                self._log.close()
            except OSError as failure:
                if error is None:  # otherwise the first error takes precedence
                    raise ReportError(f"{self.run.events_path} cannot be written: {failure.strerror or failure}") from failure

    def tell(self, event: Event) -> None:
        """Report an event to all destinations.

        Raises:
            ReportError: The run's folder is not writable or the disk is full.
        """
        if isinstance(event, RunStarted):
            self._steps, self.step = event.steps, event.at_step
        try:
            self._log.write(event)
            self.run.append_log(event_words(event, self._steps))
        except OSError as error:
            found = f"{self.run.path} cannot be written: {error.strerror or error}"
            raise ReportError(found, "", "Make room, then resume the run") from error
        self.console.show(event)
        if isinstance(event, StepLogged):
            self.step = event.step
        if isinstance(event, (StepLogged, MetricsMeasured)):
            step = event.step if isinstance(event, StepLogged) else event.at_step
            for tracker in list(self.trackers):
                self._track(tracker, partial(tracker.scalars, step, event_scalars(event)))

    def picture(self, step: int, pixels: NDArray[np.uint8]) -> None:
        """Pass a sample grid, uint8 [H, W, 3], to the trackers."""
        for tracker in list(self.trackers):
            self._track(tracker, partial(tracker.picture, step, "samples", pixels))

    def _track(self, tracker: Tracker, action: Callable[[], None]) -> None:
        try:
            action()
        except TrackerError as error:
            self.trackers.remove(tracker)
            self.tell(Warned(self.step, f"{error} Nothing more is sent there."))
