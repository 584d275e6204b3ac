"""The tools that can be chosen, and the options they have."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from spade_studio.app.model.raster import NO_SYMMETRY, Nib, Symmetry


class ToolKind(StrEnum):
    """The tools that can be chosen."""

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
        """Whether the brush's size matters."""
        return self in (ToolKind.BRUSH, ToolKind.ERASER, ToolKind.LINE)


@dataclass(frozen=True)
class ToolOptions:
    """How the tools work.

    Attributes:
        nib: Shape of brush, eraser and line.
        rope: How strongly brush and eraser are steadied, as the length of the rope on which they are pulled, in pixels.
        symmetry: Mirrors that repeat every stroke.
        fill_everywhere: Whether a fill takes all pixels of a label, not only those that hang together.
        fill_gap: Openings of so many pixels stop a fill.
        select_freely: Whether selections are drawn by hand, not as rectangles.
        select_touching: Whether a double-click selects what hangs together, not all of a label.
    """

    nib: Nib = Nib.ROUND
    rope: int = 0
    symmetry: Symmetry = NO_SYMMETRY
    fill_everywhere: bool = False
    fill_gap: int = 0
    select_freely: bool = False
    select_touching: bool = False
