"""The document: one label map, its objects, selection, name, file and undo history."""

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
    """What is painted, saved and undone.

    Attributes:
        label_set: Names and colours of the values in the map.
        path: The label PNG it was opened from or saved to; None where there is none that may be written.
        stroke: The stroke whose button is still down, or None.
    """

    labels_changed = Signal(object, int)  # Rect, revision
    replaced = Signal()  # another map took this one's place, perhaps of another size
    stroke_ended = Signal()
    described = Signal()  # name or file changed
    selection_changed = Signal()
    texture_changed = Signal()  # its regions

    def __init__(self, labels: LabelArray, label_set: LabelSet, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.label_set = label_set
        self.path: Path | None = None
        self.stroke: Stroke | None = None
        self._labels = np.ascontiguousarray(labels)
        self._objects: InstanceArray | None = None
        self._texture_regions: RegionArray | None = None
        self._selection: MaskArray | None = None
        self._selection_before: tuple[MaskArray | None] | None = None  # of a stroke that moves it
        self._name = name
        self._revision = 0

    @property
    def labels(self) -> LabelArray:
        """The map, uint8 ``[H, W]``, read-only; it changes in place, so copy what must stay."""
        view = self._labels.view()
        view.flags.writeable = False
        return view

    @property
    def instances(self) -> InstanceArray | None:
        """Objects by number, uint16 ``[H, W]``, read-only; 0 where no object was begun, None where none ever was."""
        if self._objects is None:
            return None
        view = self._objects.view()
        view.flags.writeable = False
        return view

    @property
    def selection(self) -> MaskArray | None:
        """The pixels that strokes may change, ``[H, W]``, which is never changed in place; all where None. It is kept in no file."""
        return self._selection

    @selection.setter
    def selection(self, selection: MaskArray | None) -> None:
        selection = selection if selection is not None and selection.any() else None
        if selection is not self._selection:
            self._selection = selection
            self.selection_changed.emit()

    @property
    def texture_regions(self) -> RegionArray | None:
        """Where the texture has seeds of its own, uint16 ``[H, W]``, which is never changed in place: one for every number but 0."""
        return self._texture_regions

    @texture_regions.setter
    def texture_regions(self, regions: RegionArray | None) -> None:
        self._texture_regions = regions if regions is not None and regions.any() else None
        self.texture_changed.emit()

    @property
    def revision(self) -> int:
        """Counts the changes of the map."""
        return self._revision

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self._labels.shape[0], self._labels.shape[1]

    @property
    def rect(self) -> Rect:
        """The whole map."""
        return Rect(0, 0, self._labels.shape[1], self._labels.shape[0])

    @property
    def name(self) -> str:
        """What the title bar calls it: the file's name, else the name it was given."""
        return self.path.name if self.path else self._name

    @property
    def unlabeled_id(self) -> int:
        """The value that an eraser leaves."""
        return self.label_set.unlabeled_value

    @property
    def is_modified(self) -> bool:
        """Whether something would be lost by closing now."""
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
        """Show another map: history, file, underlay, snapshots and protection are forgotten, the new state is clean.

        Args:
            labels: uint8 ``[H, W]``.
            name: What the title bar calls it without a file.
            path: The file that saving may write to, or None.
            instances: Objects by number, uint16 ``[H, W]``, or None.
            label_set: What its values mean; as the map's before where None.
            texture_regions: As :attr:`texture_regions`.
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
        """Put another map, perhaps of another size, in the place of this one as a step that can be undone."""
        regions = self._texture_regions
        if regions is not None and regions.shape != labels.shape:
            regions = resize_nearest(regions, labels.shape[0], labels.shape[1])
        self._exchange((labels, instances, regions), text)

    def crop(self, rect: Rect, text: str) -> None:
        """Keep a rectangle of the map, and the part of the photograph under it, as a step that can be undone; the whole map is no step."""
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
        """Add pixels at the sides, and to the photograph, as a step that can be undone.

        Args:
            left: Columns added there, likewise ``top``, ``right`` and ``bottom``.
            top: Rows.
            right: Columns.
            bottom: Rows.
            text: What the undo menu calls it.
            fills: Whether they take the nearest labels; else they are unlabeled.
        """
        self.end_stroke()
        (height, width), photo = self.size, self._underlay
        margins = (top, bottom), (left, right)
        labels = np.pad(self._labels, margins, "edge") if fills else np.pad(self._labels, margins, constant_values=self.unlabeled_id)
        picture = None if photo is None else photo.widened(left / width, top / height, right / width, bottom / height)
        objects, regions = (None if plane is None else np.pad(plane, margins) for plane in (self._objects, self._texture_regions))
        self._exchange((labels, objects, regions), text, picture, are_ours=True)

    def _exchange(self, after: Whole, text: str, picture: Picture | None = None, *, are_ours: bool = False) -> None:
        """Put another map, and another picture under it, in the place of these as a step that can be undone.

        The map is copied, unless nobody else holds its arrays.
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
        """Whether nothing has a label."""
        labels = self._labels
        return bool(labels[0, 0] == labels[-1, -1] == self.unlabeled_id and (labels == self.unlabeled_id).all())

    @property
    def has_room_for_snapshot(self) -> bool:
        """Whether one more would not make the snapshots larger than a file may hold."""
        more = snapshot_bytes(self._labels.size, has_instances=self._objects is not None)
        return sum(snapshot.memory for snapshot in self.snapshots) + more <= MAX_SNAPSHOT_BYTES

    def add_snapshot(self, name: str) -> Snapshot:
        """Keep the present state under a name."""
        self.end_stroke()
        snapshot = Snapshot(name, self._labels.copy(), None if self._objects is None else self._objects.copy())
        self.snapshots.append(snapshot)
        self.snapshots_changed.emit()
        return snapshot

    def restore_snapshot(self, snapshot: Snapshot) -> None:
        """Go back to a named state, as a step that can be undone."""
        self.reshape(snapshot.labels, snapshot.instances, self.tr("snapshot {name}").format(name=snapshot.name))

    def adopt(self, label_set: LabelSet, labels: LabelArray | None = None) -> None:
        """Take another label set: the values of the map stay, or are replaced by the map carried over to it (history is forgotten)."""
        self.end_stroke()
        self.label_set = label_set
        if labels is not None:
            self.undo_stack.clear()
            self._look_beside()
            self._objects = None
        self._put(self._labels if labels is None else labels, self._objects, self._texture_regions)

    def describe(self, label_id: int) -> str:
        """Return what to call a value of the map."""
        if label_id == self.unlabeled_id:
            return label_text("unlabeled")
        label = self.label_set.by_id(label_id)
        return label_text(label) if label else f"id {label_id}"

    def mark(self) -> None:
        """End the open stroke and note that the state of now is about to be saved."""
        self.end_stroke()
        self._marked = self.beside
        self.undo_stack.mark()

    def saved_as(self, path: Path, *, marked: bool = False) -> None:
        """Note that the present state, or the one that was marked before it was written, now stands in a file."""
        self.path = path
        self._kept = self._marked if marked else self.beside
        self.undo_stack.setClean(marked=marked)
        self.described.emit()
        self._look_beside()

    def write(self, rect: Rect, patch: LabelArray, objects: InstanceArray | None = None) -> None:
        """Write values into a rectangle and tell everyone; no undo is recorded."""
        self._labels[rect.slices] = patch
        if self._objects is not None:
            self._objects[rect.slices] = 0 if objects is None else objects
        self._changed(rect)

    def begin_stroke(self, text: str, object_id: int = 0, *, stays_selected: bool = True, has_objects: bool = False) -> Stroke:
        """Start recording what one press-drag-release changes.

        Args:
            text: What the undo menu calls it.
            object_id: The object that is painted, 1..65535, or 0 for none.
            stays_selected: Whether only selected pixels are painted on; else the stroke moves the selection, and undoing it moves it back.
            has_objects: Whether it may lay down other objects too.
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
        """Put the open stroke on the undo stack, if it changed anything."""
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
        """Take back the open stroke as if the button had never been pressed."""
        stroke, self.stroke = self.stroke, None
        if stroke is None:
            return
        if rect := stroke.take_back():
            self._changed(rect)
        if self._selection_before is not None:
            self.selection = self._selection_before[0]
        self.stroke_ended.emit()

    def new_object_id(self) -> int:
        """Return the number after the highest object's; the highest again where the numbers are used up."""
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
