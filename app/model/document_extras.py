"""Document data beside the map: protected labels, photograph, snapshots, size and detail of renders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, Signal

from spade_studio.app.model.raster import MaskArray
from spade_studio.app.model.state import MAX_NAME, Beside, Picture, Snapshot, Underlay
from spade_studio.app.model.undo_history import History
from spade_studio.engine.detail.levels import DetailLevel
from spade_studio.engine.rendering.frame_sizes import SizeWish


class DocumentExtras(QObject):
    """Document data that is saved with the map but not part of the undo history.

    Attributes:
        undo_stack: Undo history, with one command per stroke; it is clean where all changes are saved.
        snapshots: Named states of the map, independent of the undo history.
        picture_detail: Level of detail of the rendered picture that the layout was opened from; None for that of the window. Not saved.
    """

    protected_changed = Signal()
    underlay_changed = Signal()
    snapshots_changed = Signal()
    picture_size_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo_stack = History(self)
        self.snapshots: list[Snapshot] = []
        self._protected: frozenset[int] = frozenset()
        self._underlay: Underlay | None = None
        self._picture_size: SizeWish | None = None
        self.picture_detail: DetailLevel | None = None
        self._kept = self._marked = self.beside
        for signal in (self.protected_changed, self.underlay_changed, self.snapshots_changed, self.picture_size_changed):
            signal.connect(self._look_beside)

    @property
    def beside(self) -> Beside:
        """All saved data beside the map."""
        return Beside(self._protected, self._underlay, tuple(self.snapshots), self._picture_size)

    @property
    def protected(self) -> frozenset[int]:
        """Values of the map that strokes do not paint over."""
        return self._protected

    @protected.setter
    def protected(self, values: frozenset[int]) -> None:
        if values != self._protected:
            self._protected = values
            self.protected_changed.emit()

    @property
    def underlay(self) -> Underlay | None:
        """Photograph under the labels, or None."""
        return self._underlay

    @underlay.setter
    def underlay(self, underlay: Underlay | None) -> None:
        if underlay is not self._underlay:
            self._underlay = underlay
            self.underlay_changed.emit()

    @property
    def picture_size(self) -> SizeWish | None:
        """Requested size of renders; None where unset."""
        return self._picture_size

    @picture_size.setter
    def picture_size(self, size: SizeWish | None) -> None:
        if size != self._picture_size:
            self._picture_size = size
            self.picture_size_changed.emit()

    def begin_with_size(self, size: SizeWish) -> None:
        """Set the size of renders where it is unset, without marking the document as modified."""
        if self._picture_size is None:
            self._picture_size = size
            self._kept = replace(self._kept, picture_size=size)

    def set_extras(
        self,
        underlay: Underlay | None,
        protected: frozenset[int],
        snapshots: Sequence[Snapshot],
        picture_size: SizeWish | None = None,
        picture_detail: DetailLevel | None = None,
    ) -> None:
        """Set the data beside the map as read from a file, without marking the document as modified."""
        self._underlay, self._protected, self.snapshots = underlay, protected, list(snapshots)
        self._picture_size, self.picture_detail = picture_size, picture_detail
        self._kept = self.beside
        self._tell_beside()

    def rename_snapshot(self, index: int, name: str) -> None:
        """Rename the snapshot at an index; an empty name is ignored."""
        if name := " ".join(name.split())[:MAX_NAME]:
            self.snapshots[index] = replace(self.snapshots[index], name=name)
        self.snapshots_changed.emit()

    def remove_snapshot(self, snapshot: Snapshot) -> None:
        """Remove a snapshot."""
        self.snapshots.remove(snapshot)
        self.snapshots_changed.emit()

    def locked(self) -> MaskArray | None:
        """Return a boolean mask ``[256]`` of the protected values; None where there are none."""
        return np.isin(np.arange(256), list(self._protected)) if self._protected else None

    def _forget_beside(self) -> None:
        self.snapshots, self._protected, self._underlay = [], frozenset(), None
        self._picture_size = self.picture_detail = None
        self._kept = self.beside

    def _swap_photo(self, old: Picture, new: Picture) -> None:
        """Replace the underlay's picture where it is still ``old``, keeping opacity and visibility."""
        if self._underlay is not None and self._underlay.picture is old:
            self.underlay = replace(self._underlay, picture=new)

    def _look_beside(self) -> None:
        self.undo_stack.note_beside("document", is_changed=not self.beside.is_same(self._kept))

    def _tell_beside(self) -> None:
        for signal in (self.protected_changed, self.underlay_changed, self.snapshots_changed, self.picture_size_changed):
            signal.emit()
