"""Segments: the connected components of each label of a layout, with packed low-resolution masks for fast comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

import cv2
import numpy as np
from numpy.typing import NDArray

GRID: Final = 64
"""Number of rows and columns of the grid on which shapes are compared, for all picture sizes."""
PACKED: Final = GRID * GRID // 64
"""Number of 64-bit words of a shape."""
LEAST_SHARE: Final = 1000 / (256 * 512)
"""Minimum area of a segment as a fraction of the picture: 1,000 pixels at 256 x 512."""

Mask = NDArray[np.bool_]
Shapes = NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Segment:
    """A connected component of one label.

    Attributes:
        label: Value in the map.
        box: (top, left, height, width) in pixels.
        mask: Pixels of the box that belong to the segment, bool [height, width].
    """

    label: int
    box: tuple[int, int, int, int]
    mask: Mask

    @property
    def area(self) -> int:
        """Number of pixels."""
        return int(np.count_nonzero(self.mask))

    def whole(self, height: int, width: int) -> Mask:
        """Return the mask in a picture of the given size, bool [height, width]."""
        mask = np.zeros((height, width), bool)
        top, left, rows, columns = self.box
        mask[top : top + rows, left : left + columns] = self.mask
        return mask


def find_segments(labels: NDArray[np.integer], ignored: int | None, least_share: float = LEAST_SHARE) -> list[Segment]:
    """Return the segments of a map [H, W] in descending order of area, with 4-connectivity.

    Args:
        labels: Ids or channels.
        ignored: Value that is not a label.
        least_share: Minimum area of a segment as a fraction of the map.
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
    """Return the shape of a mask [H, W] of a whole picture: uint64 [PACKED], one bit a grid cell, sampled at its centre."""
    rows, columns = ((2 * np.arange(GRID) + 1) * side // (2 * GRID) for side in mask.shape)
    return np.packbits(mask[rows[:, None], columns]).view(np.uint64)


def overlaps(shape: Shapes, others: Shapes) -> NDArray[np.float32]:
    """Return the intersection over union of a shape [PACKED] with each of others [N, PACKED], float [N]; 0 where both are empty."""
    common = np.bitwise_count(others & shape).sum(1, dtype=np.int64)
    union = np.bitwise_count(others | shape).sum(1, dtype=np.int64)
    return (common / np.maximum(union, 1)).astype(np.float32)
