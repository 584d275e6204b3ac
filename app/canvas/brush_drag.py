"""Resizing of the brush by dragging with Shift held; a Shift-click without a drag draws a straight line."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF

from spade_studio.app.canvas.tools import Toolbox

_SLACK = 4.0  # pointer movement that still counts as a click, in logical pixels


@dataclass
class BrushDrag:
    """A press with Shift held, until its release.

    Attributes:
        start: Position of the press in the view; the brush's outline stays there.
        size: Diameter of the brush at the press, in document pixels.
        pressure: Stylus pressure at the press, 0..1.
        has_moved: Whether the press has become a drag.
    """

    start: QPointF
    size: int
    pressure: float = 1.0
    has_moved: bool = False

    def move(self, position: QPointF, zoom: float, toolbox: Toolbox) -> None:
        """Resize the brush according to the pointer's position: larger to the right and upwards."""
        way = position.x() - self.start.x() - (position.y() - self.start.y())
        self.has_moved = self.has_moved or abs(way) > _SLACK
        if self.has_moved:
            toolbox.brush_size = round(self.size + way / zoom)
