"""Background tasks that the user waits for, with a cancellable progress dialog."""

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
"""Delay in milliseconds before the progress dialog appears."""
_MOST = 8
"""Maximum number of concurrent jobs; cancelled ones may run on for a while."""


@contextmanager
def wait_cursor() -> Generator[None]:
    """Show the wait cursor during a blocking operation."""
    QGuiApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
    try:
        yield
    finally:
        QGuiApplication.restoreOverrideCursor()


class Waiting(QObject):
    """Runs background tasks that block a window's input."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._worker = Worker(self, "waiting", threads=_MOST, is_daemon=True)  # process exit does not wait for cancelled jobs
        self._waits: list[tuple[Job, QEventLoop]] = []

    @property
    def is_busy(self) -> bool:
        """Whether a task is running."""
        return bool(self._waits)

    def do(self, text: str, work: Callable[[Check], _T]) -> _T | None:
        """Run a task and return its result, or None where the user cancelled it or the application quits.

        The window ignores input meanwhile; after :data:`PATIENCE_MILLISECONDS` a dialog with a cancel button is shown.

        Args:
            text: Description of the task, such as "Opening lake.ora…".
            work: Called on a worker thread with a function that it should call at intervals and that ends the task once it is cancelled;
                picture readers call it themselves (:mod:`spade_studio.engine.interruption`).

        Raises:
            EngineError: The task failed.
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
            """Run the event loop until it is quit; return whether to continue waiting."""
            if loop.exec(flags) != 0:  # the application quits, and event loops no longer run
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
        """Cancel all tasks, as if the user had cancelled them."""
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
