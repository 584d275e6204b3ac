"""Toolbox of the painting tools; positions are in document pixels."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from spade_studio.app.canvas.gestures import Ellipse, Freehand, Gesture, Lasso, Line, Paint, Polygon, Rectangle, begin
from spade_studio.app.canvas.select_tool import SelectTool
from spade_studio.app.canvas.tool_kinds import ToolKind, ToolOptions
from spade_studio.app.model.document import Document
from spade_studio.app.model.raster_shapes import Point
from spade_studio.app.model.selections import Combine

MAX_BRUSH_SIZE = 512
MAX_GAP = 32
MAX_ROPE = 64
MOST_RECENT = 9


class Toolbox(QObject):
    """Current tool, label, brush size and options, and their use on a document.

    Attributes:
        selecting: Select tool.
    """

    kind_changed = Signal(object)  # ToolKind
    label_changed = Signal(int)
    brush_size_changed = Signal(int)
    options_changed = Signal(object)  # ToolOptions
    recent_changed = Signal(object)  # tuple of label ids
    object_changed = Signal(int)  # id of the painted object, 0 for none
    outline_changed = Signal()

    def __init__(self, document: Document, label: int, previous_label: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._kind = ToolKind.BRUSH
        self._label = label
        self._previous_label = previous_label
        self._brush_size = 24
        self._options = ToolOptions()
        self._recent: tuple[int, ...] = (label, previous_label)[: 1 + (label != previous_label)]
        self._object_id = 0
        self._is_down = False
        self._is_picking = False
        self._gesture: Gesture | None = None
        self._last: Point | None = None
        self.selecting = SelectTool(document, self)
        document.replaced.connect(self._forget_position)

    @property
    def kind(self) -> ToolKind:
        """Kind of the chosen tool."""
        return self._kind

    @kind.setter
    def kind(self, kind: ToolKind) -> None:
        if kind != self._kind:
            self.finish()
            self._kind = kind
            self.kind_changed.emit(kind)

    @property
    def label(self) -> int:
        """Id of the label to paint."""
        return self._label

    @label.setter
    def label(self, label: int) -> None:
        if label != self._label:
            self._previous_label, self._label = self._label, label
            self._set_object(0)
            self.label_changed.emit(label)
            if label not in self._recent:
                self._recent = (label, *self._recent)[:MOST_RECENT]
                self.recent_changed.emit(self._recent)

    @property
    def previous_label(self) -> int:
        """Id of the label chosen before, to which :meth:`swap_labels` returns."""
        return self._previous_label

    @property
    def brush_size(self) -> int:
        """Diameter of brush and eraser in document pixels."""
        return self._brush_size

    @brush_size.setter
    def brush_size(self, size: int) -> None:
        size = min(MAX_BRUSH_SIZE, max(1, size))
        if size != self._brush_size:
            self._brush_size = size
            self.brush_size_changed.emit(size)

    @property
    def options(self) -> ToolOptions:
        """Options of the tools."""
        return self._options

    @property
    def recent(self) -> tuple[int, ...]:
        """Ids of the most recent labels, at most nine; choosing one of them again does not change their order."""
        return self._recent

    @property
    def object_id(self) -> int:
        """Id of the object that strokes belong to, until another label is chosen; 0 for none."""
        return self._object_id

    @property
    def outline(self) -> tuple[list[Point], bool]:
        """Corners of the outline that the tool draws over the document, and whether the last is joined to the first."""
        return (self._gesture.outline, self._gesture.is_closed) if self._gesture else ([], False)

    @property
    def gesture(self) -> Gesture | None:
        """Gesture in progress, or None."""
        return self._gesture

    @property
    def last_position(self) -> tuple[float, float] | None:
        """Position where the last stroke ended and a straight line would start, or None."""
        return self._last

    @property
    def is_busy(self) -> bool:
        """Whether a button is down and the tool is in use."""
        return self._is_down

    @property
    def is_open(self) -> bool:
        """Whether a gesture is in progress, such as a polygon or a floating piece that waits to be confirmed or cancelled."""
        return self._gesture is not None

    def set_options(self, **changes: Any) -> None:
        """Change options by their names in :class:`ToolOptions`."""
        options = replace(self._options, **changes)
        if options != self._options:
            self._options = options
            self.options_changed.emit(options)

    def take_recent(self, number: int) -> None:
        """Choose a recent label by number, counted from 1; numbers without a label are ignored."""
        if 1 <= number <= len(self._recent):
            self.label = self._recent[number - 1]

    def new_object(self) -> None:
        """Begin a new object, which strokes belong to until another label is chosen."""
        self._set_object(self._document.new_object_id())

    def step_brush_size(self, steps: int) -> None:
        """Change the brush size by a number of steps, which are finer for small brushes."""
        for _ in range(abs(steps)):
            step = max(1, round(self._brush_size * 0.12))
            self.brush_size = self._brush_size + (step if steps > 0 else -step)

    def swap_labels(self) -> None:
        """Swap the current and the previous label."""
        self.label = self._previous_label

    def press(
        self,
        x: float,
        y: float,
        *,
        erase: bool = False,
        pick: bool = False,
        straight: bool = False,
        subtract: bool = False,
        pressure: float = 1.0,
        grip: float = 1.0,
    ) -> None:
        """Begin or continue the use of the tool at a position.

        Args:
            x: Horizontal position.
            y: Vertical position.
            erase: Whether to paint unlabeled, whatever the label.
            pick: Whether to pick the label there, whatever the tool; the select tool drags a copy instead.
            straight: Whether to start where the last stroke ended; the select tool adds to the selection instead.
            subtract: Whether the select tool subtracts from the selection.
            pressure: Stylus pressure, 0..1.
            grip: Reach of the select tool's handles, in document pixels.
        """
        self._is_down = True
        at = (x, y)
        if self._kind is ToolKind.SELECT:
            how = Combine.ADD if straight else Combine.SUBTRACT if subtract else Combine.REPLACE
            self.selecting.press(at, how, grip, copies=pick)
            return
        if self._gesture is not None and not pick:
            if self._gesture.press(at):
                self.outline_changed.emit()
                return
            self.finish()
        kind = self._kind
        self._is_picking = pick or kind is ToolKind.PICKER
        if self._is_picking:
            self._pick(x, y)
            return
        erase = erase or kind is ToolKind.ERASER
        paint = self._paint("eraser" if erase and kind is ToolKind.BRUSH else kind.value, erase=erase)
        match kind:
            case ToolKind.FILL:
                stroke = begin(self._document, paint)
                stroke.fill(x, y, paint.label, everywhere=self._options.fill_everywhere, gap=self._options.fill_gap)
            case ToolKind.LINE:
                self._gesture = Line(self._document, paint, at)
            case ToolKind.RECTANGLE:
                self._gesture = Rectangle(self._document, paint, at)
            case ToolKind.ELLIPSE:
                self._gesture = Ellipse(self._document, paint, at)
            case ToolKind.POLYGON:
                self._gesture = Polygon(self._document, paint, at)
            case ToolKind.LASSO:
                self._gesture = Lasso(self._document, paint, at)
            case _:
                start = self._last if straight and self._last else at
                self._gesture = Freehand(self._document, paint, start, at, pressure)
                self._last = at
        self.outline_changed.emit()

    def move(self, x: float, y: float, *, constrain: bool = False, pressure: float = 1.0) -> None:
        """Continue to a position, with the button down or, for an unfinished polygon, up."""
        if self._is_picking:
            self._pick(x, y)
            return
        if self._gesture is None:
            return
        if self._is_down:
            self._gesture.move((x, y), constrain=constrain, pressure=pressure)
            if isinstance(self._gesture, Freehand):
                self._last = self._gesture.last
        else:
            self._gesture.hover((x, y))
        if self._gesture.outline:
            self.outline_changed.emit()

    def release(self) -> None:
        """Handle the release of the button: the stroke becomes an undo step, unless the tool waits to be confirmed."""
        self._is_down = False
        if self._is_picking:
            self._is_picking = False
            return
        if self._gesture is None:
            self._document.end_stroke()
        else:
            self._gesture.release()
        self.settle()

    def commit(self) -> None:
        """Confirm an unfinished polygon or a floating piece."""
        if self._gesture is not None:
            self._gesture.commit()
            self.settle()

    def finish(self) -> None:
        """End the gesture in progress: a floating piece is confirmed, an unfinished polygon is discarded."""
        if isinstance(self._gesture, Polygon):
            self.cancel()
        else:
            self.commit()

    def cancel(self) -> None:
        """Cancel the gesture in progress and revert its changes."""
        self._is_down = self._is_picking = False
        if self._gesture is not None:
            self._gesture.cancel()
        self._document.cancel_stroke()
        self.settle()

    def step_back(self) -> bool:
        """Remove the last corner of a polygon, or cancel the gesture in progress; False where there is none."""
        if self._gesture is not None and self._gesture.step_back():
            self.outline_changed.emit()
            return True
        was_at_work = self._is_down or self.is_open
        self.cancel()
        return was_at_work

    # -- internals ------------------------------------------------------------------------------------------------

    def replace_label(self, old: int, new: int) -> None:
        """Replace one label with another in the whole document, as one undo step."""
        self.finish()
        self._document.begin_stroke("replace").replace(old, new)
        self._document.end_stroke()

    def _paint(self, text: str, *, erase: bool) -> Paint:
        label = self._document.unlabeled_id if erase else self._label
        options, object_id = self._options, 0 if erase else self._object_id
        return Paint(text, label, self._brush_size, options.nib, options.symmetry, object_id, options.rope)

    def take_up(self, gesture: Gesture) -> None:
        """Make a gesture the current one, in place of the gesture in progress."""
        self._gesture = gesture
        self.outline_changed.emit()

    def settle(self) -> None:
        """Drop the current gesture where it is over."""
        if self._gesture is not None and self._gesture.is_over:
            self._gesture = None
        self.outline_changed.emit()

    def _set_object(self, object_id: int) -> None:
        if object_id != self._object_id:
            self._object_id = object_id
            self.object_changed.emit(object_id)

    def _pick(self, x: float, y: float) -> None:
        column, row = math.floor(x), math.floor(y)
        height, width = self._document.size
        if 0 <= column < width and 0 <= row < height:
            label = int(self._document.labels[row, column])
            if self._document.label_set.by_id(label) is not None:
                self.label = label

    def _forget_position(self) -> None:
        self._is_down = self._is_picking = False
        self._gesture = None
        self._last = None
        self._set_object(0)
        self._recent = tuple(label for label in self._recent if self._document.label_set.by_id(label) is not None)
        self.outline_changed.emit()
