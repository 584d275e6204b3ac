"""Masks of COCO annotations: polygons, and plain and compressed run lengths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from spade_studio.train.datasets.errors import DataError

_FRACTION_BITS = 4  # of polygon corners


def region_mask(segmentation: object, height: int, width: int, where: str) -> NDArray[np.bool_]:
    """Return the pixels of an annotation's ``segmentation``, bool [height, width].

    Args:
        segmentation: A list of polygons (each x, y, x, y, ...), or a JSON object with ``counts`` and ``size``.
        height: Height of the picture.
        width: Width of the picture.
        where: Name of the annotation in messages.

    Raises:
        DataError: neither of these, or another size than the picture's.
    """
    if isinstance(segmentation, Mapping):
        return _from_runs(cast("Mapping[str, object]", segmentation), height, width, where)
    if not isinstance(segmentation, Sequence) or isinstance(segmentation, str):
        raise DataError(f"{where} has a segmentation of type {type(segmentation).__name__}", "polygons or run lengths")
    mask = np.zeros((height, width), np.uint8)
    for polygon in cast("Sequence[Any]", segmentation):
        try:
            corners = np.asarray(polygon, np.float64).reshape(-1, 2)
        except (TypeError, ValueError) as error:
            raise DataError(f"{where} has a polygon that is no list of x, y, x, y, ...", "pairs of numbers") from error
        if len(corners) < 3:
            continue  # a line or a point has no inside; some annotations hold such rests
        if not np.isfinite(corners).all() or np.abs(corners).max() > 1e6:
            raise DataError(f"{where} has a polygon with corners far outside", "corners in pixels")
        # Pixel i reaches from i to i + 1 in COCO; in OpenCV its centre is at i.
        fixed = np.rint((corners - 0.5) * (1 << _FRACTION_BITS)).astype(np.int32)
        cv2.fillPoly(mask, [fixed], [1], shift=_FRACTION_BITS)
    return mask.astype(bool)


def _from_runs(runs: Mapping[str, object], height: int, width: int, where: str) -> NDArray[np.bool_]:
    """Runs of pixels outside and inside by turns, down the columns."""
    counts: Any = runs.get("counts")
    size = runs.get("size")
    if isinstance(counts, str):
        lengths = _decompress(counts, where)
    elif isinstance(counts, list) and all(isinstance(item, int) for item in cast("list[object]", counts)):
        lengths = cast("list[int]", counts)
    else:
        shown = str(cast("object", counts))[:40]
        raise DataError(f"{where} has run lengths that are {shown!r}", "a list of whole numbers, or text")
    if size != [height, width] or min(lengths, default=0) < 0 or sum(lengths) != height * width:
        raise DataError(f"{where} has run lengths for {sum(lengths)} pixels of size {size}", f"[{height}, {width}]")
    inside = np.arange(len(lengths)) % 2 == 1
    return np.ascontiguousarray(np.repeat(inside, lengths).reshape(width, height).T)


def _decompress(text: str, where: str) -> list[int]:
    """Whole numbers in groups of five bits, a character from ``0`` on each; from the fourth on, differences to the last but one."""
    lengths: list[int] = []
    value = shift = 0
    for character in text:
        group = ord(character) - ord("0")
        if not 0 <= group < 64 or shift > 40:
            raise DataError(f"{where} has the character {character!r} in its run lengths", "COCO's compressed form")
        value |= (group & 31) << shift
        shift += 5
        if group & 32:  # more groups follow
            continue
        if group & 16:  # negative
            value -= 1 << shift
        lengths.append(value + lengths[-2] if len(lengths) > 2 else value)
        value = shift = 0
    if shift:
        raise DataError(f"{where} has run lengths that end in the middle of a number", "COCO's compressed form")
    return lengths
