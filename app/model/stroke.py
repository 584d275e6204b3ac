"""Stroke in progress, which writes into the document's planes and keeps their previous contents."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from spade_studio.app.model import raster
from spade_studio.app.model.floating import Laid
from spade_studio.app.model.raster import InstanceArray, LabelArray, MaskArray, Nib, Patch, Rect, Symmetry


class Stroke:
    """A press, drag and release in progress; created by :meth:`Document.begin_stroke`.

    Args:
        labels: Label map to modify, uint8 ``[H, W]``.
        objects: Object ids, uint16 ``[H, W]``, set to :attr:`object_id` wherever a label is painted; None where there is no object plane.
        text: Name in the undo menu.
        locked: Values that must not change, boolean ``[256]``; None for none.
        changed: Callback for every written rectangle.
        within: Pixels that may change, boolean ``[H, W]``; None for all.

    Attributes:
        before: Labels at the press.
        objects_before: Object ids at the press, or None.
        dirty: Rectangle written so far, or None.
        symmetry: Mirror axes that repeat the stroke.
        object_id: Id of the painted object, 0 for none.
        label: The one painted label; None where there is none or more than one.
    """

    def __init__(
        self,
        labels: LabelArray,
        objects: InstanceArray | None,
        text: str,
        locked: MaskArray | None,
        changed: Callable[[Rect], None],
        within: MaskArray | None = None,
    ) -> None:
        self.before = labels.copy()
        self.objects_before = None if objects is None else objects.copy()
        self.dirty: Rect | None = None
        self.text = text
        self.symmetry = Symmetry()
        self.object_id = 0
        self.label: int | None = None
        self._labels = labels
        self._objects = objects
        self._locked = locked
        self._changed = changed
        self._within = within

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the map."""
        return self._labels.shape[0], self._labels.shape[1]

    def line(self, start: tuple[float, float], end: tuple[float, float], diameter: int, label: int, nib: Nib = Nib.ROUND) -> None:
        """Paint a line; arguments as in :func:`raster.line_patch`."""
        self.paint(raster.line_patch(self.size, start, end, diameter, nib), label)

    def fill(self, x: float, y: float, label: int, *, everywhere: bool = False, gap: int = 0) -> None:
        """Fill as in :func:`raster.fill_patch`, also from the mirror images of the position."""
        for at_x, at_y in self.symmetry.positions(x, y, self.size):
            # A mirror image exactly on a pixel's border falls into the next pixel, which may lie beyond the map.
            at_x, at_y = min(at_x, self.size[1] - 1e-6), min(at_y, self.size[0] - 1e-6)
            self._note(self._write(raster.fill_patch(self._labels, at_x, at_y, everywhere=everywhere, gap=gap), label))

    def paint(self, patch: Patch | None, label: int) -> None:
        """Paint a label on the pixels of a patch and of its mirror images."""
        if patch is not None:
            for image in self.symmetry.patches(patch, self.size):
                self._note(self._write(image, label))

    def repaint(self, patch: Patch | None, label: int) -> None:
        """Paint a patch, replacing everything that the stroke has painted before."""
        stale = self.take_back()
        rects = [] if patch is None else [self._write(image, label) for image in self.symmetry.patches(patch, self.size)]
        self._announce(stale, rects)

    def replace(self, old: int, new: int) -> None:
        """Replace one label with another, without changing object ids."""
        height, width = self.size
        patch = raster.tight(self._labels == old, Rect(0, 0, width, height))
        self._note(raster.write(self._labels, patch, new, self._locked, self._within))

    def show(self, *pieces: Laid | None) -> None:
        """Write pieces in order, replacing everything that the stroke has painted before; locked pixels are not covered."""
        stale = self.take_back()
        rects: list[Rect | None] = []
        for laid in pieces:
            if laid is None:
                continue
            box, mask = laid.patch
            if self._locked is not None:
                mask = mask & ~self._locked[self.before[box.slices]]
            self._labels[box.slices][mask] = laid.labels[mask]
            if self._objects is not None:
                self._objects[box.slices][mask] = 0 if laid.objects is None else laid.objects[mask]
            rects.append(box)
        self._announce(stale, rects)

    def take_back(self) -> Rect | None:
        """Restore the planes as at the press, without a callback, and return the restored rectangle, or None."""
        stale, self.dirty = self.dirty, None
        if stale is not None:
            self._labels[stale.slices] = self.before[stale.slices]
            if self._objects is not None and self.objects_before is not None:
                self._objects[stale.slices] = self.objects_before[stale.slices]
        return stale

    def changed_rect(self) -> Rect | None:
        """Return the bounding box of the pixels that differ from those at the press, or None; it may be smaller than :attr:`dirty`."""
        if self.dirty is None:
            return None
        slices = self.dirty.slices
        rect = raster.changed_rect(self.before[slices], self._labels[slices])
        if self._objects is not None and self.objects_before is not None:
            objects = raster.changed_rect(self.objects_before[slices], self._objects[slices])
            rect = objects.united(rect) if objects else rect
        return rect and rect.moved(self.dirty.left, self.dirty.top)

    def _write(self, patch: Patch | None, label: int) -> Rect | None:
        if patch is None:
            return None
        if self._objects is None:
            return raster.write(self._labels, patch, label, self._locked, self._within)
        region, objects = self._labels[patch.box.slices], self._objects[patch.box.slices]
        mask = patch.mask & ((region != label) | (objects != self.object_id))
        if self._locked is not None:
            mask &= ~self._locked[region]
        if self._within is not None:
            mask &= self._within[patch.box.slices]
        changed = raster.tight(mask, patch.box)
        if changed is not None:
            region[mask] = label
            objects[mask] = np.uint16(self.object_id)
        return changed and changed.box

    def _note(self, rect: Rect | None) -> None:
        if rect is not None:
            self.dirty = rect.united(self.dirty)
            self._changed(rect)

    def _announce(self, stale: Rect | None, rects: list[Rect | None]) -> None:
        for rect in rects:
            if rect is not None:
                self.dirty = rect.united(self.dirty)
        if (shown := self.dirty.united(stale) if self.dirty else stale) is not None:
            self._changed(shown)
