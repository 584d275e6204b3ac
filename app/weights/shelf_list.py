"""List widget for weights: built-in ones first, then favourites, then by date, with missing ones dimmed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import qtawesome
from PySide6.QtCore import QDateTime, QLocale, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QIcon, QPalette
from PySide6.QtWidgets import QAbstractItemView, QTreeWidget, QTreeWidgetItem, QWidget

from spade_studio.app.ui.plain import plain_tip
from spade_studio.app.ui.theme import Theme, mix
from spade_studio.app.weights.shelf import Entry


class ShelfList(QTreeWidget):
    """List with the name, summary and last use of each entry."""

    chosen = Signal(object)  # Entry, or None

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setIconSize(QSize(18, 18))
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAccessibleName(self.tr("Weights"))
        self.currentItemChanged.connect(lambda item, _before: self.chosen.emit(item and item.data(0, Qt.ItemDataRole.UserRole)))

    @property
    def current(self) -> Entry | None:
        """Selected entry, or None."""
        item = self.currentItem()
        return None if item is None else item.data(0, Qt.ItemDataRole.UserRole)

    @property
    def rows(self) -> list[str]:
        """Displayed text of each row."""
        return [item.text(0) for item in self._items]

    def show_entries(self, default: Entry, entries: Sequence[Entry], in_use: Path | None) -> None:
        """Replace the entries, keeping the selection and emitting no signal."""
        before = self.current
        with QSignalBlocker(self):
            self.clear()
            ordered = sorted((entry for entry in entries if entry.path != default.path), key=lambda entry: not entry.is_favourite)
            for entry in (default, *ordered):
                self.addTopLevelItem(self._item(entry, entry is default, entry.path == in_use))
            if before is not None:
                self.choose(before.path)

    def choose(self, path: Path | None) -> bool:
        """Select the entry of a path, or none for None or an unlisted path; return whether one is selected."""
        for item in self._items:
            if item.data(0, Qt.ItemDataRole.UserRole).path == path:
                self.setCurrentItem(item)
                return True
        self.setCurrentItem(None)  # pyright: ignore[reportArgumentType]
        return False

    @property
    def _items(self) -> list[QTreeWidgetItem]:
        return [item for i in range(self.topLevelItemCount()) if (item := self.topLevelItem(i)) is not None]

    def _icon(self, name: str) -> QIcon:
        colors = self._theme.colors
        return qtawesome.icon(
            name, color=colors.text, color_on=colors.text, color_selected=colors.on_accent, color_on_selected=colors.on_accent
        )

    def _item(self, entry: Entry, is_default: bool, is_in_use: bool) -> QTreeWidgetItem:
        is_there = entry.path.exists()
        if not is_there:
            about = self.tr("not found")
        elif is_in_use:
            about = self.tr("in use")
        elif is_default:
            about = self.tr("comes with the program")
        else:
            about = when(entry.used) if entry.used else self.tr("not used yet")
        words = entry.summary or entry.path.name
        item = QTreeWidgetItem([f"{entry.name or entry.path.name}\n{words}\n{about}"])
        item.setData(0, Qt.ItemDataRole.UserRole, entry)
        item.setToolTip(0, plain_tip("\n\n".join(text for text in (str(entry.path), entry.note) if text)))
        icon = "mdi6.star" if entry.is_favourite else "mdi6.home-outline" if is_default else "mdi6.file-outline"
        item.setIcon(0, self._icon(icon if is_there else "mdi6.file-question-outline"))
        if not is_there:
            colors = self._theme.colors
            item.setForeground(0, QBrush(QColor(mix(colors.text, colors.field, 0.5))))
        if is_in_use:
            font = item.font(0)
            font.setBold(True)
            item.setFont(0, font)
            item.setForeground(0, self.palette().brush(QPalette.ColorRole.Text))
        return item


def when(moment: datetime) -> str:
    """Return a time as text in the user's language and local time zone."""
    local = QDateTime.fromSecsSinceEpoch(int(moment.astimezone(UTC).timestamp())).toLocalTime()
    return QLocale().toString(local, QLocale.FormatType.ShortFormat)
