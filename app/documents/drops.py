"""Files dropped on the window: each goes to the first taker that can use it.

It knows no documents; takers are registered with a function that looks at a file and one that takes it.
"""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QWidget


class FileDrops(QObject):
    """Takes files dropped anywhere on a window that no widget inside it takes itself."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._takers: list[tuple[Callable[[Path], bool], Callable[[Path], object]]] = []
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def register(self, can_take: Callable[[Path], bool], take: Callable[[Path], object], *, first: bool = False) -> None:
        """Add a taker; those registered before are asked before it, unless it shall be asked ``first``."""
        self._takers.insert(0 if first else len(self._takers), (can_take, take))

    def open(self, path: Path) -> bool:
        """Hand a file to whoever would take it if it were dropped; False where nobody would."""
        found = self._taker(path)
        if found is not None:
            found(path)
        return found is not None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Accept drags with a usable file, and take it at the drop."""
        if isinstance(event, QDropEvent):  # of which the other two are kinds
            is_own = event.source() is not None  # the picture of this window is dragged to other programs
            found = None if is_own else self._find(event.mimeData())
            if found is None:
                event.ignore()
                return isinstance(event, QDragEnterEvent | QDragMoveEvent)
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            if event.type() == QEvent.Type.Drop:
                take, path = found
                # A question may follow: the program that the file was dragged from must not wait for its answer.
                QTimer.singleShot(0, self, lambda: take(path))
            return True
        return super().eventFilter(watched, event)

    def _find(self, data: QMimeData) -> tuple[Callable[[Path], object], Path] | None:
        paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        for path in paths[:1]:
            if (take := self._taker(path)) is not None:
                return take, path
        return None

    def _taker(self, path: Path) -> Callable[[Path], object] | None:
        return next((take for can_take, take in self._takers if path.exists() and can_take(path)), None)
