"""Transfer of label maps, by label names, from one label set to the ids of weights."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from spade_studio.engine.labels.channels import LabelChannels
from spade_studio.engine.labels.label_set import UNLABELED, Label, LabelSet


class LabelTransfer:
    """A lookup table from the ids of a label set to the ids of weights.

    Args:
        source: Label set of the maps; None for ids of the weights, which stay the same.
        channels: Channels of the weights.
    """

    def __init__(self, source: LabelSet | None, channels: LabelChannels) -> None:
        target = channels.label_set
        self.source_set = source or target
        unlabeled = UNLABELED if target is None else target.unlabeled_value
        means_unlabeled = None if self.source_set is None else self.source_set.unlabeled_id
        if self.source_set is None and channels.unlabeled_channel is not None:
            means_unlabeled = UNLABELED
        table = np.arange(256)
        known: set[int] = set(channels.known_ids)
        for id_ in range(256):
            if id_ == means_unlabeled:
                table[id_] = unlabeled
                known.add(id_)
            elif source is not None and target is not None:
                label = source.by_id(id_)
                match = None if label is None else _same_label(label, target)
                if match is None or channels.channel_of_id[match.id] < 0:
                    table[id_] = unlabeled
                    known.discard(id_)
                else:
                    table[id_] = match.id
                    known.add(id_)
        self._table = table.astype(np.uint8)
        self._unknown = np.array([id_ not in known for id_ in range(256)])

    def apply(self, label_map: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], dict[int, int]]:
        """Transfer a map.

        Args:
            label_map: Ids of the source set, uint8 [H, W].

        Returns:
            Ids of the weights' set, uint8 [H, W], and the number of pixels of each source id that the weights lack.
        """
        counts = np.bincount(label_map.ravel(), minlength=256)
        unknown = {int(id_): int(counts[id_]) for id_ in np.flatnonzero(self._unknown & (counts > 0))}
        return self._table[label_map], unknown


def _same_label(label: Label, target: LabelSet) -> Label | None:
    """Find the target's label of the same name, else one that has it as a synonym, else one that a synonym of ours names."""
    same_place = target.by_id(label.id)
    if same_place is not None and same_place.name.casefold() == label.name.casefold():
        return same_place
    if (match := target.by_name(label.name)) is not None:
        return match
    for synonym in label.synonyms:
        match = target.by_name(synonym)
        # Two words that are both only synonyms may be far apart in meaning.
        if match is not None and match.name.casefold() == synonym.casefold():
            return match
    return None


@dataclass
class UnknownLabels:
    """Pixel counts, over many maps, of labels that the weights lack.

    Attributes:
        pixels: Number of pixels of all maps so far.
    """

    pixels: int = 0
    _unknown: Counter[int] = field(default_factory=Counter[int])
    _maps: Counter[int] = field(default_factory=Counter[int])

    def add(self, unknown: dict[int, int], pixels: int) -> None:
        """Count one map.

        Args:
            unknown: Number of pixels by id, from :meth:`LabelTransfer.apply`.
            pixels: Number of pixels of the map.
        """
        self.pixels += pixels
        self._unknown.update(unknown)
        self._maps.update(unknown.keys())

    def report(self, label_set: LabelSet | None, channels: LabelChannels) -> list[str]:
        """Return a line for each missing label, in descending order of share.

        Args:
            label_set: Label set of the ids.
            channels: Channels of the weights.
        """
        lines: list[str] = []
        for id_, count in sorted(self._unknown.items(), key=lambda item: (-item[1], item[0])):
            label = None if label_set is None else label_set.by_id(id_)
            name = "" if label_set is None else f" {label.name!r}" if label else f" (no label of {label_set.name})"
            maps = self._maps[id_]
            lines.append(f"  id {id_}{name}: {100 * count / self.pixels:.2f} % of all pixels, in {maps} map{'' if maps == 1 else 's'}")
        if lines:
            become = "set no channel" if channels.unlabeled_channel is None else "render as unlabeled"
            lines.insert(0, f"The weights do not know these labels, whose pixels {become}:")
        return lines
