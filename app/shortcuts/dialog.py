"""Dialog for changing keyboard shortcuts."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QHeaderView,
    QKeySequenceEdit,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from spade_studio.app.shortcuts.table import Command, ShortcutTable, shown
from spade_studio.app.ui.boxes import column, named, row
from spade_studio.app.ui.plain import PlainLabel, plain_tip

_NAME = Qt.ItemDataRole.UserRole
_Portable = QKeySequence.SequenceFormat.PortableText


class KeyField(QKeySequenceEdit):
    """Input field for one key combination; Escape leaves it, Tab moves to the next widget."""

    pressed = Signal(str)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMaximumSequenceLength(1)
        edit = self.findChild(QLineEdit)
        asked = "" if edit is None else edit.placeholderText()
        self.setMinimumWidth(max(200, self.fontMetrics().horizontalAdvance(asked) + 32))
        self.keySequenceChanged.connect(self._on_changed)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave the field on Escape; record any other key."""
        if event.key() == Qt.Key.Key_Escape and not event.modifiers():
            self.clear()
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def _on_changed(self, sequence: QKeySequence) -> None:
        if not sequence.isEmpty():
            self.pressed.emit(sequence.toString(_Portable))


class ShortcutsDialog(QDialog):
    """All commands by menu; changes take effect immediately."""

    def __init__(self, table: ShortcutTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table = table
        self._commands: dict[str, Command] = {}
        self._asked = ""  # keys entered that belong to another command
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Find a command or its keys"))
        self.search.setAccessibleName(self.search.placeholderText())
        self.search.setClearButtonEnabled(True)
        self.tree = named(QTreeWidget(), self.tr("Commands"))
        self.tree.setHeaderLabels([self.tr("Command"), self.tr("Keys")])
        self.tree.setUniformRowHeights(True)
        self.tree.setAllColumnsShowFocus(True)
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.chosen = PlainLabel(role="heading")
        self.field = KeyField()
        self.field.setAccessibleName(self.tr("Press the new keys"))
        self.adding = QCheckBox(self.tr("Keep the &other keys too"))
        self.none = QPushButton(self.tr("&No keys"))
        self.reset = named(QPushButton(self.tr("&Reset")), tip=self.tr("Give this command the keys that it came with"))
        self.note = PlainLabel(role="caption", wraps=True)
        self.take = QPushButton()
        self.reset_all = named(QPushButton(self.tr("Reset &all")), tip=self.tr("Give all commands the keys that they came with"))
        self.done_button = QPushButton(self.tr("&Close"))
        for button in (self.none, self.reset, self.take, self.reset_all, self.done_button):
            button.setAutoDefault(False)
        self._lay_out()
        self._connect()
        self._list()
        self.resize(700, 640)
        self.search.setFocus()

    # -- building -------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        keys = row(spacing=8)
        press = PlainLabel(self.tr("&Press the new keys"))
        press.setBuddy(self.field)
        for widget in (press, self.field):
            keys.addWidget(widget)
        keys.addStretch(1)
        keys.addWidget(self.none)
        keys.addWidget(self.reset)
        answer = row(spacing=8)
        answer.addWidget(self.note, 1)
        answer.addWidget(self.take)
        below = row(spacing=8)
        below.addWidget(self.reset_all)
        below.addStretch(1)
        below.addWidget(self.done_button)
        whole = column(self, spacing=10, margins=(14, 14, 14, 14))
        whole.addWidget(self.search)
        whole.addWidget(self.tree, 1)
        whole.addWidget(self.chosen)
        whole.addLayout(keys)
        whole.addWidget(self.adding)
        whole.addLayout(answer)
        whole.addLayout(below)
        self.note.setMinimumHeight(34)

    def _connect(self) -> None:
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self.tree.setFocus)
        self.tree.currentItemChanged.connect(self._show_chosen)
        self.tree.itemActivated.connect(lambda _item: self.field.setFocus())
        self.field.pressed.connect(self._on_pressed)
        self.field.left.connect(self.tree.setFocus)
        self.none.clicked.connect(lambda: self._set(()))
        self.reset.clicked.connect(self._reset)
        self.take.clicked.connect(lambda: self._set(self._with(self._asked)))
        self.reset_all.clicked.connect(self._table.reset_all)
        self.done_button.clicked.connect(self.accept)
        self._table.changed.connect(self._list)

    # -- showing --------------------------------------------------------------------------------------------------

    @property
    def command(self) -> Command | None:
        """Selected command, or None."""
        item = self.tree.currentItem()
        return self._commands.get(item.data(0, _NAME)) if item else None

    def choose(self, name: str) -> None:
        """Select the command with a name."""
        for item in self._items():
            if item.data(0, _NAME) == name:
                self.tree.setCurrentItem(item)

    def _list(self) -> None:
        name = self.command.name if self.command else ""
        position = self.tree.verticalScrollBar().value()
        self._commands = {command.name: command for command in self._table.commands()}
        self.tree.clear()
        menus: dict[str, QTreeWidgetItem] = {}
        for command in self._commands.values():
            if command.menu not in menus:
                menus[command.menu] = QTreeWidgetItem(self.tree, [command.menu])
                menus[command.menu].setFlags(Qt.ItemFlag.ItemIsEnabled)
            item = QTreeWidgetItem(menus[command.menu], [command.text, shown(command.keys)])
            item.setData(0, _NAME, command.name)
            if command.is_changed:
                font = item.font(1)
                font.setBold(True)
                item.setFont(1, font)
                came_with = shown(command.defaults) or self.tr("no keys")
                item.setToolTip(1, plain_tip(self.tr("It came with {keys}").format(keys=came_with)))
        self.tree.expandAll()
        self.choose(name or next(iter(self._commands), ""))
        self.tree.verticalScrollBar().setValue(position)
        self.reset_all.setEnabled(any(command.is_changed for command in self._commands.values()))
        self._filter()
        self._show_chosen()

    def _items(self) -> list[QTreeWidgetItem]:
        menus = [self.tree.topLevelItem(index) for index in range(self.tree.topLevelItemCount())]
        return [item for menu in menus if menu for index in range(menu.childCount()) if (item := menu.child(index))]

    def _filter(self) -> None:
        words = self.search.text().casefold().split()
        for item in self._items():
            menu = item.parent()
            text = f"{item.text(0)} {item.text(1)} {menu.text(0) if menu else ''}".casefold()
            item.setHidden(not all(word in text for word in words))
        for index in range(self.tree.topLevelItemCount()):
            menu = self.tree.topLevelItem(index)
            if menu:
                below = [menu.child(number) for number in range(menu.childCount())]
                menu.setHidden(all(item is None or item.isHidden() for item in below))
        current = self.tree.currentItem()
        visible = [item for item in self._items() if not item.isHidden()]
        if visible and (current is None or current.isHidden()):
            self.tree.setCurrentItem(visible[0])

    def _show_chosen(self) -> None:
        command = self.command
        self._say("")
        self.field.clear()
        for widget in (self.field, self.adding, self.none, self.reset):
            widget.setEnabled(command is not None)
        if command is not None:
            keys = shown(command.keys) or self.tr("no keys")
            self.chosen.setText(self.tr("{command}: {keys}").format(command=command.text, keys=keys))
            self.none.setEnabled(bool(command.keys))
            self.reset.setEnabled(command.is_changed)
            self.adding.setVisible(bool(command.keys))

    def _say(self, text: str, take: str = "") -> None:
        self.note.setText(text)
        self.take.setText(take)
        self.take.setVisible(bool(take))

    # -- changing -------------------------------------------------------------------------------------------------

    def _on_pressed(self, key: str) -> None:
        command = self.command
        if command is None:
            return
        self._asked = key
        if self._table.is_reserved(key):
            text = self.tr("{keys} cannot be given to commands: painting, menus or the keyboard focus need it.")
            self._say(text.format(keys=shown([key])))
        elif (owner := self._table.owner_of(key, command)) is not None:
            text = self.tr("{keys} belongs to “{other}” ({menu}).").format(keys=shown([key]), other=owner.text, menu=owner.menu)
            self._say(text, self.tr("&Take it from “{other}”").format(other=owner.text.replace("&", "&&")))
        else:
            self._set(self._with(key))

    def _with(self, key: str) -> tuple[str, ...]:
        command = self.command
        others = command.keys if command and self.adding.isChecked() else ()
        return (*(one for one in others if one != key), key)

    def _set(self, keys: tuple[str, ...]) -> None:
        if (command := self.command) is not None:
            self._table.set_keys(command, keys)

    def _reset(self) -> None:
        if (command := self.command) is not None:
            self._table.reset(command)
