"""Table of a window's commands with their default and customised keyboard shortcuts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QObject, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu

from spade_studio.app.ui.plain import plain_tip
from spade_studio.app.ui.settings import Settings

_DEFAULTS = "default_keys"
_Portable, _Native = QKeySequence.SequenceFormat.PortableText, QKeySequence.SequenceFormat.NativeText

# Keys of the canvas, of dialogs and of focus navigation, which cannot be assigned.
_FIXED = ("Space", "V", "Esc", "Return", "Enter", "Tab", "Shift+Tab", "Left", "Right", "Up", "Down", "Backspace", "Del")


@dataclass(frozen=True, eq=False)
class Command:
    """A command with configurable keyboard shortcuts.

    Attributes:
        name: Name in the settings.
        text: Menu text without its mnemonic.
        menu: Path of the menu, such as "File > Export".
        action: Qt action.
    """

    name: str
    text: str
    menu: str
    action: QAction

    @property
    def keys(self) -> tuple[str, ...]:
        """Current keys in Qt's portable notation, such as "Ctrl+Shift+S"."""
        return _spell(self.action.shortcuts())

    @property
    def defaults(self) -> tuple[str, ...]:
        """Default keys."""
        return tuple(self.action.property(_DEFAULTS) or ())

    @property
    def is_changed(self) -> bool:
        """Whether the current keys differ from the defaults."""
        return self.keys != self.defaults


class ShortcutTable(QObject):
    """Commands of a window with their shortcuts.

    Args:
        window: Window whose menus and actions are listed when needed.
        settings: Settings in which customised keys are stored.
    """

    changed = Signal()

    def __init__(self, window: QMainWindow, settings: Settings) -> None:
        super().__init__(window)
        self._window = window
        self._settings = settings

    def commands(self) -> list[Command]:
        """Return all commands in menu order, followed by those outside the menus."""
        for dock in self._window.findChildren(QDockWidget):
            dock.toggleViewAction().setObjectName(f"panel_{dock.objectName()}")
        found: dict[str, Command] = {}
        for menu, action in self._actions():
            name = action.objectName()
            if name and name not in found and not action.menu():
                if action.property(_DEFAULTS) is None:
                    action.setProperty(_DEFAULTS, list(_spell(action.shortcuts())))
                found[name] = Command(name, plain(action.text()), menu, action)
        return list(found.values())

    def restore(self) -> None:
        """Assign the keys in the settings to all commands; a customised key is removed from all other commands."""
        remembered, commands, taken = self._settings.shortcuts, self.commands(), set[str]()
        for command in sorted(commands, key=lambda command: command.name not in remembered):
            keys = [key for key in remembered.get(command.name, command.defaults) if key not in taken]
            if command.name in remembered:
                taken.update(keys)
            if tuple(keys) != command.keys:
                _set(command.action, keys)
        self.changed.emit()

    def set_keys(self, command: Command, keys: Sequence[str]) -> None:
        """Assign and store the keys of a command, and remove them from all other commands."""
        remembered = self._settings.shortcuts
        for other in self.commands():
            if other.name != command.name and set(other.keys) & set(keys):
                remembered = self._keep(remembered, other, [key for key in other.keys if key not in keys])
        self._settings.shortcuts = self._keep(remembered, command, keys)
        self.restore()

    def reset(self, command: Command) -> None:
        """Restore the default keys of a command, and remove them from all other commands."""
        self.set_keys(command, command.defaults)

    def reset_all(self) -> None:
        """Restore the default keys of all commands."""
        self._settings.shortcuts = {}
        self.restore()

    def owner_of(self, key: str, asking: Command) -> Command | None:
        """Return the command other than ``asking`` that has a key; None where there is none."""
        return next((one for one in self.commands() if one.name != asking.name and key in one.keys), None)

    def is_reserved(self, key: str) -> bool:
        """Return whether a key cannot be assigned because the canvas, focus navigation or the menu bar uses it."""
        menus = {QKeySequence.mnemonic(action.text()).toString(_Portable) for action in self._window.menuBar().actions()}
        return key in _FIXED or key in menus

    @staticmethod
    def _keep(remembered: dict[str, tuple[str, ...]], command: Command, keys: Sequence[str]) -> dict[str, tuple[str, ...]]:
        rest = {name: kept for name, kept in remembered.items() if name != command.name}
        return rest if tuple(keys) == command.defaults else {**rest, command.name: tuple(keys)}

    def _actions(self) -> Iterator[tuple[str, QAction]]:
        for action in self._window.menuBar().actions():
            menu = action.menu()
            if isinstance(menu, QMenu):
                yield from _walk(menu, plain(menu.title()))
        others = QCoreApplication.translate("ShortcutTable", "Without a menu")
        yield from ((others, action) for action in self._window.actions())


def plain(text: str) -> str:
    """Return a menu text without mnemonic and ellipsis."""
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&").removesuffix("…")


def shown(keys: Sequence[str]) -> str:
    """Return keys in the platform's notation."""
    return ", ".join(QKeySequence(key, _Portable).toString(_Native) for key in keys)


def _walk(menu: QMenu, path: str) -> Iterator[tuple[str, QAction]]:
    for action in menu.actions():
        below = action.menu()
        if isinstance(below, QMenu):
            yield from _walk(below, f"{path} > {plain(below.title())}")
        elif not action.isSeparator():
            yield path, action


def _spell(keys: Sequence[QKeySequence]) -> tuple[str, ...]:
    return tuple(key.toString(_Portable) for key in keys)


def _set(action: QAction, keys: Sequence[str]) -> None:
    sequences = [sequence for key in keys if not (sequence := QKeySequence(key, _Portable)).isEmpty()]
    before = action.shortcut().toString(_Native)
    action.setShortcuts(sequences)
    tip = action.toolTip().removesuffix(f" ({before})") if before else action.toolTip()
    now = action.shortcut().toString(_Native)
    action.setToolTip(plain_tip(f"{tip} ({now})" if now else tip))
