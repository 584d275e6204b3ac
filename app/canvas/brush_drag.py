"""Making the brush larger or smaller by a drag with Shift, which without a drag is the click that draws a straight line."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF

from spade_studio.app.canvas.tools import Toolbox

_SLACK = 4.0  # logical pixels that a hand moves in a click


@dataclass
class BrushDrag:
    """One press with Shift until its release.

    Attributes:
        start: Where it began, in the view; the brush's outline stays there.
        size: Of the brush at the press.
        pressure: Of a stylus at the press.
        has_moved: Whether it has become a drag.
    """

    start: QPointF
    size: int
    pressure: float = 1.0
    has_moved: bool = False

    def move(self, position: QPointF, zoom: float, toolbox: Toolbox) -> None:
        """Give the brush the size that the pointer asks for: right and up is larger."""
        way = position.x() - self.start.x() - (position.y() - self.start.y())
        self.has_moved = self.has_moved or abs(way) > _SLACK
        if self.has_moved:
            toolbox.brush_size = round(self.size + way / zoom)
