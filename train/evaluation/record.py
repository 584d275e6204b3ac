"""Record of an evaluation: data, settings and candidates, stored beside its parts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from spade_studio.engine.files import atomic_writer
from spade_studio.train.evaluation.errors import EvaluationError
from spade_studio.train.evaluation.parts import PART_FORMAT, PART_PICTURES

RECORD_FILE: Final = "evaluation.json"
_PARTS: Final = "parts"
_FORMAT: Final = 1


@dataclass(frozen=True)
class CandidateEntry:
    """Entry of a candidate.

    Attributes:
        name: Name in reports.
        kind: weights, pictures, photographs or others.
        source: Path of the weights or pictures.
        folder: Name of the folder of its parts.
    """

    name: str
    kind: str
    source: str
    folder: str


@dataclass(frozen=True)
class EvaluationRecord:
    """Data, settings and candidates of an evaluation.

    Attributes:
        data: Data set as given on the command line.
        data_kind: Kind of the data set.
        label_set: Name of its label set.
        pictures: Number of samples.
        size: Evaluation size in pixels, (height, width).
        segmenter: Name of the segmenter; empty for none.
        classes: Result of :meth:`spade_studio.train.evaluation.classes.MeasuredClasses.to_json`; empty without a segmenter.
        frechet: Names of the Fréchet distances, with the names of their networks.
        perceptual: Name of the perceptual distance; empty for none.
        settings: Further settings, for reports.
        candidates: Entries of the candidates.
    """

    data: str
    data_kind: str
    label_set: str
    pictures: int
    size: tuple[int, int]
    segmenter: str
    classes: Mapping[str, Any]
    frechet: Mapping[str, str]
    perceptual: str
    settings: Mapping[str, Any]
    candidates: tuple[CandidateEntry, ...] = field(default=())

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes for agreement."""
        return tuple(str(name) for name in self.classes.get("names", ()))

    @property
    def parts(self) -> int:
        """Number of parts per candidate."""
        return -(-self.pictures // PART_PICTURES)

    def numbers_of(self, part: int) -> range:
        """Return the indices of the pictures of a part."""
        return range(part * PART_PICTURES, min((part + 1) * PART_PICTURES, self.pictures))

    def part_path(self, folder: Path, candidate: CandidateEntry, part: int) -> Path:
        """Return the path of a part in the folder of an evaluation."""
        return folder / _PARTS / candidate.folder / f"{part:05}.safetensors"

    def write(self, folder: Path) -> None:
        """Write the record into a folder; all processes write the same.

        Raises:
            OSError: The file cannot be written.
        """
        content = {"format": _FORMAT, **asdict(self)}
        with atomic_writer(folder / RECORD_FILE) as file:
            file.write(json.dumps(content, indent=1, ensure_ascii=False).encode())

    @classmethod
    def read(cls, folder: Path) -> EvaluationRecord:
        """Read the record from the folder of an evaluation.

        Raises:
            EvaluationError: The record is missing or of another version.
        """
        path = folder / RECORD_FILE
        expected = "the folder of an evaluation (spade-eval run ... --output DIR)"
        try:
            content: object = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(content, dict):
                raise ValueError("no JSON object")
            entries = cast("dict[str, Any]", content)
            if entries.pop("format") != _FORMAT:
                raise ValueError("another version's")
            candidates = tuple(CandidateEntry(**entry) for entry in entries.pop("candidates"))
            height, width = (int(side) for side in entries.pop("size"))
            return cls(**entries, size=(height, width), candidates=candidates)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise EvaluationError(f"{path} cannot be read ({error})", expected) from error


def fingerprint(*told: object) -> str:
    """Return a hash of JSON-compatible values, 16 hexadecimal digits."""
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()[:16]


def part_folder(name: str, *told: object) -> str:
    """Return the folder name of a candidate's parts, which includes a fingerprint of how they are measured."""
    plain = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in name)[:60].strip(".") or "candidate"
    return f"{plain}-{fingerprint(PART_FORMAT, PART_PICTURES, name, *told)}"


def missing_parts(record: EvaluationRecord, folders: Sequence[Path]) -> int:
    """Return the number of parts that are in none of the folders."""
    return sum(
        not any(record.part_path(folder, candidate, part).is_file() for folder in folders)
        for candidate in record.candidates
        for part in range(record.parts)
    )
