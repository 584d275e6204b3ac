"""What a hand does with one painting tool from press to release, or until it is confirmed: freehand, figures, polygon, lasso."""

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
    """What a gesture paints with.

    Attributes:
        text: What the undo menu calls the stroke.
        label: The value that is written.
        diameter: Of brush, eraser and line, in pixels.
        nib: Their shape.
        symmetry: The mirrors.
        object_id: Of the object that is painted, 0 for none.
        rope: Length of the rope, in pixels, on which a hand pulls brush and eraser; it keeps tremors from the stroke.
    """

    text: str
    label: int
    diameter: int = 1
    nib: Nib = Nib.ROUND
    symmetry: Symmetry = NO_SYMMETRY
    object_id: int = 0
    rope: float = 0.0


def begin(document: Document, paint: Paint) -> Stroke:
    """Begin a stroke with that paint."""
    stroke = document.begin_stroke(paint.text, paint.object_id)
    stroke.symmetry = paint.symmetry
    stroke.label = paint.label
    return stroke


class Gesture:
    """One use of a tool.

    Attributes:
        outline: Corners of what shall be drawn over the document while the gesture lasts.
        is_closed: Whether the outline's last corner joins the first.
        is_over: Whether the gesture needs no more presses.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self.outline: list[Point] = []
        self.is_closed = False
        self.is_over = False

    def press(self, at: Point) -> bool:
        """Take a further press; False where it ends the gesture and begins another."""
        return False

    def move(self, at: Point, *, constrain: bool = False, pressure: float = 1.0) -> None:
        """Go on to a position while the button is down."""

    def hover(self, at: Point) -> None:
        """Go on to a position while no button is down."""

    def release(self) -> None:
        """Lift the button."""
        self.commit()

    def commit(self) -> None:
        """Keep what was done."""
        self.is_over = True
        self._document.end_stroke()

    def cancel(self) -> None:
        """Take back what was done."""
        self.is_over = True
        self._document.cancel_stroke()

    def step_back(self) -> bool:
        """Take back the last part of it; False where it has no parts."""
        return False


class Freehand(Gesture):
    """Brush and eraser; ``start`` differs from the press where a straight line goes on from an earlier stroke."""

    def __init__(self, document: Document, paint: Paint, start: Point, at: Point, pressure: float = 1.0) -> None:
        super().__init__(document)
        self._paint = paint
        self._stroke = begin(document, paint)
        self._trail = Trail(paint.nib) if paint.nib.is_silhouette else None
        self._rope = 0.0  # from the first position on
        self.last = start
        self.move(at, pressure=pressure)
        self._rope = paint.rope

    def move(self, at: Point, *, constrain: bool = False, pressure: float = 1.0) -> None:
        """Paint up to a position; pressure below 1 makes the brush smaller."""
        if self._stroke is not self._document.stroke:  # a save has ended it: what follows is a step of its own
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
    """A figure between press and pointer, painted anew at every move."""

    is_line = False

    def __init__(self, document: Document, paint: Paint, at: Point) -> None:
        super().__init__(document)
        self._paint = paint
        self._start = at
        self._stroke = begin(document, paint)
        self.move(at)

    def move(self, at: Point, *, constrain: bool = False, pressure: float = 1.0) -> None:
        """Paint the figure up to here; once a save has ended the stroke, it stays as it was saved."""
        if self._stroke is not self._document.stroke:
            return
        if constrain:
            at = raster_shapes.constrained(self._start, at, to_line=self.is_line)
        self._stroke.repaint(self._patch(self._start, at), self._paint.label)

    @abstractmethod
    def _patch(self, start: Point, end: Point) -> Patch | None:
        """Return the pixels of the figure."""


class Line(Figure):
    """A straight line of the brush."""

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
    """A region drawn around by hand, painted at the release."""

    def __init__(self, document: Document, paint: Paint, at: Point) -> None:
        super().__init__(document)
        self._paint = paint
        self.outline = [at]
        self.is_closed = True

    def move(self, at: Point, *, constrain: bool = False, pressure: float = 1.0) -> None:
        """Draw the border on."""
        if at != self.outline[-1]:
            self.outline.append(at)

    def commit(self) -> None:
        """Paint the region."""
        begin(self._document, self._paint).paint(raster_shapes.polygon_patch(self._document.size, self.outline), self._paint.label)
        super().commit()


class Polygon(Lasso):
    """A region between corners that are clicked one by one; the last corner of the outline follows the pointer."""

    def __init__(self, document: Document, paint: Paint, at: Point) -> None:
        super().__init__(document, paint, at)
        self.outline = [at, at]

    def press(self, at: Point) -> bool:
        """Set the next corner."""
        self.outline[-1] = at
        self.outline.append(at)
        return True

    def move(self, at: Point, *, constrain: bool = False, pressure: float = 1.0) -> None:
        """Let the open corner follow."""
        previous = self.outline[-2]
        self.outline[-1] = raster_shapes.constrained(previous, at, to_line=True) if constrain else at

    def hover(self, at: Point) -> None:
        """Let the open corner follow."""
        self.outline[-1] = at

    def release(self) -> None:
        """Go on: a click sets a corner, and a drag its other end."""
        if math.dist(self.outline[-1], self.outline[-2]) > 4:
            self.outline.append(self.outline[-1])

    def commit(self) -> None:
        """Paint the region between the corners that were set."""
        self.outline.pop()
        if len(self.outline) > 2:
            super().commit()
        else:
            self.cancel()

    def step_back(self) -> bool:
        """Take back the corner set last."""
        if len(self.outline) > 2:
            del self.outline[-2]
            return True
        return False
