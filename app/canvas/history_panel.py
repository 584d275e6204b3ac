"""History panel: thumbnails of all steps that can be undone or redone, and of the snapshots below them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QAction, QIcon, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QPushButton, QWidget

from spade_studio.app.canvas.colors import UNLABELED_GREY
from spade_studio.app.canvas.layout_thumbnail import SIZE, thumbnail
from spade_studio.app.model.document import Document
from spade_studio.app.model.undo_commands import PaintStroke
from spade_studio.app.model.undo_history import Command
from spade_studio.app.ui.boxes import column, named, row
from spade_studio.app.ui.label_items import display_name
from spade_studio.app.ui.messages import step_name
from spade_studio.app.ui.plain import PlainLabel

_MEGABYTE = 1024 * 1024


class SnapshotList(QListWidget):
    """List of the snapshots by name."""

    def event(self, event: QEvent) -> bool:
        """Reserve F2 for renaming, ahead of the window's command with that key."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_F2:
            event.accept()
            return True
        return super().event(event)


class HistoryPanel(QWidget):
    """Lists of steps and snapshots; a click on a step goes to it, a double-click on a snapshot restores it."""

    wants_step = Signal(int)  # number of commands to be in effect
    wants_snapshot = Signal(object)  # Snapshot

    def __init__(self, document: Document, take_snapshot: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._is_following = False
        self._pictures: dict[int, QIcon] = {}  # thumbnail of the state after each command, by the command's id()
        self._first = QIcon()  # thumbnail of the state before the first command
        self.steps = named(QListWidget(), self.tr("History"))
        self.steps.setUniformItemSizes(True)
        self.steps.setIconSize(SIZE)
        self.steps.currentRowChanged.connect(self._on_step)
        self._note = PlainLabel(role="caption", wraps=True)
        self.snapshots = SnapshotList()
        self.snapshots.setAccessibleName(self.tr("Snapshots"))
        self.snapshots.setMinimumHeight(90)
        self.snapshots.setIconSize(SIZE)
        self.search = named(QLineEdit(), self.tr("Find a snapshot"))
        self.search.setPlaceholderText(self.tr("Find a snapshot"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.snapshots.itemActivated.connect(self._restore)
        self.snapshots.itemChanged.connect(self._rename)
        self.snapshots.setEditTriggers(QListWidget.EditTrigger.EditKeyPressed)
        self.snapshots.currentRowChanged.connect(self._enable)
        self.take_button = named(QPushButton(self.tr("Take")), self.tr("Take a snapshot"), tip=take_snapshot.toolTip())
        self.take_button.clicked.connect(take_snapshot.trigger)
        self.restore_button = named(QPushButton(self.tr("Restore")), tip=self.tr("Bring the selected state back; that can be undone"))
        self.restore_button.clicked.connect(lambda: self._restore(self.snapshots.currentItem()))
        self.remove_button = named(QPushButton(self.tr("Remove")), tip=self.tr("Forget the selected state (Del)"))
        self.remove_button.clicked.connect(self._remove)
        QShortcut(QKeySequence(Qt.Key.Key_Delete), self.snapshots, self._remove, context=Qt.ShortcutContext.WidgetShortcut)
        caption = PlainLabel(self.tr("Snapshots"))
        layout = column(self, spacing=6, margins=(8, 8, 8, 8))
        layout.addWidget(self.steps, 2)
        layout.addWidget(self._note)
        layout.addWidget(caption)
        layout.addWidget(self.search)
        layout.addWidget(self.snapshots, 1)
        buttons = row(spacing=6)
        for button in (self.take_button, self.restore_button, self.remove_button):
            buttons.addWidget(button)
        layout.addLayout(buttons)
        document.undo_stack.changed.connect(self._show_steps)
        document.replaced.connect(self._on_replaced)
        document.snapshots_changed.connect(self._show_snapshots)
        self._show_steps()
        self._show_snapshots()

    def _show_steps(self) -> None:
        history = self._document.undo_stack
        self._is_following = True
        start = self.tr("%Ln earlier step(s) forgotten", "", history.forgotten) if history.forgotten else self.tr("Start")
        commands = [history.command(index) for index in range(history.count())]
        self._take_picture(commands, history.index())
        texts = [start, *(self._name(command) for command in commands)]
        icons = [self._first, *(self._pictures.get(id(command), QIcon()) for command in commands)]
        for index, text in enumerate(texts):
            item = self.steps.item(index)
            if item is None:
                self.steps.addItem(text)
                item = self.steps.item(index)
            elif item.text() != text:
                item.setText(text)
            if item.icon().cacheKey() != icons[index].cacheKey():
                item.setIcon(icons[index])
            font = item.font()
            font.setItalic(index > history.index())
            item.setFont(font)
        while self.steps.count() > len(texts):
            self.steps.takeItem(self.steps.count() - 1)
        self.steps.setCurrentRow(history.index())
        text = self.tr("%Ln step(s), {used:.1f} of {budget:.0f} MB", "", history.count())
        self._note.setText(text.format(used=history.memory / _MEGABYTE, budget=history.budget / _MEGABYTE))
        self._is_following = False

    def _show_snapshots(self) -> None:
        self._is_following = True
        row_before = self.snapshots.currentRow()
        self.snapshots.clear()
        for snapshot in self._document.snapshots:
            item = QListWidgetItem(snapshot.name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            item.setIcon(thumbnail(snapshot.labels, self._palette()))
            item.setToolTip(self.tr("Double-click or Return brings it back, F2 renames it"))
            self.snapshots.addItem(item)
        self.snapshots.setCurrentRow(min(max(row_before, 0), self.snapshots.count() - 1))
        self._is_following = False
        self._filter()
        self._enable()

    def _filter(self) -> None:
        words = self.search.text().casefold().split()
        for index in range(self.snapshots.count()):
            item = self.snapshots.item(index)
            item.setHidden(not all(word in item.text().casefold() for word in words))

    def _on_replaced(self) -> None:
        if not self._document.undo_stack.count():
            self._first = thumbnail(self._document.labels, self._palette())
            self._show_steps()

    def _take_picture(self, commands: Sequence[Command], done: int) -> None:
        """Make a thumbnail of the present state where it has none, and drop the thumbnails of removed steps."""
        if not done and (not commands or self._first.isNull()):
            self._first = thumbnail(self._document.labels, self._palette())
        elif done and id(commands[done - 1]) not in self._pictures:
            self._pictures[id(commands[done - 1])] = thumbnail(self._document.labels, self._palette())
        held = {id(command) for command in commands}
        self._pictures = {key: icon for key, icon in self._pictures.items() if key in held}

    def _palette(self) -> NDArray[np.uint8]:
        palette = self._document.label_set.palette().copy()
        palette[self._document.unlabeled_id] = UNLABELED_GREY
        return palette

    def _name(self, command: Command) -> str:
        name = _step_name(command.text())
        value = command.label if isinstance(command, PaintStroke) else None
        label = None if value is None else self._document.label_set.by_id(value)
        return name if label is None else f"{name}: {display_name(label)}"

    def _enable(self) -> None:
        has_one = self.snapshots.currentRow() >= 0
        self.restore_button.setEnabled(has_one)
        self.remove_button.setEnabled(has_one)

    def _on_step(self, index: int) -> None:
        if not self._is_following and index >= 0:
            self.wants_step.emit(index)

    def _restore(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.wants_snapshot.emit(self._document.snapshots[self.snapshots.row(item)])

    def _remove(self) -> None:
        index = self.snapshots.currentRow()
        if 0 <= index < len(self._document.snapshots):
            self._document.remove_snapshot(self._document.snapshots[index])

    def _rename(self, item: QListWidgetItem) -> None:
        if not self._is_following:
            self._document.rename_snapshot(self.snapshots.row(item), item.text())


def _step_name(text: str) -> str:
    name = step_name(text)
    return name[:1].upper() + name[1:]
