"""What data are, in two short hashes: by them a run that is resumed finds out whether it goes on with the data that it began with."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

from spade_studio.train.datasets.errors import DataError
from spade_studio.train.datasets.pairs import PairDataset

_SAMPLED: Final = 32
"""Samples whose label maps are read, spread evenly."""


@dataclass(frozen=True)
class DataFingerprint:
    """Two hashes of a data set; neither depends on where it lies, nor on whether it is packed in a zip file.

    Attributes:
        names: Of the samples' names, in order.
        content: Of the sizes of all files in bytes, and of the bytes of some label maps.
    """

    names: str
    content: str

    def to_state(self) -> dict[str, str]:
        """Return it as part of a checkpoint."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: object) -> DataFingerprint | None:
        """Return what :meth:`to_state` gave; None for anything else, such as nothing in a checkpoint of an older version."""
        match state:
            case {"names": str(names), "content": str(content)}:
                return cls(names, content)
            case _:
                return None


def fingerprint(dataset: PairDataset) -> DataFingerprint:
    """Return the hashes of a data set. The sizes of all files are asked for, some label maps are read."""
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
    """Return a warning about data that changed since a checkpoint was written; empty where they did not.

    Args:
        before: Of the checkpoint; None where it has none.
        now: Of the data.
        where: What to call the data.
        accepted: Whether other samples are said to be meant.

    Raises:
        DataError: The samples are others.
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
    """Return the fingerprint that a checkpoint holds, if any."""
    return DataFingerprint.from_state(parts.get("data"))
