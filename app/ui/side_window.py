"""Secondary windows, which open centred over the main window and close with Escape."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QWidget


class SideWindow(QWidget):
    """A separate window that belongs to another one.

    Args:
        parent: Widget over whose window it opens the first time; later it keeps its position.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self._is_placed = False
        QShortcut(QKeySequence(QKeySequence.StandardKey.Close), self, self.close)
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self, self.on_escape)

    def bring_up(self) -> None:
        """Show the window in front of all others."""
        self.show()
        self.raise_()
        self.activateWindow()

    def on_escape(self) -> None:
        """Handle Escape; by default, close the window."""
        self.close()

    def showEvent(self, event: QShowEvent) -> None:
        """Centre the window over the parent's window when it opens the first time."""
        super().showEvent(event)
        if event.spontaneous() or self._is_placed:
            return
        self._is_placed = True
        parent = self.parentWidget()
        if parent is not None:
            place = self.rect()
            place.moveCenter(parent.window().frameGeometry().center())
            screen = parent.window().screen().availableGeometry()
            place.moveRight(min(place.right(), screen.right()))
            place.moveBottom(min(place.bottom(), screen.bottom()))
            place.moveLeft(max(place.left(), screen.left()))
            place.moveTop(max(place.top(), screen.top()))
            self.move(place.topLeft())
