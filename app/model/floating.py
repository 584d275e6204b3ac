"""A piece of a layout that was lifted or pasted, to be moved, scaled, turned and flipped before it is laid down; edges stay hard."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from spade_studio.app.model import raster, surroundings
from spade_studio.app.model.raster import InstanceArray, LabelArray, MaskArray, Patch, Rect
from spade_studio.app.model.raster_shapes import Point

_LEAST = 1.0  # the shorter side of a piece, in pixels
_MOST = 8192.0


@dataclass(frozen=True, eq=False)
class Laid:
    """Pixels as they lie in a map.

    Attributes:
        patch: Where.
        labels: uint8, of the patch's box.
        objects: uint16 likewise, or None.
    """

    patch: Patch
    labels: LabelArray
    objects: InstanceArray | None = None


@dataclass(frozen=True)
class Placement:
    """Where a piece lies.

    Attributes:
        x, y: Its middle, in pixels of the map.
        width, height: Its sides before it is turned, in pixels; negative where it is flipped.
        angle: By which it is turned clockwise, in degrees.
    """

    x: float
    y: float
    width: float
    height: float
    angle: float = 0.0

    def to_map(self, u: float, v: float) -> Point:
        """Return where a position in the piece lies, given as shares of its sides, 0..1 from its left and upper edge."""
        turn = math.radians(self.angle)
        dx, dy = (u - 0.5) * self.width, (v - 0.5) * self.height
        return self.x + dx * math.cos(turn) - dy * math.sin(turn), self.y + dx * math.sin(turn) + dy * math.cos(turn)

    def to_piece(self, x: float, y: float) -> Point:
        """Return the shares of the sides at a position of the map: the inverse of :meth:`to_map`."""
        turn = math.radians(self.angle)
        dx, dy = x - self.x, y - self.y
        along, down = dx * math.cos(turn) + dy * math.sin(turn), dy * math.cos(turn) - dx * math.sin(turn)
        return along / self.width + 0.5, down / self.height + 0.5

    @property
    def corners(self) -> list[Point]:
        """Its corners, clockwise from the upper left one of the unturned piece."""
        return [self.to_map(u, v) for u, v in ((0, 0), (1, 0), (1, 1), (0, 1))]

    def moved(self, dx: float, dy: float) -> Placement:
        """Return it moved by a distance."""
        return replace(self, x=self.x + dx, y=self.y + dy)

    def scaled_from(self, handle: Point, at: Point, *, keeps_shape: bool) -> Placement:
        """Return it scaled so that a handle comes to lie at a position while what is opposite stays.

        Args:
            handle: Shares of the sides, each 0, 0.5 or 1; along a share of 0.5 nothing is scaled.
            at: In pixels of the map.
            keeps_shape: Whether the sides keep their proportion.
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
        """Return its mirror image as it is seen, in place."""
        if left_right:
            return replace(self, width=-self.width, angle=-self.angle)
        return replace(self, height=-self.height, angle=-self.angle)

    def turned(self, degrees: float) -> Placement:
        """Return it turned further around its middle."""
        return replace(self, angle=(self.angle + degrees + 180) % 360 - 180)


class Floating:
    """A piece over a map.

    Args:
        labels: uint8 ``[h, w]``, the piece.
        mask: ``[h, w]``, which pixels of it belong to it.
        objects: uint16 ``[h, w]``, or None.
        place: The rectangle of the map that it lies in, unscaled.
        left_behind: What stands where it was lifted from; None where it is a copy.

    Attributes:
        placement: Where it lies now.
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
        """Take a selected part up; None where nothing can be taken.

        Args:
            labels: uint8 ``[H, W]``.
            objects: uint16 ``[H, W]``, or None.
            selection: ``[H, W]``.
            locked: ``[256]``, the values that stay where they are.
            no_source: The label that fills no hole; see :func:`surroundings.filled`.
            copies: Whether the part also stays where it is.
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
        """Whether objects are in it."""
        return self._objects is not None

    def renumber(self, first: int) -> None:
        """Give its objects numbers from ``first`` on, in the order of those they have; the highest where the numbers are used up."""
        if self._objects is not None:
            numbers = np.unique(self._objects[self._mask & (self._objects > 0)])
            fresh = np.minimum(np.searchsorted(numbers, self._objects) + first, 0xFFFF)
            self._objects = np.where(self._objects > 0, fresh, 0).astype(np.uint16)

    def placed(self, size: tuple[int, int]) -> Laid | None:
        """Return the piece as it lies in a map of (height, width); None where all of it lies outside."""
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
            # From the middles of the map's pixels to those of the piece's, as OpenCV counts them.
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
        """Whether a position of the map lies in the piece's frame."""
        u, v = self.placement.to_piece(x, y)
        return 0 <= u < 1 and 0 <= v < 1

    def _snapped(self) -> Placement:
        """Return the placement on whole pixels where it is not turned by an angle that would blur its sides anyway."""
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
        """Return which rows and columns of the piece the pixels of a box show, where it is turned by a multiple of 90 degrees."""
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
