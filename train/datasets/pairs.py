"""Data sets of photographs with label maps and optional instance maps."""

from __future__ import annotations

import copy
import hashlib
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from spade_studio.engine.labels import LabelChannels, LabelSet
from spade_studio.train.datasets.decoding import decode_instance_map, decode_label_map, decode_photo
from spade_studio.train.datasets.errors import DataError, ProblemKind
from spade_studio.train.datasets.sources import FileSource

_COMPANIONS: Final = ("_labelTrainIds", "_labelIds", "_instanceIds", "_instanceTrainIds", "_color", "_colored")
_FORMS: Final[tuple[Callable[[str], str], ...]] = (
    lambda key: unicodedata.normalize("NFC", key),
    lambda key: unicodedata.normalize("NFC", key).casefold(),
)


@dataclass(frozen=True, eq=False)
class Sample:
    """A photograph with its maps, as in the files.

    Attributes:
        photo: RGB, uint8 [H, W, 3].
        labels: Ids of the data set's label set, uint8 [H, W].
        instances: Instance ids, int32 [H, W]; None where the data set has none.
        name: Relative path of the photograph in the data set, without suffix.
    """

    photo: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    instances: NDArray[np.int32] | None
    name: str


@dataclass(frozen=True)
class Problem:
    """A problem of a data set.

    Attributes:
        kind: Kind of problem, a heading of reports.
        file: Path of the file relative to the data set.
        message: What was found, what was expected, and the remedy.
    """

    kind: ProblemKind
    file: str
    message: str


class Dataset(Protocol):
    """Interface of training data."""

    @property
    def label_set(self) -> LabelSet:
        """Label set of the ids in the files."""
        ...

    @property
    def channels(self) -> LabelChannels:
        """Channels of the layout."""
        ...

    def __len__(self) -> int:
        """Return how many samples there are."""
        ...

    def name(self, index: int) -> str:
        """Return a sample's name."""
        ...

    def read(self, index: int) -> Sample:
        """Read a sample.

        Raises:
            DataError: a file that is missing, damaged, of a wrong kind or size, or with an id that the label set lacks.
        """
        ...


@dataclass(frozen=True)
class Entry:
    """The names of a sample's files in the source."""

    name: str
    photo: str
    labels: str
    instances: str | None = None


@dataclass(frozen=True)
class Pairing:
    """The result of pairing the files of a source."""

    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]


class PairDataset:
    """The photographs and maps of a source; picklable.

    Args:
        source: Source of the files.
        pairing: Pairing of the files.
        channels: Channels of the layout, with the label set of the files.
        other_ids: Further values that the files may hold, which count as unlabeled.
        upright: Whether to apply the EXIF orientation of photographs.

    Attributes:
        kind: Name of this kind of data set in reports.
    """

    kind = "pairs"

    def __init__(
        self, source: FileSource, pairing: Pairing, channels: LabelChannels, *, other_ids: Iterable[int] = (), upright: bool = False
    ) -> None:
        assert channels.label_set is not None, "readers name their labels"
        self.source = source
        self.entries = pairing.entries
        self.pairing_problems = pairing.problems
        self._other_ids = tuple(other_ids)
        self._upright = upright
        self._set_channels(channels, channels.label_set)

    def _set_channels(self, channels: LabelChannels, label_set: LabelSet) -> None:
        self.channels = channels
        self.label_set = label_set
        allowed = np.zeros(256, bool)
        allowed[[label.id for label in label_set.labels]] = True
        allowed[list(self._other_ids)] = True
        if label_set.unlabeled_id is not None:
            allowed[label_set.unlabeled_id] = True
        self.allowed_ids = allowed  # bool [256]

    @property
    def reading(self) -> tuple[object, ...]:
        """Settings besides files and label set that determine the contents."""
        return self.kind, self._upright, *self._other_ids

    def with_channels(self, channels: LabelChannels) -> Self:
        """Return the same data with other channels, and with their label set if they have one."""
        other = copy.copy(self)
        other._set_channels(channels, channels.label_set or self.label_set)
        return other

    def __len__(self) -> int:
        """Return how many samples there are."""
        return len(self.entries)

    def name(self, index: int) -> str:
        """Return a sample's name."""
        return self.entries[index].name

    def read_photo(self, index: int) -> NDArray[np.uint8]:
        """Return the photograph, uint8 [H, W, 3]; raises DataError."""
        name = self.entries[index].photo
        return decode_photo(self.source.read(name), name, upright=self._upright)

    def read_labels(self, index: int) -> NDArray[np.uint8]:
        """Return the label map, uint8 [H, W], its ids unchecked; raises DataError."""
        name = self.entries[index].labels
        return decode_label_map(self.source.read(name), name, self.label_set, self._other_ids)

    def read_instances(self, index: int) -> NDArray[np.int32] | None:
        """Return the instance map, int32 [H, W], or None where there is none; raises DataError."""
        name = self.entries[index].instances
        return None if name is None else decode_instance_map(self.source.read(name), name)

    def check_sizes(self, index: int, photo: NDArray[np.uint8], labels: NDArray[np.uint8], instances: NDArray[np.int32] | None) -> None:
        """Raise DataError unless photograph and maps have the same size."""
        entry = self.entries[index]
        parts = [(entry.photo, photo.shape[:2])] + ([] if instances is None else [(entry.instances, instances.shape)])
        for name, (height, width) in parts:
            if (height, width) != labels.shape:
                turned = "Is the photograph turned by its EXIF data, and the map not?" if (width, height) == labels.shape else ""
                raise DataError(
                    f"{entry.labels} has {labels.shape[1]} x {labels.shape[0]} pixels and {name} {width} x {height}",
                    "the same size",
                    turned,
                    "sizes differ",
                )

    def check_ids(self, index: int, labels: NDArray[np.uint8]) -> None:
        """Raise DataError for ids that the label set lacks, with their values, pixels and a position."""
        wrong = ~self.allowed_ids[labels]
        if not wrong.any():
            return
        values, counts = np.unique(labels[wrong], return_counts=True)
        listed = ", ".join(f"{value} ({count} pixels)" for value, count in zip(values[:5].tolist(), counts[:5].tolist(), strict=True))
        y, x = (int(place) for place in np.argwhere(wrong)[0])
        raise DataError(
            f"{self.entries[index].labels} holds the value{'' if len(values) == 1 else 's'} {listed}"
            f"{', ...' if len(values) > 5 else ''}, the first at x {x}, y {y}",
            f"ids of {self.label_set.name} ({_ranges(np.flatnonzero(self.allowed_ids).tolist())})",
            "Correct the map, or give the label set that it was made with",
            "unknown id",
        )

    def read(self, index: int) -> Sample:
        """Read a sample and check sizes and ids.

        Raises:
            DataError: a file that is missing, damaged, of a wrong kind or size, or with an id that the label set lacks.
        """
        photo, labels, instances = self.read_photo(index), self.read_labels(index), self.read_instances(index)
        self.check_sizes(index, photo, labels, instances)
        self.check_ids(index, labels)
        return Sample(photo, labels, instances, self.entries[index].name)

    def subset(self, indices: Sequence[int]) -> Self:
        """Return a data set of the given samples, in this order."""
        other = copy.copy(self)
        other.entries = tuple(self.entries[index] for index in indices)
        return other

    def split(self, validation: int) -> tuple[Self, Self]:
        """Return (training, validation) samples, the latter at most ``validation`` and at most half of all.

        Validation gets the samples with the lowest hashes of their names, so the choice is independent of the order of files, the machine
        and the seed, and hardly changes when pictures are added.
        """
        count = min(validation, len(self) // 2)
        ranked = sorted(range(len(self)), key=lambda index: hashlib.sha256(self.name(index).encode("utf-8", "surrogateescape")).digest())
        chosen = set(ranked[:count])
        training = [index for index in range(len(self)) if index not in chosen]
        return self.subset(training), self.subset(sorted(chosen))


def pair_files(photos: Mapping[str, Sequence[str]], labels: Mapping[str, Sequence[str]], instances: Mapping[str, Sequence[str]]) -> Pairing:
    """Pair files by key.

    Keys may differ in Unicode normalisation (macOS decomposes accents in archives) or in case, as long as matches are unique. Other maps
    beside label maps, such as ``NAME_labelTrainIds.png``, are ignored.

    Args:
        photos: Photographs by key.
        labels: Label maps by key.
        instances: Instance maps by key; empty where the data set has none.
    """
    labels = _named_alike(photos, _without_companions(photos, labels))
    instances = _named_alike(photos, instances)
    problems: list[Problem] = []
    for what, files in (("photographs", photos), ("label maps", labels), ("instance maps", instances)):
        for names in files.values():
            if len(names) > 1:
                message = f"{', '.join(names)} are {what} of the same name. Expected one of each name."
                problems.append(Problem("two of a name", names[0], message))

    def missing(files: Mapping[str, Sequence[str]], other: Mapping[str, Sequence[str]], what: str) -> None:
        for key in sorted(set(files) - set(other)):
            problems.append(Problem("missing partner", files[key][0], f"{files[key][0]} has no {what} of the same name."))

    missing(photos, labels, "label map")
    missing(labels, photos, "photograph")
    if instances:
        missing(labels, instances, "instance map")
        missing(instances, labels, "label map")
    if not photos:
        problems.append(Problem("no image", "", "There is no photograph at all."))
    entries = [
        Entry(key, photos[key][0], labels[key][0], instances[key][0] if key in instances else None)
        for key in sorted(set(photos) & set(labels))
        if not instances or key in instances
    ]
    return Pairing(tuple(entries), tuple(problems))


def _without_companions(photos: Mapping[str, Sequence[str]], labels: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """Leave out what other programs put beside label maps."""

    def is_companion(key: str) -> bool:
        return key not in photos and any(key.endswith(end) and key.removesuffix(end) in labels for end in _COMPANIONS)

    return {key: files for key, files in labels.items() if not is_companion(key)}


def _named_alike(photos: Mapping[str, Sequence[str]], maps: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """Give maps the keys of the photographs that they belong to, where these are written a little otherwise."""
    found = dict(maps)
    for form in _FORMS:
        alone: dict[str, list[str]] = {}
        for key in photos:
            if key not in found:
                alone.setdefault(form(key), []).append(key)
        partners: dict[str, list[str]] = {}
        for key in found:
            if key not in photos:
                partners.setdefault(form(key), []).append(key)
        for written, keys in partners.items():
            if len(keys) == 1 and len(alone.get(written, ())) == 1:
                found[alone[written][0]] = found.pop(keys[0])
    return found


def files_by_key(names: Iterable[str], folder: str, suffixes: Sequence[str], ending: str = "") -> dict[str, list[str]]:
    """Return the files below ``folder`` with one of ``suffixes``, by their relative paths without ``ending`` and suffix.

    Args:
        names: All names of a source.
        folder: Folder in the source, case-insensitive; empty for the root.
        suffixes: Suffixes in lower case, matched case-insensitively.
        ending: Required end of the stems, such as ``_labelIds``.
    """
    prefix = f"{folder}/" if folder else ""
    found: dict[str, list[str]] = {}
    for name in names:
        path = PurePosixPath(name)
        if name[: len(prefix)].casefold() == prefix.casefold() and path.suffix.lower() in suffixes and path.stem.endswith(ending):
            key = name[len(prefix) : len(name) - len(path.suffix) - len(ending)]
            found.setdefault(key, []).append(name)
    return found


def _ranges(numbers: Sequence[int]) -> str:
    """Return whole numbers in order as ``0..181, 255``."""
    parts: list[str] = []
    start = 0
    for place in range(1, len(numbers) + 1):
        if place == len(numbers) or numbers[place] != numbers[place - 1] + 1:
            parts.append(str(numbers[start]) if place - start == 1 else f"{numbers[start]}..{numbers[place - 1]}")
            start = place
    return ", ".join(parts)
