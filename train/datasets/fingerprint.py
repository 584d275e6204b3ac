"""Fingerprints of data sets, by which resumed runs detect changed data."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

from spade_studio.train.datasets.errors import DataError
from spade_studio.train.datasets.pairs import PairDataset

_SAMPLED: Final = 32
"""Number of evenly spread samples whose label maps are read."""


@dataclass(frozen=True)
class DataFingerprint:
    """Two hashes of a data set, independent of its location and of packing in a zip file.

    Attributes:
        names: Hash of the samples' names, in order.
        content: Hash of the sizes of all files, and of the bytes of some label maps.
    """

    names: str
    content: str

    def to_state(self) -> dict[str, str]:
        """Return the state for a checkpoint."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: object) -> DataFingerprint | None:
        """Restore from :meth:`to_state`; None for anything else, as in older checkpoints."""
        match state:
            case {"names": str(names), "content": str(content)}:
                return cls(names, content)
            case _:
                return None


def fingerprint(dataset: PairDataset) -> DataFingerprint:
    """Return the hashes of a data set, from the sizes of all files and the contents of some label maps."""
    names, content = hashlib.sha256(), hashlib.sha256()
    for entry in dataset.entries:
        names.update(entry.name.encode("utf-8", "surrogateescape") + b"\0")
        files = (entry.photo, entry.labels, *(() if entry.instances is None else (entry.instances,)))
        content.update(repr([dataset.source.size(file) for file in files]).encode())
    count = len(dataset.entries)
    for place in range(min(_SAMPLED, count)):
        entry = dataset.entries[place * count // min(_SAMPLED, count)]
        try:
            content.update(hashlib.sha256(dataset.source.read(entry.labels)).digest())
        except DataError:  # whoever trains on it will say so
            content.update(b"unreadable")
    return DataFingerprint(names.hexdigest(), content.hexdigest())


def compare(before: DataFingerprint | None, now: DataFingerprint, where: str, *, accepted: bool = False) -> str:
    """Return a warning about data that changed since a checkpoint; empty where they did not.

    Args:
        before: Fingerprint in the checkpoint, or None.
        now: Fingerprint of the data.
        where: Name of the data in messages.
        accepted: Whether the user accepts other samples.

    Raises:
        DataError: the samples differ, and this is not accepted.
    """
    if before is None or before == now:
        return ""
    if before.names != now.names:
        if accepted:
            return f"{where} holds other pictures than at the checkpoint; the run goes on with those that are there now, as told."
        raise DataError(
            f"{where} holds other pictures than those that the run was trained on",
            "the same pictures to resume",
            "Restore the data as it was, or resume with --accept-data-change to go on with the data as they are",
        )
    return f"Files in {where} have changed since the checkpoint was written; the run goes on with them as they are."


def of_checkpoint(parts: Mapping[str, object]) -> DataFingerprint | None:
    """Return the fingerprint in a checkpoint, if any."""
    return DataFingerprint.from_state(parts.get("data"))
