"""Files dropped on the window: each goes to the first taker that can use it."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from spade_studio.engine.files import is_regular

_MAX_LOOKED_AT = 200


@dataclass(frozen=True)
class _Taker:
    can_take: Callable[[Path], bool]
    take: Callable[[Sequence[Path]], object]
    takes_several: bool


class FileDrops(QObject):
    """Takes files dropped anywhere on a window that no widget inside it takes itself."""

    left = Signal(list)  # paths that were dropped and not taken

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._takers: list[_Taker] = []
        self._looked_at: tuple[list[Path], tuple[_Taker, list[Path]] | None] | None = None
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def register(
        self,
        can_take: Callable[[Path], bool],
        take: Callable[[Sequence[Path]], object],
        *,
        first: bool = False,
        takes_several: bool = False,
    ) -> None:
        """Add a taker.

        Args:
            can_take: Looks at a file or folder, never at a device or a pipe, and says whether it is one to take.
            take: Takes one, or several where ``takes_several``.
            first: Whether it is asked before those that were registered before it.
            takes_several: Whether it takes all dropped files of its kind at once.
        """
        self._takers.insert(0 if first else len(self._takers), _Taker(can_take, take, takes_several))

    def open(self, path: Path) -> bool:
        """Hand a file to whoever would take it if it were dropped; False where nobody would."""
        found = self._taker(path)
        if found is not None:
            found.take([path])
        return found is not None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Accept drags with a usable file, and take what is dropped."""
        if isinstance(event, QDropEvent):  # of which the other two are kinds
            is_own = event.source() is not None  # the picture of this window is dragged to other programs
            found = None if is_own else self._find(event)
            if found is None:
                event.ignore()
                return isinstance(event, QDragEnterEvent | QDragMoveEvent)
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            if event.type() == QEvent.Type.Drop:
                # A question may follow: the program that the files were dragged from must not wait for its answer.
                QTimer.singleShot(0, self, lambda: self._take(*found))
            return True
        return super().eventFilter(watched, event)

    def _take(self, taker: _Taker, taken: list[Path], dropped: list[Path]) -> None:
        taker.take(taken)
        if left := [path for path in dropped if path not in taken]:
            self.left.emit(left)

    def _find(self, event: QDropEvent) -> tuple[_Taker, list[Path], list[Path]] | None:
        """Return who takes what of all that was dropped: the first file that somebody can use decides."""
        paths = list(dict.fromkeys(Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()))
        # While they are dragged, the same files are asked for at every move.
        if self._looked_at is None or self._looked_at[0] != paths or isinstance(event, QDragEnterEvent):
            self._looked_at = paths, self._choose(paths)
        found = self._looked_at[1]
        return None if found is None else (*found, paths)

    def _choose(self, paths: list[Path]) -> tuple[_Taker, list[Path]] | None:
        for at, path in enumerate(paths[:_MAX_LOOKED_AT]):
            if (taker := self._taker(path)) is not None:
                others = [other for other in paths[at + 1 : _MAX_LOOKED_AT] if taker.takes_several and self._taker(other) is taker]
                return taker, [path, *others]
        return None

    def _taker(self, path: Path) -> _Taker | None:
        if not (path.is_dir() or is_regular(path)):
            return None
        return next((taker for taker in self._takers if taker.can_take(path)), None)
