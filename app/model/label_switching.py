"""Conversion of a document to another label set by label names, as one undo step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spade_studio.app.model.document import Document
from spade_studio.app.model.label_names import label_text
from spade_studio.app.model.nearest_label import nearest_label
from spade_studio.app.model.raster import LabelArray
from spade_studio.app.model.state import Snapshot
from spade_studio.app.model.undo_commands import Plane
from spade_studio.engine.labels import Label, LabelChannels, LabelSet
from spade_studio.engine.labels.transfer import LabelTransfer


@dataclass(frozen=True)
class Lost:
    """A label of the map without a counterpart in the target set.

    Attributes:
        id: Value in the map; not necessarily a label of the source set.
        name: Display name.
        pixels: Number of pixels.
        nearest: Label of the target set nearest in meaning, or None.
    """

    id: int
    name: str
    pixels: int
    nearest: Label | None


def transfer_table(source: LabelSet, target: LabelSet) -> tuple[NDArray[np.uint8], dict[int, int]]:
    """Return a lookup table from ids of ``source`` to ids of ``target``, uint8 ``[256]``, and the ids without a counterpart."""
    channels = LabelChannels.from_label_set(target, [label.id for label in target.labels], None, edge=False)
    carried, unknown = LabelTransfer(source, channels).apply(np.arange(256, dtype=np.uint8)[None])
    # The eraser's value is not a label of a set without a value for "unlabeled".
    unknown.pop(source.unlabeled_value, None)
    return carried[0], unknown


def lost_labels(labels: LabelArray, source: LabelSet, target: LabelSet) -> list[Lost]:
    """Return the labels of a map, uint8 ``[H, W]``, without a counterpart in the target set, by descending number of pixels."""
    _, unknown = transfer_table(source, target)
    counts = np.bincount(labels.ravel(), minlength=256)
    lost: list[Lost] = []
    for label_id in unknown:
        if counts[label_id]:
            label = source.by_id(label_id)
            nearest = nearest_label(label, target.labels) if label else None
            lost.append(Lost(label_id, label_text(label) if label else f"id {label_id}", int(counts[label_id]), nearest))
    return sorted(lost, key=lambda entry: -entry.pixels)


class SwitchLabelSet:
    """Undo command for the conversion to another label set, executed by the first :meth:`redo`.

    Args:
        document: Document whose map, snapshots and protected labels are converted.
        target: New label set.
        instead: Replacements for labels without a counterpart, id to id; all others become unlabeled.
        text: Name in the undo menu.
    """

    def __init__(self, document: Document, target: LabelSet, instead: Mapping[int, int], text: str) -> None:
        self._document = document
        self._text = text
        self._sets = document.label_set, target
        self._table, self._unknown = transfer_table(document.label_set, target)
        for old, new in instead.items():
            self._table[old] = new
            self._unknown.pop(old, None)
        self._before = Plane(document.labels)
        self._protected = document.protected
        self._snapshots: list[tuple[Snapshot, Snapshot]] = []  # before, after

    @property
    def memory(self) -> int:
        """Memory used by the previous map, in bytes."""
        return self._before.memory

    def text(self) -> str:
        """Return the name in the undo menu."""
        return self._text

    def redo(self) -> None:
        """Convert the document."""
        document = self._document
        self._protected = document.protected
        kept = [label_id for label_id in self._protected if label_id not in self._unknown]
        self._snapshots = [(one, replace(one, labels=self._table[one.labels])) for one in document.snapshots]
        self._put(self._table[document.labels], self._sets[1], [after for _, after in self._snapshots])
        document.protected = frozenset(int(self._table[label_id]) for label_id in kept)

    def undo(self) -> None:
        """Restore map, snapshots and protection; snapshots taken since are converted back by label names."""
        back, _ = transfer_table(self._sets[1], self._sets[0])
        snapshots: list[Snapshot] = []
        for one in self._document.snapshots:
            same = next((before for before, after in self._snapshots if after.labels is one.labels), None)
            snapshots.append(replace(one, labels=same.labels if same else back[one.labels]))
        self._put(self._before.values(), self._sets[0], snapshots)
        self._document.protected = self._protected

    def _put(self, labels: LabelArray, label_set: LabelSet, snapshots: list[Snapshot]) -> None:
        document = self._document
        document.write(document.rect, labels, document.instances)
        document.snapshots = snapshots
        document.adopt(label_set)
        document.snapshots_changed.emit()


def switch(document: Document, target: LabelSet, instead: Mapping[int, int], text: str) -> None:
    """Convert a document to another label set, as one undo step; arguments as in :class:`SwitchLabelSet`."""
    document.end_stroke()
    step = SwitchLabelSet(document, target, instead, text)
    step.redo()
    document.undo_stack.push(step)
