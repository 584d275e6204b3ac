"""The painter's tools: brush, eraser, fill, picker, and what the hand holds.

They take positions in the document's pixels and know no widgets, keys or zoom.
"""

from __future__ import annotations

import math
from enum import StrEnum

from PySide6.QtCore import QObject, Signal

from spade_studio.app.document import Document

MAX_BRUSH_SIZE = 256


class ToolKind(StrEnum):
    """The tools that can be chosen."""

    BRUSH = "brush"
    ERASER = "eraser"
    FILL = "fill"
    PICKER = "picker"


class Toolbox(QObject):
    """What the hand holds (tool, label, size), and what it does with it on a document."""

    kind_changed = Signal(object)  # ToolKind
    label_changed = Signal(int)
    brush_size_changed = Signal(int)

    def __init__(self, document: Document, label: int, previous_label: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._kind = ToolKind.BRUSH
        self._label = label
        self._previous_label = previous_label
        self._brush_size = 24
        self._busy: ToolKind | None = None
        self._stroke_label = label
        self._last: tuple[float, float] | None = None
        document.replaced.connect(self._forget_position)

    @property
    def kind(self) -> ToolKind:
        """The chosen tool."""
        return self._kind

    @kind.setter
    def kind(self, kind: ToolKind) -> None:
        if kind != self._kind:
            self._kind = kind
            self.kind_changed.emit(kind)

    @property
    def label(self) -> int:
        """The label that is painted."""
        return self._label

    @label.setter
    def label(self, label: int) -> None:
        if label != self._label:
            self._previous_label, self._label = self._label, label
            self.label_changed.emit(label)

    @property
    def previous_label(self) -> int:
        """The label chosen before, which :meth:`swap_labels` brings back."""
        return self._previous_label

    @property
    def brush_size(self) -> int:
        """Diameter of brush and eraser in the document's pixels."""
        return self._brush_size

    @brush_size.setter
    def brush_size(self, size: int) -> None:
        size = min(MAX_BRUSH_SIZE, max(1, size))
        if size != self._brush_size:
            self._brush_size = size
            self.brush_size_changed.emit(size)

    @property
    def last_position(self) -> tuple[float, float] | None:
        """Where the last stroke ended, and a straight line would start."""
        return self._last

    @property
    def is_busy(self) -> bool:
        """Whether a button is down and the tool at work."""
        return self._busy is not None

    def step_brush_size(self, steps: int) -> None:
        """Make the brush larger or smaller, finely where it is small."""
        for _ in range(abs(steps)):
            step = max(1, round(self._brush_size * 0.12))
            self.brush_size = self._brush_size + (step if steps > 0 else -step)

    def swap_labels(self) -> None:
        """Take the previous label; the present one becomes the previous."""
        self.label = self._previous_label

    def press(self, x: float, y: float, *, erase: bool = False, pick: bool = False, straight: bool = False) -> None:
        """Put the tool down; ``erase`` and ``pick`` override the chosen tool, ``straight`` starts where the last stroke ended."""
        kind = ToolKind.PICKER if pick else self._kind
        self._busy = kind
        if kind is ToolKind.PICKER:
            self._pick(x, y)
            return
        erase = erase or kind is ToolKind.ERASER
        self._stroke_label = self._document.unlabeled_id if erase else self._label
        if kind is ToolKind.FILL:
            self._document.begin_stroke("fill").fill(x, y, self._stroke_label)
            return
        stroke = self._document.begin_stroke("eraser" if erase else "brush")
        start = self._last if straight and self._last else (x, y)
        stroke.line(start, (x, y), self._brush_size, self._stroke_label)
        self._last = (x, y)

    def move(self, x: float, y: float) -> None:
        """Draw on to a position while the button is down."""
        if self._busy is ToolKind.PICKER:
            self._pick(x, y)
        elif self._busy in (ToolKind.BRUSH, ToolKind.ERASER) and self._document.stroke and self._last:
            self._document.stroke.line(self._last, (x, y), self._brush_size, self._stroke_label)
            self._last = (x, y)

    def release(self) -> None:
        """Lift the tool: the stroke is done and can be undone."""
        self._busy = None
        self._document.end_stroke()

    def cancel(self) -> None:
        """Lift the tool and take back what it did since it was put down."""
        self._busy = None
        self._document.cancel_stroke()

    def _pick(self, x: float, y: float) -> None:
        column, row = math.floor(x), math.floor(y)
        height, width = self._document.size
        if 0 <= column < width and 0 <= row < height:
            label = int(self._document.labels[row, column])
            if self._document.label_set.by_id(label) is not None:
                self.label = label

    def _forget_position(self) -> None:
        self._busy = None
        self._last = None
