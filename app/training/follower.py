"""Incremental reader of a run's events and log that signals what is new."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from spade_studio.app.training.history import RunHistory, RunState, run_state
from spade_studio.engine.files import open_regular
from spade_studio.train.run.directory import RunDirectory
from spade_studio.train.run.events import Event, EventReader

INTERVAL_MILLISECONDS = 1000
_FIRST_LOG = 1 << 16  # bytes of earlier log text shown after attaching


class RunFollower(QObject):
    """Follows a run that is starting, in progress or finished.

    Attributes:
        run: Followed run, or None.
        history: Everything read from the run's events.
        state: Current state of the run.
        reason: Reason for its end; empty unless it ended.
    """

    attached = Signal()
    changed = Signal()  # history or state
    told = Signal(object)  # list[Event], those written after attaching
    logged = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.run: RunDirectory | None = None
        self.history = RunHistory()
        self.state, self.reason = RunState.NEW, ""
        self._reader: EventReader | None = None
        self._log_offset = 0
        self._timer = QTimer(self, interval=INTERVAL_MILLISECONDS)
        self._timer.timeout.connect(self.look)

    def attach(self, run: RunDirectory | None) -> None:
        """Follow another run, or none."""
        self.run = run
        self.history = RunHistory()
        self.state, self.reason = RunState.NEW, ""
        self._log_offset = 0
        self._reader = None
        self.attached.emit()
        if run is None:
            self._timer.stop()
            self.changed.emit()
            return
        self._reader = EventReader(run.events_path)
        self.history.add(self._read())
        self._log_offset = max(0, _size(run.log_path) - _FIRST_LOG)
        self._read_log(run.log_path)
        self.state, self.reason = run_state(run, self.history.last)
        self.changed.emit()
        self._timer.start()

    def look(self) -> None:
        """Read new events and log text; called by a timer once per second."""
        if self.run is None:
            return
        events = self._read()
        self.history.add(events)
        before = self.state, self.reason
        self.state, self.reason = run_state(self.run, self.history.last)
        self._read_log(self.run.log_path)
        if events:
            self.told.emit(events)
        if events or before != (self.state, self.reason):
            self.changed.emit()

    def close(self) -> None:
        """Stop following; the run itself is unaffected."""
        self._timer.stop()

    def _read(self) -> list[Event]:
        assert self._reader is not None, "read without a run"
        before = self._reader.offset
        try:
            events = self._reader.read_new()
        except OSError:
            return []
        if self._reader.offset < before:
            self.history = RunHistory()  # the events file was replaced
        return events

    def _read_log(self, path: Path) -> None:
        try:
            with open_regular(path) as file:
                size = os.fstat(file.fileno()).st_size
                file.seek(self._log_offset if self._log_offset <= size else 0)
                content = file.read()
                self._log_offset = file.tell()
        except OSError:
            return
        if content:
            self.logged.emit(content.decode(errors="replace"))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
