"""Simple initial scenes for new layouts, made from the available labels."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from spade_studio.app.model.raster import LabelArray
from spade_studio.engine.labels import Label, LabelSet

_SKY = ("sky-other", "sky", "clouds")
_LAND = ("grass", "grassland", "field", "terrain", "ground-other", "earth", "dirt", "vegetation", "road")
_SEA = ("sea", "water-other", "water", "lake", "river")
_LAKE = ("lake", "water-other", "water", "river", "sea")
_SHORE = ("sand", "beach", *_LAND)
_HILLS = ("mountain", "hill", "rock", "tree", "vegetation", "building-other", "building")


class Start(StrEnum):
    """Initial scene of a new layout."""

    LAND = "land"
    HILLS = "hills"
    LAKE = "lake"
    SEA = "sea"
    EMPTY = "empty"


def start_labels(start: Start, label_set: LabelSet, offered: Sequence[Label], size: tuple[int, int]) -> LabelArray | None:
    """Return the label map of a scene, uint8 ``[height, width]``; None where labels that it needs are missing.

    Args:
        start: Scene to draw.
        label_set: Label set of the layout.
        offered: Labels that may be used, normally those that the weights know.
        size: (height, width) in pixels.
    """
    unlabeled = label_set.unlabeled_value
    height, width = size
    labels = np.full(size, unlabeled, np.uint8)
    if start is Start.EMPTY:
        return labels
    found = [_first(names, offered) for names in _NAMES[start]]
    ids = [label.id for label in found if label is not None]
    if len(ids) < len(found) or len(set(ids)) < len(ids):
        return None
    rows = (np.arange(height, dtype=np.float64)[:, None] + 0.5) / height
    across = (np.arange(width, dtype=np.float64) + 0.5) / max(width, height)
    labels[:] = ids[0]
    for label, line in zip(ids[1:], _lines(start, across), strict=True):
        labels[rows >= line[None]] = label
    return labels


_NAMES: dict[Start, tuple[tuple[str, ...], ...]] = {
    Start.LAND: (_SKY, _LAND),
    Start.HILLS: (_SKY, _HILLS, _LAND),
    Start.LAKE: (_SKY, _HILLS, _LAKE, _LAND),
    Start.SEA: (_SKY, _SEA, _SHORE),
}


def _lines(start: Start, x: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Return, for each label after the first, the height of its upper edge along the width, as fractions of the height from the top."""
    match start:
        case Start.LAND:
            return [0.55 + 0.012 * np.sin(9 * x + 1) + 0.006 * np.sin(23 * x)]
        case Start.HILLS:
            return [_ridge(x, 0.47), 0.64 + 0.02 * np.sin(6 * x)]
        case Start.LAKE:
            return [_ridge(x, 0.43), 0.56 + 0.006 * np.sin(11 * x), 0.84 + 0.05 * np.sin(4 * x + 2.6) + 0.008 * np.sin(19 * x)]
        case _:
            return [np.full_like(x, 0.5), 0.8 + 0.05 * np.sin(4 * x + 2)]


def _ridge(x: NDArray[np.float64], foot: float) -> NDArray[np.float64]:
    return foot - 0.13 * np.abs(np.sin(3.4 * x + 0.7)) - 0.05 * np.abs(np.sin(8.3 * x)) - 0.012 * np.sin(41 * x)


def _first(names: tuple[str, ...], offered: Sequence[Label]) -> Label | None:
    by_name = {label.name: label for label in offered}
    return next((by_name[name] for name in names if name in by_name), None)
