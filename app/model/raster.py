"""Hard-edged rasterisation on label maps: pixels covered by brushes and fills, and writing them."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spade_studio.app.model import raster_fill

LabelArray = NDArray[np.uint8]
InstanceArray = NDArray[np.uint16]
MaskArray = NDArray[np.bool_]
RegionArray = NDArray[np.uint16]


class Nib(StrEnum):
    """Shape of the brush tip."""

    ROUND = "round"
    SQUARE = "square"
    TREES = "trees"
    ROCK = "rock"
    CLOUD = "cloud"
    GRASS = "grass"

    @property
    def is_silhouette(self) -> bool:
        """Whether the tip is stamped repeatedly along a stroke instead of being swept along it."""
        return self not in (Nib.ROUND, Nib.SQUARE)


class Rect(NamedTuple):
    """Rectangle of pixels; ``right`` and ``bottom`` are exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.bottom - self.top

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index that selects the rectangle from an ``[H, W]`` array."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def moved(self, dx: int, dy: int) -> Rect:
        """Return the rectangle moved by whole pixels."""
        return Rect(self.left + dx, self.top + dy, self.right + dx, self.bottom + dy)

    def united(self, other: Rect | None) -> Rect:
        """Return the bounding box of both rectangles."""
        if other is None:
            return self
        return Rect(min(self.left, other.left), min(self.top, other.top), max(self.right, other.right), max(self.bottom, other.bottom))


class Patch(NamedTuple):
    """Set of pixels of a map: those of ``box``, inside the map, where ``mask``, boolean ``[height, width]`` of the box, is set."""

    box: Rect
    mask: MaskArray


class Symmetry(NamedTuple):
    """Mirror axes through the middle of the map, at which every stroke is repeated."""

    left_right: bool = False
    up_down: bool = False

    def positions(self, x: float, y: float, size: tuple[int, int]) -> list[tuple[float, float]]:
        """Return a position and its mirror images in a map of ``size`` (height, width)."""
        height, width = size
        found = [(x, y)]
        if self.left_right:
            found += [(width - x, y) for x, y in found]
        if self.up_down:
            found += [(x, height - y) for x, y in found]
        return found

    def patches(self, patch: Patch, size: tuple[int, int]) -> list[Patch]:
        """Return a patch and its mirror images in a map of ``size`` (height, width)."""
        height, width = size
        found = [patch]
        if self.left_right:
            found += [Patch(Rect(width - box.right, box.top, width - box.left, box.bottom), mask[:, ::-1]) for box, mask in found]
        if self.up_down:
            found += [Patch(Rect(box.left, height - box.bottom, box.right, height - box.top), mask[::-1]) for box, mask in found]
        return found


NO_SYMMETRY = Symmetry()


def disc_center(x: float, y: float, diameter: int) -> tuple[float, float]:
    """Snap a position so that a disc is symmetrical: to a pixel's centre for odd diameters, to a corner for even ones."""
    if diameter % 2:
        return math.floor(x) + 0.5, math.floor(y) + 0.5
    return float(math.floor(x + 0.5)), float(math.floor(y + 0.5))


def nib_mask(diameter: int, nib: Nib) -> MaskArray:
    """Return the mask of the pixels that one click paints, boolean ``[diameter, diameter]``."""
    return disc_mask(diameter) if nib is Nib.ROUND else np.ones((diameter, diameter), bool)


def disc_mask(diameter: int) -> MaskArray:
    """Return the mask of the pixels that one click of a round brush paints, boolean ``[diameter, diameter]``."""
    offsets = np.arange(diameter, dtype=np.float32) + np.float32(0.5 - diameter / 2)
    squares = offsets * offsets
    return squares[:, None] + squares[None, :] <= np.float32(diameter * diameter / 4)


def line_patch(
    size: tuple[int, int], start: tuple[float, float], end: tuple[float, float], diameter: int, nib: Nib = Nib.ROUND
) -> Patch | None:
    """Return the pixels that a brush covers between two positions; None where all lie outside the map.

    Args:
        size: (height, width) of the map.
        start: Position (x, y) in pixels, possibly outside; (0, 0) is the upper left corner of the first pixel.
        end: Position in the same coordinates.
        diameter: Diameter of the brush in pixels, at least 1.
        nib: Shape of the tip.
    """
    x0, y0 = disc_center(*start, diameter)
    x1, y1 = disc_center(*end, diameter)
    radius = diameter / 2
    box = clipped(min(x0, x1) - radius, min(y0, y1) - radius, max(x0, x1) + radius, max(y0, y1) + radius, size)
    if box is None:
        return None
    xs = np.arange(box.left, box.right, dtype=np.float32) + np.float32(0.5 - x0)
    ys = (np.arange(box.top, box.bottom, dtype=np.float32) + np.float32(0.5 - y0))[:, None]
    dx, dy = np.float32(x1 - x0), np.float32(y1 - y0)
    if nib is Nib.SQUARE:
        # A square swept along a segment: the pixels inside its bounds that are at most half the square's extent away from the line.
        return Patch(box, np.abs(xs * dy - ys * dx) <= np.float32(radius) * (abs(dx) + abs(dy)) + np.float32(1e-3))
    # The union of discs along a segment is the set of pixels whose centre is at most a radius away from it.
    length = dx * dx + dy * dy
    if length > 0:
        along = np.clip((xs * dx + ys * dy) / length, 0.0, 1.0)
        xs = xs - along * dx
        ys = ys - along * dy
    # The slack keeps rounding from flattening discs whose rim passes exactly through pixel centres.
    return Patch(box, xs * xs + ys * ys <= np.float32(radius * radius + 1e-3))


def fill_patch(labels: LabelArray, x: float, y: float, *, everywhere: bool = False, gap: int = 0) -> Patch | None:
    """Return the pixels of equal value connected to a position; None for a position outside the map.

    Args:
        labels: Label map, uint8 ``[H, W]``.
        x: Horizontal position in pixels, as in :func:`line_patch`.
        y: Vertical position in pixels.
        everywhere: Whether to return all pixels of that value instead of one connected component.
        gap: Greatest width in pixels of openings that count as closed.
    """
    column, row = math.floor(x), math.floor(y)
    height, width = labels.shape
    if not (0 <= column < width and 0 <= row < height):
        return None
    region = labels == labels[row, column]
    return tight(region if everywhere else raster_fill.connected(region, column, row, gap), Rect(0, 0, width, height))


def write(
    labels: LabelArray, patch: Patch | None, label: int, locked: MaskArray | None = None, within: MaskArray | None = None
) -> Rect | None:
    """Write a value to the pixels of a patch, in place.

    Args:
        labels: Label map to modify, uint8 ``[H, W]``.
        patch: Pixels to write; None for none.
        label: Value to write.
        locked: Values that must not change, boolean ``[256]``; None for none.
        within: Pixels that may change, boolean ``[H, W]``; None for all.

    Returns:
        Bounding box of the pixels whose value changed; None where there are none.
    """
    if patch is None:
        return None
    region = labels[patch.box.slices]
    mask = patch.mask & (region != label)
    if locked is not None:
        mask &= ~locked[region]
    if within is not None:
        mask &= within[patch.box.slices]
    changed = tight(mask, patch.box)
    if changed is None:
        return None
    region[mask] = label
    return changed.box


def clipped(left: float, top: float, right: float, bottom: float, size: tuple[int, int]) -> Rect | None:
    """Return the pixels of a map of ``size`` (height, width) that a rectangle touches; None where there are none."""
    box = Rect(max(0, math.floor(left)), max(0, math.floor(top)), min(size[1], math.ceil(right)), min(size[0], math.ceil(bottom)))
    return box if box.width > 0 and box.height > 0 else None


def changed_rect(before: LabelArray | InstanceArray, after: LabelArray | InstanceArray) -> Rect | None:
    """Return the bounding box of the differences between two maps of equal size; None where they are equal."""
    patch = tight(before != after, Rect(0, 0, before.shape[1], before.shape[0]))
    return patch and patch.box


def tight(mask: MaskArray, box: Rect) -> Patch | None:
    """Return a mask over a box as a patch cropped to its set pixels; None where no pixel is set."""
    columns = np.flatnonzero(mask.any(axis=0))
    if not columns.size:
        return None
    rows = np.flatnonzero(mask.any(axis=1))
    left, top, right, bottom = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    return Patch(Rect(left, top, right, bottom).moved(box.left, box.top), mask[top:bottom, left:right])
