"""A sheet over a widget, of its size, that lets every event through."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QWidget


class _Follower(QObject):
    """Keeps an overlay as large as what it covers."""

    def __init__(self, overlay: Overlay) -> None:
        super().__init__(overlay)
        self._overlay = overlay

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow a change of size."""
        if event.type() == QEvent.Type.Resize:
            self._overlay.cover()
        return False


class Overlay(QWidget):
    """A transparent child that covers its parent."""

    def __init__(self, covered: QWidget) -> None:
        super().__init__(covered)
        self._covered = covered
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        covered.installEventFilter(_Follower(self))

    def cover(self) -> None:
        """Take the covered widget's size."""
        self.setGeometry(self._covered.rect())
