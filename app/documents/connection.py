"""Conversion between the open document and its saved state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from spade_studio.app.model.document import Document
from spade_studio.app.model.state import MAX_NAME, DocumentState, Json, Snapshot

Style = Mapping[str, Json]


class DocumentConnection:
    """Captures the state of a document, and shows a saved state in it.

    Attributes:
        document: Open document.
        read_style: Callback that returns the present style and seed as JSON.
        write_style: Callback that sets the style and seed of a document that is shown.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.read_style: Callable[[], Style] = dict
        self.write_style: Callable[[Style], None] = lambda style: None

    def capture(self) -> DocumentState:
        """Return the present state of the document; arrays that change in place are copied."""
        document = self.document
        return DocumentState(
            labels=document.labels.copy(),
            label_set=document.label_set,
            name=_tidy(document.path.stem if document.path else document.name),
            instances=None if document.instances is None else document.instances.copy(),
            style=self.read_style(),
            underlay=document.underlay,
            protected=document.protected,
            snapshots=tuple(Snapshot(_tidy(one.name), one.labels, one.instances) for one in document.snapshots),
            texture_regions=document.texture_regions,
            picture_size=document.picture_size,
        )

    def show(self, state: DocumentState, name: str, path: Path | None) -> None:
        """Show a state in its own label set, without loss, so that saving to its file is safe.

        Args:
            state: State to show.
            name: Name in the title bar where there is no file.
            path: File that saving may write to, or None.
        """
        document = self.document
        document.replace(state.labels, name, path, state.instances, state.label_set, state.texture_regions)
        document.set_extras(state.underlay, state.protected, state.snapshots, state.picture_size, state.picture_detail)
        self.write_style(state.style)


def _tidy(name: str) -> str:
    return "".join(character for character in name if character.isprintable())[:MAX_NAME]
