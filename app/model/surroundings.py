"""Filling of holes in a label map from their surroundings."""

from __future__ import annotations

import cv2
import numpy as np

from spade_studio.app.model import raster
from spade_studio.app.model.raster import LabelArray, MaskArray, Rect

_ACROSS = 3
"""Weight of vertical distances against horizontal ones, since scenery lies in horizontal layers."""


def filled(labels: LabelArray, hole: MaskArray, no_source: int | None = None) -> LabelArray:
    """Return a map whose hole is filled with the nearest labels around it, preferring those at the sides to those above and below.

    Args:
        labels: Label map, uint8 ``[H, W]``.
        hole: Pixels to fill, boolean ``[H, W]``.
        no_source: Label that is not used for filling, such as unlabeled. Without any other label outside, the hole gets this one, or stays
            unchanged where this is None.
    """
    result, sources = labels.copy(), ~hole
    if no_source is not None:
        sources &= labels != no_source
    height, width = labels.shape
    if (patch := raster.tight(hole, Rect(0, 0, width, height))) is None:
        return result
    if not sources.any():
        if no_source is not None:
            result[hole] = no_source
        return result
    left, top, right, bottom = patch.box
    box = Rect(max(0, left - 1), max(0, top - 1), min(width, right + 1), min(height, bottom + 1))
    if not (sources | hole)[box.slices].all() or not sources[box.slices].any():
        box = Rect(0, 0, width, height)  # the nearest source need not be adjacent to the hole
    inside = hole[box.slices]
    result[box.slices][inside] = _nearest(labels[box.slices], sources[box.slices])[inside]
    return result


def _nearest(labels: LabelArray, sources: MaskArray) -> LabelArray:
    """Return the label of the nearest source for every pixel, with vertical distances weighted by ``_ACROSS``."""
    tall = np.ascontiguousarray(~sources).repeat(_ACROSS, axis=0).astype(np.uint8)
    _, found = cv2.distanceTransformWithLabels(tall, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    numbers = np.asarray(found, np.int32)
    label_of = np.zeros(int(numbers.max()) + 1, np.uint8)
    label_of[numbers[tall == 0]] = labels.repeat(_ACROSS, axis=0)[tall == 0]
    return label_of[numbers[_ACROSS // 2 :: _ACROSS]]
