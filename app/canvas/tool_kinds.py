"""Kinds of tools and their options."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from spade_studio.app.model.raster import NO_SYMMETRY, Nib, Symmetry


class ToolKind(StrEnum):
    """Kind of tool."""

    BRUSH = "brush"
    ERASER = "eraser"
    FILL = "fill"
    LINE = "line"
    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    POLYGON = "polygon"
    LASSO = "lasso"
    SELECT = "select"
    PICKER = "picker"

    @property
    def has_size(self) -> bool:
        """Whether the tool uses the brush size."""
        return self in (ToolKind.BRUSH, ToolKind.ERASER, ToolKind.LINE)


@dataclass(frozen=True)
class ToolOptions:
    """Options of the tools.

    Attributes:
        nib: Shape of the tip of brush, eraser and line.
        rope: Strength of the smoothing of brush and eraser: length in pixels of the rope by which the pointer pulls them.
        symmetry: Mirror axes that repeat every stroke.
        fill_everywhere: Whether a fill covers all pixels of a label instead of one connected component.
        fill_gap: Greatest width in pixels of openings that stop a fill.
        select_freely: Whether selections are freehand instead of rectangular.
        select_touching: Whether a double-click selects one connected component instead of all pixels of a label.
    """

    nib: Nib = Nib.ROUND
    rope: int = 0
    symmetry: Symmetry = NO_SYMMETRY
    fill_everywhere: bool = False
    fill_gap: int = 0
    select_freely: bool = False
    select_touching: bool = False
