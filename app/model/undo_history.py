"""Undo history with a memory budget, beyond which the oldest commands are dropped."""

# ruff: noqa: N802, N815 - named after QUndoStack, which cannot drop its oldest commands

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QObject, Signal

DEFAULT_BUDGET = 256 * 1024 * 1024


class Command(Protocol):
    """An executed command that can be undone and redone."""

    @property
    def memory(self) -> int:
        """Memory used, in bytes."""
        ...

    def text(self) -> str:
        """Return the name in the undo menu."""
        ...

    def undo(self) -> None:
        """Undo the command."""
        ...

    def redo(self) -> None:
        """Redo the command."""
        ...


class History(QObject):
    """Commands in order, with the number of those in effect.

    Args:
        budget: Memory budget of all commands in bytes; the newest is always kept.
    """

    changed = Signal()  # commands were added, dropped, undone or redone
    changed_beside = Signal()  # data outside the history were set and differ from what was saved
    cleanChanged = Signal(bool)
    canUndoChanged = Signal(bool)
    canRedoChanged = Signal(bool)
    undoTextChanged = Signal(str)
    redoTextChanged = Signal(str)

    def __init__(self, parent: QObject | None = None, budget: int = DEFAULT_BUDGET) -> None:
        super().__init__(parent)
        self.budget = budget
        self._commands: list[Command] = []
        self._index = 0
        self._clean: int | None = 0  # index of the saved state; None where it is out of reach
        self._marked: int | None = None  # index of the state being saved; None where there is none or it is out of reach
        self._forgotten = 0
        self._beside: set[str] = set()
        self._told = self._state()

    @property
    def memory(self) -> int:
        """Memory used by all commands, in bytes."""
        return sum(command.memory for command in self._commands)

    @property
    def forgotten(self) -> int:
        """Number of the oldest commands that were dropped to stay within the budget."""
        return self._forgotten

    def push(self, command: Command) -> None:
        """Append an executed command and drop the undone ones."""
        del self._commands[self._index :]
        self._clean, self._marked = (None if at is None or at > self._index else at for at in (self._clean, self._marked))
        self._commands.append(command)
        self._index += 1
        self._keep_budget()
        self._tell()

    @property
    def open_end(self) -> Command | None:
        """Last command, if further changes may be merged into it: no command is undone, and the state after it is not the saved one."""
        is_open = 0 < self._index == len(self._commands) and self._index not in (self._clean, self._marked)
        return self._commands[-1] if is_open else None

    def amended(self) -> None:
        """Report that further changes were merged into the last command."""
        self._tell()

    def undo(self) -> None:
        """Undo the last command in effect, if there is one."""
        self.go_to(self._index - 1)

    def redo(self) -> None:
        """Redo the next undone command, if there is one."""
        self.go_to(self._index + 1)

    def go_to(self, index: int) -> None:
        """Undo or redo until ``index`` commands are in effect; an index out of range is ignored."""
        if not 0 <= index <= len(self._commands):
            return
        while self._index > index:
            self._index -= 1
            self._commands[self._index].undo()
        while self._index < index:
            self._commands[self._index].redo()
            self._index += 1
        self._tell()

    def clear(self) -> None:
        """Drop all commands; the present state counts as saved."""
        self._commands.clear()
        self._index, self._clean, self._marked, self._forgotten = 0, 0, None, 0
        self._beside.clear()
        self._tell()

    def mark(self) -> None:
        """Mark the present state as the one being saved, for a later :meth:`setClean` with ``marked``."""
        self._marked = self._index

    def setClean(self, *, marked: bool = False) -> None:
        """Record the present state, or the marked one, as saved."""
        self._clean = self._marked if marked else self._index
        self._beside.clear()
        self._tell()

    def resetClean(self) -> None:
        """Record that no state in the history is saved."""
        self._clean = None
        self._tell()

    def note_beside(self, what: str, *, is_changed: bool) -> None:
        """Record whether saved data outside the history differ from what was saved; ``what`` identifies them."""
        if is_changed != (what in self._beside):
            (self._beside.add if is_changed else self._beside.discard)(what)
            self._tell()
        if is_changed:
            self.changed_beside.emit()

    @property
    def is_at_saved_step(self) -> bool:
        """Whether the history is at the saved state, irrespective of :meth:`note_beside`."""
        return self._clean == self._index

    def isClean(self) -> bool:
        """Return whether the present state, including the data outside the history, is saved."""
        return self.is_at_saved_step and not self._beside

    def count(self) -> int:
        """Return the number of commands, including undone ones."""
        return len(self._commands)

    def index(self) -> int:
        """Return the number of commands in effect."""
        return self._index

    def command(self, index: int) -> Command:
        """Return the command at an index, counted from the oldest."""
        return self._commands[index]

    def text(self, index: int) -> str:
        """Return the name of the command at an index."""
        return self._commands[index].text()

    def canUndo(self) -> bool:
        """Return whether there is a command to undo."""
        return self._index > 0

    def canRedo(self) -> bool:
        """Return whether there is a command to redo."""
        return self._index < len(self._commands)

    def undoText(self) -> str:
        """Return the name of the command that would be undone."""
        return self.text(self._index - 1) if self.canUndo() else ""

    def redoText(self) -> str:
        """Return the name of the command that would be redone."""
        return self.text(self._index) if self.canRedo() else ""

    def _keep_budget(self) -> None:
        memory, dropped = self.memory, 0
        while memory > self.budget and dropped < len(self._commands) - 1:
            memory -= self._commands[dropped].memory
            dropped += 1
        if dropped:
            del self._commands[:dropped]
            self._index -= dropped
            self._forgotten += dropped
            self._clean, self._marked = (None if at is None or at < dropped else at - dropped for at in (self._clean, self._marked))

    def _state(self) -> tuple[bool, bool, bool, str, str]:
        return self.isClean(), self.canUndo(), self.canRedo(), self.undoText(), self.redoText()

    def _tell(self) -> None:
        before, self._told = self._told, self._state()
        signals = (self.cleanChanged, self.canUndoChanged, self.canRedoChanged, self.undoTextChanged, self.redoTextChanged)
        for signal, old, new in zip(signals, before, self._told, strict=True):
            if old != new:
                signal.emit(new)
        self.changed.emit()
