"""The canvas of a layout: the best piece of a memory bank for each segment, pasted back to front, boundaries partly erased."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from spade_studio.engine.bank.file import MemoryBank
from spade_studio.engine.bank.photographs import Origin, UsedPhotograph
from spade_studio.engine.bank.segments import Mask, Segment, Shapes, find_segments, overlaps, shape_of
from spade_studio.engine.networks.layout import Canvas

BEST: Final = 10
"""Number of pieces that a search returns."""
BORDER: Final = 0.035
"""Height of the band along segment boundaries in which half of the pixels are erased, as a fraction of the picture's height."""
AROUND_THINGS: Final = 0.08
"""Width of the margin around things in which the segments behind them are erased, as a fraction of the picture's height."""


@dataclass(frozen=True)
class Match:
    """One result of a search.

    Attributes:
        piece: Index of the piece in the bank.
        overlap: Intersection over union of its mask with the segment's at their positions in the picture, from 0 to 1.
    """

    piece: int
    overlap: float


Fitted = tuple[NDArray[np.uint8], Mask, tuple[slice, slice]]
"""A piece at the size of a picture: its colours, its mask, and its place there."""


@dataclass(frozen=True, eq=False)
class Composition:
    """The canvas of one layout.

    Attributes:
        canvas: Canvas of a batch of one.
        matches: Best piece of each segment that has one.
        origin: Photographs that the canvas consists of.
    """

    canvas: Canvas
    matches: tuple[Match, ...]
    origin: Origin


def search(bank: MemoryBank, label: int, mask: Mask, *, without: int | None = None, count: int = BEST) -> list[Match]:
    """Return the pieces of a label whose masks overlap most with a mask of a whole picture, best first.

    Args:
        bank: Bank to search.
        label: Dataset id.
        mask: bool [H, W] of any size; compared at its position in the picture.
        without: Index of a photograph to leave out.
        count: Maximum number of pieces.
    """
    return _search(bank, label, shape_of(mask), without, count)


def _search(bank: MemoryBank, label: int, shape: Shapes, without: int | None, count: int) -> list[Match]:
    places = np.flatnonzero(bank.labels == label)
    if without is not None:
        places = places[bank.photograph_of[places] != without]
    found = overlaps(shape, bank.shapes[places])
    best = np.argsort(-found, kind="stable")[:count]
    return [Match(int(places[place]), float(found[place])) for place in best.tolist() if found[place] > 0]


Kept = dict[tuple[int, bytes, int, int], "tuple[Match, Fitted] | None"]
"""Cache from label, shape and picture size (height, width) to the best piece of a segment, or None where there is none."""


def compose(bank: MemoryBank, labels: NDArray[np.uint8], *, without: int | None = None, kept: Kept | None = None) -> Composition:
    """Compose the canvas of a layout.

    Args:
        bank: Bank with the same label set.
        labels: Dataset ids, uint8 [H, W], at the size of the picture.
        without: Number of a photograph that is left out.
        kept: Matches of the last layout of this bank, reused for unchanged segments; replaced by those of this layout.

    Raises:
        BankError: a tile is damaged.
    """
    height, width = labels.shape
    placed: list[tuple[Segment, Match, Fitted]] = []
    found: Kept = {}
    for segment in find_segments(labels, bank.label_set.unlabeled_id):
        shape = shape_of(segment.whole(height, width))
        key = segment.label, shape.tobytes(), height, width
        if kept is not None and key in kept:
            found[key] = kept[key]
        else:
            matches = _search(bank, segment.label, shape, without, 1)
            found[key] = (matches[0], fitted(bank, matches[0].piece, height, width)) if matches else None
        if (best := found[key]) is not None:
            placed.append((segment, *best))
    if kept is not None:
        kept.clear()
        kept.update(found)
    rank = {number: place for place, number in enumerate(bank.order)}
    # From back to front; of segments of one label the larger ones lie behind, as they come.
    placed.sort(key=lambda entry: -rank.get(entry[0].label, len(rank)))
    colors = np.zeros((height, width, 3), np.uint8)
    owner = np.full((height, width), -1, np.int32)
    things = {label.id for label in bank.label_set.labels if label.kind == "thing"}
    for number, (segment, _, (pixels, mask, place)) in enumerate(placed):
        if segment.label in things:
            _erase_around(owner, mask, place)
        colors[place][mask] = pixels[mask]
        owner[place][mask] = number
    erased = border_band(owner, BORDER) & random_half(height, width)
    known = (owner >= 0) & ~erased
    colors[~known] = 0
    matched = [(segment, match) for segment, match, _ in placed]
    origin = Origin(_used(bank, matched, np.where(known, owner, -1)), bank.licence, bank.source)
    return Composition(Canvas(colors[None], known[None]), tuple(match for _, match in matched), origin)


def border_band(owner: NDArray[np.integer], share: float) -> Mask:
    """Return the band along boundaries between different values of a map [H, W]; ``share`` is its height as a fraction of the map's."""
    across, down = owner[:, 1:] != owner[:, :-1], owner[1:] != owner[:-1]
    away = np.ones(owner.shape, np.uint8)
    away[:, 1:][across] = away[:, :-1][across] = 0
    away[1:][down] = away[:-1][down] = 0
    if away.all():
        return np.zeros(owner.shape, bool)
    distance = cv2.distanceTransform(away, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return distance < share * owner.shape[0] / 2


@lru_cache(maxsize=4)
def random_half(height: int, width: int) -> Mask:
    """Return a pseudo-random mask of half of a picture's pixels, the same in every call, so that an edit changes its own pixels only."""
    return np.random.default_rng(2018).random((height, width)) < 0.5


def fitted(bank: MemoryBank, piece: int, height: int, width: int) -> Fitted:
    """Return the colours and the mask of a piece, resized for a picture of the given size, and its position there."""
    tile = bank.tile(piece)
    top, left, rows, columns = (int(number) for number in bank.boxes[piece])
    vertical, horizontal = height / bank.size[0], width / bank.size[1]
    y, x = round(top * vertical), round(left * horizontal)
    bottom, right = max(y + 1, round((top + rows) * vertical)), max(x + 1, round((left + columns) * horizontal))
    bottom, right = min(bottom, height), min(right, width)
    y, x = min(y, height - 1), min(x, width - 1)
    size = (right - x, bottom - y)
    if size != (columns, rows):
        smaller = size[0] < columns
        mask = cv2.resize(tile[..., 3], size, interpolation=cv2.INTER_NEAREST)
        # What lies outside the mask is black in the tile: the colours are filled outwards before they are mixed.
        pixels = cv2.resize(_filled(tile), size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)
    else:
        pixels, mask = tile[..., :3], tile[..., 3]
    return np.ascontiguousarray(pixels, np.uint8), mask >= 128, (slice(y, bottom), slice(x, right))


def _filled(tile: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a tile's colours with those at the mask's edge carried outwards."""
    outside = (tile[..., 3] < 128).astype(np.uint8)
    if not outside.any() or outside.all():
        return np.ascontiguousarray(tile[..., :3])
    _, numbered = cv2.distanceTransformWithLabels(outside, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL)
    nearest: NDArray[np.int32] = np.asarray(numbered, np.int32)
    inside = outside == 0
    by_number = np.zeros((int(nearest.max()) + 1, 3), np.uint8)
    by_number[nearest[inside]] = tile[..., :3][inside]
    return by_number[nearest]


def _erase_around(owner: NDArray[np.int32], mask: Mask, place: tuple[slice, slice]) -> None:
    """Forget what lies behind a thing, outwards from its outline."""
    away = np.ones(owner.shape, np.uint8)
    away[place][mask] = 0
    if not away.all():
        distance = cv2.distanceTransform(away, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        owner[distance < AROUND_THINGS * owner.shape[0]] = -1


def _used(bank: MemoryBank, placed: Sequence[tuple[Segment, Match]], owner: NDArray[np.int32]) -> tuple[UsedPhotograph, ...]:
    counts = np.bincount(owner[owner >= 0], minlength=len(placed))
    labels: dict[int, list[int]] = {}
    shares: dict[int, int] = {}
    for number, (segment, match) in enumerate(placed):
        if counts[number]:
            photograph = int(bank.photograph_of[match.piece])
            labels.setdefault(photograph, []).append(segment.label)
            shares[photograph] = shares.get(photograph, 0) + int(counts[number])
    found = [
        UsedPhotograph(bank.photographs[number], tuple(dict.fromkeys(labels[number])), count / owner.size)
        for number, count in shares.items()
    ]
    return tuple(sorted(found, key=lambda used: -used.share))
