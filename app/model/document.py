"""Document: a label map with its objects, selection, name, file and undo history."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal

from spade_studio.app.model.document_extras import DocumentExtras
from spade_studio.app.model.label_names import label_text
from spade_studio.app.model.raster import InstanceArray, LabelArray, MaskArray, Rect, RegionArray
from spade_studio.app.model.raster_shapes import resize_nearest
from spade_studio.app.model.state import MAX_SNAPSHOT_BYTES, Picture, Snapshot, snapshot_bytes
from spade_studio.app.model.stroke import Stroke
from spade_studio.app.model.undo_commands import MoveSelection, PaintStroke, ReplaceMap, Whole
from spade_studio.engine.labels import LabelSet


class Document(DocumentExtras):
    """A layout that can be painted, saved and undone.

    Attributes:
        label_set: Names and colours of the map's values.
        path: File that saving writes to; None where there is none.
        stroke: Stroke in progress, or None.
    """

    labels_changed = Signal(object, int)  # Rect, revision
    replaced = Signal()  # the map was replaced, possibly by one of another size
    stroke_ended = Signal()
    described = Signal()  # name or file changed
    selection_changed = Signal()
    texture_changed = Signal()  # texture_regions

    def __init__(self, labels: LabelArray, label_set: LabelSet, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.label_set = label_set
        self.path: Path | None = None
        self.stroke: Stroke | None = None
        self._labels = np.ascontiguousarray(labels)
        self._objects: InstanceArray | None = None
        self._texture_regions: RegionArray | None = None
        self._selection: MaskArray | None = None
        self._selection_before: tuple[MaskArray | None] | None = None  # selection before a stroke that moves it
        self._name = name
        self._revision = 0

    @property
    def labels(self) -> LabelArray:
        """Label map, uint8 ``[H, W]``; a read-only view of an array that changes in place."""
        view = self._labels.view()
        view.flags.writeable = False
        return view

    @property
    def instances(self) -> InstanceArray | None:
        """Object ids, uint16 ``[H, W]``, 0 for none; a read-only view, or None where there are no objects."""
        if self._objects is None:
            return None
        view = self._objects.view()
        view.flags.writeable = False
        return view

    @property
    def selection(self) -> MaskArray | None:
        """Pixels that strokes may change, boolean ``[H, W]``, never modified in place; None for all. Not saved to files."""
        return self._selection

    @selection.setter
    def selection(self, selection: MaskArray | None) -> None:
        selection = selection if selection is not None and selection.any() else None
        if selection is not self._selection:
            self._selection = selection
            self.selection_changed.emit()

    @property
    def texture_regions(self) -> RegionArray | None:
        """Texture regions, uint16 ``[H, W]``, never modified in place; each number but 0 has its own noise seed. None for no regions."""
        return self._texture_regions

    @texture_regions.setter
    def texture_regions(self, regions: RegionArray | None) -> None:
        self._texture_regions = regions if regions is not None and regions.any() else None
        self.texture_changed.emit()

    @property
    def revision(self) -> int:
        """Number of changes of the map so far."""
        return self._revision

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self._labels.shape[0], self._labels.shape[1]

    @property
    def rect(self) -> Rect:
        """Rectangle of the whole map."""
        return Rect(0, 0, self._labels.shape[1], self._labels.shape[0])

    @property
    def name(self) -> str:
        """Name in the title bar: that of the file, otherwise the given one."""
        return self.path.name if self.path else self._name

    @property
    def unlabeled_id(self) -> int:
        """Value of unlabeled pixels, which the eraser writes."""
        return self.label_set.unlabeled_value

    @property
    def is_modified(self) -> bool:
        """Whether there are unsaved changes."""
        return not self.undo_stack.isClean() or self.stroke is not None

    def replace(
        self,
        labels: LabelArray,
        name: str,
        path: Path | None = None,
        instances: InstanceArray | None = None,
        label_set: LabelSet | None = None,
        texture_regions: RegionArray | None = None,
    ) -> None:
        """Replace the map and discard the history and all data beside the map; the new state counts as saved.

        Args:
            labels: Label map, uint8 ``[H, W]``.
            name: Name in the title bar where there is no file.
            path: File that saving may write to, or None.
            instances: Object ids, uint16 ``[H, W]``, or None.
            label_set: Label set of the values; None keeps the present one.
            texture_regions: Texture regions, uint16 ``[H, W]``, or None.
        """
        self.cancel_stroke()
        if label_set is not None and label_set != self.label_set:
            self.label_set = label_set
        self._forget_beside()
        self.undo_stack.clear()
        self._name = name
        self.path = path
        self._put(labels, instances, texture_regions)
        self._tell_beside()
        self.described.emit()

    def reshape(self, labels: LabelArray, instances: InstanceArray | None, text: str) -> None:
        """Replace the map, possibly by one of another size, as one undo step called ``text``."""
        regions = self._texture_regions
        if regions is not None and regions.shape != labels.shape:
            regions = resize_nearest(regions, labels.shape[0], labels.shape[1])
        self._exchange((labels, instances, regions), text)

    def crop(self, rect: Rect, text: str) -> None:
        """Crop map and photograph to a rectangle, as one undo step called ``text``; nothing happens where that is the whole map."""
        self.end_stroke()
        if rect == self.rect:
            return
        (height, width), photo = self.size, self._underlay
        picture = None
        if photo is not None:
            picture = photo.part(rect.left / width, rect.top / height, rect.right / width, rect.bottom / height)
        objects, regions = (None if plane is None else plane[rect.slices] for plane in (self._objects, self._texture_regions))
        self._exchange((self._labels[rect.slices], objects, regions), text, picture)

    def extend(self, left: int, top: int, right: int, bottom: int, text: str, *, fills: bool) -> None:
        """Extend map and photograph at the sides, as one undo step.

        Args:
            left: Columns added at the left.
            top: Rows added at the top.
            right: Columns added at the right.
            bottom: Rows added at the bottom.
            text: Name of the step in the undo menu.
            fills: Whether added pixels take the nearest labels; otherwise they are unlabeled.
        """
        self.end_stroke()
        (height, width), photo = self.size, self._underlay
        margins = (top, bottom), (left, right)
        labels = np.pad(self._labels, margins, "edge") if fills else np.pad(self._labels, margins, constant_values=self.unlabeled_id)
        picture = None if photo is None else photo.widened(left / width, top / height, right / width, bottom / height)
        objects, regions = (None if plane is None else np.pad(plane, margins) for plane in (self._objects, self._texture_regions))
        self._exchange((labels, objects, regions), text, picture, are_ours=True)

    def _exchange(self, after: Whole, text: str, picture: Picture | None = None, *, are_ours: bool = False) -> None:
        """Replace the map, and where given the picture under it, as one undo step.

        The arrays are copied unless ``are_ours``, that is, unless the caller gives them up.
        """
        self.end_stroke()
        before, selection = (self._labels, self._objects, self._texture_regions), self._selection
        pictures = None if picture is None or self._underlay is None else (self._underlay.picture, picture)
        self._put(*after, are_ours=are_ours)
        if pictures is not None:
            self._swap_photo(*pictures)
        after = self._labels, self._objects, self._texture_regions
        self.undo_stack.push(ReplaceMap(self._put, text, before, after, self._select, selection, self._swap_photo, pictures))

    @property
    def is_empty(self) -> bool:
        """Whether all pixels are unlabeled."""
        labels = self._labels
        return bool(labels[0, 0] == labels[-1, -1] == self.unlabeled_id and (labels == self.unlabeled_id).all())

    @property
    def has_room_for_snapshot(self) -> bool:
        """Whether the snapshots with one more would stay within the limits of a file."""
        more = snapshot_bytes(self._labels.size, has_instances=self._objects is not None)
        return sum(snapshot.memory for snapshot in self.snapshots) + more <= MAX_SNAPSHOT_BYTES

    def add_snapshot(self, name: str) -> Snapshot:
        """Store the present state under a name."""
        self.end_stroke()
        snapshot = Snapshot(name, self._labels.copy(), None if self._objects is None else self._objects.copy())
        self.snapshots.append(snapshot)
        self.snapshots_changed.emit()
        return snapshot

    def restore_snapshot(self, snapshot: Snapshot) -> None:
        """Restore a snapshot, as one undo step."""
        self.reshape(snapshot.labels, snapshot.instances, self.tr("snapshot {name}").format(name=snapshot.name))

    def adopt(self, label_set: LabelSet, labels: LabelArray | None = None) -> None:
        """Adopt another label set, either keeping the map's values or replacing the map by ``labels``, which clears the history."""
        self.end_stroke()
        self.label_set = label_set
        if labels is not None:
            self.undo_stack.clear()
            self._look_beside()
            self._objects = None
        self._put(self._labels if labels is None else labels, self._objects, self._texture_regions)

    def describe(self, label_id: int) -> str:
        """Return the display name of a value of the map."""
        if label_id == self.unlabeled_id:
            return label_text("unlabeled")
        label = self.label_set.by_id(label_id)
        return label_text(label) if label else f"id {label_id}"

    def mark(self) -> None:
        """End the stroke in progress and mark the present state as the one being saved."""
        self.end_stroke()
        self._marked = self.beside
        self.undo_stack.mark()

    def saved_as(self, path: Path, *, marked: bool = False) -> None:
        """Record that the present state, or the one marked before writing, has been saved to a file."""
        self.path = path
        self._kept = self._marked if marked else self.beside
        self.undo_stack.setClean(marked=marked)
        self.described.emit()
        self._look_beside()

    def write(self, rect: Rect, patch: LabelArray, objects: InstanceArray | None = None) -> None:
        """Write values into a rectangle and emit the change signals, without an undo step."""
        self._labels[rect.slices] = patch
        if self._objects is not None:
            self._objects[rect.slices] = 0 if objects is None else objects
        self._changed(rect)

    def begin_stroke(self, text: str, object_id: int = 0, *, stays_selected: bool = True, has_objects: bool = False) -> Stroke:
        """Begin to record the changes of one press, drag and release.

        Args:
            text: Name of the stroke in the undo menu.
            object_id: Id of the painted object, 1..65535, or 0 for none.
            stays_selected: Whether painting is confined to the selection; otherwise the stroke moves the selection, and undo moves it back.
            has_objects: Whether the stroke may write the ids of several objects.
        """
        self.end_stroke()
        if (object_id or has_objects) and self._objects is None:
            self._objects = np.zeros(self._labels.shape, np.uint16)
        within = self._selection if stays_selected else None
        self.stroke = Stroke(self._labels, self._objects, text, self.locked(), self._changed, within)
        self.stroke.object_id = object_id
        self._selection_before = None if stays_selected else (self._selection,)
        return self.stroke

    def end_stroke(self) -> None:
        """Push the stroke in progress onto the undo stack, if it changed anything."""
        stroke, self.stroke = self.stroke, None
        if stroke is None:
            return
        if rect := stroke.changed_rect():
            before = stroke.before[rect.slices], None if stroke.objects_before is None else stroke.objects_before[rect.slices]
            after = self._labels[rect.slices], None if self._objects is None else self._objects[rect.slices]
            command = PaintStroke(self.write, stroke.text, rect, before, after, stroke.label)
            if self._selection_before is not None:
                command = MoveSelection(command, self._select, self._selection_before[0], self._selection)
            self.undo_stack.push(command)
        self.stroke_ended.emit()

    def cancel_stroke(self) -> None:
        """Revert the stroke in progress."""
        stroke, self.stroke = self.stroke, None
        if stroke is None:
            return
        if rect := stroke.take_back():
            self._changed(rect)
        if self._selection_before is not None:
            self.selection = self._selection_before[0]
        self.stroke_ended.emit()

    def new_object_id(self) -> int:
        """Return the id after the highest one in use, at most 65535."""
        return 1 if self._objects is None else min(int(self._objects.max()) + 1, 0xFFFF)

    def _put(self, labels: LabelArray, instances: InstanceArray | None, regions: RegionArray | None, *, are_ours: bool = False) -> None:
        self._labels = labels if are_ours else np.array(labels, np.uint8, order="C")
        self._objects = instances if are_ours or instances is None else np.array(instances, np.uint16, order="C")
        self._texture_regions = regions if regions is not None and regions.any() else None
        self._revision += 1
        self.selection = None
        self.replaced.emit()

    def _select(self, selection: MaskArray | None) -> None:
        if selection is None or selection.shape == self._labels.shape:
            self.selection = selection

    def _changed(self, rect: Rect) -> None:
        self._revision += 1
        self.labels_changed.emit(rect, self._revision)
