"""Parts of an evaluation: measurements of consecutive pictures in one file, for resuming and sharing between processes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, cast

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from spade_studio.engine.errors import WeightsError
from spade_studio.engine.files import atomic_writer
from spade_studio.engine.weights.safetensors_file import load_safetensors
from spade_studio.engine.weights.safetensors_header import read_safetensors_header

PART_PICTURES: Final = 16
"""Number of pictures per part."""
PART_FORMAT: Final = 1
"""Version of file format and measurement; parts of another version are measured again."""
_KEY: Final = "spade-studio-evaluation"  # one entry, since the safetensors library writes several in random order
_FEATURES: Final = "features "


@dataclass(frozen=True)
class PictureRecord:
    """Measurements of one picture.

    Attributes:
        number: Index of the sample in the data.
        name: Name of the sample.
        seconds: Render time in seconds; None for existing pictures.
        memory: Peak memory in bytes while rendering; None where unknown.
        unknown: Share of the layout's pixels whose labels the weights lack, 0 to 1.
        diversity: Mean perceptual distance over pairs of styles; None where not measured.
        style_distance: Perceptual distance between reconstruction and photograph; None where not measured.
        problem: Reason why the picture could not be measured; empty if it was.
    """

    number: int
    name: str
    seconds: float | None = None
    memory: int | None = None
    unknown: float = 0.0
    diversity: float | None = None
    style_distance: float | None = None
    problem: str = ""


@dataclass(frozen=True, eq=False)
class Part:
    """Measurements of consecutive pictures.

    Attributes:
        records: Records of the pictures.
        counts: Sparse confusion matrices, int64 [M, 3]: index of the record, flat index of the cell (row-major), pixels.
        features: Features of the N pictures without problems by name of the distance, float32 [N, D].
        thumbnails: JPEG thumbnail of every record; empty where there is none.
        layouts: JPEG thumbnail of every record's layout, for the photographs only.
    """

    records: tuple[PictureRecord, ...]
    counts: Tensor
    features: Mapping[str, Tensor]
    thumbnails: tuple[bytes, ...]
    layouts: tuple[bytes, ...] = ()

    def matrices(self, classes: int) -> Tensor:
        """Return the confusion matrices of the R records for K classes, int64 [R, K + 1, K + 1]."""
        side = classes + 1
        found = torch.zeros(len(self.records), side * side, dtype=torch.int64)
        found[self.counts[:, 0], self.counts[:, 1]] = self.counts[:, 2]
        return found.view(-1, side, side)

    def write(self, path: Path) -> None:
        """Write the part atomically.

        Raises:
            OSError: The file cannot be written.
        """
        tensors = {"counts": self.counts, **{_FEATURES + name: values.contiguous() for name, values in self.features.items()}}
        for name, pictures in (("thumbnails", self.thumbnails), ("layouts", self.layouts)):
            content = b"".join(pictures)
            tensors[name] = torch.frombuffer(bytearray(content), dtype=torch.uint8) if content else torch.zeros(0, dtype=torch.uint8)
            tensors[f"{name} lengths"] = torch.tensor([len(picture) for picture in pictures], dtype=torch.int64)
        content = safetensors.torch.save(tensors, {_KEY: json.dumps([asdict(record) for record in self.records])})
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_writer(path) as file:
            file.write(content)

    @classmethod
    def read(cls, path: Path) -> Part | None:
        """Read a part; None where the file is missing, damaged or of another format."""
        try:
            listed: list[dict[str, Any]] = json.loads(read_safetensors_header(path).metadata[_KEY])
            records = tuple(PictureRecord(**record) for record in listed)
            tensors = load_safetensors(path)
            thumbnails, layouts = (_divided(tensors, name) for name in ("thumbnails", "layouts"))
            features = {name.removeprefix(_FEATURES): values for name, values in tensors.items() if name.startswith(_FEATURES)}
            counts = tensors["counts"]
        except (OSError, WeightsError, SafetensorError, KeyError, TypeError, ValueError):
            return None
        measured = sum(not record.problem for record in records)
        sound = counts.shape[1:] == (3,) and len(thumbnails) == len(records) and len(layouts) in (0, len(records))
        return cls(records, counts, features, thumbnails, layouts) if sound and all(len(v) == measured for v in features.values()) else None


def sparse_counts(matrices: Sequence[Tensor | None]) -> Tensor:
    """Return confusion matrices in the form of :attr:`Part.counts`; None for pictures without one."""
    rows: list[Tensor] = []
    for place, matrix in enumerate(matrices):
        if matrix is not None:
            flat = matrix.flatten().long()
            cells = flat.nonzero()[:, 0]
            rows.append(torch.stack([torch.full_like(cells, place), cells, flat[cells]], 1))
    return torch.cat(rows) if rows else torch.zeros(0, 3, dtype=torch.int64)


def _divided(tensors: Mapping[str, Tensor], name: str) -> tuple[bytes, ...]:
    content = tensors[name].numpy().tobytes()
    pictures: list[bytes] = []
    start = 0
    for length in cast("list[int]", tensors[f"{name} lengths"].tolist()):  # pyright: ignore[reportUnknownMemberType]
        pictures.append(content[start : start + length])
        start += length
    return tuple(pictures)
