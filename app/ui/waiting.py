"""Work that a person waits for: the window goes on being drawn, and the person can give up."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TypeVar

from PySide6.QtCore import QCoreApplication, QEventLoop, QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QProgressDialog, QWidget

from spade_studio.app.ui.plain import PlainLabel
from spade_studio.app.ui.worker import Job, Worker
from spade_studio.engine.errors import EngineError
from spade_studio.engine.interruption import interruptible

_T = TypeVar("_T")
Check = Callable[[], object]

PATIENCE_MILLISECONDS = 400
"""What takes no longer shows no dialog."""
_MOST = 8
"""Number of jobs at once; those that were given up may go on for a while."""


@contextmanager
def wait_cursor() -> Generator[None]:
    """Show that the window is at work, where it cannot go on meanwhile."""
    QGuiApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
    try:
        yield
    finally:
        QGuiApplication.restoreOverrideCursor()


class Waiting(QObject):
    """Does one thing after the other for a window."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._worker = Worker(self, "waiting", threads=_MOST, is_daemon=True)  # the process need not wait for what was given up
        self._waits: list[tuple[Job, QEventLoop]] = []

    @property
    def is_busy(self) -> bool:
        """Whether something is being done."""
        return bool(self._waits)

    def do(self, text: str, work: Callable[[Check], _T]) -> _T | None:
        """Do something and return what it gave, or None where the person gave up, or the application ends.

        For a moment the window takes neither mouse nor keys; then a dialog says what is done and lets the person give up.

        Args:
            text: What is done, such as "Opening lake.ora…".
            work: Called on a thread with a function that it calls between its parts, to end where nobody waits any more; the readers of
                pictures do so by themselves (:mod:`spade_studio.engine.interruption`).

        Raises:
            EngineError: What ended the work.
        """
        loop = QEventLoop()
        values: list[_T] = []
        errors: list[EngineError] = []
        job = self._worker.run(
            lambda job: self._do(work, job.check),
            lambda value: (values.append(value), loop.quit()),
            lambda error: (errors.append(error), loop.quit()),
        )
        self._waits.append((job, loop))

        def wait(flags: QEventLoop.ProcessEventsFlag = QEventLoop.ProcessEventsFlag.AllEvents) -> bool:
            """Run the loop until something has happened, and return whether to go on."""
            if loop.exec(flags) != 0:  # the application ends, and no loop runs any more
                job.cancel()
            return not values and not errors and not job.is_cancelled

        dialog: QProgressDialog | None = None
        try:
            with wait_cursor():
                QTimer.singleShot(PATIENCE_MILLISECONDS, loop, loop.quit)
                goes_on = wait(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
            if goes_on:
                dialog = self._show(text)
                while wait():
                    pass
        finally:
            self._waits.remove((job, loop))
            if dialog is not None:
                dialog.canceled.disconnect(self.give_up)
                dialog.close()
                dialog.deleteLater()
        if errors:
            raise errors.pop()
        return values[0] if values else None

    @staticmethod
    def _do(work: Callable[[Check], _T], check: Check) -> _T:
        with interruptible(check):
            return work(check)

    def give_up(self) -> None:
        """Wait no longer, as if the person had given up."""
        for job, loop in self._waits:
            job.cancel()
            loop.quit()

    def _show(self, text: str) -> QProgressDialog:
        dialog = QProgressDialog(self._window)
        dialog.setWindowTitle("SPADE Studio")
        dialog.setLabel(PlainLabel(text))
        dialog.setCancelButtonText(QCoreApplication.translate("Waiting", "Cancel"))
        dialog.setRange(0, 0)
        dialog.setMinimumDuration(0)
        dialog.setWindowModality(Qt.WindowModality.WindowModal)
        dialog.canceled.connect(self.give_up)
        dialog.show()
        return dialog
