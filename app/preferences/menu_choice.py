"""A box that offers what a menu of exclusive entries offers, and chooses in it when it is told to."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QMenu, QWidget

from spade_studio.app.shortcuts.table import plain


class MenuChoice(QComboBox):
    """The checkable entries of a menu but for those that ask something first; the first one is the default."""

    def __init__(self, menu: QMenu, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._menu = menu
        self.setAccessibleName(plain(menu.title()))
        self.show_chosen()

    @property
    def is_changed(self) -> bool:
        """Whether another entry is shown than the menu has checked."""
        action = self._find()
        return action is not None and not action.isChecked()

    @property
    def is_default(self) -> bool:
        """Whether the first entry is shown."""
        return self.currentIndex() == 0

    def show_chosen(self) -> None:
        """Show the entries as they are now, and the one that is checked."""
        self.blockSignals(True)
        self.clear()
        chosen = 0
        for action in self._entries():
            if action.isChecked():
                chosen = self.count()
            self.addItem(plain(action.text()))
        self.setCurrentIndex(chosen)
        self.blockSignals(False)

    def apply(self) -> None:
        """Choose in the menu what is shown here."""
        action = self._find()
        if action is not None and not action.isChecked():
            action.trigger()

    def _entries(self) -> list[QAction]:
        # One that asks first is offered only while it is what is chosen.
        return [action for action in self._menu.actions() if action.isCheckable() and (action.isChecked() or "…" not in action.text())]

    def _find(self) -> QAction | None:
        return next((action for action in self._entries() if plain(action.text()) == self.currentText()), None)
