"""Location of a label in a map: its share, its connected components, and their bounding boxes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from spade_studio.app.model.raster import LabelArray, Rect

_CONNECTIVITY = 4
_FINEST = 2048
"""Longest side in pixels at which components are counted; larger maps are subsampled."""


@dataclass(frozen=True)
class Found:
    """Occurrence of a label in a map.

    Attributes:
        share: Fraction of all pixels, 0..1.
        regions: Number of 4-connected components.
        box: Bounding box of all components; None where there are none.
        largest: Bounding box of the largest component; None where there are none.
    """

    share: float
    regions: int
    box: Rect | None
    largest: Rect | None


def find_label(labels: LabelArray, label_id: int) -> Found:
    """Locate a label in a map, uint8 ``[H, W]``; in very large maps, components of a few pixels may be missed."""
    mask = labels == label_id
    share = float(np.count_nonzero(mask)) / mask.size
    if not share:
        return Found(0.0, 0, None, None)
    step = -(-max(mask.shape) // _FINEST)
    coarse = mask[::step, ::step]
    if not coarse.any():
        step, coarse = 1, mask
    count, _, stats, _ = cv2.connectedComponentsWithStats(coarse.astype(np.uint8), connectivity=_CONNECTIVITY)
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    left, top, width, height = (int(stats[largest, column]) * step for column in range(4))
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = Rect(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    right, bottom = min(left + width, mask.shape[1]), min(top + height, mask.shape[0])
    return Found(share, count - 1, box, Rect(left, top, right, bottom))
