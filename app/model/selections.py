"""Selections of a label map as boolean masks ``[H, W]``, their combination and their outlines."""

from __future__ import annotations

from enum import StrEnum
from typing import overload

import numpy as np

from spade_studio.app.model import raster
from spade_studio.app.model.raster import LabelArray, MaskArray, Patch, Rect


class Combine(StrEnum):
    """Combination of a new selection with the previous one."""

    REPLACE = "replace"
    ADD = "add"
    SUBTRACT = "subtract"


def combined(before: MaskArray | None, patch: Patch | None, how: Combine, size: tuple[int, int]) -> MaskArray | None:
    """Return a selection of a map of ``size`` (height, width) combined with a patch; None where nothing is selected.

    Args:
        before: Present selection, boolean ``[H, W]``, or None.
        patch: Pixels to combine with it, or None for none.
        how: Whether the patch replaces, extends or reduces the selection.
        size: (height, width) of the map.
    """
    mask = np.zeros(size, bool) if how is Combine.REPLACE or before is None else before.copy()
    if patch is not None and not (how is Combine.SUBTRACT and before is None):
        region = mask[patch.box.slices]
        if how is Combine.SUBTRACT:
            region &= ~patch.mask
        else:
            region |= patch.mask
    return mask if mask.any() else None


def inverted(selection: MaskArray | None, size: tuple[int, int]) -> MaskArray | None:
    """Return the inverse of a selection of a map of ``size`` (height, width); all pixels where nothing is selected."""
    if selection is None:
        return np.ones(size, bool)
    return None if selection.all() else ~selection


def of_label(labels: LabelArray, label: int) -> Patch | None:
    """Return all pixels of a label in a map, uint8 ``[H, W]``; None where there are none."""
    return raster.tight(labels == label, Rect(0, 0, labels.shape[1], labels.shape[0]))


def bounds(selection: MaskArray) -> Rect:
    """Return the bounding box of a selection."""
    patch = raster.tight(selection, Rect(0, 0, selection.shape[1], selection.shape[0]))
    assert patch is not None
    return patch.box


@overload
def rims(selection: MaskArray) -> np.ndarray: ...
@overload
def rims(selection: MaskArray, most: int) -> np.ndarray | None: ...
def rims(selection: MaskArray, most: int | None = None) -> np.ndarray | None:
    """Return the outline of a selection as horizontal and vertical lines ``[N, 4]``: x0, y0, x1, y1 in pixels.

    Args:
        selection: Boolean ``[H, W]``.
        most: Greatest number of lines; None is returned where there are more.
    """
    patch = raster.tight(selection, Rect(0, 0, selection.shape[1], selection.shape[0]))
    if patch is None:
        return np.zeros((0, 4), np.int32)
    box, mask = patch
    padded = np.pad(mask, 1)
    lines: list[np.ndarray] = []
    count = 0
    for is_across in (True, False):
        plane = padded if is_across else padded.T
        edges = plane[1:, :] != plane[:-1, :]  # below row i - 1 of the map, between its pixels
        steps = np.diff(np.pad(edges, ((0, 0), (1, 1))).astype(np.int8), axis=1)
        count += np.count_nonzero(steps == 1)
        if most is not None and count > most:
            return None
        row, start = np.nonzero(steps == 1)
        _, end = np.nonzero(steps == -1)
        start, end = start - 1, end - 1
        columns = (start, row, end, row) if is_across else (row, start, row, end)
        lines.append(np.stack(columns, axis=1))
    return (np.concatenate(lines) + np.array([box.left, box.top] * 2)).astype(np.int32)
