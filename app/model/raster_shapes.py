"""Filled figures on label maps (rectangle, ellipse, polygon), and nearest-neighbour resizing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from spade_studio.app.model.raster import Patch, clipped

Point = tuple[float, float]
Scalar = TypeVar("Scalar", bound=np.generic)
_FRACTION_BITS = 6


def rectangle_patch(size: tuple[int, int], start: Point, end: Point) -> Patch | None:
    """Return the pixels of the rectangle between two corners, inclusive; None where all lie outside the map.

    Args:
        size: (height, width) of the map.
        start: Corner (x, y) in pixels; (0, 0) is the upper left corner of the first pixel.
        end: Opposite corner in the same coordinates.
    """
    box = clipped(*_bounds(start, end), size)
    return box and Patch(box, np.ones((box.height, box.width), bool))


def ellipse_patch(size: tuple[int, int], start: Point, end: Point) -> Patch | None:
    """Return the pixels of the ellipse inscribed in :func:`rectangle_patch`; None where the rectangle lies outside the map."""
    left, top, right, bottom = _bounds(start, end)
    box = clipped(left, top, right, bottom, size)
    if box is None:
        return None
    xs = (np.arange(box.left, box.right) + 0.5 - (left + right) / 2) / ((right - left) / 2)
    ys = (np.arange(box.top, box.bottom) + 0.5 - (top + bottom) / 2) / ((bottom - top) / 2)
    return Patch(box, (xs * xs)[None] + (ys * ys)[:, None] <= 1 + 1e-6)


def polygon_patch(size: tuple[int, int], points: Sequence[Point]) -> Patch | None:
    """Return the pixels of a closed polygon, including its border, by the even-odd rule; None where all lie outside the map."""
    if not points:
        return None
    xs, ys = [x for x, _ in points], [y for _, y in points]
    box = clipped(math.floor(min(xs)), math.floor(min(ys)), math.floor(max(xs)) + 1, math.floor(max(ys)) + 1, size)
    if box is None:
        return None
    # OpenCV's coordinates start at the first pixel's centre and are fixed-point numbers.
    corners = (np.array(points) - (box.left + 0.5, box.top + 0.5)) * (1 << _FRACTION_BITS)
    mask = np.zeros((box.height, box.width), np.uint8)
    cv2.fillPoly(mask, [np.rint(corners).astype(np.int32)], 1, shift=_FRACTION_BITS)
    return Patch(box, mask.astype(bool))


def constrained(start: Point, end: Point, *, to_line: bool = False) -> Point:
    """Return the end constrained to a square or circle, or, with ``to_line``, to a direction in steps of 45 degrees from the start."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    if to_line:
        angle = round(math.atan2(dy, dx) / (math.pi / 4)) * (math.pi / 4)
        length = dx * math.cos(angle) + dy * math.sin(angle)
        return start[0] + length * math.cos(angle), start[1] + length * math.sin(angle)
    side = max(abs(dx), abs(dy))
    return start[0] + math.copysign(side, dx), start[1] + math.copysign(side, dy)


def resize_nearest(plane: NDArray[Scalar], height: int, width: int) -> NDArray[Scalar]:
    """Return a plane ``[H, W]`` resized by nearest neighbour, ``[height, width]``."""
    rows, columns = ((2 * np.arange(now) + 1) * old // (2 * now) for now, old in zip((height, width), plane.shape, strict=True))
    return plane.take(rows, axis=0).take(columns, axis=1)


def _bounds(start: Point, end: Point) -> tuple[int, int, int, int]:
    (x0, y0), (x1, y1) = start, end
    return math.floor(min(x0, x1)), math.floor(min(y0, y1)), math.floor(max(x0, x1)) + 1, math.floor(max(y0, y1)) + 1
