"""Whether the style in use is the one that the document's file has, or that the document began with."""

from __future__ import annotations

from collections.abc import Callable

from spade_studio.app.model.document import Document
from spade_studio.app.styles.style import Style


class SavedStyle:
    """Follows saving and opening, and tells the document where the style is a change that is not saved.

    Args:
        document: Whose style it is.
        in_use: Gives the style in use.
    """

    def __init__(self, document: Document, in_use: Callable[[], Style]) -> None:
        self._document = document
        self._in_use = in_use
        self._saved = in_use()
        document.described.connect(self.keep)  # it was saved, or another one was begun

    @property
    def is_in_use(self) -> bool:
        """Whether there is nothing to save."""
        return self._in_use().is_same(self._saved)

    def keep(self) -> None:
        """Take the style in use as the saved one."""
        self._saved = self._in_use()
        self.look()

    def look(self) -> None:
        """Look at the style in use, which may be another one now."""
        self._document.undo_stack.note_beside("style", is_changed=not self.is_in_use)
