"""A document brought to another label set, by the names of its labels, as one step that can be undone."""

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
    """A label of the map that the other set does not have.

    Attributes:
        id: In the map; it may be no label of its set at all.
        name: What to call it.
        pixels: How many there are.
        nearest: The label of the other set that comes nearest, if any does.
    """

    id: int
    name: str
    pixels: int
    nearest: Label | None


def transfer_table(source: LabelSet, target: LabelSet) -> tuple[NDArray[np.uint8], dict[int, int]]:
    """Return the ids of ``target`` for all ids of ``source``, uint8 ``[256]``, and which of them have no label there."""
    channels = LabelChannels.from_label_set(target, [label.id for label in target.labels], None, edge=False)
    carried, unknown = LabelTransfer(source, channels).apply(np.arange(256, dtype=np.uint8)[None])
    # What an eraser leaves is no label of a set that has no value for "unlabeled".
    unknown.pop(source.unlabeled_value, None)
    return carried[0], unknown


def lost_labels(labels: LabelArray, source: LabelSet, target: LabelSet) -> list[Lost]:
    """Return the labels of a map, uint8 ``[H, W]``, that the other set does not have, the largest first."""
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
    """The step from one label set to another; :meth:`redo` does it.

    Args:
        document: Its map, snapshots and protected labels are carried over.
        target: The other set.
        instead: What takes the place of labels that it does not have, id to id; unlabeled where not told.
        text: What menus call it.
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
        """Bytes that the map before takes."""
        return self._before.memory

    def text(self) -> str:
        """Return what menus call it."""
        return self._text

    def redo(self) -> None:
        """Carry the document over."""
        document = self._document
        self._protected = document.protected
        kept = [label_id for label_id in self._protected if label_id not in self._unknown]
        self._snapshots = [(one, replace(one, labels=self._table[one.labels])) for one in document.snapshots]
        self._put(self._table[document.labels], self._sets[1], [after for _, after in self._snapshots])
        document.protected = frozenset(int(self._table[label_id]) for label_id in kept)

    def undo(self) -> None:
        """Bring back map, snapshots and protection; snapshots taken since are carried back by name."""
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
    """Bring a document to another label set, as one step that can be undone."""
    document.end_stroke()
    step = SwitchLabelSet(document, target, instead, text)
    step.redo()
    document.undo_stack.push(step)
