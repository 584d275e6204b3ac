"""Documents that are opened keep the label set that they were saved with: the window takes it over.

It knows the document and its state, no files and no weights.
"""

from __future__ import annotations

from pathlib import Path

from spade_studio.app.document import Document
from spade_studio.app.documents.connection import DocumentConnection
from spade_studio.app.documents.state import DocumentState


class KeepingConnection(DocumentConnection):
    """Shows a captured document in its own labels, so that nothing is lost and its file may be written again."""

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._shown_in = document

    def show(self, state: DocumentState, name: str, path: Path | None) -> dict[str, int]:
        """Show a state; arguments as for :meth:`DocumentConnection.show`, which then finds no label that the set lacks."""
        if state.label_set != self._shown_in.label_set:
            self._shown_in.cancel_stroke()
            self._shown_in.label_set = state.label_set
        return super().show(state, name, path)
