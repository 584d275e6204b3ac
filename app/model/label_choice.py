"""Which labels the palette offers, and which are in hand when a document opens."""

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
    """The label sets that a new layout can have.

    Attributes:
        sets: All of them.
        own: Place of the one that the weights in use know, -1 where it is not known.
        chosen: Place of the one that is proposed.
        known: The labels that the weights know, of each set; all of a set where that is not known.
    """

    sets: Sequence[LabelSet]
    own: int
    chosen: int
    known: Sequence[Sequence[Label]]


_GOLDEN_RATIO = 0.618034
_WORTH_HOLDING = 0.05


def set_of(channels: LabelChannels) -> LabelSet:
    """Return the label set of weights; where they tell no names, one with a number for every label."""
    if channels.label_set is not None:
        return channels.label_set
    ids = [label_id for label_id in channels.known_ids if label_id != UNLABELED]
    return LabelSet("Numbered labels", tuple(Label(label_id, f"label {label_id}", _color(label_id)) for label_id in ids), UNLABELED)


def offered_labels(label_set: LabelSet, known: Sequence[int]) -> tuple[Label, ...]:
    """Return the labels that weights know, in their order; all that occur in pictures where it is not known yet."""
    if not known:
        return tuple(label for label in label_set.labels if not label.unused)
    return tuple(label for label_id in known if (label := label_set.by_id(label_id)) is not None)


def is_same_set(label_set: LabelSet, other: LabelSet) -> bool:
    """Return whether two sets mean the same by every value that either gives a meaning: weights may hold a part of a set."""
    if label_set is other or label_set == other:
        return True
    if label_set.name != other.name or label_set.unlabeled_id != other.unlabeled_id:
        return False
    shared = [(label, found) for label in label_set.labels if (found := other.by_id(label.id)) is not None]
    is_part = len(shared) == min(len(label_set.labels), len(other.labels))
    return is_part and all(label.name.casefold() == found.name.casefold() for label, found in shared)


def known_ids(label_set: LabelSet, channels: LabelChannels) -> tuple[int, ...]:
    """Return the labels of a set that weights know: in their order where the set is theirs, else by name in the order of the set."""
    own = channels.label_set
    if own is None or is_same_set(own, label_set):
        return tuple(label_id for label_id in channels.known_ids if label_set.by_id(label_id) is not None)
    _, unknown = LabelTransfer(label_set, channels).apply(np.arange(256, dtype=np.uint8)[None])
    return tuple(label.id for label in label_set.labels if label.id not in unknown)


def starting_labels(labels: LabelArray, offered: Sequence[Label]) -> tuple[Label, Label]:
    """Return the label to start painting with, and the one to swap it with.

    The first is the rarest that still covers something, so that a first stroke shows wherever it goes; never the largest of the map
    where there is a choice.
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
