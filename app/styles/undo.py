"""The undo command of style changes."""

from __future__ import annotations

from collections.abc import Callable

from spade_studio.app.styles.style import Style


class ChangeStyle:
    """The undo command for a change of style that is already applied.

    Args:
        use: Function that sets a style without recording an undo step.
        text: Menu text.
        before: Style before the change.
        after: Style after the change.
        change: Identity of the change; commands of one change, such as a slider drag, are merged.

    Attributes:
        after, change: As the arguments.
    """

    def __init__(self, use: Callable[[Style], object], text: str, before: Style, after: Style, change: object) -> None:
        self._use = use
        self._text = text
        self._before = before
        self.after = after
        self.change = change

    @property
    def memory(self) -> int:
        """Memory of codes and pictures in bytes."""
        return sum(len(one.picture) + (0 if one.code is None else one.code.nbytes) for one in (self._before, self.after))

    def text(self) -> str:
        """Return the menu text."""
        return self._text

    def undo(self) -> None:
        """Set the style before the change."""
        self._use(self._before)

    def redo(self) -> None:
        """Set the style after the change."""
        self._use(self.after)
