"""Statistics of a batch: how its label maps were read, and which of their labels the weights lack."""

from __future__ import annotations

from collections import Counter

from spade_studio.engine.labels.channels import LabelChannels
from spade_studio.engine.labels.label_set import LabelSet
from spade_studio.engine.labels.transfer import LabelTransfer, UnknownLabels
from spade_studio.engine.pictures.map_readings import SettledMap


class MapAccount:
    """Counts label maps by how they were read.

    Args:
        assumed: Transfer from the assumed label set to the weights.
        channels: Channels of the weights.
    """

    def __init__(self, assumed: LabelTransfer, channels: LabelChannels) -> None:
        self._channels = channels
        self._assumed = assumed.source_set
        self._transfers: dict[str, LabelTransfer] = {_name(assumed.source_set): assumed}
        self._unknown: dict[str, tuple[LabelSet | None, UnknownLabels]] = {}
        self._by_file: Counter[str] = Counter()
        self._doubtful: Counter[tuple[str, ...]] = Counter()
        self._misfits: Counter[tuple[str, ...]] = Counter()

    def transfer_from(self, label_set: LabelSet | None) -> LabelTransfer:
        """Return the transfer from the ids of a label set to the weights."""
        name = _name(label_set)
        if name not in self._transfers:
            self._transfers[name] = LabelTransfer(label_set, self._channels)
        return self._transfers[name]

    def add(self, settled: SettledMap, unknown: dict[int, int]) -> None:
        """Count one map.

        Args:
            settled: The map, as it was read.
            unknown: Number of pixels by id, for ids that the weights lack.
        """
        name = _name(settled.label_set)
        if name not in self._unknown:
            self._unknown[name] = settled.label_set, UnknownLabels()
        self._unknown[name][1].add(unknown, settled.labels.size)
        if settled.is_told_by_file:
            self._by_file[name] += 1
        elif settled.alternatives:
            (self._doubtful if settled.is_complete else self._misfits)[settled.alternatives] += 1

    def report(self) -> list[str]:
        """Return messages for the user: label sets that were inferred, and labels that the weights lack."""
        lines: list[str] = []
        own = _name(self._assumed)
        for name, count in sorted(self._by_file.items()):
            lines.append(
                f"{_maps(count)} read as labels of {name}, since {'its' if count == 1 else 'their'} palette, colours or name say so."
                " --label-set says otherwise."
            )
        for names, count in sorted(self._doubtful.items()):
            lines.append(f"{_maps(count)} read as ids of {own}, but would fit {_or(names)} as well. --label-set says which it is.")
        for names, count in sorted(self._misfits.items()):
            lines.append(f"{_maps(count)} read as ids of {own}, which lacks some; {_or(names)} has them all. --label-set says which it is.")
        for label_set, unknown in self._unknown.values():
            lines += unknown.report(label_set, self._channels)
        return lines


def _name(label_set: LabelSet | None) -> str:
    return "" if label_set is None else label_set.name


def _maps(count: int) -> str:
    return f"{count:,} label map{' was' if count == 1 else 's were'}"


def _or(names: tuple[str, ...]) -> str:
    return " or ".join(names)
