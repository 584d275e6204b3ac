"""Between the open document and what its file holds: captured as plain values, and shown again.

It knows the document and its state; it knows no files and no windows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from spade_studio.app.canvas.raster import LabelArray
from spade_studio.app.document import Document
from spade_studio.app.documents.state import MAX_NAME, DocumentState, Json, Snapshot
from spade_studio.engine.label_transfer import LabelTransfer
from spade_studio.engine.labels import LabelChannels, LabelSet

Style = Mapping[str, Json]


class DocumentConnection:
    """Captures a document and shows a captured one.

    Attributes:
        read_style: Gives the style and seed of now, as JSON.
        write_style: Takes the style of a document that is shown.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self.read_style: Callable[[], Style] = dict
        self.write_style: Callable[[Style], None] = lambda style: None

    def capture(self) -> DocumentState:
        """Return the document as it is now; what can change in place is copied."""
        document = self._document
        return DocumentState(
            labels=document.labels.copy(),
            label_set=document.label_set,
            name=_tidy(document.path.stem if document.path else document.name),
            instances=None if document.instances is None else document.instances.copy(),
            style=self.read_style(),
            underlay=document.underlay,
            protected=document.protected,
            snapshots=tuple(Snapshot(_tidy(one.name), one.labels, one.instances) for one in document.snapshots),
        )

    def show(self, state: DocumentState, name: str, path: Path | None) -> dict[str, int]:
        """Show a state, its labels carried over by name to the document's label set.

        Args:
            state: What to show.
            name: What the title bar calls it without a file.
            path: The file that saving may write to, or None. A document that had to be carried over has none: its file keeps its labels.

        Returns:
            The labels that the document's set does not have, with their pixels.
        """
        source, target = state.label_set, self._document.label_set

        def carried(labels: LabelArray) -> LabelArray:
            return carry_over(labels, source, target)[0]

        labels, lost = carry_over(state.labels, source, target)
        self._document.replace(labels, name, path if source == target else None, state.instances)
        self._document.underlay = state.underlay
        known = {label_id for label_id in state.protected if source == target or not _is_lost(label_id, source, target)}
        self._document.protected = frozenset(int(carried(np.full((1, 1), label_id, np.uint8))[0, 0]) for label_id in known)
        self._document.snapshots = [Snapshot(one.name, carried(one.labels), one.instances) for one in state.snapshots]
        self._document.snapshots_changed.emit()
        self.write_style(state.style)
        return lost


def carry_over(labels: LabelArray, source: LabelSet, target: LabelSet) -> tuple[LabelArray, dict[str, int]]:
    """Carry a map over to another label set by the names of its labels.

    Returns:
        The map, uint8 ``[H, W]``, and the labels that the target does not have, with their pixels, the largest first: they become
        unlabeled.
    """
    if source == target:
        return labels, {}
    channels = LabelChannels.from_label_set(target, [label.id for label in target.labels], None, edge=False)
    carried, unknown = LabelTransfer(source, channels).apply(labels)

    def name(label_id: int) -> str:
        label = source.by_id(label_id)
        return label.name if label else f"id {label_id}"

    return carried, {name(label_id): count for label_id, count in sorted(unknown.items(), key=lambda item: -item[1])}


def _is_lost(label_id: int, source: LabelSet, target: LabelSet) -> bool:
    return bool(carry_over(np.full((1, 1), label_id, np.uint8), source, target)[1])


def _tidy(name: str) -> str:
    return "".join(character for character in name if character.isprintable())[:MAX_NAME]
