"""Gestures of the select tool: drawing a selection, and moving, scaling, rotating and flipping the selected pixels."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spade_studio.app.canvas.gestures import Gesture
from spade_studio.app.model import raster_shapes, selections
from spade_studio.app.model.document import Document
from spade_studio.app.model.floating import Floating, Laid, Placement
from spade_studio.app.model.raster import MaskArray
from spade_studio.app.model.raster_shapes import Point
from spade_studio.app.model.selections import Combine
from spade_studio.app.model.stroke import Stroke

HANDLES: tuple[Point, ...] = ((0, 0), (0.5, 0), (1, 0), (1, 0.5), (1, 1), (0.5, 1), (0, 1), (0, 0.5))
"""Positions of the scaling handles, as fractions of the frame's sides."""
KNOB_DISTANCE = 3.0
"""Distance of the rotation knob from the frame, as a multiple of the handles' reach."""
_STEP = 15.0


@dataclass(frozen=True)
class Hold:
    """Part of a frame that a press has taken hold of; by default the piece itself.

    Attributes:
        handle: Position of the scaling handle, as fractions of the frame's sides; None for another part.
        turns: Whether the part is the rotation knob.
    """

    handle: Point | None = None
    turns: bool = False


def knob(frame: Placement, grip: float) -> Point:
    """Return the position of a frame's rotation knob; ``grip`` is the reach of the handles in map pixels."""
    x, y = frame.to_map(0.5, 0.5 - math.copysign(0.5, frame.height))
    turn = math.radians(frame.angle)
    return x + KNOB_DISTANCE * grip * math.sin(turn), y - KNOB_DISTANCE * grip * math.cos(turn)


def visible_handles(frame: Placement, grip: float) -> list[Point]:
    """Return the handles that a frame is large enough to show."""
    wide, high = abs(frame.width) > 6 * grip, abs(frame.height) > 6 * grip
    return [(u, v) for u, v in HANDLES if (u != 0.5 or wide) and (v != 0.5 or high)]


def held_at(frame: Placement, at: Point, grip: float) -> Hold | None:
    """Return the handle or knob of a frame within reach of a press; None where there is none."""
    if math.dist(knob(frame, grip), at) <= grip * 1.2:
        return Hold(turns=True)
    near = [(math.dist(frame.to_map(*handle), at), handle) for handle in visible_handles(frame, grip)]
    distance, handle = min(near)
    # A small frame must leave room between its handles for dragging it as a whole.
    reach = min(grip, max(min(abs(frame.width), abs(frame.height)) / 4, grip / 3))
    return Hold(handle) if distance <= reach else None


class Marquee(Gesture):
    """Drawing of a rectangular or freehand selection, which takes effect at the release."""

    def __init__(self, document: Document, at: Point, how: Combine, *, is_lasso: bool) -> None:
        super().__init__(document)
        self._how = how
        self._is_lasso = is_lasso
        self._corner = at
        self.outline = [at]
        self.is_closed = True

    def move(self, at: Point, *, constrain: bool = False, pressure: float = 1.0) -> None:
        """Extend the border to a position."""
        if self._is_lasso:
            self.outline.append(at)
            return
        at = raster_shapes.constrained(self._corner, at) if constrain and self._how is not Combine.ADD else at
        (x0, y0), (x1, y1) = self._corner, at
        left, right = math.floor(min(x0, x1)), math.floor(max(x0, x1)) + 1
        top, bottom = math.floor(min(y0, y1)), math.floor(max(y0, y1)) + 1
        self.outline = [(left, top), (right, top), (right, bottom), (left, bottom)]

    def commit(self) -> None:
        """Select the enclosed pixels; a click alone deselects."""
        self.is_over = True
        document = self._document
        patch = None
        if len(self.outline) > 2:
            if self._is_lasso:
                patch = raster_shapes.polygon_patch(document.size, self.outline)
            else:
                (left, top), _, (right, bottom), _ = self.outline
                patch = raster_shapes.rectangle_patch(document.size, (left, top), (right - 1, bottom - 1))
        elif self._how is not Combine.REPLACE:
            return
        document.selection = selections.combined(document.selection, patch, self._how, document.size)

    def cancel(self) -> None:
        """Leave the selection unchanged."""
        self.is_over = True


class Transform(Gesture):
    """Transformation of the selected or pasted pixels, written into the document as one undo step when confirmed.

    Args:
        document: Document to change.
        piece: Pasted piece; None for the selected pixels, which are lifted at the first change.
        copies: Whether the original stays in place.
    """

    def __init__(self, document: Document, piece: Floating | None = None, *, copies: bool = False) -> None:
        super().__init__(document)
        self._copies = copies
        self._stroke: Stroke | None = None
        self._hold: Hold | None = None
        self._from: Point | None = None
        self._at_press: Placement | None = None
        self._piece = piece
        if piece is not None:
            piece.renumber(document.new_object_id())
            self._begin("paste")
            self._show(piece.placement)

    @property
    def frame(self) -> Placement | None:
        """Placement of the piece; None before it is lifted."""
        return None if self._piece is None else self._piece.placement

    def take_hold(self, at: Point, hold: Hold) -> None:
        """Begin to drag the piece, or a part of its frame."""
        self._from, self._hold = at, hold
        self._at_press = self.frame

    def holds(self, at: Point) -> bool:
        """Return whether a position lies in the piece."""
        return self._piece is not None and self._piece.covers(*at)

    def move(self, at: Point, *, constrain: bool = False, pressure: float = 1.0) -> None:
        """Move, scale or rotate the piece; constrained to directions of 45°, to its aspect ratio, or to angles of 15°."""
        if self._from is None or self._hold is None or not self._lift("duplicate" if self._copies else "move selection"):
            return
        if self._at_press is None:
            self._at_press = self.frame
        frame = self._at_press
        assert frame is not None
        if self._hold.turns:
            before, now = (math.degrees(math.atan2(y - frame.y, x - frame.x)) for x, y in (self._from, at))
            angle = frame.angle + now - before
            angle = round(angle / _STEP) * _STEP if constrain else angle
            self._show(frame.turned(angle - frame.angle))
        elif self._hold.handle is not None:
            grip = frame.to_map(*self._hold.handle)
            at = at[0] + grip[0] - self._from[0], at[1] + grip[1] - self._from[1]
            self._show(frame.scaled_from(self._hold.handle, at, keeps_shape=constrain))
        else:
            at = raster_shapes.constrained(self._from, at, to_line=True) if constrain else at
            self._show(frame.moved(round(at[0] - self._from[0]), round(at[1] - self._from[1])))

    def release(self) -> None:
        """Keep the piece floating until it is confirmed; the gesture ends where nothing was lifted."""
        self._from = self._hold = self._at_press = None
        self.is_over = self._piece is None

    def change(self, change: Callable[[Placement], Placement], text: str) -> None:
        """Change the placement of the piece; ``text`` names the undo step."""
        if self._lift(text):
            assert self.frame is not None
            self._show(change(self.frame))

    def _lift(self, text: str) -> bool:
        """Lift the piece, unless it has been lifted already; False where there is none."""
        document = self._document
        if self._piece is None:
            if document.selection is not None:
                self._piece = Floating.lifted(
                    document.labels,
                    document.instances,
                    document.selection,
                    locked=document.locked(),
                    no_source=document.unlabeled_id,
                    copies=self._copies,
                )
            if self._piece is None:
                self.is_over = True
                return False
            if self._copies:
                self._piece.renumber(document.new_object_id())
            self._begin(text)
        elif self._stroke is not document.stroke:
            # A save has written the piece into the map: from here on it is moved away from there.
            self._piece.left_behind = self._covered(self._piece, self._stroke)
            self._begin(text)
        return True

    def _covered(self, piece: Floating, stroke: Stroke | None) -> Laid | None:
        """Return the pixels that an ended stroke covered with the piece; None where the piece lies outside the map."""
        laid = piece.placed(self._document.size)
        if laid is None or stroke is None:
            return None
        labels, objects = stroke.before.copy(), None if stroke.objects_before is None else stroke.objects_before.copy()
        if (hole := piece.left_behind) is not None:
            box, mask = hole.patch
            labels[box.slices][mask] = hole.labels[mask]
            if objects is not None:
                objects[box.slices][mask] = 0 if hole.objects is None else hole.objects[mask]
        place = laid.patch.box.slices
        return Laid(laid.patch, labels[place], None if objects is None else objects[place])

    def _begin(self, text: str) -> None:
        assert self._piece is not None
        self._stroke = self._document.begin_stroke(text, stays_selected=False, has_objects=self._piece.has_objects)

    def _show(self, placement: Placement) -> None:
        assert self._piece is not None
        assert self._stroke is not None
        self._piece.placement = placement
        laid = self._piece.placed(self._document.size)
        self._stroke.show(self._piece.left_behind, laid)
        self._document.selection = None if laid is None else self._mask(laid)

    def _mask(self, laid: Laid) -> MaskArray:
        mask = np.zeros(self._document.size, bool)
        mask[laid.patch.box.slices] = laid.patch.mask
        return mask
