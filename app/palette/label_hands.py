"""What hands do in every view of labels and in the search field beside it: one habit for the chips and for the tree."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QLineEdit

from spade_studio.app.ui.label_items import Role

_View = QAbstractItemView if TYPE_CHECKING else object  # the view's own class comes after this one, and brings it


class LabelHands(_View):
    """For a view: Return and Escape give the keyboard back to the canvas, menus open by both hands and choose nothing."""

    done = Signal()
    menu_wanted = Signal(int, QPoint)  # label, where on the screen

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave for the canvas, or move between labels."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape):
            self.done.emit()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Letters are the tools' shortcuts; the search field finds labels."""

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu of the label under the pointer, or of the chosen one where a key asks."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        if index.isValid() and index.data(Role.ID) is not None:
            place = self.viewport().mapToGlobal(self.visualRect(index).center()) if by_key else event.globalPos()
            self.menu_wanted.emit(index.data(Role.ID), place)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose with the left button only: a menu shall not change the label in hand."""
        if event.button() != Qt.MouseButton.RightButton:
            super().mousePressEvent(event)


class SearchKeys(QObject):
    """In a search field: Down goes on to what was found, Return takes the first of it, Escape empties the field and leaves it.

    Args:
        field: The field.
    """

    entered = Signal()
    taken = Signal()
    left = Signal()

    def __init__(self, field: QLineEdit) -> None:
        super().__init__(field)
        self._field = field
        field.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Tell of the three keys."""
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
