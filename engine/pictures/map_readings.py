"""Interpretation of label pictures: the readings that label sets allow, and the choice among them."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from spade_studio.engine.errors import LabelError
from spade_studio.engine.labels.label_set import Label, LabelSet, built_in_label_sets, color_text, load_label_set
from spade_studio.engine.pictures.label_maps import LabelPicture, read_label_picture

_LISTED: Final = 5


@dataclass(frozen=True)
class Unknown:
    """A value or colour that a label set lacks.

    Attributes:
        value: Id, or red * 65536 + green * 256 + blue.
        pixels: Number of pixels.
        nearest: Label with the nearest colour; None for ids.
    """

    value: int
    pixels: int
    nearest: Label | None


@dataclass(frozen=True, eq=False)
class Reading:
    """One interpretation of a label picture.

    Attributes:
        picture: Contents of the file.
        label_set: Label set of the ids or colours.
        by_color: Whether colours or values are interpreted.
        values: Value or colour of each place, int64 ``[n]``.
    """

    picture: LabelPicture
    label_set: LabelSet
    by_color: bool
    values: NDArray[np.int64]

    @property
    def counts(self) -> NDArray[np.int64]:
        """Number of pixels of each place, ``[n]``."""
        return self.picture.counts

    @cached_property
    def _ids(self) -> NDArray[np.int64]:
        """The id of every place, or -1."""
        ids = np.full(len(self.values), -1, np.int64)
        colors = self.label_set.id_of_color if self.by_color else {}
        for place in self.picture.used.tolist():
            value = int(self.values[place])
            if self.by_color:
                ids[place] = colors.get(value, -1)
            elif value == self._unlabeled or self.label_set.by_id(value) is not None:
                ids[place] = value
        return ids

    @property
    def _unlabeled(self) -> int:
        return self.label_set.unlabeled_value

    @property
    def known_share(self) -> float:
        """Fraction of the pixels that the set has a label for, 0..1."""
        return float(self.counts[self._ids >= 0].sum() / self.counts.sum())

    @property
    def is_complete(self) -> bool:
        """Whether the set has a label for each pixel."""
        return bool((self._ids[self.picture.used] >= 0).all())

    @cached_property
    def _nearest(self) -> NDArray[np.int64]:
        """The id of the label whose colour is nearest to each place's; for values, which have no colours, unlabeled."""
        found = np.full(len(self.values), self._unlabeled, np.int64)
        if self.by_color:
            colors = np.array([label.color for label in self.label_set.labels], np.int64)
            for place in self.picture.used.tolist():
                value = int(self.values[place])
                distances = ((colors - (value >> 16, value >> 8 & 255, value & 255)) ** 2).sum(1)
                found[place] = self.label_set.labels[int(distances.argmin())].id
        return found

    def unknown(self) -> list[Unknown]:
        """Return the values or colours that the set lacks, in descending order of pixels."""
        used = self.picture.used
        wrong = used[self._ids[used] < 0]
        ordered = wrong[np.argsort(-self.counts[wrong], kind="stable")].tolist()

        def nearest(at: int) -> Label | None:
            return self.label_set.by_id(int(self._nearest[at])) if self.by_color else None

        return [Unknown(int(self.values[at]), int(self.counts[at]), nearest(at)) for at in ordered]

    def labels(self, nearest: bool) -> NDArray[np.uint8]:
        """Return the map in the ids of the set, uint8 ``[H, W]``.

        Args:
            nearest: Whether unknown colours become the label of the nearest colour; otherwise unlabeled, as unknown ids.
        """
        other = self._nearest if nearest else self._unlabeled
        return self.picture.map_of(np.where(self._ids >= 0, self._ids, other))

    def means_the_same_as(self, other: Reading) -> bool:
        """Whether both readings give each pixel a label of the same name."""
        return all(
            _name(self.label_set, int(self._ids[place])) == _name(other.label_set, int(other._ids[place]))
            for place in self.picture.used.tolist()
        )


@dataclass(frozen=True, eq=False)
class Readings:
    """All interpretations of a label picture.

    Attributes:
        options: Readings, most likely first, never empty; complete ones differ in meaning.
        is_certain: Whether the first one is certain: the file names its label set, has a set's own palette, or is complete in one set
            only. Otherwise the user must decide.
    """

    options: tuple[Reading, ...]
    is_certain: bool


def readings(picture: LabelPicture, own: LabelSet, others: Sequence[LabelSet] | None = None) -> Readings:
    """Return all interpretations of a label picture.

    Args:
        picture: Contents of the file.
        own: Label set that precedes others that fit equally well.
        others: Further label sets; the built-in ones where None.
    """
    sets = _with_others(own, others)
    decided = set_of_file(picture, sets)
    if decided is not None and decided not in sets:
        sets.append(decided)
    indices = np.arange(len(picture.counts), dtype=np.int64)
    is_by_index = picture.kind != "color" and (decided is not None or indices_are_ids(picture, sets))
    greys = picture.greys
    found: list[Reading] = []
    doubtful: list[Reading] = []
    if picture.colors is not None:
        found += [Reading(picture, label_set, True, picture.colors.astype(np.int64)) for label_set in sets]
    if is_by_index:
        found[:0] = [Reading(picture, label_set, False, indices) for label_set in sets]
    elif greys is not None:
        found += [Reading(picture, label_set, False, greys) for label_set in sets]
    elif picture.kind == "palette":
        doubtful = [Reading(picture, label_set, False, indices) for label_set in sets]
    is_file_decided = [reading.label_set == decided and not reading.by_color for reading in found]
    complete: list[Reading] = []
    for reading in found:
        # A palette of ids shows their colours beside: these are no second reading.
        counts = not (is_by_index and reading.by_color)
        if counts and reading.is_complete and not any(reading.means_the_same_as(other) for other in complete):
            complete.append(reading)
    rest = sorted((reading for reading in found if not reading.is_complete), key=lambda reading: -reading.known_share)
    first = [reading for reading, is_decided in zip(found, is_file_decided, strict=True) if is_decided]
    options = [*first, *(reading for reading in [*complete, *doubtful, *rest] if reading not in first)]
    return Readings(tuple(options), bool(first) or len(complete) == 1)


@dataclass(frozen=True, eq=False)
class SettledMap:
    """A label map that was read without asking the user.

    Attributes:
        labels: Ids of ``label_set``, uint8 ``[H, W]``.
        label_set: Label set of the ids; None where unknown.
        is_told_by_file: Whether the file itself names this set, against the assumption.
        alternatives: Names of other sets that also have a label for each pixel, with another meaning; none where the set is used by the
            weights only.
        is_complete: Whether ``label_set`` has a label for each pixel.
    """

    labels: NDArray[np.uint8]
    label_set: LabelSet | None
    is_told_by_file: bool = False
    alternatives: tuple[str, ...] = ()
    is_complete: bool = True


def settle(picture: LabelPicture, own: LabelSet | None, *, is_given: bool = False, other_ids: Collection[int] = ()) -> SettledMap:
    """Read a label picture without asking the user.

    Values are read from greyscale maps, and from palettes that are a label set's own, that follow from the index (greys, the colours of
    Pascal VOC) or that carry no information; from all others exact colours. A set that the file names, or whose own palette it has, takes
    precedence over the assumed one. Ids that the set lacks are kept.

    Args:
        picture: Contents of the file.
        own: Assumed label set; None where ids need no set.
        is_given: Whether the user named this set, which takes precedence over the file.
        other_ids: Further values that files of the set may hold.

    Raises:
        LabelError: neither values nor colours can be read as labels.
    """
    sets = _with_others(own, None)
    decided = None if is_given or own is None else set_of_file(picture, sets)
    if decided is not None and not _same_names(decided, own, picture.used):
        return SettledMap(picture.map_of(np.arange(len(picture.counts))), decided, is_told_by_file=True)
    is_by_index = decided is not None or indices_are_ids(picture, sets, other_ids)
    greys = picture.greys
    if picture.colors is not None and not is_by_index:
        candidates = [own] if is_given else sets
        for label_set in (candidate for candidate in candidates if candidate is not None):
            reading = Reading(picture, label_set, True, picture.colors.astype(np.int64))
            if reading.is_complete:
                return SettledMap(reading.labels(nearest=False), label_set, is_told_by_file=label_set is not own)
    values = np.arange(len(picture.counts)) if is_by_index else greys
    if values is None:
        raise _unknown_colors(picture, own)
    labels = picture.map_of(values)
    if own is None:
        return SettledMap(labels, None)
    as_own = Reading(picture, own, False, values)
    names: dict[str, None] = {}
    if not is_given and decided is None and _is_published(own):
        others = (Reading(picture, other, False, values) for other in sets if other is not own)
        names = {other.label_set.name: None for other in others if other.is_complete and not other.means_the_same_as(as_own)}
    return SettledMap(labels, own, False, tuple(names), as_own.is_complete)


def read_label_map(path: Path, label_set: LabelSet | None) -> NDArray[np.uint8]:
    """Read a label map of a known label set, uint8 ``[H, W]``; see :func:`settle`."""
    return settle(read_label_picture(path), label_set, is_given=True).labels


def ids_in(picture: LabelPicture, label_set: LabelSet, other_ids: Collection[int] = ()) -> NDArray[np.uint8]:
    """Return a map of a known label set, uint8 ``[H, W]``; ids that the set lacks are kept.

    Args:
        picture: Contents of the file.
        label_set: Label set of the map.
        other_ids: Further values that files of the set may hold.

    Raises:
        LabelError: as for :func:`settle`, or the file names another set.
    """
    decided = set_of_file(picture, _with_others(label_set, None))
    if decided is not None and not _same_names(decided, label_set, picture.used):
        how = "names" if picture.named else "has the palette of"
        raise LabelError(
            f"{picture.where} {how} the label set {decided.name}",
            f"ids or colours of {label_set.name}",
            f"Give the label set {decided.name}, or save the map as 8-bit grey if its values are ids of {label_set.name}",
        )
    return settle(picture, label_set, is_given=True, other_ids=other_ids).labels


def set_of_file(picture: LabelPicture, sets: Sequence[LabelSet]) -> LabelSet | None:
    """Return the label set that a file names, or the first one whose own palette it has, or None."""
    named = _named_set(picture, sets)
    if named is not None:
        return named
    return next((label_set for label_set in sets if _is_palette_of(picture, label_set)), None)


def indices_are_ids(picture: LabelPicture, sets: Sequence[LabelSet], other_ids: Collection[int] = ()) -> bool:
    """Whether the places of a picture are ids: grey values, or indices of a palette that was not renumbered."""
    if picture.kind != "palette" or picture.colors is None:
        return picture.kind == "grey"
    if _named_set(picture, sets) is not None:
        return True
    used = picture.used
    shown = picture.colors[used]
    if bool((picture.colors == picture.colors[0]).all()):
        return True  # it says nothing
    if any(bool((shown == ramp[used]).all()) for ramp in (_GREYS, _PASCAL_VOC)):
        return True
    return any(_is_palette_of(picture, label_set, other_ids) for label_set in sets)


def text_naming(label_set: LabelSet) -> str:
    """Return the text that names a label set in a PNG (:data:`~spade_studio.engine.pictures.label_maps.LABEL_SET_KEY`)."""
    for name in built_in_label_sets():
        if load_label_set(name) == label_set:
            return name
    return json.dumps(label_set.to_json())


def _named_set(picture: LabelPicture, sets: Sequence[LabelSet]) -> LabelSet | None:
    if not picture.named or picture.kind == "color":
        return None
    if picture.named in built_in_label_sets():
        return load_label_set(picture.named)
    try:
        named = LabelSet.from_json(json.loads(picture.named))
    except (LabelError, ValueError, RecursionError):
        return None  # another program's, or damaged: the pixels have to tell
    return next((label_set for label_set in sets if label_set == named), named)


def _is_palette_of(picture: LabelPicture, label_set: LabelSet, other_ids: Collection[int] = ()) -> bool:
    """Whether every index that is used has the colour of the label with that id, and one at least is a label's."""
    if picture.kind != "palette" or picture.colors is None:
        return False
    labels = 0
    for place in picture.used.tolist():
        label = label_set.by_id(place)
        if label is None:
            if place != label_set.unlabeled_id and place not in other_ids:
                return False
            continue
        color = int(picture.colors[place])
        if all(color != red << 16 | green << 8 | blue for red, green, blue in (label.color, *label.other_colors)):
            return False
        labels += 1
    return labels > 0


def _with_others(own: LabelSet | None, others: Sequence[LabelSet] | None) -> list[LabelSet]:
    others = [load_label_set(name) for name in built_in_label_sets()] if others is None else others
    return [*([] if own is None else [own]), *(other for other in others if own is None or other != own)]


def _is_published(label_set: LabelSet) -> bool:
    """Whether a set is a built-in one, or a part of it."""
    ids = np.array([label.id for label in label_set.labels])
    return any(_same_names(label_set, load_label_set(name), ids) for name in built_in_label_sets())


def _same_names(one: LabelSet, other: LabelSet | None, ids: NDArray[np.intp]) -> bool:
    return other is not None and all(_name(one, id_) == _name(other, id_) for id_ in ids.tolist())


def _name(label_set: LabelSet, id_: int) -> str:
    label = label_set.by_id(id_)
    return "" if label is None else label.name.casefold()


def _unknown_colors(picture: LabelPicture, label_set: LabelSet | None) -> LabelError:
    """Say which colours are nobody's, how many pixels have them and where the first ones are."""
    assert picture.colors is not None
    what = "a palette in another order than any label set's, " if picture.kind == "palette" else ""
    way_out = "save it as 8-bit grey to use its values as ids"
    if label_set is None:
        return LabelError(
            f"{picture.where} has {what or 'colours, '}and no label set tells what its colours mean",
            "ids as grey values",
            f"Give --label-set for a map in a set's colours, or {way_out}",
        )
    known = label_set.id_of_color
    wrong = np.array([count > 0 and int(color) not in known for color, count in zip(picture.colors, picture.counts, strict=True)])
    first = picture.first_of(wrong, _LISTED)
    places = ", ".join(f"x {x} y {y} {_color_text(int(picture.colors[place]))}" for x, y, place in first)
    count, kinds = int(picture.counts[wrong].sum()), len({int(color) for color in picture.colors[wrong]})
    colors = "colour" if kinds == 1 else "colours"
    has = f"{what}and in it " if what else ""
    return LabelError(
        f"{picture.where} has {has}{count:,} of {picture.counts.sum():,} pixels in {kinds:,} {colors} that {label_set.name} does not have"
        f" ({places}{', ...' if count > _LISTED else ''})",
        f"only the exact colours of {label_set.name}" + (", its own palette, or greys" if what else ""),
        "Choose the label set that the map was drawn with, and save it as PNG without smoothing or resizing"
        + (f"; or {way_out}" if what else ""),
    )


def _color_text(color: int) -> str:
    return color_text((color >> 16, color >> 8 & 255, color & 255))


def _pascal_voc_palette() -> NDArray[np.uint32]:
    """Return the colours that Pascal VOC, labelme and others give to indices: the bits of the index, spread over red, green and blue."""
    index = np.arange(256, dtype=np.uint32)
    colors = np.zeros(256, np.uint32)
    for place in range(3):
        for channel, shift in enumerate((16, 8, 0)):
            colors |= (index >> (3 * place + channel) & 1) << (7 - place + shift)
    return colors


_GREYS: Final = np.arange(256, dtype=np.uint32) * np.uint32(0x010101)
_PASCAL_VOC: Final = _pascal_voc_palette()
