"""Filling pixels of a label map from what lies around them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from spade_studio.app.model import raster
from spade_studio.app.model.raster import LabelArray, MaskArray, Rect

_ACROSS = 3.0
"""How much nearer what lies beside counts than what lies above or below: land lies in layers."""
_AROUND = 8
"""Pixels around a hole that are looked at first."""
_FAR = np.float32(1e9)


def filled(labels: LabelArray, hole: MaskArray, no_source: int | None = None) -> LabelArray:
    """Return a map whose pixels in a hole have the label of a near pixel outside it, rather from beside than from above or below.

    Args:
        labels: uint8 ``[H, W]``.
        hole: ``[H, W]``, the pixels that are filled; edges stay hard.
        no_source: A label that is never taken, such as unlabeled. Where nothing is left to take, the hole gets it, or keeps what it has.
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
    near = Rect(max(0, left - _AROUND), max(0, top - _AROUND), min(width, right + _AROUND), min(height, bottom + _AROUND))
    for box in (near, Rect(0, 0, width, height)):
        inside = hole[box.slices]
        taken, distances = _along_axes(labels[box.slices], sources[box.slices])
        if (distances[inside] < _FAR).all():
            result[box.slices][inside] = taken[inside]
            return result
    lost = hole & (distances >= _FAR)
    result[hole] = taken[hole]
    result[lost] = labels.ravel()[_nearest(sources)[lost]]
    return result


def _along_axes(labels: LabelArray, sources: MaskArray) -> tuple[LabelArray, NDArray[np.float32]]:
    """Return, for every pixel, the label of the nearest source left, right, above or below, and how far that is."""
    taken = labels.copy()
    distances = np.full(labels.shape, _FAR, np.float32)
    for axis, factor in ((1, 1.0), (0, _ACROSS)):
        index = np.arange(labels.shape[axis], dtype=np.int32)
        index = index[None] if axis else index[:, None]
        for backwards in (False, True):
            if backwards:
                at = np.flip(np.minimum.accumulate(np.flip(np.where(sources, index, np.int32(1 << 28)), axis), axis=axis), axis)
            else:
                at = np.maximum.accumulate(np.where(sources, index, np.int32(-(1 << 28))), axis=axis)
            distance = np.abs(at - index).astype(np.float32) * np.float32(factor)
            nearer = (distance < distances) & (np.abs(at) < 1 << 27)
            found = np.take_along_axis(labels, at.clip(0, labels.shape[axis] - 1).astype(np.intp), axis)
            np.copyto(taken, found, where=nearer)
            np.copyto(distances, distance, where=nearer)
    return taken, distances


def _nearest(sources: MaskArray) -> NDArray[np.intp]:
    """Return, for every pixel, the flat index of the nearest source."""
    _, numbers = cv2.distanceTransformWithLabels((~sources).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    place_of = np.zeros(int(numbers.max()) + 1, np.intp)
    places = np.flatnonzero(sources)
    place_of[numbers.ravel()[places]] = places
    return place_of[numbers]
