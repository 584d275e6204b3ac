"""What can be undone, within a budget of memory: the oldest steps are forgotten when it is spent."""

# ruff: noqa: N802, N815 - the names of QUndoStack, whose place it takes: that one cannot forget its oldest command

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QObject, Signal

DEFAULT_BUDGET = 256 * 1024 * 1024


class Command(Protocol):
    """A step that was done and can be undone and done again."""

    @property
    def memory(self) -> int:
        """Bytes that it takes."""
        ...

    def text(self) -> str:
        """Return what menus call it."""
        ...

    def undo(self) -> None:
        """Take it back."""
        ...

    def redo(self) -> None:
        """Do it again."""
        ...


class History(QObject):
    """Commands in order, and how many of them are done.

    Args:
        budget: Bytes that all commands together may take; the newest is always kept.
    """

    changed = Signal()  # commands came, went, were undone or done
    changed_beside = Signal()  # something else was set that now differs from what was saved
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
        self._clean: int | None = 0  # None: the saved state cannot be reached any more
        self._marked: int | None = None  # the state that is being saved; None also where it cannot be reached any more
        self._forgotten = 0
        self._beside: set[str] = set()
        self._told = self._state()

    @property
    def memory(self) -> int:
        """Bytes that all commands take."""
        return sum(command.memory for command in self._commands)

    @property
    def forgotten(self) -> int:
        """How many of the oldest commands were dropped for the budget."""
        return self._forgotten

    def push(self, command: Command) -> None:
        """Take in a command that was just done; what was undone before is dropped."""
        del self._commands[self._index :]
        self._clean, self._marked = (None if at is None or at > self._index else at for at in (self._clean, self._marked))
        self._commands.append(command)
        self._index += 1
        self._keep_budget()
        self._tell()

    @property
    def open_end(self) -> Command | None:
        """The command done last, which may take in more: nothing was undone since, and no saved state lies right behind it."""
        is_open = 0 < self._index == len(self._commands) and self._index not in (self._clean, self._marked)
        return self._commands[-1] if is_open else None

    def amended(self) -> None:
        """Note that the command done last took in more."""
        self._tell()

    def undo(self) -> None:
        """Take the last command back, if there is one."""
        self.go_to(self._index - 1)

    def redo(self) -> None:
        """Do the next command again, if there is one."""
        self.go_to(self._index + 1)

    def go_to(self, index: int) -> None:
        """Undo or redo until ``index`` commands are done; an index out of range does nothing."""
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
        """Forget everything; the present state counts as saved."""
        self._commands.clear()
        self._index, self._clean, self._marked, self._forgotten = 0, 0, None, 0
        self._beside.clear()
        self._tell()

    def mark(self) -> None:
        """Note that the present state is about to be saved; :meth:`setClean` may then speak of it, whatever is done until then."""
        self._marked = self._index

    def setClean(self, *, marked: bool = False) -> None:
        """Note that the present state, or the marked one, is saved."""
        self._clean = self._marked if marked else self._index
        self._beside.clear()
        self._tell()

    def resetClean(self) -> None:
        """Note that the present state, and all that can be reached, is not saved."""
        self._clean = None
        self._tell()

    def note_beside(self, what: str, *, is_changed: bool) -> None:
        """Note that something was set which is saved too but is changed by no command, and whether it differs from what was saved."""
        if is_changed != (what in self._beside):
            (self._beside.add if is_changed else self._beside.discard)(what)
            self._tell()
        if is_changed:
            self.changed_beside.emit()

    @property
    def is_at_saved_step(self) -> bool:
        """Whether all commands are done that were done when it was saved, and no others; what was noted beside does not count."""
        return self._clean == self._index

    def isClean(self) -> bool:
        """Return whether the present state is the saved one."""
        return self.is_at_saved_step and not self._beside

    def count(self) -> int:
        """Return how many commands are held, undone ones too."""
        return len(self._commands)

    def index(self) -> int:
        """Return how many commands are done."""
        return self._index

    def command(self, index: int) -> Command:
        """Return a command, the oldest first."""
        return self._commands[index]

    def text(self, index: int) -> str:
        """Return what a command is called."""
        return self._commands[index].text()

    def canUndo(self) -> bool:
        """Return whether something can be undone."""
        return self._index > 0

    def canRedo(self) -> bool:
        """Return whether something can be done again."""
        return self._index < len(self._commands)

    def undoText(self) -> str:
        """Return what would be undone."""
        return self.text(self._index - 1) if self.canUndo() else ""

    def redoText(self) -> str:
        """Return what would be done again."""
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
