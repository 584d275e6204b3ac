"""Dispatch of files dropped on the window to the first handler that accepts them."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from spade_studio.app.ui.waiting import Waiting
from spade_studio.engine.files import is_regular

_MAX_LOOKED_AT = 200


@dataclass(frozen=True, eq=False)
class _Taker:
    might_take: Callable[[Path], bool]
    is_sure: Callable[[Path], bool] | None
    take: Callable[[Sequence[Path]], object]
    takes_several: bool


_Candidates = list[tuple[Path, list[_Taker]]]
_Found = tuple[_Taker, list[Path]]


class FileDrops(QObject):
    """Accepts files dropped on a window, except where a widget inside it handles drops itself.

    Args:
        window: Window to watch.
        waiting: Runner for slow checks of dropped files, with a progress display.
    """

    left = Signal(list)  # dropped paths that were not handled

    def __init__(self, window: QWidget, waiting: Waiting) -> None:
        super().__init__(window)
        self._takers: list[_Taker] = []
        self._waiting = waiting
        self._looked_at: tuple[list[Path], _Candidates] | None = None
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def register(
        self,
        might_take: Callable[[Path], bool],
        take: Callable[[Sequence[Path]], object],
        *,
        is_sure: Callable[[Path], bool] | None = None,
        first: bool = False,
        takes_several: bool = False,
    ) -> None:
        """Add a handler.

        Args:
            might_take: Quick check of a regular file or folder dragged over the window; True where the handler would accept it.
            take: Callback with the accepted paths; more than one only with ``takes_several``.
            is_sure: Thorough check of a dropped path, run on a worker thread; None for none.
            first: Whether the handler takes precedence over those registered before.
            takes_several: Whether the handler accepts several paths at once.
        """
        self._takers.insert(0 if first else len(self._takers), _Taker(might_take, is_sure, take, takes_several))

    def open(self, path: Path) -> bool:
        """Handle a file as if it had been dropped; False where no handler accepts it."""
        found = self._choose([(path, self._candidates(path))])
        if found is not None:
            found[0].take([path])
        return found is not None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Accept drags that contain a usable file, and handle drops."""
        if isinstance(event, QDropEvent):  # the base class of the other two
            is_own = event.source() is not None  # a drag of this window's picture to another program
            found = [] if is_own else self._find(event)
            if not any(takers for _, takers in found):
                event.ignore()
                return isinstance(event, QDragEnterEvent | QDragMoveEvent)
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            if event.type() == QEvent.Type.Drop:
                # The handler may open a dialog, for which the drag's source program must not wait.
                QTimer.singleShot(0, self, lambda: self._take(found))
            return True
        return super().eventFilter(watched, event)

    def _take(self, dropped: _Candidates) -> None:
        found = self._choose(dropped)
        if found is None:
            return
        taker, taken = found
        taker.take(taken)
        if left := [path for path, _ in dropped if path not in taken]:
            self.left.emit(left)

    def _find(self, event: QDropEvent) -> _Candidates:
        """Return the possible handlers of each dragged path."""
        paths = list(dict.fromkeys(Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()))
        # During a drag, every move event asks for the same files.
        if self._looked_at is None or self._looked_at[0] != paths or isinstance(event, QDragEnterEvent):
            candidates = [(path, self._candidates(path) if at < _MAX_LOOKED_AT else []) for at, path in enumerate(paths)]
            self._looked_at = paths, candidates
        return self._looked_at[1]

    def _candidates(self, path: Path) -> list[_Taker]:
        if not (path.is_dir() or is_regular(path)):
            return []
        return [taker for taker in self._takers if taker.might_take(path)]

    def _choose(self, candidates: _Candidates) -> _Found | None:
        """Return the handler of the first usable path, with all paths that it accepts; None where there is none or the user cancels."""
        if all(taker.is_sure is None for _, takers in candidates for taker in takers[:1]):
            return _chosen(candidates)
        return self._waiting.do(self.tr("Looking at what was dropped…"), lambda check: _chosen(candidates, check))


def _chosen(candidates: _Candidates, check: Callable[[], object] = lambda: None) -> _Found | None:
    def taker_of(path: Path, takers: list[_Taker]) -> _Taker | None:
        check()
        return next((taker for taker in takers if taker.is_sure is None or taker.is_sure(path)), None)

    found: _Found | None = None
    for path, takers in candidates:
        if found is None:
            taker = taker_of(path, takers)
            found = None if taker is None else (taker, [path])
            if taker is not None and not taker.takes_several:
                break
        elif found[0] in takers and taker_of(path, takers) is found[0]:
            found[1].append(path)
    return found
