"""Connected components, optionally with small gaps in their borders closed."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

MaskArray = NDArray[np.bool_]


def connected(region: MaskArray, column: int, row: int, gap: int = 0) -> MaskArray:
    """Return the 4-connected component of a region that contains a pixel, boolean ``[H, W]``.

    Openings up to ``gap`` pixels wide count as closed: the region is eroded until they are, the component around the pixel is grown
    back, and eroded remainders (corners, dead ends) are added where they touch no other component.
    """
    if gap <= 0:
        return _component(region, column, row)
    kernel = np.ones((gap + 1, gap + 1), np.uint8)
    # The map's border does not close a region, which counts as continuing beyond it.
    core = cv2.erode(region.astype(np.uint8), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=1).astype(bool)
    _, parts = _numbered(core)
    grown = _grown_parts(region, parts, kernel)
    own = grown[row, column]
    if not own:
        # In a passage as narrow as a gap, the narrow part alone is filled.
        return _component(region & (grown == 0), column, row)
    filled = grown == own
    count, crumbs = _numbered(region & (grown == 0))
    touches_own, touches_other = np.zeros(count, bool), np.zeros(count, bool)
    left, right, above, below = np.s_[:, :-1], np.s_[:, 1:], np.s_[:-1], np.s_[1:]
    for here, there in ((left, right), (right, left), (above, below), (below, above)):
        crumb, other = crumbs[here], grown[there]
        touches_own[crumb[other == own]] = True
        touches_other[crumb[(other != own) & (other != 0)]] = True
    takes = touches_own & ~touches_other
    takes[0] = False
    return filled | takes[crumbs]


def _grown_parts(region: MaskArray, parts: NDArray[np.int32], kernel: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Dilate numbered components by the kernel that eroded them; where two meet, the higher number wins."""
    # For even kernels the erosion's anchor lies right of the centre, and dilation needs it mirrored.
    size = kernel.shape[0]
    anchor = (size - 1 - size // 2,) * 2
    grown = cv2.dilate(parts.astype(np.float32), kernel, anchor=anchor, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.where(region, grown, 0).astype(np.int32)


def _component(region: MaskArray, column: int, row: int) -> MaskArray:
    # The mask of cv2.floodFill has a border of one pixel, and a value of 1 in it is a wall.
    walls = np.ones((region.shape[0] + 2, region.shape[1] + 2), np.uint8)
    walls[1:-1, 1:-1] = ~region
    picture = np.zeros(region.shape, np.uint8)
    cv2.floodFill(picture, walls, (column, row), 1, 0, 0, 4 | cv2.FLOODFILL_FIXED_RANGE | cv2.FLOODFILL_MASK_ONLY | 2 << 8)
    return walls[1:-1, 1:-1] == 2


def _numbered(region: MaskArray) -> tuple[int, NDArray[np.int32]]:
    count, numbers = cv2.connectedComponents(region.astype(np.uint8), connectivity=4, ltype=cv2.CV_32S)
    return count, numbers.astype(np.int32, copy=False)
