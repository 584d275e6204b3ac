"""Mouse and key handling shared by all views of labels and their search fields."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QLineEdit

from spade_studio.app.ui.label_items import Role

_View = QAbstractItemView if TYPE_CHECKING else object  # at run time the view's class follows in the bases


class LabelHands(_View):
    """Mixin for views of labels: Return and Escape return the focus to the canvas; context menus do not change the chosen label."""

    done = Signal()
    menu_wanted = Signal(int, QPoint)  # label id, position on the screen

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return the focus to the canvas on Return and Escape; move between labels on other keys."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape):
            self.done.emit()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Ignore typed letters, which are shortcuts of the tools."""

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Request the context menu of the label under the pointer, or of the chosen label when requested by key."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        if index.isValid() and index.data(Role.ID) is not None:
            place = self.viewport().mapToGlobal(self.visualRect(index).center()) if by_key else event.globalPos()
            self.menu_wanted.emit(index.data(Role.ID), place)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Ignore the right button, so that a context menu does not change the chosen label."""
        if event.button() != Qt.MouseButton.RightButton:
            super().mousePressEvent(event)


class SearchKeys(QObject):
    """Keys of a search field: Down moves to the results, Return chooses the first one, Escape clears and leaves the field.

    Args:
        field: Search field.
    """

    entered = Signal()
    taken = Signal()
    left = Signal()

    def __init__(self, field: QLineEdit) -> None:
        super().__init__(field)
        self._field = field
        field.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Emit the signals of the three keys."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return super().eventFilter(watched, event)
        match event.key():
            case Qt.Key.Key_Down:
                self.entered.emit()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.taken.emit()
            case Qt.Key.Key_Escape:
                self._field.clear()
                self.left.emit()
            case _:
                return super().eventFilter(watched, event)
        return True
