"""The file of a memory bank (safetensors): segments of photographs as encoded tiles, an index of them, and licences and sources."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spade_studio.engine.bank.photographs import Photograph
from spade_studio.engine.bank.segments import GRID, LEAST_SHARE, PACKED, Shapes
from spade_studio.engine.errors import BankError, EngineError
from spade_studio.engine.files import atomic_writer, open_regular, sha256_of
from spade_studio.engine.labels import LabelChannels, LabelSet
from spade_studio.engine.printable import printable
from spade_studio.engine.weights.pickle_reader import DTYPE_BYTES
from spade_studio.engine.weights.safetensors_header import checked_entries, safetensors_header

FORMAT_VERSION: Final = 1
_KEY: Final = "spade-studio-bank"
_MOST_SEGMENTS: Final = 10_000_000
_LARGEST_SIDE: Final = 4096
_MOST_TEXT: Final = 2000
_MOST_NAMES: Final = 1 << 28  # bytes of the list of photographs
_MOST_BYTES: Final = 1 << 62
_TABLES: Final[dict[str, tuple[str, tuple[int, ...]]]] = {
    "tiles": ("U8", ()),
    "ends": ("I64", ()),
    "photographs": ("I32", ()),
    "boxes": ("I32", (4,)),
    "labels": ("U8", ()),
    "shapes": ("U8", (8 * PACKED,)),
    "names": ("U8", ()),
}
"""Kinds of numbers, and what follows the number of rows in the shape."""
_NUMPY: Final = {"U8": np.uint8, "I32": np.int32, "I64": np.int64}
_QUALITY: Final = 92  # of WebP; masks are stored without loss


@dataclass(frozen=True, eq=False)
class Piece:
    """A segment of a photograph, for a bank.

    Attributes:
        label: Dataset id.
        photograph: Index of the photograph.
        box: (top, left, height, width) in pixels of the bank's pictures.
        shape: See :func:`spade_studio.engine.bank.segments.shape_of`.
        tile: RGB and mask (255 inside the segment), uint8 [height, width, 4].
    """

    label: int
    photograph: int
    box: tuple[int, int, int, int]
    shape: Shapes
    tile: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class MemoryBank:
    """A memory bank: index in memory, tiles on disk.

    Attributes:
        path: The file.
        size: (height, width) of the pictures that boxes refer to.
        label_set: Label set of the ids.
        order: Ids from front to back; ids that are not listed lie behind all others.
        licence: Terms of use of the photographs, one sentence.
        source: Origin of the photographs, one sentence.
        photographs: Photographs that the pieces come from.
        labels: Label id of each piece, uint8 [N].
        photograph_of: Index of each piece's photograph, int32 [N].
        boxes: Top, left, height and width of each piece, int32 [N, 4].
        shapes: Packed shape of each piece, uint64 [N, PACKED].
    """

    path: Path
    size: tuple[int, int]
    label_set: LabelSet
    order: tuple[int, ...]
    licence: str
    source: str
    photographs: tuple[Photograph, ...]
    labels: NDArray[np.uint8]
    photograph_of: NDArray[np.int32]
    boxes: NDArray[np.int32]
    shapes: Shapes
    _tiles: NDArray[np.uint8]
    _ends: NDArray[np.int64]

    def __len__(self) -> int:
        """Return how many pieces there are."""
        return len(self.labels)

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what pickle stores: the path, so that another process maps the file by itself."""
        return MemoryBank.open, (self.path,)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the file."""
        return sha256_of(self.path)

    def tile(self, number: int) -> NDArray[np.uint8]:
        """Decode a piece: RGB and mask, uint8 [height, width, 4].

        Raises:
            BankError: the tile is damaged.
        """
        start = int(self._ends[number - 1]) if number else 0
        content = self._tiles[start : int(self._ends[number])].tobytes()
        height, width = int(self.boxes[number, 2]), int(self.boxes[number, 3])
        try:
            with Image.open(io.BytesIO(content), formats=("WEBP",)) as image:
                if image.size != (width, height):
                    raise _damaged(self.path, f"piece {number} has {image.width} x {image.height} pixels in place of {width} x {height}")
                return np.asarray(image.convert("RGBA"))
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise _damaged(self.path, f"piece {number} cannot be decoded") from error

    @classmethod
    def open(cls, path: Path) -> MemoryBank:
        """Open a bank; its tiles stay on disk.

        Raises:
            BankError: no such file, or one that is damaged, hostile, of another kind or of a newer format.
        """
        if not path.is_file():
            raise BankError(f"{path}: there is no such file", "a memory bank", "Make it (spade-train bank), or copy it beside the weights")
        try:
            with open_regular(path) as file:
                return cls._of(path, file)
        except OSError as error:
            raise BankError(f"{path} cannot be read ({error})", "a memory bank", "Check the path and the permissions") from error

    @classmethod
    def _of(cls, path: Path, file: BinaryIO) -> MemoryBank:
        try:
            header = safetensors_header(file, path)
            entries = checked_entries(header)
        except EngineError as error:
            raise BankError(error.found, "a memory bank of SPADE Studio", error.action) from error
        size, label_set, order, licence, source = _description(path, header.metadata.get(_KEY))
        counts = {name: entry.shape[0] if entry.shape else 0 for name, entry in entries.items()}
        fits = set(entries) == set(_TABLES) and all(
            (entries[name].dtype, entries[name].shape) == (dtype, (counts[name], *width)) for name, (dtype, width) in _TABLES.items()
        )
        most = {"tiles": header.data_bytes, "names": _MOST_NAMES}
        if not fits or not all(1 <= count <= most.get(name, _MOST_SEGMENTS) for name, count in counts.items()):
            raise _damaged(path, "its tables do not fit each other")
        if len({counts[name] for name in _TABLES if name not in most}) > 1:
            raise _damaged(path, "its tables do not fit each other")

        def table(name: str) -> NDArray[Any]:
            place = header.data_start + cast("dict[str, Any]", header.tensors[name])["data_offsets"][0]
            return np.memmap(file, _NUMPY[entries[name].dtype], "r", place, entries[name].shape)

        bank = cls(
            path,
            size,
            label_set,
            order,
            licence,
            source,
            photographs=_photographs(path, table("names").tobytes()),
            labels=np.array(table("labels")),
            photograph_of=np.array(table("photographs")),
            boxes=np.array(table("boxes")),
            shapes=np.array(table("shapes")).view(np.uint64),
            _tiles=table("tiles"),
            _ends=np.array(table("ends")),
        )
        bank._check()
        return bank

    def check_labels(self, channels: LabelChannels, name: str) -> None:
        """Check that the labels of layouts agree with those of the pieces, by id and name.

        Args:
            channels: Channels of weights or data; without a label set nothing is compared.
            name: Name of the weights or data in messages.

        Raises:
            BankError: an id that sets a channel is missing from the bank or has another name there.
        """
        if channels.label_set is None:
            return
        for number in channels.known_ids:
            wanted, found = channels.label_set.by_id(number), self.label_set.by_id(number)
            if wanted is not None and (found is None or found.name != wanted.name):
                said = f"{self.path.name} calls id {number} {found.name if found else 'nothing'}, and {name} {wanted.name}"
                raise BankError(said, "the same labels", "Take the bank of these photographs, or make it (spade-train bank)")

    def _check(self) -> None:
        """Refuse tables whose numbers lead out of the file or out of the picture."""
        height, width = self.size
        top, left, rows, columns = self.boxes.T.astype(np.int64)
        inside = (top >= 0) & (left >= 0) & (rows >= 1) & (columns >= 1) & (top + rows <= height) & (left + columns <= width)
        starts = np.concatenate(([0], self._ends[:-1]))
        if (
            not inside.all()
            or (self.photograph_of < 0).any()
            or (self.photograph_of >= len(self.photographs)).any()
            or (self._ends <= starts).any()
            or int(self._ends[-1]) != len(self._tiles)
            or self._ends[0] < 1
        ):
            raise _damaged(self.path, "its tables hold impossible numbers")
        if strange := sorted(set(np.unique(self.labels).tolist()) - {label.id for label in self.label_set.labels}):
            raise _damaged(self.path, f"it has pieces of the id {strange[0]}, which its label set does not have")


def write_bank(
    path: Path,
    pieces: Iterable[Piece],
    *,
    size: tuple[int, int],
    label_set: LabelSet,
    order: Sequence[int],
    licence: str,
    source: str,
    photographs: Sequence[Photograph],
) -> int:
    """Write a bank, whole or not at all; the arguments are the attributes of :class:`MemoryBank`.

    ``pieces`` may be a generator, and may fill ``photographs``, which is read after it.

    Returns:
        Number of pieces written.

    Raises:
        BankError: there are no pieces.
        OSError: the file cannot be written.
    """
    description = {
        "format_version": FORMAT_VERSION,
        "size": list(size),
        "grid": GRID,
        "label_set": label_set.to_json(),
        "order": list(order),
        "licence": licence,
        "source": source,
    }
    about = json.dumps(description, separators=(",", ":"))
    room = len(_header(about, {name: (dtype, (_MOST_BYTES, *width)) for name, (dtype, width) in _TABLES.items()})) + 7 & -8
    index: list[tuple[int, int, tuple[int, int, int, int], Shapes]] = []
    ends: list[int] = []
    with atomic_writer(path) as file:
        # Of a piece only its place in the index stays in memory: tiles come first, and the header, in front of them, last.
        file.write(bytes(8 + room))
        for piece in pieces:
            ends.append((ends[-1] if ends else 0) + file.write(_encoded(piece.tile)))
            index.append((piece.label, piece.photograph, piece.box, piece.shape))
        if not index:
            raise BankError("no segment is large enough for a memory bank", f"some of {100 * LEAST_SHARE:.1f} % of a photograph or more")
        names = json.dumps([[photograph.name, photograph.credit] for photograph in photographs], separators=(",", ":")).encode()
        tables: dict[str, NDArray[Any]] = {
            "ends": np.array(ends, np.int64),
            "photographs": np.array([number for _, number, _, _ in index], np.int32),
            "boxes": np.array([box for _, _, box, _ in index], np.int32),
            "labels": np.array([label for label, _, _, _ in index], np.uint8),
            "shapes": np.stack([shape for _, _, _, shape in index]).view(np.uint8),
            "names": np.frombuffer(names, np.uint8),
        }
        for table in tables.values():
            file.write(table.tobytes())
        shapes = {"tiles": (ends[-1],)} | {name: table.shape for name, table in tables.items()}
        header = _header(about, {name: (_TABLES[name][0], shape) for name, shape in shapes.items()})
        file.seek(0)
        file.write(room.to_bytes(8, "little") + header.ljust(room))
    return len(index)


def _header(about: str, tables: Mapping[str, tuple[str, tuple[int, ...]]]) -> bytes:
    """Return the header of a safetensors file of tables (dtype, shape) that follow each other."""
    entries: dict[str, Any] = {"__metadata__": {_KEY: about}}
    end = 0
    for name, (dtype, shape) in tables.items():
        begin, end = end, end + DTYPE_BYTES[dtype] * prod(shape)
        entries[name] = {"dtype": dtype, "shape": shape, "data_offsets": (begin, end)}
    return json.dumps(entries, separators=(",", ":")).encode()


def _encoded(tile: NDArray[np.uint8]) -> bytes:
    content = io.BytesIO()
    Image.fromarray(tile, "RGBA").save(content, "WEBP", quality=_QUALITY, method=2)
    return content.getvalue()


def _description(path: Path, text: str | None) -> tuple[tuple[int, int], LabelSet, tuple[int, ...], str, str]:
    if text is None:
        raise BankError(f"{path.name} is no memory bank", "a file made by spade-train bank")
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, "its description is not JSON") from error
    if not isinstance(values, dict):
        raise _damaged(path, "its description is not a JSON object")
    entries = cast("dict[str, Any]", values)
    version = entries.get("format_version")
    if type(version) is int and version > FORMAT_VERSION:
        found = f"{path.name} was written by a newer SPADE Studio (format {version})"
        raise BankError(found, f"format {FORMAT_VERSION}", "Update SPADE Studio")
    match entries:
        case {
            "format_version": 1, "size": [int(height), int(width)], "grid": 64, "label_set": label_set, "order": order,
            "licence": str(licence), "source": str(source),
        } if 1 <= height <= _LARGEST_SIDE and 1 <= width <= _LARGEST_SIDE:  # fmt: skip
            try:
                known = LabelSet.from_json(label_set)
            except EngineError as error:
                raise _damaged(path, error.found) from error
            ids = tuple(number for number in cast("list[object]", order) if type(number) is int) if isinstance(order, list) else ()
            return (height, width), known, ids, _text(licence), _text(source)
        case _:
            raise _damaged(path, "its description lacks entries")


def _photographs(path: Path, content: bytes) -> tuple[Photograph, ...]:
    try:
        entries = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, "its list of photographs is not JSON") from error
    found: list[Photograph] = []
    for entry in cast("list[object]", entries) if isinstance(entries, list) else [None]:
        match entry:
            case [str(name), str(credit)]:
                found.append(Photograph(_text(name), _text(credit)))
            case _:
                raise _damaged(path, "it has a photograph without a name")
    return tuple(found)


def _text(text: str) -> str:
    return printable(text[:_MOST_TEXT])


def _damaged(path: Path, reason: str) -> BankError:
    return BankError(f"{path.name} is damaged: {reason}", "a memory bank made by spade-train bank", "Download or copy the file again")
