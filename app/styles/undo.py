"""A change of style as a step that can be undone."""

from __future__ import annotations

from collections.abc import Callable

from spade_studio.app.styles.style import Style


class ChangeStyle:
    """Another style, already in use.

    Args:
        use: Takes a style without recording a step.
        text: What menus call it.
        before: The style before.
        after: The style after; a slider that is dragged goes on with the same step.
        change: What the style came with; steps of one change are one.

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
        """Bytes that codes and pictures take."""
        return sum(len(one.picture) + (0 if one.code is None else one.code.nbytes) for one in (self._before, self.after))

    def text(self) -> str:
        """Return what menus call it."""
        return self._text

    def undo(self) -> None:
        """Use the style before."""
        self._use(self._before)

    def redo(self) -> None:
        """Use the style after."""
        self._use(self.after)
