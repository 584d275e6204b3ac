"""Transparent overlay that covers a widget and passes all events through."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QWidget


class _Follower(QObject):
    """Event filter that keeps an overlay as large as the covered widget."""

    def __init__(self, overlay: Overlay) -> None:
        super().__init__(overlay)
        self._overlay = overlay

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Resize the overlay with the covered widget."""
        if event.type() == QEvent.Type.Resize:
            self._overlay.cover()
        return False


class Overlay(QWidget):
    """A transparent child widget that covers its parent."""

    def __init__(self, covered: QWidget) -> None:
        super().__init__(covered)
        self._covered = covered
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        covered.installEventFilter(_Follower(self))

    def cover(self) -> None:
        """Resize to the covered widget's size."""
        self.setGeometry(self._covered.rect())
