"""Gestures of the painting tools, from press to release or confirmation: freehand, figures, lasso, polygon."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

from spade_studio.app.model import raster, raster_shapes
from spade_studio.app.model.document import Document
from spade_studio.app.model.nibs import Trail
from spade_studio.app.model.raster import NO_SYMMETRY, Nib, Patch, Symmetry
from spade_studio.app.model.raster_shapes import Point
from spade_studio.app.model.stroke import Stroke


@dataclass(frozen=True)
class Paint:
    """Paint settings of a gesture.

    Attributes:
        text: Name of the stroke in the undo menu.
        label: Label id to write.
        diameter: Diameter of brush, eraser and line, in pixels.
        nib: Shape of their tip.
        symmetry: Mirror axes.
        object_id: Id of the painted object, 0 for none.
        rope: Length in pixels of the rope by which the pointer pulls brush and eraser, which smooths the stroke; 0 for none.
    """

    text: str
    label: int
    diameter: int = 1
    nib: Nib = Nib.ROUND
    symmetry: Symmetry = NO_SYMMETRY
    object_id: int = 0
    rope: float = 0.0


def begin(document: Document, paint: Paint) -> Stroke:
    """Begin a stroke with the given paint."""
    stroke = document.begin_stroke(paint.text, paint.object_id)
    stroke.symmetry = paint.symmetry
    stroke.label = paint.label
    return stroke


class Gesture:
    """One use of a tool; positions are (x, y) in document pixels.

    Attributes:
        outline: Corners of the outline that is drawn over the document during the gesture.
        is_closed: Whether the outline's last corner is joined to the first.
        is_over: Whether the gesture has ended.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self.outline: list[Point] = []
        self.is_closed = False
        self.is_over = False

    def press(self, at: Point) -> bool:
        """Handle a further press; False where it ends the gesture and begins another."""
        return False

    def move(self, at: Point, *, constrain: bool = False, pressure: float = 1.0) -> None:
        """Continue to a position with the button down."""

    def hover(self, at: Point) -> None:
        """Continue to a position with no button down."""

    def release(self) -> None:
        """Handle the release of the button."""
        self.commit()

    def commit(self) -> None:
        """Apply the gesture."""
        self.is_over = True
        self._document.end_stroke()

    def cancel(self) -> None:
        """Revert the gesture."""
        self.is_over = True
        self._document.cancel_stroke()

    def step_back(self) -> bool:
        """Revert the last part of the gesture; False where it has no parts."""
        return False


class Freehand(Gesture):
    """Brush and eraser; ``start`` differs from the press where a straight line continues an earlier stroke."""

    def __init__(self, document: Document, paint: Paint, start: Point, at: Point, pressure: float = 1.0) -> None:
        super().__init__(document)
        self._paint = paint
        self._stroke = begin(document, paint)
        self._trail = Trail(paint.nib) if paint.nib.is_silhouette else None
        self._rope = 0.0  # no smoothing before the first position
        self.last = start
        self.move(at, pressure=pressure)
        self._rope = paint.rope

    def move(self, at: Point, *, constrain: bool = False, pressure: float = 1.0) -> None:
        """Paint up to a position; a pressure below 1 makes the brush smaller."""
        if self._stroke is not self._document.stroke:  # ended by a save: the rest becomes a separate undo step
            self._stroke = begin(self._document, self._paint)
        if self._rope and (way := math.dist(self.last, at)) > 0:
            share = max(0.0, way - self._rope) / way
            if not share:
                return
            at = self.last[0] + share * (at[0] - self.last[0]), self.last[1] + share * (at[1] - self.last[1])
        diameter = max(1, round(self._paint.diameter * pressure))
        if self._trail is None:
            self._stroke.line(self.last, at, diameter, self._paint.label, self._paint.nib)
        else:
            self._stroke.paint(self._trail.to(self.last, at, diameter, self._document.size), self._paint.label)
        self.last = at


class Figure(Gesture, ABC):
    """A figure between press and pointer, repainted at every move."""

    is_line = False

    def __init__(self, document: Document, paint: Paint, at: Point) -> None:
        super().__init__(document)
        self._paint = paint
        self._start = at
        self._stroke = begin(document, paint)
        self.move(at)

    def move(self, at: Point, *, constrain: bool = False, pressure: float = 1.0) -> None:
        """Repaint the figure up to a position; a figure whose stroke was ended by a save stays as it was saved."""
        if self._stroke is not self._document.stroke:
            return
        if constrain:
            at = raster_shapes.constrained(self._start, at, to_line=self.is_line)
        self._stroke.repaint(self._patch(self._start, at), self._paint.label)

    @abstractmethod
    def _patch(self, start: Point, end: Point) -> Patch | None:
        """Return the pixels of the figure."""


class Line(Figure):
    """A straight line painted with the brush."""

    is_line = True

    def _patch(self, start: Point, end: Point) -> Patch | None:
        size, paint = self._document.size, self._paint
        if paint.nib.is_silhouette:
            return Trail(paint.nib).to(start, end, paint.diameter, size)
        return raster.line_patch(size, start, end, paint.diameter, paint.nib)


class Rectangle(Figure):
    """A filled rectangle."""

    def _patch(self, start: Point, end: Point) -> Patch | None:
        return raster_shapes.rectangle_patch(self._document.size, start, end)


class Ellipse(Figure):
    """A filled ellipse."""

    def _patch(self, start: Point, end: Point) -> Patch | None:
        return raster_shapes.ellipse_patch(self._document.size, start, end)


class Lasso(Gesture):
    """A region with a freehand border, painted at the release."""

    def __init__(self, document: Document, paint: Paint, at: Point) -> None:
        super().__init__(document)
        self._paint = paint
        self.outline = [at]
        self.is_closed = True

    def move(self, at: Point, *, constrain: bool = False, pressure: float = 1.0) -> None:
        """Extend the border to a position."""
        if at != self.outline[-1]:
            self.outline.append(at)

    def commit(self) -> None:
        """Paint the region."""
        begin(self._document, self._paint).paint(raster_shapes.polygon_patch(self._document.size, self.outline), self._paint.label)
        super().commit()


class Polygon(Lasso):
    """A region whose corners are clicked one by one; the last corner of the outline follows the pointer."""

    def __init__(self, document: Document, paint: Paint, at: Point) -> None:
        super().__init__(document, paint, at)
        self.outline = [at, at]

    def press(self, at: Point) -> bool:
        """Place the next corner."""
        self.outline[-1] = at
        self.outline.append(at)
        return True

    def move(self, at: Point, *, constrain: bool = False, pressure: float = 1.0) -> None:
        """Move the open corner to the pointer."""
        previous = self.outline[-2]
        self.outline[-1] = raster_shapes.constrained(previous, at, to_line=True) if constrain else at

    def hover(self, at: Point) -> None:
        """Move the open corner to the pointer."""
        self.outline[-1] = at

    def release(self) -> None:
        """Keep the polygon open: a click places one corner, a drag places one at either end."""
        if math.dist(self.outline[-1], self.outline[-2]) > 4:
            self.outline.append(self.outline[-1])

    def commit(self) -> None:
        """Paint the region between the placed corners."""
        self.outline.pop()
        if len(self.outline) > 2:
            super().commit()
        else:
            self.cancel()

    def step_back(self) -> bool:
        """Remove the last placed corner."""
        if len(self.outline) > 2:
            del self.outline[-2]
            return True
        return False
