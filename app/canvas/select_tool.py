"""Select tool: the selection of a document, and moving, transforming, copying and erasing the selected pixels."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from spade_studio.app.canvas.selecting import Hold, Marquee, Transform, held_at
from spade_studio.app.canvas.tool_kinds import ToolKind
from spade_studio.app.model import selections
from spade_studio.app.model.document import Document
from spade_studio.app.model.floating import Floating, Placement
from spade_studio.app.model.raster import MaskArray, fill_patch
from spade_studio.app.model.raster_shapes import Point
from spade_studio.app.model.selections import Combine

if TYPE_CHECKING:
    from spade_studio.app.canvas.tools import Toolbox

_ASIDE = 12  # offset of a duplicate from its original, in pixels


class SelectTool:
    """The toolbox's select tool; positions are in document pixels."""

    def __init__(self, document: Document, toolbox: Toolbox) -> None:
        self._document = document
        self._toolbox = toolbox
        self._framed: tuple[MaskArray, Placement] | None = None
        document.selection_changed.connect(toolbox.outline_changed)

    @property
    def frame(self) -> Placement | None:
        """Placement of the floating piece or of the selection; None where there is neither or the chosen tool cannot transform it."""
        if (hovering := self._hovering) is not None:
            return hovering.frame
        selection = self._document.selection
        if selection is None or self._toolbox.kind is not ToolKind.SELECT or isinstance(self._toolbox.gesture, Marquee):
            return None
        if self._framed is None or self._framed[0] is not selection:
            box = selections.bounds(selection)
            place = Placement((box.left + box.right) / 2, (box.top + box.bottom) / 2, box.width, box.height)
            self._framed = selection, place
        return self._framed[1]

    @property
    def is_transforming(self) -> bool:
        """Whether a floating piece waits to be confirmed or cancelled."""
        return self._hovering is not None

    @property
    def _hovering(self) -> Transform | None:
        gesture = self._toolbox.gesture
        return gesture if isinstance(gesture, Transform) and gesture.frame is not None and not gesture.is_over else None

    def select(self, selection: MaskArray | None) -> None:
        """Set the selection, boolean ``[H, W]``; None selects nothing."""
        self._toolbox.finish()
        self._document.selection = selection

    def invert(self) -> None:
        """Invert the selection."""
        self._toolbox.finish()
        self._document.selection = selections.inverted(self._document.selection, self._document.size)

    def take_label(self, label: int, how: Combine = Combine.REPLACE) -> None:
        """Select all pixels of a label, combined with the present selection."""
        self._toolbox.finish()
        document = self._document
        document.selection = selections.combined(document.selection, selections.of_label(document.labels, label), how, document.size)

    def take_at(self, x: float, y: float, *, add: bool = False, subtract: bool = False) -> None:
        """Select the label at a position: all of its pixels, or the connected component there, depending on the options."""
        document = self._document
        column, row = math.floor(x), math.floor(y)
        if not (0 <= column < document.size[1] and 0 <= row < document.size[0]):
            return
        self._toolbox.finish()
        how = Combine.ADD if add else Combine.SUBTRACT if subtract else Combine.REPLACE
        patch = fill_patch(document.labels, x, y, everywhere=not self._toolbox.options.select_touching)
        document.selection = selections.combined(document.selection, patch, how, document.size)

    def transform(self, change: Callable[[Placement], Placement], text: str) -> bool:
        """Change the placement of the selected pixels, which then float; False where nothing is selected."""
        toolbox, gesture = self._toolbox, self._toolbox.gesture
        if not isinstance(gesture, Transform):
            toolbox.finish()
            if self._document.selection is None:
                return False
            toolbox.kind = ToolKind.SELECT
            gesture = Transform(self._document)
            toolbox.take_up(gesture)
        gesture.change(change, text)
        toolbox.settle()
        return True

    def nudge(self, dx: int, dy: int) -> bool:
        """Move the selected pixels by whole pixels; False where the select tool is not chosen, or nothing is selected."""
        if self._toolbox.kind is not ToolKind.SELECT:
            return False
        return self.transform(lambda placement: placement.moved(dx, dy), "move selection")

    def hover(self, piece: Floating) -> None:
        """Float a pasted piece over the document."""
        self._toolbox.finish()
        self._toolbox.kind = ToolKind.SELECT
        self._toolbox.take_up(Transform(self._document, piece))

    def duplicate(self) -> bool:
        """Float a copy of the selected pixels, slightly offset; False where nothing is selected."""
        toolbox = self._toolbox
        toolbox.finish()
        if self._document.selection is None:
            return False
        toolbox.kind = ToolKind.SELECT
        gesture = Transform(self._document, copies=True)
        toolbox.take_up(gesture)
        gesture.change(lambda placement: placement.moved(_ASIDE, _ASIDE), "duplicate")
        toolbox.settle()
        return True

    def clear(self, text: str = "erase selection") -> bool:
        """Fill the selected pixels from their surroundings; False where nothing is selected."""
        self._toolbox.finish()
        document = self._document
        if document.selection is None:
            return False
        piece = Floating.lifted(
            document.labels, document.instances, document.selection, locked=document.locked(), no_source=document.unlabeled_id
        )
        if piece is not None:
            document.begin_stroke(text).show(piece.left_behind)
            document.end_stroke()
        return True

    def press(self, at: Point, how: Combine, grip: float, *, copies: bool) -> None:
        """Take hold of the selected pixels or of their frame, or begin a new selection.

        Args:
            at: Position of the press.
            how: Combination with the present selection; unless it replaces that, a press inside it begins a new selection too.
            grip: Reach of the handles, in document pixels.
            copies: Whether the original stays in place.
        """
        toolbox, gesture = self._toolbox, self._toolbox.gesture
        hold = self.hold_at(at, grip)
        if hold is None or (hold == Hold() and how is not Combine.REPLACE):
            toolbox.finish()
            toolbox.take_up(Marquee(self._document, at, how, is_lasso=toolbox.options.select_freely))
            return
        if not isinstance(gesture, Transform) or copies:
            toolbox.finish()
            gesture = Transform(self._document, copies=copies)
            toolbox.take_up(gesture)
        gesture.take_hold(at, hold)

    def hold_at(self, at: Point, grip: float) -> Hold | None:
        """Return the part of the frame or selection that a press would take hold of; None where it would begin a new selection."""
        frame = self.frame
        hold = None if frame is None else held_at(frame, at, grip)
        return Hold() if hold is None and frame is not None and self._is_on_selection(at) else hold

    def _is_on_selection(self, at: Point) -> bool:
        if (hovering := self._hovering) is not None:
            return hovering.holds(at)
        column, row = math.floor(at[0]), math.floor(at[1])
        height, width = self._document.size
        selection = self._document.selection
        return selection is not None and 0 <= column < width and 0 <= row < height and bool(selection[row, column])
