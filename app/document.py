"""The document: one label map with its name, file and undo history.

It knows nothing of tools, views or renderers; they listen to its signals.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from spade_studio.app.canvas import raster
from spade_studio.app.canvas.raster import LabelArray, Rect
from spade_studio.app.commands import PaintStroke
from spade_studio.engine.labels import LabelSet

# What an eraser leaves where the label set has no value for "unlabeled": no set uses it as an id.
_FALLBACK_UNLABELED = 255


class Document(QObject):
    """What is painted, saved and undone.

    Attributes:
        label_set: Names and colours of the values in the map.
        undo_stack: One command for each stroke; its clean state says whether there is something to save.
        path: The label PNG it was opened from or saved to; None where there is none that may be written.
        stroke: The stroke whose button is still down, or None.
    """

    labels_changed = Signal(object, int)  # Rect, revision
    replaced = Signal()  # another map took this one's place, perhaps of another size
    stroke_ended = Signal()
    described = Signal()  # name or file changed

    def __init__(self, labels: LabelArray, label_set: LabelSet, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.label_set = label_set
        self.undo_stack = QUndoStack(self)
        self.path: Path | None = None
        self.stroke: Stroke | None = None
        self._labels = np.ascontiguousarray(labels)
        self._name = name
        self._revision = 0

    @property
    def labels(self) -> LabelArray:
        """The map, uint8 ``[H, W]``, read-only; it changes in place, so copy what must stay."""
        view = self._labels.view()
        view.flags.writeable = False
        return view

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
        unlabeled = self.label_set.unlabeled_id
        return _FALLBACK_UNLABELED if unlabeled is None else unlabeled

    @property
    def is_modified(self) -> bool:
        """Whether something would be lost by closing now."""
        return not self.undo_stack.isClean() or self.stroke is not None

    def replace(self, labels: LabelArray, name: str, path: Path | None = None) -> None:
        """Show another map: history and file are forgotten, the new state is clean."""
        self.cancel_stroke()
        self.undo_stack.clear()
        self._labels = np.array(labels, np.uint8, order="C")
        self._name = name
        self.path = path
        self._revision += 1
        self.replaced.emit()
        self.described.emit()

    def adopt(self, label_set: LabelSet, labels: LabelArray | None = None) -> None:
        """Take another label set: the values of the map stay, or are replaced by the map carried over to it (history is forgotten)."""
        self.end_stroke()
        self.label_set = label_set
        if labels is not None:
            self.undo_stack.clear()
            self._labels = np.array(labels, np.uint8, order="C")
        self._revision += 1
        self.replaced.emit()

    def describe(self, label_id: int) -> str:
        """Return what to call a value of the map."""
        if label_id == self.unlabeled_id:
            return "unlabeled"
        label = self.label_set.by_id(label_id)
        return label.name if label else f"id {label_id}"

    def saved_as(self, path: Path) -> None:
        """Note that the map now stands in a file."""
        self.path = path
        self.undo_stack.setClean()
        self.described.emit()

    def write(self, rect: Rect, patch: LabelArray) -> None:
        """Write values into a rectangle and tell everyone; no undo is recorded."""
        self._labels[rect.slices] = patch
        self._changed(rect)

    def begin_stroke(self, text: str) -> Stroke:
        """Start recording what one press-drag-release changes; ``text`` names it in the undo menu."""
        self.end_stroke()
        self.stroke = Stroke(self, self._labels, text)
        return self.stroke

    def end_stroke(self) -> None:
        """Put the open stroke on the undo stack, if it changed anything."""
        stroke, self.stroke = self.stroke, None
        if stroke is None:
            return
        if rect := stroke.changed_rect():
            self.undo_stack.push(PaintStroke(self.write, stroke.text, rect, stroke.before[rect.slices], self._labels[rect.slices]))
        self.stroke_ended.emit()

    def cancel_stroke(self) -> None:
        """Take back the open stroke as if the button had never been pressed."""
        stroke, self.stroke = self.stroke, None
        if stroke is None:
            return
        if stroke.dirty:
            self.write(stroke.dirty, stroke.before[stroke.dirty.slices])
        self.stroke_ended.emit()

    def _changed(self, rect: Rect) -> None:
        self._revision += 1
        self.labels_changed.emit(rect, self._revision)


class Stroke:
    """One press-drag-release while it lasts; made by :meth:`Document.begin_stroke`.

    Attributes:
        before: The map as it was at the press.
        dirty: The rectangle changed so far, or None.
        text: What the undo menu calls it.
    """

    def __init__(self, document: Document, labels: LabelArray, text: str) -> None:
        self.before = labels.copy()
        self.dirty: Rect | None = None
        self.text = text
        self._document = document
        self._labels = labels

    def line(self, start: tuple[float, float], end: tuple[float, float], diameter: int, label: int) -> None:
        """Paint as :func:`raster.paint_line`."""
        self._note(raster.paint_line(self._labels, start, end, diameter, label))

    def fill(self, x: float, y: float, label: int) -> None:
        """Fill as :func:`raster.flood_fill`."""
        self._note(raster.flood_fill(self._labels, x, y, label))

    def changed_rect(self) -> Rect | None:
        """Return the rectangle of the pixels that differ from the press, which may be less than was painted over."""
        if self.dirty is None:
            return None
        rect = raster.changed_rect(self.before[self.dirty.slices], self._labels[self.dirty.slices])
        return rect and rect.moved(self.dirty.left, self.dirty.top)

    def _note(self, rect: Rect | None) -> None:
        if rect is not None:
            self.dirty = rect.united(self.dirty)
            self._document._changed(rect)
