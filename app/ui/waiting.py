"""Work that a person waits for, on a thread of its own: the window goes on being drawn, and the person can give up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

from PySide6.QtCore import QCoreApplication, QEventLoop, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QProgressDialog, QWidget

from spade_studio.app.ui.plain import PlainLabel
from spade_studio.engine.errors import EngineError

_T = TypeVar("_T")
Check = Callable[[], object]

PATIENCE_MILLISECONDS = 400
"""What takes no longer shows no dialog."""


class GivenUpError(Exception):
    """The person has given up: raised in the work, at its next check."""


class _Work(QObject):
    """One piece of work and how it ended.

    Attributes:
        value: What it gave.
        error: What ended it.
        is_given_up: Whether nobody waits any more.
    """

    ended = Signal()

    def __init__(self, do: Callable[[Check], object]) -> None:
        super().__init__()
        self._do = do
        self.value: Any = None
        self.error: BaseException | None = None
        self.has_ended = False
        self.is_given_up = threading.Event()

    def start(self) -> None:
        # A daemon: the process need not wait for what was given up.
        threading.Thread(target=self._run, name="waiting", daemon=True).start()

    def check(self) -> None:
        if self.is_given_up.is_set():
            raise GivenUpError

    def _run(self) -> None:
        try:
            self.value = self._do(self.check)
        except MemoryError as error:
            self.error = EngineError("there is not enough memory", "", "Close other programs, or take a smaller file")
            self.error.__cause__ = error
        except BaseException as error:  # noqa: BLE001 - it is raised again on the thread that waits
            self.error = error
        self.has_ended = True
        if not self.is_given_up.is_set():
            self.ended.emit()


class Waiting(QObject):
    """Does one thing after the other for a window.

    Attributes:
        is_busy: Whether something is being done.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._give_up: Callable[[], object] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether something is being done."""
        return self._give_up is not None

    def do(self, text: str, work: Callable[[Check], _T]) -> _T | None:
        """Do something and return what it gave, or None where the person gave up.

        For a moment the window takes neither mouse nor keys; then a dialog says what is done and lets the person give up.

        Args:
            text: What is done, such as "Opening lake.ora…".
            work: Called on a thread with a function that it calls between its parts, to end where nobody waits any more.

        Raises:
            Exception: What ended the work, such as an :class:`EngineError`.
        """
        loop, one = QEventLoop(), _Work(work)
        before = self._give_up

        def give_up() -> None:
            one.is_given_up.set()
            loop.quit()

        one.ended.connect(loop.quit, Qt.ConnectionType.QueuedConnection)
        self._give_up = give_up
        one.start()
        dialog: QProgressDialog | None = None
        try:
            QGuiApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
            try:
                QTimer.singleShot(PATIENCE_MILLISECONDS, loop, loop.quit)
                loop.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
            finally:
                QGuiApplication.restoreOverrideCursor()
            if not one.has_ended and not one.is_given_up.is_set():
                dialog = self._show(text, give_up)
                while not one.has_ended and not one.is_given_up.is_set():
                    loop.exec()
        finally:
            self._give_up = before
            if dialog is not None:
                dialog.canceled.disconnect(give_up)
                dialog.close()
                dialog.deleteLater()
        if one.is_given_up.is_set():
            return None
        if one.error is not None:
            raise one.error
        return cast("_T", one.value)

    def give_up(self) -> None:
        """Wait no longer, as if the person had given up."""
        if self._give_up is not None:
            self._give_up()

    def _show(self, text: str, give_up: Callable[[], object]) -> QProgressDialog:
        dialog = QProgressDialog(self._window)
        dialog.setWindowTitle("SPADE Studio")
        dialog.setLabel(PlainLabel(text))
        dialog.setCancelButtonText(QCoreApplication.translate("Waiting", "Cancel"))
        dialog.setRange(0, 0)
        dialog.setMinimumDuration(0)
        dialog.setWindowModality(Qt.WindowModality.WindowModal)
        dialog.canceled.connect(give_up)
        dialog.show()
        return dialog
