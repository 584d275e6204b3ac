"""Labels that the palette offers, and the labels chosen when a document opens."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spade_studio.app.model.raster import LabelArray
from spade_studio.engine.labels import UNLABELED, Label, LabelChannels, LabelSet
from spade_studio.engine.labels.transfer import LabelTransfer


@dataclass(frozen=True)
class SetOffer:
    """Label sets that a new layout can have.

    Attributes:
        sets: All label sets.
        own: Index of the set of the loaded weights; -1 where unknown.
        chosen: Index of the proposed set.
        known: For each set, the labels that the weights know; all labels of the set where that is unknown.
    """

    sets: Sequence[LabelSet]
    own: int
    chosen: int
    known: Sequence[Sequence[Label]]


_GOLDEN_RATIO = 0.618034
_WORTH_HOLDING = 0.05


def set_of(channels: LabelChannels) -> LabelSet:
    """Return the label set of weights; for weights without label names, a set of numbered labels."""
    if channels.label_set is not None:
        return channels.label_set
    ids = [label_id for label_id in channels.known_ids if label_id != UNLABELED]
    return LabelSet("Numbered labels", tuple(Label(label_id, f"label {label_id}", _color(label_id)) for label_id in ids), UNLABELED)


def offered_labels(label_set: LabelSet, known: Sequence[int]) -> tuple[Label, ...]:
    """Return the labels with the given ids, in that order; where there are no ids yet, all labels of the set that are in use."""
    if not known:
        return tuple(label for label in label_set.labels if not label.unused)
    return tuple(label for label_id in known if (label := label_set.by_id(label_id)) is not None)


def is_same_set(label_set: LabelSet, other: LabelSet) -> bool:
    """Return whether two sets agree on their names and on all shared labels, and one contains the other's ids: weights may hold a part."""
    if label_set is other or label_set == other:
        return True
    if label_set.name != other.name or label_set.unlabeled_id != other.unlabeled_id:
        return False
    shared = [(label, found) for label in label_set.labels if (found := other.by_id(label.id)) is not None]
    is_part = len(shared) == min(len(label_set.labels), len(other.labels))
    return is_part and all(label.name.casefold() == found.name.casefold() for label, found in shared)


def known_ids(label_set: LabelSet, channels: LabelChannels) -> tuple[int, ...]:
    """Return the ids of a set that weights know: in the order of the weights for their own set, otherwise matched by name in set order."""
    own = channels.label_set
    if own is None or is_same_set(own, label_set):
        return tuple(label_id for label_id in channels.known_ids if label_set.by_id(label_id) is not None)
    _, unknown = LabelTransfer(label_set, channels).apply(np.arange(256, dtype=np.uint8)[None])
    return tuple(label.id for label in label_set.labels if label.id not in unknown)


def starting_labels(labels: LabelArray, offered: Sequence[Label]) -> tuple[Label, Label]:
    """Return the initial label of the brush and its previous label.

    The first is the rarest of the labels that cover at least 5 % of the map, so that a first stroke is visible almost everywhere; with
    fewer than two such labels, the rarest of all. The other is the most frequent of the rest.
    """
    shares = np.bincount(labels.ravel(), minlength=256) / labels.size
    by_share = sorted(offered, key=lambda label: shares[label.id])
    visible = [label for label in by_share if shares[label.id] >= _WORTH_HOLDING]
    first = visible[0] if len(visible) > 1 else by_share[0]
    others = [label for label in reversed(by_share) if label is not first]
    return first, (others or [first])[0]


def _color(label_id: int) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(label_id * _GOLDEN_RATIO % 1, 0.55, 0.8)
    return round(red * 255), round(green * 255), round(blue * 255)
