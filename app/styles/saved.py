"""Tracking of whether the style in use differs from that of the saved document."""

from __future__ import annotations

from collections.abc import Callable

from spade_studio.app.model.document import Document
from spade_studio.app.styles.style import Style


class SavedStyle:
    """Tracks the saved style of a document and marks the document as modified while the style in use is another one.

    Args:
        document: Document of the style.
        in_use: Function that returns the style in use.
    """

    def __init__(self, document: Document, in_use: Callable[[], Style]) -> None:
        self._document = document
        self._in_use = in_use
        self._saved = in_use()
        document.described.connect(self.keep)  # the document was saved or replaced

    @property
    def is_in_use(self) -> bool:
        """Whether the style in use is the saved one."""
        return self._in_use().is_same(self._saved)

    def keep(self) -> None:
        """Record the style in use as the saved one."""
        self._saved = self._in_use()
        self.look()

    def look(self) -> None:
        """Update the document's modified state after a possible change of style."""
        self._document.undo_stack.note_beside("style", is_changed=not self.is_in_use)
