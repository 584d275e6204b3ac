"""A combo box that mirrors a menu of mutually exclusive entries."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QMenu, QWidget

from spade_studio.app.shortcuts.table import plain


class MenuChoice(QComboBox):
    """The checkable entries of a menu except those that open a dialog; the first entry is the default."""

    def __init__(self, menu: QMenu, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._menu = menu
        self.setAccessibleName(plain(menu.title()))
        self.show_chosen()

    @property
    def is_changed(self) -> bool:
        """Whether the selected entry differs from the one checked in the menu."""
        action = self._find()
        return action is not None and not action.isChecked()

    @property
    def is_default(self) -> bool:
        """Whether the first entry is selected."""
        return self.currentIndex() == 0

    def show_chosen(self) -> None:
        """Reload the entries from the menu and select the checked one."""
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
        """Trigger the selected entry in the menu."""
        action = self._find()
        if action is not None and not action.isChecked():
            action.trigger()

    def _entries(self) -> list[QAction]:
        # An entry that opens a dialog is listed only while it is checked.
        return [action for action in self._menu.actions() if action.isCheckable() and (action.isChecked() or "…" not in action.text())]

    def _find(self) -> QAction | None:
        return next((action for action in self._entries() if plain(action.text()) == self.currentText()), None)
