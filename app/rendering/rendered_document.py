"""A view of the document in the label set of the weights, with labels mapped by name; the document itself is unchanged."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from spade_studio.app.model.document import Document
from spade_studio.app.model.raster import InstanceArray, LabelArray, RegionArray
from spade_studio.app.model.stroke import Stroke
from spade_studio.engine.labels import LabelChannels, LabelSet
from spade_studio.engine.labels.transfer import LabelTransfer


class RenderedDocument(QObject):
    """The document as the live renderer reads it."""

    labels_changed = Signal(object, int)
    replaced = Signal()
    stroke_ended = Signal()
    texture_changed = Signal()

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._channels: LabelChannels | None = None
        self._table: tuple[LabelSet, NDArray[np.uint8], frozenset[int]] | None = None
        document.labels_changed.connect(self.labels_changed)
        document.replaced.connect(self.replaced)
        document.stroke_ended.connect(self.stroke_ended)
        document.texture_changed.connect(self.texture_changed)

    def set_channels(self, channels: LabelChannels | None) -> None:
        """Set the label channels of the weights; None until they are known."""
        self._channels, self._table = channels, None

    @property
    def labels(self) -> LabelArray:
        """The label map in the weights' label ids, uint8 ``[H, W]``; labels unknown to weights of another label set are unlabeled."""
        document, channels = self._document, self._channels
        if channels is None or channels.label_set is None or channels.label_set == document.label_set:
            return document.labels
        return self._transfer(channels)[1][document.labels]

    @property
    def unlabeled_id(self) -> int:
        """The value of unlabeled pixels in :attr:`labels`."""
        document, channels = self._document, self._channels
        if channels is None or channels.label_set is None or channels.label_set == document.label_set:
            return document.unlabeled_id
        return int(self._transfer(channels)[1][document.unlabeled_id])

    def unknown(self, unknown_ids: Mapping[int, int]) -> dict[str, int]:
        """Return the names of labels unknown to the weights with their pixel counts in the layout, largest first.

        Args:
            unknown_ids: Pixel counts by unknown label id in :attr:`labels`, as a render reports them.
        """
        document, channels = self._document, self._channels
        counts = dict(unknown_ids)
        if channels is not None and channels.label_set is not None and channels.label_set != document.label_set:
            pixels = np.bincount(document.labels.ravel(), minlength=256)
            lost = self._transfer(channels)[2] - {document.unlabeled_id}
            counts = {label_id: int(pixels[label_id]) for label_id in lost if pixels[label_id]}
        return {document.describe(label_id): count for label_id, count in sorted(counts.items(), key=lambda item: -item[1])}

    def _transfer(self, channels: LabelChannels) -> tuple[LabelSet, NDArray[np.uint8], frozenset[int]]:
        if self._table is None or self._table[0] is not self._document.label_set:
            source = self._document.label_set
            carried, lost = LabelTransfer(source, channels).apply(np.arange(256, dtype=np.uint8)[None])
            self._table = source, carried[0], frozenset(lost)
        return self._table

    @property
    def instances(self) -> InstanceArray | None:
        """The document's object plane, uint16 ``[H, W]``; None where it has no objects."""
        return self._document.instances

    @property
    def texture_regions(self) -> RegionArray | None:
        """The document's texture regions, uint16 ``[H, W]``; None where it has none."""
        return self._document.texture_regions

    @property
    def stroke(self) -> Stroke | None:
        """The document's stroke in progress; None where there is none."""
        return self._document.stroke
