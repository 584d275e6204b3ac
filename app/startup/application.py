"""The Qt application: it takes the files that macOS hands to programs as events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication


class FileInbox:
    """Keeps the file that comes before anybody takes files; of several the last counts, since one window shows one document."""

    def __init__(self) -> None:
        self._waiting: Path | None = None
        self._take: Callable[[Path], object] | None = None

    def put(self, path: Path) -> None:
        """Hand a file on, now or once somebody takes it."""
        if self._take is None:
            self._waiting = path
        else:
            self._take(path)

    def take_with(self, take: Callable[[Path], object]) -> None:
        """Hand over the file that came already, and those that come from now on."""
        self._take = take
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            take(waiting)


class Application(QApplication):
    """Puts the files that the system asks to be opened into an inbox.

    Attributes:
        inbox: Where they wait.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        self.inbox = FileInbox()
        super().__init__(list(arguments))

    def event(self, event: QEvent) -> bool:
        """Take a file; everything else is Qt's."""
        if isinstance(event, QFileOpenEvent):
            if event.file():
                self.inbox.put(Path(event.file()))
            return True
        return super().event(event)
