"""The Qt application, which receives the files that macOS delivers as events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication


class FileInbox:
    """Buffers the file that arrives before a handler is set; of several only the last is kept, since one window shows one document."""

    def __init__(self) -> None:
        self._waiting: Path | None = None
        self._take: Callable[[Path], object] | None = None

    def put(self, path: Path) -> None:
        """Pass a file to the handler, now or once one is set."""
        if self._take is None:
            self._waiting = path
        else:
            self._take(path)

    def take_with(self, take: Callable[[Path], object]) -> None:
        """Set the handler; it receives the buffered file, if any, and all later files."""
        self._take = take
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            take(waiting)


class Application(QApplication):
    """Collects the files that the operating system asks the application to open.

    Attributes:
        inbox: Inbox of the files.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        self.inbox = FileInbox()
        super().__init__(list(arguments))

    def event(self, event: QEvent) -> bool:
        """Handle file-open events; all others are passed to Qt."""
        if isinstance(event, QFileOpenEvent):
            if event.file():
                self.inbox.put(Path(event.file()))
            return True
        return super().event(event)
