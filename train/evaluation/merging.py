"""Merging the parts of an evaluation into results of the candidates, with their worst and best pictures."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from spade_studio.train.evaluation.agreement import Agreement, agreement
from spade_studio.train.evaluation.errors import EvaluationError
from spade_studio.train.evaluation.floor import RealFloor, features_of, frechet, real_floor
from spade_studio.train.evaluation.parts import Part, PictureRecord
from spade_studio.train.evaluation.record import CandidateEntry, EvaluationRecord, missing_parts

_SHOWN = 6  # number of worst and of best pictures


@dataclass(frozen=True, eq=False)
class ShownPicture:
    """One of the worst or best pictures.

    Attributes:
        name: Name of the sample.
        pixel_accuracy: Pixel accuracy of the picture, 0 to 1.
        layout, photograph, picture: JPEG thumbnails; empty where missing.
    """

    name: str
    pixel_accuracy: float
    layout: bytes
    photograph: bytes
    picture: bytes


@dataclass(frozen=True, eq=False)
class CandidateResult:
    """Results of a candidate; None for what was not measured.

    Attributes:
        entry: Entry of the candidate.
        measured: Number of measured pictures.
        problems: Names of the pictures that could not be measured, with reasons.
        agreement: Agreement with the layouts.
        confusion: Confusion matrix, int64 [K, K + 1] pixels; rows are the layouts' classes, the last column is no class.
        frechet: Fréchet distances from the photographs by name.
        diversity: Mean diversity over the layouts.
        style_distance: Mean style distance over the photographs.
        seconds: Median render time per picture in seconds.
        memory: Peak memory in bytes.
        unknown_share: Share of the layouts' pixels whose labels the weights lack, 0 to 1.
        worst, best: Worst and best pictures by pixel accuracy.
        floor: Distances between sets of real photographs, for the photographs only; None without Fréchet distances.
    """

    entry: CandidateEntry
    measured: int
    problems: tuple[tuple[str, str], ...]
    agreement: Agreement | None
    confusion: Tensor | None
    frechet: Mapping[str, float | None]
    diversity: float | None
    style_distance: float | None
    seconds: float | None
    memory: int | None
    unknown_share: float
    worst: tuple[ShownPicture, ...] = ()
    best: tuple[ShownPicture, ...] = ()
    floor: RealFloor | None = None

    def to_json(self, classes: Sequence[str]) -> dict[str, Any]:
        """Return the figures as a JSON-compatible dict."""
        measured = self.agreement
        return {
            "name": self.entry.name,
            "kind": self.entry.kind,
            "source": self.entry.source,
            "pictures": self.measured,
            "pixel_accuracy": None if measured is None else measured.pixel_accuracy,
            "mean_iou": None if measured is None else measured.mean_iou,
            "mean_iou_common": None if measured is None else measured.mean_iou_common,
            "iou": None if measured is None else dict(zip(classes, measured.iou, strict=True)),
            **self.frechet,
            "diversity": self.diversity,
            "style_distance": self.style_distance,
            "seconds_per_picture": self.seconds,
            "memory_bytes": self.memory,
            "unknown_share": self.unknown_share,
            "confusion": None if self.confusion is None else self.confusion.tolist(),  # pyright: ignore[reportUnknownMemberType]
            "problems": [{"name": name, "problem": problem} for name, problem in self.problems],
        }


def merge_parts(record: EvaluationRecord, folders: Sequence[Path]) -> list[CandidateResult]:
    """Merge the parts of an evaluation; additional photographs become part of the photographs' result.

    Args:
        record: Record of the evaluation.
        folders: Folders of parts, for example one per machine.

    Raises:
        EvaluationError: Parts are missing or damaged.
    """
    if missing := missing_parts(record, folders):
        total = record.parts * len(record.candidates)
        raise EvaluationError(
            f"{missing} of {total} parts are missing", "all of them", "Run the same command (or the other shares) to its end; it goes on"
        )
    parts = {candidate: _read_all(record, candidate, folders) for candidate in record.candidates}
    photographs, others = (
        [part for candidate in record.candidates if candidate.kind == kind for part in parts[candidate]]
        for kind in ("photographs", "others")
    )
    results = [_result(record, candidate, parts[candidate], photographs) for candidate in record.candidates if candidate.kind != "others"]
    floor = real_floor(tuple(record.frechet), photographs, others)
    return [replace(result, floor=floor) if result.entry.kind == "photographs" else result for result in results]


def _read_all(record: EvaluationRecord, candidate: CandidateEntry, folders: Sequence[Path]) -> list[Part]:
    parts: list[Part] = []
    for number in range(record.parts):
        paths = [path for folder in folders if (path := record.part_path(folder, candidate, number)).is_file()]
        found = next((part for path in paths if (part := Part.read(path)) is not None), None)
        if found is None:
            raise EvaluationError(f"{paths[0]} is damaged", "a whole part", "Run the same command again: it is measured anew")
        parts.append(found)
    return parts


def _result(record: EvaluationRecord, candidate: CandidateEntry, parts: Sequence[Part], photographs: Sequence[Part]) -> CandidateResult:
    classes = len(record.class_names)
    records = [entry for part in parts for entry in part.records]
    good = [entry for entry in records if not entry.problem]
    total: Tensor | None = None
    accuracies: list[tuple[float, int]] = []  # pixel accuracies of the measured pictures, with their indices
    if classes:
        total = torch.zeros(classes + 1, classes + 1, dtype=torch.int64)
        place = 0
        for part in parts:
            for matrix in part.matrices(classes):
                total += matrix
                if pixels := int(matrix.sum()):
                    accuracies.append((int(matrix.diag().sum()) / pixels, place))
                place += 1
    ranked = sorted(accuracies)
    count = min(_SHOWN, (len(ranked) + 1) // 2)
    shows = _Shows(parts, photographs, records)
    measured = None if total is None else agreement(total)
    return CandidateResult(
        entry=candidate,
        measured=len(good),
        problems=tuple((entry.name, entry.problem) for entry in records if entry.problem),
        agreement=measured,
        confusion=None if total is None or measured is None else total[:classes],
        frechet={}
        if candidate.kind == "photographs"
        else {name: frechet(name, features_of(name, photographs), features_of(name, parts)) for name in record.frechet},
        diversity=_mean([entry.diversity for entry in good]),
        style_distance=_mean([entry.style_distance for entry in good]),
        seconds=_over([entry.seconds for entry in good], statistics.median),
        memory=max((entry.memory for entry in good if entry.memory is not None), default=None),
        unknown_share=_mean([entry.unknown for entry in good]) or 0.0,
        worst=tuple(shows.picture(*item) for item in ranked[:count]),
        best=tuple(shows.picture(*item) for item in reversed(ranked[len(ranked) - min(count, len(ranked) - count) :])),
    )


class _Shows:
    """Lookup of the thumbnails of a sample."""

    def __init__(self, parts: Sequence[Part], photographs: Sequence[Part], records: Sequence[PictureRecord]) -> None:
        self._pictures = [picture for part in parts for picture in part.thumbnails]
        self._photographs = [picture for part in photographs for picture in part.thumbnails]
        self._layouts = [picture for part in photographs for picture in part.layouts]
        self._records = records

    def picture(self, accuracy: float, place: int) -> ShownPicture:
        layout, photograph = (pictures[place] if pictures else b"" for pictures in (self._layouts, self._photographs))
        return ShownPicture(self._records[place].name, accuracy, layout, photograph, self._pictures[place])


def _mean(values: Sequence[float | None]) -> float | None:
    return _over(values, statistics.fmean)


def _over(values: Sequence[float | None], reduce: Any) -> float | None:
    there = [value for value in values if value is not None and math.isfinite(value)]
    return float(reduce(there)) if there else None
