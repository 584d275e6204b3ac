"""Writes documents and exports on a thread of its own, so that the window goes on while a large one is written."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication

from spade_studio.engine.errors import EngineError


@contextmanager
def wait_cursor() -> Generator[None]:
    """Show that the window is at work, where it cannot go on meanwhile."""
    QGuiApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
    try:
        yield
    finally:
        QGuiApplication.restoreOverrideCursor()


class Saver(QObject):
    """One file at a time; what came of it is told on the thread that asked, by :meth:`wait` or by the event loop."""

    broke = Signal()  # by an error of the program, which is raised then
    _ended = Signal(int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread: threading.Thread | None = None
        self._number = 0
        self._problem: BaseException | None = None
        self._done: Callable[[EngineError | None], object] = lambda error: None
        # Emitted on the writing thread, received on this one.
        self._ended.connect(self._on_ended, Qt.ConnectionType.QueuedConnection)

    @property
    def is_busy(self) -> bool:
        """Whether something is being written, or what came of it has not been told yet."""
        return self._thread is not None

    def start(self, write: Callable[[], object], done: Callable[[EngineError | None], object]) -> None:
        """Write once what was begun before is done.

        Args:
            write: Runs on the thread; an EngineError that it raises is told.
            done: Runs on this thread afterwards.
        """
        self.wait()
        self._number += 1
        self._problem, self._done = None, done
        self._thread = threading.Thread(target=self._write, args=(write, self._number), name="save")
        self._thread.start()

    def wait(self) -> None:
        """Return when nothing is being written any more and all that follows is done."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        thread.join()
        problem, self._problem = self._problem, None
        if problem is None or isinstance(problem, EngineError):
            self._done(problem)
        else:
            self.broke.emit()
            raise problem

    def _write(self, write: Callable[[], object], number: int) -> None:
        try:
            write()
        except BaseException as problem:  # noqa: BLE001 - it is raised again on the thread that asked
            self._problem = problem
        self._ended.emit(number)

    def _on_ended(self, number: int) -> None:
        if number == self._number:
            self.wait()
