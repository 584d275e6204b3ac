"""Floating piece of a layout, lifted or pasted, that can be moved, scaled, rotated and flipped with hard edges."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from spade_studio.app.model import raster, surroundings
from spade_studio.app.model.raster import InstanceArray, LabelArray, MaskArray, Patch, Rect
from spade_studio.app.model.raster_shapes import Point

_LEAST = 1.0  # shortest side of a piece, in pixels
_MOST = 8192.0


@dataclass(frozen=True, eq=False)
class Laid:
    """Pixels of a piece resampled to the grid of a map.

    Attributes:
        patch: Covered pixels.
        labels: Label ids, uint8 with the shape of the patch's box.
        objects: Object ids, uint16 of the same shape, or None.
    """

    patch: Patch
    labels: LabelArray
    objects: InstanceArray | None = None


@dataclass(frozen=True)
class Placement:
    """Position, size and rotation of a piece.

    Attributes:
        x, y: Centre, in map pixels.
        width, height: Size before rotation, in pixels; negative where flipped.
        angle: Clockwise rotation, in degrees.
    """

    x: float
    y: float
    width: float
    height: float
    angle: float = 0.0

    def to_map(self, u: float, v: float) -> Point:
        """Return the map position of a point in the piece, given as fractions of its sides, 0..1 from the left and the upper edge."""
        turn = math.radians(self.angle)
        dx, dy = (u - 0.5) * self.width, (v - 0.5) * self.height
        return self.x + dx * math.cos(turn) - dy * math.sin(turn), self.y + dx * math.sin(turn) + dy * math.cos(turn)

    def to_piece(self, x: float, y: float) -> Point:
        """Return the fractions of the sides at a map position: the inverse of :meth:`to_map`."""
        turn = math.radians(self.angle)
        dx, dy = x - self.x, y - self.y
        along, down = dx * math.cos(turn) + dy * math.sin(turn), dy * math.cos(turn) - dx * math.sin(turn)
        return along / self.width + 0.5, down / self.height + 0.5

    @property
    def corners(self) -> list[Point]:
        """Corners in map pixels, clockwise from the upper left one of the unrotated piece."""
        return [self.to_map(u, v) for u, v in ((0, 0), (1, 0), (1, 1), (0, 1))]

    def moved(self, dx: float, dy: float) -> Placement:
        """Return the placement moved by a distance in map pixels."""
        return replace(self, x=self.x + dx, y=self.y + dy)

    def scaled_from(self, handle: Point, at: Point, *, keeps_shape: bool) -> Placement:
        """Return the placement scaled so that a handle moves to a position while the opposite side or corner stays.

        Args:
            handle: Position of the handle as fractions of the sides, each 0, 0.5 or 1; there is no scaling along an axis with 0.5.
            at: New position of the handle, in map pixels.
            keeps_shape: Whether to keep the aspect ratio.
        """
        turn = math.radians(self.angle)
        fixed = self.to_map(1 - handle[0], 1 - handle[1])
        dx, dy = at[0] - fixed[0], at[1] - fixed[1]
        along, down = dx * math.cos(turn) + dy * math.sin(turn), dy * math.cos(turn) - dx * math.sin(turn)
        width = self.width if handle[0] == 0.5 else along * (1 if handle[0] else -1)
        height = self.height if handle[1] == 0.5 else down * (1 if handle[1] else -1)
        if keeps_shape:
            sides = (handle[0], width, self.width), (handle[1], height, self.height)
            factor = max(abs(new / old) for share, new, old in sides if share != 0.5)
            width = math.copysign(self.width * factor, width if handle[0] != 0.5 else self.width)
            height = math.copysign(self.height * factor, height if handle[1] != 0.5 else self.height)
        width, height = _side(width), _side(height)
        placed = replace(self, width=width, height=height)
        now = placed.to_map(1 - handle[0], 1 - handle[1])
        return placed.moved(fixed[0] - now[0], fixed[1] - now[1])

    def flipped(self, *, left_right: bool) -> Placement:
        """Return the placement mirrored in place along a screen axis: horizontally where ``left_right``, otherwise vertically."""
        if left_right:
            return replace(self, width=-self.width, angle=-self.angle)
        return replace(self, height=-self.height, angle=-self.angle)

    def turned(self, degrees: float) -> Placement:
        """Return the placement rotated clockwise around its centre by further degrees."""
        return replace(self, angle=(self.angle + degrees + 180) % 360 - 180)


class Floating:
    """A piece floating over a map.

    Args:
        labels: Label ids, uint8 ``[h, w]``.
        mask: Pixels that belong to the piece, boolean ``[h, w]``.
        objects: Object ids, uint16 ``[h, w]``, or None.
        place: Initial rectangle in the map, of the piece's size.
        left_behind: Pixels that fill the hole where the piece was lifted; None for a copy.

    Attributes:
        placement: Current placement.
    """

    def __init__(
        self, labels: LabelArray, mask: MaskArray, objects: InstanceArray | None, place: Rect, left_behind: Laid | None = None
    ) -> None:
        self._labels, self._mask, self._objects = labels, mask, objects
        self.left_behind = left_behind
        self.placement = Placement((place.left + place.right) / 2, (place.top + place.bottom) / 2, place.width, place.height)

    @classmethod
    def lifted(
        cls,
        labels: LabelArray,
        objects: InstanceArray | None,
        selection: MaskArray,
        *,
        locked: MaskArray | None = None,
        no_source: int | None = None,
        copies: bool = False,
    ) -> Floating | None:
        """Lift the selected pixels; None where none can be lifted.

        Args:
            labels: Label map, uint8 ``[H, W]``.
            objects: Object ids, uint16 ``[H, W]``, or None.
            selection: Selected pixels, boolean ``[H, W]``.
            locked: Values that are not lifted, boolean ``[256]``.
            no_source: Label that is not used to fill the hole; see :func:`surroundings.filled`.
            copies: Whether the original stays in place.
        """
        if locked is not None:
            selection = selection & ~locked[labels]
        patch = raster.tight(selection, Rect(0, 0, labels.shape[1], labels.shape[0]))
        if patch is None:
            return None
        box, mask = patch
        part = labels[box.slices].copy()
        left_behind = None
        if not copies:
            left_behind = Laid(patch, surroundings.filled(labels, selection, no_source)[box.slices])
        return cls(part, mask.copy(), None if objects is None else objects[box.slices].copy(), box, left_behind)

    @property
    def has_objects(self) -> bool:
        """Whether the piece has an object plane."""
        return self._objects is not None

    def renumber(self, first: int) -> None:
        """Renumber the piece's objects consecutively from ``first``, in the order of their present ids; ids are capped at 65535."""
        if self._objects is not None:
            numbers = np.unique(self._objects[self._mask & (self._objects > 0)])
            fresh = np.minimum(np.searchsorted(numbers, self._objects) + first, 0xFFFF)
            self._objects = np.where(self._objects > 0, fresh, 0).astype(np.uint16)

    def placed(self, size: tuple[int, int]) -> Laid | None:
        """Return the piece resampled into a map of ``size`` (height, width); None where it lies outside."""
        place = self._snapped()
        xs, ys = zip(*place.corners, strict=True)
        box = raster.clipped(round(min(xs), 6), round(min(ys), 6), round(max(xs), 6), round(max(ys), 6), size)
        if box is None:
            return None
        height, width = self._mask.shape
        if place.angle % 90 == 0:
            rows, columns = self._straight(place, box)
            take = np.s_[rows, columns]
            mask, labels = self._mask[take], self._labels[take]
            objects = None if self._objects is None else self._objects[take]
        else:
            # From pixel centres of the map to pixel centres of the piece, in OpenCV's coordinates.
            (u0, v0), (u1, v1), (u2, v2) = (
                place.to_piece(box.left + 0.5 + dx, box.top + 0.5 + dy) for dx, dy in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
            )
            matrix = np.array(
                [
                    [(u1 - u0) * width, (u2 - u0) * width, u0 * width - 0.5],
                    [(v1 - v0) * height, (v2 - v0) * height, v0 * height - 0.5],
                ]
            )
            flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
            sides = box.width, box.height
            mask = cv2.warpAffine(self._mask.astype(np.uint8), matrix, sides, flags=flags).astype(bool)
            labels = cv2.warpAffine(self._labels, matrix, sides, flags=flags).astype(np.uint8, copy=False)
            objects = None
            if self._objects is not None:
                objects = cv2.warpAffine(self._objects, matrix, sides, flags=flags).astype(np.uint16, copy=False)
        return Laid(Patch(box, mask), labels, objects)

    def covers(self, x: float, y: float) -> bool:
        """Return whether a map position lies in the piece's frame."""
        u, v = self.placement.to_piece(x, y)
        return 0 <= u < 1 and 0 <= v < 1

    def _snapped(self) -> Placement:
        """Return the placement aligned to whole pixels where its angle is a multiple of 90 degrees."""
        place = self.placement
        if place.angle % 90:
            return place
        width = math.copysign(max(1, round(abs(place.width))), place.width)
        height = math.copysign(max(1, round(abs(place.height))), place.height)
        across, down = (width, height) if place.angle % 180 == 0 else (height, width)
        x = math.floor(place.x - abs(across) / 2 + 0.5) + abs(across) / 2
        y = math.floor(place.y - abs(down) / 2 + 0.5) + abs(down) / 2
        return Placement(x, y, width, height, place.angle)

    def _straight(self, place: Placement, box: Rect) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows and columns of the piece at the pixels of a box, for a rotation by a multiple of 90 degrees."""
        height, width = self._mask.shape
        xs, ys = np.arange(box.left, box.right) + 0.5 - place.x, np.arange(box.top, box.bottom) + 0.5 - place.y
        match round(place.angle / 90) % 4:
            case 0:
                along, down = xs[None], ys[:, None]
            case 1:
                along, down = ys[:, None], -xs[None]
            case 2:
                along, down = -xs[None], -ys[:, None]
            case _:
                along, down = -ys[:, None], xs[None]
        columns = np.floor((along / place.width + 0.5) * width + 1e-9).astype(np.intp).clip(0, width - 1)
        rows = np.floor((down / place.height + 0.5) * height + 1e-9).astype(np.intp).clip(0, height - 1)
        return rows, columns


def _side(length: float) -> float:
    return math.copysign(min(max(abs(length), _LEAST), _MOST), length)
