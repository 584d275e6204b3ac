"""Validation of training data, with a report of problems and warnings (``spade-train check``)."""

from __future__ import annotations

import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from spade_studio.engine.printable import printable
from spade_studio.train.datasets.errors import DataError
from spade_studio.train.datasets.pairs import PairDataset, Problem

QUICK_SAMPLES: Final = 200
"""Number of evenly spread samples that a quick check reads."""
SMALLEST_SIDE: Final = 64
"""Side in pixels below which a picture is reported as tiny."""
LEAST_KNOWN: Final = 0.01
"""Minimum fraction of pixels whose label has a channel."""
_FEW_KNOWN: Final = 0.25
_LOOKED_AT: Final = 50  # label maps
_LISTED = 10  # of each heading in the text; the JSON has all

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class LabelCount:
    """Coverage of one id in the data."""

    id: int
    name: str
    pixels: int
    pictures: int


@dataclass(frozen=True)
class CheckReport:
    """The result of a check.

    Attributes:
        where: Folder or archive.
        kind: Kind of data set.
        label_set: Name of the label set.
        channels: Description of the channels.
        samples: Number of samples.
        samples_read: Number of samples read.
        problems: Problems that prevent training.
        duplicates: Groups of names of photographs with equal pixels.
        tiny: Names of photographs with a side below :data:`SMALLEST_SIDE`.
        uniform: Names of photographs whose layout has a single label.
        empty_labels: Labels with a channel that occur in none of the pictures read.
        labels: All ids that occur, most frequent first; unlabeled pixels have the name "unlabeled".
        pixels: Number of pixels of all maps read.
        unlabeled_pixels: Number of pixels that are unlabeled or whose id has no channel.
        unmapped_pixels: Number of those whose label is in the set but has no channel.
        smallest, largest: (height, width) of the pictures with the fewest and the most pixels, or None.
        with_instances: Number of samples with an instance map.
    """

    where: str
    kind: str
    label_set: str
    channels: str
    samples: int
    samples_read: int
    problems: tuple[Problem, ...]
    duplicates: tuple[tuple[str, ...], ...]
    tiny: tuple[str, ...]
    uniform: tuple[str, ...]
    empty_labels: tuple[str, ...]
    labels: tuple[LabelCount, ...]
    pixels: int
    unlabeled_pixels: int
    unmapped_pixels: int
    smallest: tuple[int, int] | None
    largest: tuple[int, int] | None
    with_instances: int

    @property
    def exit_code(self) -> int:
        """Exit code: 0 for usable data, with or without warnings, else 1."""
        return 1 if self.problems else 0

    @property
    def known_share(self) -> float:
        """Fraction of pixels whose label has a channel, 0 to 1."""
        return 1 - self.unlabeled_share if self.pixels else 0.0

    @property
    def unlabeled_share(self) -> float:
        """Fraction of unlabeled pixels, 0 to 1."""
        return self.unlabeled_pixels / self.pixels if self.pixels else 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the report as a JSON-ready dict."""
        return asdict(self) | {"unlabeled_share": self.unlabeled_share, "exit_code": self.exit_code}

    def to_text(self) -> str:
        """Return the report as text, with long lists truncated."""
        return "\n".join(map(printable, _lines(self)))


def check_dataset(dataset: PairDataset, quick: bool = False, progress: Progress | None = None) -> CheckReport:
    """Check a data set.

    Args:
        dataset: Data set; its pairing problems become part of the report.
        quick: Whether to read :data:`QUICK_SAMPLES` evenly spread samples only; the pairing is checked in full.
        progress: Callback with the number of samples done and the total number.
    """
    total = len(dataset)
    indices: range | list[int] = range(total)
    if quick and total > QUICK_SAMPLES:
        indices = [place * total // QUICK_SAMPLES for place in range(QUICK_SAMPLES)]
    tally = _Tally(dataset)
    for done, finding in enumerate(_in_order(partial(_read, dataset), indices), 1):
        tally.add(finding)
        if progress:
            progress(done, len(indices))
    return tally.report(len(indices))


def refuse_unknown_labels(dataset: PairDataset) -> None:
    """Check in some label maps that the generator can learn from the data.

    Raises:
        DataError: less than :data:`LEAST_KNOWN` of the pixels have a label with a channel.
    """
    pixels = np.zeros(256, np.int64)
    count = min(_LOOKED_AT, len(dataset))
    for place in range(count):
        with suppress(DataError):  # one that cannot be read is told of by the check before training
            pixels += np.bincount(dataset.read_labels(place * len(dataset) // count).reshape(-1), minlength=256)
    if problem := _nothing_known(dataset, pixels):
        raise DataError(problem.rstrip("."), kind="no known label")


def _nothing_known(dataset: PairDataset, pixels: NDArray[np.int64]) -> str:
    """Return what is wrong where hardly any of the pixels, int64 [256] by id, has a label with a channel; empty where it is fine."""
    total, known = int(pixels.sum()), int(pixels[list(dataset.channels.known_ids)].sum())
    if not total or known >= LEAST_KNOWN * total:
        return ""
    names = [dataset.label_set.by_id(number) for number in np.argsort(-pixels, kind="stable").tolist() if pixels[number]]
    shown = ", ".join(label.name for label in names[:_LISTED] if label) or "unlabeled pixels alone"
    return (
        f"{known / total:.1%} of the pixels have a label that the generator has a channel for; the data show {shown}."
        " Expected labels of the preset or of --labels.ids. Choose others, or give the label set that the maps were made with."
    )


@dataclass(frozen=True, eq=False)
class _Finding:
    name: str
    problems: list[Problem]
    size: tuple[int, int] | None
    digest: bytes
    counts: NDArray[np.int64] | None  # [256]
    instances: bool


def _read(dataset: PairDataset, index: int) -> _Finding:
    entry = dataset.entries[index]
    problems: list[Problem] = []

    def attempt(read: Callable[[], Any], file: str) -> Any:
        try:
            return read()
        except DataError as error:
            problems.append(Problem(error.kind, file, str(error)))
            return None

    photo = attempt(partial(dataset.read_photo, index), entry.photo)
    labels = attempt(partial(dataset.read_labels, index), entry.labels)
    instances = None if entry.instances is None else attempt(partial(dataset.read_instances, index), entry.instances)
    if labels is not None:
        attempt(partial(dataset.check_ids, index, labels), entry.labels)
        if photo is not None:
            attempt(partial(dataset.check_sizes, index, photo, labels, instances), entry.labels)
    return _Finding(
        entry.name,
        problems,
        None if photo is None else photo.shape[:2],
        b"" if photo is None else hashlib.sha256(repr(photo.shape).encode() + photo.tobytes()).digest(),
        None if labels is None else np.bincount(labels.reshape(-1), minlength=256),
        instances is not None,
    )


def _in_order(read: Callable[[int], _Finding], indices: range | list[int]) -> Iterator[_Finding]:
    """Read in threads (decoding leaves the interpreter free), a few ahead, and yield in order."""
    workers = min(8, os.cpu_count() or 1)
    with ThreadPoolExecutor(workers) as pool:
        waiting = iter(indices)
        running = [pool.submit(read, index) for index in islice(waiting, 4 * workers)]
        while running:
            finding = running.pop(0).result()
            running += [pool.submit(read, index) for index in islice(waiting, 1)]
            yield finding


class _Tally:
    """Sums findings up."""

    def __init__(self, dataset: PairDataset) -> None:
        self.dataset = dataset
        self.problems = list(dataset.pairing_problems)
        self.pixels = np.zeros(256, np.int64)
        self.pictures = np.zeros(256, np.int64)
        self.sizes: Counter[tuple[int, int]] = Counter()
        self.tiny: list[str] = []
        self.uniform: list[str] = []
        self.by_digest: defaultdict[bytes, list[str]] = defaultdict(list)
        self.with_instances = 0

    def add(self, finding: _Finding) -> None:
        self.problems += finding.problems
        self.with_instances += finding.instances
        if finding.counts is not None:
            self.pixels += finding.counts
            self.pictures += finding.counts > 0
            if np.count_nonzero(finding.counts) == 1:
                self.uniform.append(finding.name)
        if finding.size is not None:
            self.sizes[finding.size] += 1
            self.by_digest[finding.digest].append(finding.name)
            if min(finding.size) < SMALLEST_SIDE:
                self.tiny.append(finding.name)

    def report(self, read: int) -> CheckReport:
        dataset, channels, label_set = self.dataset, self.dataset.channels, self.dataset.label_set
        known = np.zeros(256, bool)
        known[list(channels.known_ids)] = True
        of_set = np.zeros(256, bool)
        of_set[[label.id for label in label_set.labels]] = True
        labels: list[LabelCount] = []
        for number in np.argsort(-self.pixels, kind="stable").tolist():
            if self.pixels[number]:
                label = label_set.by_id(number)
                name = label.name if label else "unlabeled" if dataset.allowed_ids[number] else "out of range"
                labels.append(LabelCount(number, name, int(self.pixels[number]), int(self.pictures[number])))
        unseen = [label for number in channels.known_ids if not self.pixels[number] and (label := label_set.by_id(number))]
        if problem := _nothing_known(dataset, self.pixels):
            self.problems.append(Problem("no known label", "", problem))
        by_area = sorted(self.sizes, key=lambda size: (size[0] * size[1], size))
        return CheckReport(
            where=dataset.source.where,
            kind=dataset.kind,
            label_set=label_set.name,
            channels=channels.explain(),
            samples=len(dataset),
            samples_read=read,
            problems=tuple(self.problems),
            duplicates=tuple(tuple(names) for names in self.by_digest.values() if len(names) > 1),
            tiny=tuple(self.tiny),
            uniform=tuple(self.uniform),
            empty_labels=tuple(label.name for label in unseen if not label.unused),
            labels=tuple(labels),
            pixels=int(self.pixels.sum()),
            unlabeled_pixels=int(self.pixels[~known].sum()),
            unmapped_pixels=int(self.pixels[~known & of_set].sum()),
            smallest=by_area[0] if by_area else None,
            largest=by_area[-1] if by_area else None,
            with_instances=self.with_instances,
        )


def _lines(report: CheckReport) -> Iterator[str]:
    yield f"{report.where} ({report.kind}, labels of {report.label_set})"
    read = "all read" if report.samples_read == report.samples else f"{report.samples_read:,} of them read"
    yield f"{report.samples:,} photographs with label maps, {read}; {report.with_instances:,} with instance maps"
    yield f"Generator: {report.channels}"
    if report.smallest and report.largest:
        yield f"Sizes: {_size(report.smallest)} to {_size(report.largest)} (width x height)"
    if report.pixels:
        yield f"Unlabeled: {report.unlabeled_share:.1%} of all pixels"
        if report.unmapped_pixels:
            yield f"  of these {report.unmapped_pixels / report.pixels:.1%} have labels without a channel of their own"
        yield "Labels:"
        width = max(len(label.name) for label in report.labels)
        for label in report.labels:
            yield f"  {label.id:3} {label.name:{width}} {label.pixels / report.pixels:7.2%} of pixels, in {label.pictures:,} pictures"
    warnings = [
        ("photographs that occur more than once", [" = ".join(names) for names in report.duplicates]),
        (f"photographs with a side below {SMALLEST_SIDE} pixels", list(report.tiny)),
        ("photographs whose layout is one label alone", list(report.uniform)),
        ("labels that no picture shows", list(report.empty_labels)),
    ]
    if report.pixels and LEAST_KNOWN <= report.known_share < _FEW_KNOWN:
        yield f"Warning: only {report.known_share:.1%} of the pixels have a label that the generator knows"
    for what, items in warnings:
        if items:
            yield f"Warning: {len(items):,} {what}: {', '.join(items[:_LISTED])}{', ...' if len(items) > _LISTED else ''}"
    by_kind: defaultdict[str, list[Problem]] = defaultdict(list)
    for problem in report.problems:
        by_kind[problem.kind].append(problem)
    for kind, problems in by_kind.items():
        yield f"Error: {kind} ({len(problems):,})"
        yield from (f"  {problem.message}" for problem in problems[:_LISTED])
        if len(problems) > _LISTED:
            yield f"  ... and {len(problems) - _LISTED:,} more (all of them with --json)"
    count = len(report.problems)
    yield f"{count:,} problem{'' if count == 1 else 's'} to put right before training" if count else "Ready for training"


def _size(size: tuple[int, int]) -> str:
    return f"{size[1]} x {size[0]}"
