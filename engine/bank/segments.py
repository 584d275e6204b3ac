"""Segments: the connected components of every label of a layout, and their shapes as packed masks that can be compared quickly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

import cv2
import numpy as np
from numpy.typing import NDArray

GRID: Final = 64
"""Rows and columns of the grid on which shapes are compared, whatever the picture's size."""
PACKED: Final = GRID * GRID // 64
"""Words of 64 bits that hold a shape."""
LEAST_SHARE: Final = 1000 / (256 * 512)
"""Of a picture's pixels, the least that a segment has: 1,000 at 256 x 512."""

Mask = NDArray[np.bool_]
Shapes = NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Segment:
    """A connected part of a picture that has one label.

    Attributes:
        label: Its value in the map.
        box: (top, left, height, width) in pixels.
        mask: bool [height, width]: which pixels of the box it has.
    """

    label: int
    box: tuple[int, int, int, int]
    mask: Mask

    @property
    def area(self) -> int:
        """Its pixels."""
        return int(np.count_nonzero(self.mask))

    def whole(self, height: int, width: int) -> Mask:
        """Return its mask in a picture of that size."""
        mask = np.zeros((height, width), bool)
        top, left, rows, columns = self.box
        mask[top : top + rows, left : left + columns] = self.mask
        return mask


def find_segments(labels: NDArray[np.integer], ignored: int | None, least_share: float = LEAST_SHARE) -> list[Segment]:
    """Return the segments of a map [H, W], the largest first; pixels that touch at a corner only are not connected.

    Args:
        labels: Ids or channels.
        ignored: A value that is no label.
        least_share: Of the map's pixels, below which a segment is left out.
    """
    least = least_share * labels.size
    found: list[Segment] = []
    for value in np.unique(labels).tolist():
        if value == ignored:
            continue
        same = (labels == value).astype(np.uint8)
        parts = cast("tuple[int, NDArray[np.int32], NDArray[np.int32], object]", cv2.connectedComponentsWithStats(same, connectivity=4))
        _, numbers, statistics, _ = parts
        for number in np.flatnonzero(statistics[:, cv2.CC_STAT_AREA] >= least).tolist():
            if not number:  # the first is what has other values
                continue
            left, top, width, height, _ = (int(entry) for entry in statistics[number])
            mask = numbers[top : top + height, left : left + width] == number
            found.append(Segment(value, (top, left, height, width), mask))
    return sorted(found, key=lambda segment: -segment.area)


def shape_of(mask: Mask) -> Shapes:
    """Return the shape of a mask [H, W] of a whole picture: uint64 [PACKED], a bit for each cell of the grid, by its centre."""
    rows, columns = ((2 * np.arange(GRID) + 1) * side // (2 * GRID) for side in mask.shape)
    return np.packbits(mask[rows[:, None], columns]).view(np.uint64)


def overlaps(shape: Shapes, others: Shapes) -> NDArray[np.float32]:
    """Return the intersection over union of a shape [PACKED] with others [N, PACKED], in place; 0 where both are empty."""
    common = np.bitwise_count(others & shape).sum(1, dtype=np.int64)
    union = np.bitwise_count(others | shape).sum(1, dtype=np.int64)
    return (common / np.maximum(union, 1)).astype(np.float32)
