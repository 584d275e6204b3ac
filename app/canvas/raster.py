"""Hard-edged painting on label maps: discs, lines of discs, flood fill.

It knows numpy arrays and rectangles, nothing of Qt, tools, documents or what a label means.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

LabelArray = NDArray[np.uint8]
MaskArray = NDArray[np.bool_]


class Rect(NamedTuple):
    """A rectangle of pixels; ``right`` and ``bottom`` are exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Columns it spans."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Rows it spans."""
        return self.bottom - self.top

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of an ``[H, W]`` array that selects it."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def moved(self, dx: int, dy: int) -> Rect:
        """Return it moved by whole pixels."""
        return Rect(self.left + dx, self.top + dy, self.right + dx, self.bottom + dy)

    def united(self, other: Rect | None) -> Rect:
        """Return the smallest rectangle that holds both."""
        if other is None:
            return self
        return Rect(min(self.left, other.left), min(self.top, other.top), max(self.right, other.right), max(self.bottom, other.bottom))


def disc_center(x: float, y: float, diameter: int) -> tuple[float, float]:
    """Snap a position to where a disc has its one, symmetrical shape: a pixel's centre (odd diameter) or corner (even)."""
    if diameter % 2:
        return math.floor(x) + 0.5, math.floor(y) + 0.5
    return float(math.floor(x + 0.5)), float(math.floor(y + 0.5))


def disc_mask(diameter: int) -> MaskArray:
    """Return the ``[diameter, diameter]`` mask of the pixels that one click paints."""
    offsets = np.arange(diameter, dtype=np.float32) + np.float32(0.5 - diameter / 2)
    squares = offsets * offsets
    return squares[:, None] + squares[None, :] <= np.float32(diameter * diameter / 4)


def paint_disc(labels: LabelArray, x: float, y: float, diameter: int, label: int) -> Rect | None:
    """Paint one disc; see :func:`paint_line`."""
    return paint_line(labels, (x, y), (x, y), diameter, label)


def paint_line(labels: LabelArray, start: tuple[float, float], end: tuple[float, float], diameter: int, label: int) -> Rect | None:
    """Paint the discs of every point between two positions, in place and without soft edges.

    Args:
        labels: uint8 ``[H, W]``, written.
        start: (x, y) in pixels; (0, 0) is the upper left corner of the first pixel. May lie outside.
        end: As ``start``.
        diameter: Of the discs, in pixels, at least 1.
        label: The value to write.

    Returns:
        The smallest rectangle that holds every pixel whose value changed; None where none did.
    """
    x0, y0 = disc_center(*start, diameter)
    x1, y1 = disc_center(*end, diameter)
    radius = diameter / 2
    height, width = labels.shape
    box = Rect(
        max(0, math.floor(min(x0, x1) - radius)),
        max(0, math.floor(min(y0, y1) - radius)),
        min(width, math.ceil(max(x0, x1) + radius)),
        min(height, math.ceil(max(y0, y1) + radius)),
    )
    if box.width <= 0 or box.height <= 0:
        return None
    # The union of discs along a segment is the set of pixels whose centre is at most a radius away from it.
    xs = np.arange(box.left, box.right, dtype=np.float32) + np.float32(0.5 - x0)
    ys = (np.arange(box.top, box.bottom, dtype=np.float32) + np.float32(0.5 - y0))[:, None]
    dx, dy = np.float32(x1 - x0), np.float32(y1 - y0)
    length = dx * dx + dy * dy
    if length > 0:
        along = np.clip((xs * dx + ys * dy) / length, 0.0, 1.0)
        xs = xs - along * dx
        ys = ys - along * dy
    # The slack keeps rounding from flattening discs whose rim passes exactly through pixel centres.
    return _write(labels, box, xs * xs + ys * ys <= np.float32(radius * radius + 1e-3), label)


def flood_fill(labels: LabelArray, x: float, y: float, label: int) -> Rect | None:
    """Fill the region of equal value around a position, in place; regions do not join over corners.

    Args:
        labels: uint8 ``[H, W]`` C-contiguous, written.
        x: In pixels, as in :func:`paint_line`.
        y: In pixels.
        label: The value to write.

    Returns:
        The smallest rectangle that holds the filled region; None outside the map or where it has that value already.
    """
    column, row = math.floor(x), math.floor(y)
    height, width = labels.shape
    if not (0 <= column < width and 0 <= row < height) or labels[row, column] == label:
        return None
    _, _, _, (left, top, columns, rows) = cv2.floodFill(labels, None, (column, row), label, 0, 0, 4 | cv2.FLOODFILL_FIXED_RANGE)  # pyright: ignore[reportCallIssue, reportArgumentType]
    return Rect(left, top, left + columns, top + rows)


def changed_rect(before: LabelArray, after: LabelArray) -> Rect | None:
    """Return the smallest rectangle that holds every difference of two maps of one size; None where they are equal."""
    return _tight(before != after, Rect(0, 0, before.shape[1], before.shape[0]))


def _write(labels: LabelArray, box: Rect, mask: MaskArray, label: int) -> Rect | None:
    region = labels[box.slices]
    changed = _tight(mask & (region != label), box)
    if changed is not None:
        region[mask] = label
    return changed


def _tight(mask: MaskArray, box: Rect) -> Rect | None:
    columns = np.flatnonzero(mask.any(axis=0))
    if not columns.size:
        return None
    rows = np.flatnonzero(mask.any(axis=1))
    return Rect(box.left + int(columns[0]), box.top + int(rows[0]), box.left + int(columns[-1]) + 1, box.top + int(rows[-1]) + 1)
