"""Label maps of other programs: which label set they use, by value or by colour, what in them it does not have, and their conversion.

It knows arrays, files and label sets; it asks nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spade_studio.app.documents import pictures
from spade_studio.app.documents.errors import DocumentError
from spade_studio.app.model.label_names import label_text
from spade_studio.app.model.raster import LabelArray
from spade_studio.engine.errors import LabelError
from spade_studio.engine.labels import Label, LabelChannels, LabelSet
from spade_studio.engine.labels.transfer import LabelTransfer
from spade_studio.engine.pictures.image_files import read_label_map

_MAX_BYTES = 512 << 20
_UNLABELED = 255
_CHUNK = 1 << 16
_MAX_COLORS = 1 << 12
"""Label maps have a few hundred colours; soft edges add some thousands."""


@dataclass(frozen=True)
class Unknown:
    """A value or colour that a label set does not have.

    Attributes:
        value: The id, or red * 65536 + green * 256 + blue.
        pixels: How many have it.
        nearest: The label whose colour is nearest; None for ids.
    """

    value: int
    pixels: int
    nearest: Label | None


@dataclass(frozen=True, eq=False)
class Reading:
    """One way to read a map.

    Attributes:
        label_set: Whose ids or colours it is taken to hold.
        by_color: Whether colours count, or values.
        values: The distinct values or colours of the map, uint32 ``[n]``.
        places: Which of them every pixel has, ``[H, W]``.
        counts: Pixels of each, ``[n]``.
    """

    label_set: LabelSet
    by_color: bool
    values: NDArray[np.uint32]
    places: NDArray[np.intp]
    counts: NDArray[np.intp]

    @cached_property
    def _ids(self) -> NDArray[np.intp]:
        """The id of every value, or -1."""
        if self.by_color:
            table = self.label_set.id_of_color
            return np.array([table.get(int(value), -1) for value in self.values], np.intp)
        known = {label.id for label in self.label_set.labels} | {self._unlabeled}
        return np.array([int(value) if int(value) in known else -1 for value in self.values], np.intp)

    @property
    def _unlabeled(self) -> int:
        return _UNLABELED if self.label_set.unlabeled_id is None else self.label_set.unlabeled_id

    @property
    def known_share(self) -> float:
        """Share of the pixels that the set knows, 0..1."""
        return float(self.counts[self._ids >= 0].sum() / self.counts.sum())

    @property
    def is_complete(self) -> bool:
        """Whether the set knows every pixel."""
        return bool((self._ids >= 0).all())

    @cached_property
    def _nearest(self) -> NDArray[np.intp]:
        """The id of the label whose colour is nearest to each value; for ids, which have no colours, unlabeled."""
        if not self.by_color:
            return np.full(len(self.values), self._unlabeled, np.intp)
        colors = np.array([label.color for label in self.label_set.labels], np.int32)
        ids = np.array([label.id for label in self.label_set.labels], np.intp)
        found = np.empty(len(self.values), np.intp)
        for start in range(0, len(self.values), _CHUNK):
            part = _unpacked(self.values[start : start + _CHUNK])
            distances = ((part[:, None] - colors[None]) ** 2).sum(2)
            found[start : start + _CHUNK] = ids[distances.argmin(1)]
        return found

    def unknown(self) -> list[Unknown]:
        """Return what the set does not have, the most pixels first."""
        wrong = np.flatnonzero(self._ids < 0)
        ordered = wrong[np.argsort(-self.counts[wrong], kind="stable")].tolist()

        def nearest(at: int) -> Label | None:
            return self.label_set.by_id(int(self._nearest[at])) if self.by_color else None

        return [Unknown(int(self.values[at]), int(self.counts[at]), nearest(at)) for at in ordered]

    def labels(self, nearest: bool) -> LabelArray:
        """Return the map in the ids of the set, uint8 ``[H, W]``.

        Args:
            nearest: Whether unknown colours become the label of the nearest colour; else, as unknown ids, unlabeled.
        """
        other = self._nearest if nearest else self._unlabeled
        return np.where(self._ids >= 0, self._ids, other).astype(np.uint8)[self.places]


def readings(path: Path, own: LabelSet, others: Sequence[LabelSet]) -> list[Reading]:
    """Return every way to read a label map, the most likely first.

    Args:
        path: A PNG of 8 bits: grey, palette or colours.
        own: The set that is preferred where several fit equally.
        others: Further sets.

    Raises:
        LabelError: No such PNG, damaged or too large, not opaque, or with so many colours that it is a photograph.
    """
    sets = [own, *(other for other in others if other.name != own.name)]
    values, colors = _planes(path)
    found: list[Reading] = []
    if values is not None:
        distinct, places, counts = _distinct(values.astype(np.uint32))
        found += [Reading(label_set, False, distinct, places, counts) for label_set in sets]
    if colors is not None:
        wide = colors.astype(np.uint32)
        packed = (wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]).astype(np.uint32)
        distinct, places, counts = _distinct(packed)
        if len(distinct) > _MAX_COLORS and values is None:
            found_colors = f"{path} has {len(distinct):,} colours"
            raise LabelError(found_colors, "a label map, with one colour for every label", "A photograph cannot be imported as labels")
        found += [Reading(label_set, True, distinct, places, counts) for label_set in sets]
    found.sort(key=lambda reading: -reading.known_share)
    if values is not None and colors is not None and not _is_palette_of(values, colors, sets):
        # The palette is no label set's own: a program may have renumbered it, so that colours that all fit tell more than values.
        found.sort(key=lambda reading: not (reading.by_color and reading.is_complete and len(reading.values) > 1))
    return found


def _planes(path: Path) -> tuple[LabelArray | None, NDArray[np.uint8] | None]:
    """Return values and colours of a PNG, what it has of them."""
    try:
        values = read_label_map(path, None)
    except LabelError:
        colors = _colors(path)
        if colors is None or (colors.shape[2] == 4 and bool((colors[..., 3] != 255).any())):
            raise
        if bool((colors[..., :3] == colors[..., :1]).all()):
            return np.ascontiguousarray(colors[..., 0]), None
        return None, colors
    return values, _colors(path)


def _colors(path: Path) -> NDArray[np.uint8] | None:
    try:
        if path.stat().st_size > _MAX_BYTES:
            return None
        return pictures.decode_colors(path.read_bytes(), path.name)
    except (OSError, DocumentError):
        return None


def _is_palette_of(values: LabelArray, colors: NDArray[np.uint8], sets: Sequence[LabelSet]) -> bool:
    return any(bool((label_set.palette()[values] == colors[..., :3]).all()) for label_set in sets)


def _distinct(plane: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], NDArray[np.intp], NDArray[np.intp]]:
    # Maps are made of runs of one value: sorting one pixel of each takes a fiftieth of the time of sorting all.
    flat = plane.ravel()
    starts = np.flatnonzero(np.concatenate([[True], flat[1:] != flat[:-1]]))
    lengths = np.diff(starts, append=flat.size)
    values, places = np.unique(flat[starts], return_inverse=True)
    counts = np.bincount(places, weights=lengths).astype(np.intp)
    return values, np.repeat(places, lengths).reshape(plane.shape), counts


def _unpacked(colors: NDArray[np.uint32]) -> NDArray[np.int32]:
    return np.stack([colors >> 16, colors >> 8 & 255, colors & 255], 1).astype(np.int32)


def carry_over(labels: LabelArray, source: LabelSet, target: LabelSet) -> tuple[LabelArray, dict[str, int]]:
    """Carry a map over to another label set by the names of its labels.

    Returns:
        The map, uint8 ``[H, W]``, and the labels that the target does not have, with their pixels, the largest first: they become
        unlabeled.
    """
    if source == target:
        return labels, {}
    channels = LabelChannels.from_label_set(target, [label.id for label in target.labels], None, edge=False)
    carried, unknown = LabelTransfer(source, channels).apply(labels)

    def name(label_id: int) -> str:
        label = source.by_id(label_id)
        return label_text(label) if label else f"id {label_id}"

    return carried, {name(label_id): count for label_id, count in sorted(unknown.items(), key=lambda item: -item[1])}
