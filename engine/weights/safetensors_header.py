"""Reading and validation of safetensors headers."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from spade_studio.engine.errors import WeightsError
from spade_studio.engine.files import open_regular
from spade_studio.engine.printable import printable
from spade_studio.engine.weights.info import TensorEntry
from spade_studio.engine.weights.pickle_reader import DTYPE_BYTES, MAX_TENSORS

# Ours have about 70 kB.
_MAX_HEADER_BYTES: Final = 4 << 20


@dataclass(frozen=True)
class SafetensorsHeader:
    """A parsed header, its tensors not validated yet.

    Attributes:
        path: The file.
        tensors: JSON descriptions of the tensors by name.
        metadata: Metadata texts.
        data_start: Offset of the data in the file, in bytes.
        data_bytes: Size of the data in bytes.
    """

    path: Path
    tensors: dict[str, object]
    metadata: dict[str, str]
    data_start: int
    data_bytes: int


def read_safetensors_header(path: Path) -> SafetensorsHeader:
    """Read a header of bounded length.

    Raises:
        WeightsError: a damaged or hostile file.
    """
    try:
        with open_regular(path) as file:
            return safetensors_header(file, path)
    except OSError as error:
        raise _damaged(f"{path.name} cannot be read ({error})") from error


def safetensors_header(file: BinaryIO, path: Path) -> SafetensorsHeader:
    """Read the header of an open file; ``path`` is its path.

    Raises:
        WeightsError: a damaged or hostile file.
        OSError: the file cannot be read.
    """
    size = os.fstat(file.fileno()).st_size
    length = int.from_bytes(file.read(8), "little")
    if size < 8 or length > min(size - 8, _MAX_HEADER_BYTES):
        limit = min(max(size - 8, 0), _MAX_HEADER_BYTES)
        raise _damaged(f"{path.name} says that its header has {length:,} bytes", f"at most {limit:,} in a file of {size:,}")
    text = file.read(length)
    try:
        header: object = json.loads(text, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:
        raise _damaged(f"{path.name} has a header that is not JSON ({printable(str(error)[:100])})") from error
    if not isinstance(header, dict):
        raise _damaged(f"{path.name} has a header that is not a JSON object")
    contents = cast("dict[str, object]", header)
    metadata = contents.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in cast("dict[str, object]", metadata).values()):
        raise _damaged(f"{path.name} has metadata that are not texts")
    if len(contents) > MAX_TENSORS:
        raise _damaged(f"{path.name} lists {len(contents):,} tensors", f"at most {MAX_TENSORS:,}")
    return SafetensorsHeader(path, contents, cast("dict[str, str]", metadata), 8 + length, size - 8 - length)


def checked_entries(header: SafetensorsHeader) -> dict[str, TensorEntry]:
    """Return type and shape of each tensor, after checking that the tensors partition the data.

    Raises:
        WeightsError: the header is inconsistent, or contradicts the size of the file.
    """
    name = header.path.name
    entries: dict[str, TensorEntry] = {}
    places: list[tuple[int, int]] = []
    for tensor, value in header.tensors.items():
        entries[tensor], place = _entry(value, f"{name}: {printable(tensor[:100])}")
        places.append(place)
    end = 0
    for start, stop in sorted(places):
        if start != end:
            raise _damaged(f"{name} has tensors that overlap or leave gaps at byte {end:,}", "one tensor after the other")
        end = stop
    if end != header.data_bytes:
        found = f"{name} lists tensors of {end:,} bytes but holds {header.data_bytes:,}"
        raise _damaged(found + (": it is cut off" if end > header.data_bytes else ""), "as many bytes as the header lists")
    return entries


def _damaged(found: str, expected: str = "a safetensors file") -> WeightsError:
    return WeightsError(found, expected, "Download or copy the file again")


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a name occurs twice")
    return result


def _entry(value: object, where: str) -> tuple[TensorEntry, tuple[int, int]]:
    fields = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    dtype, shape, place = fields.get("dtype"), _whole(fields.get("shape")), _whole(fields.get("data_offsets"))
    if not isinstance(dtype, str) or dtype not in DTYPE_BYTES:
        shown = printable(dtype[:20]) if isinstance(dtype, str) else "none"
        raise _damaged(f"{where} has dtype {shown}", f"one of {', '.join(DTYPE_BYTES)}")
    if shape is None or len(shape) > 8 or place is None or len(place) != 2:
        raise _damaged(f"{where} has an impossible shape or place")
    count = DTYPE_BYTES[dtype]
    for size in shape:
        count *= size
    start, stop = place
    if stop - start != count:
        raise _damaged(f"{where} of shape {list(shape)} has {stop - start:,} bytes", f"{count:,} bytes")
    return TensorEntry(dtype, shape), (start, stop)


def _whole(values: object) -> tuple[int, ...] | None:
    if not isinstance(values, list):
        return None
    items = cast("list[object]", values)
    numbers = [item for item in items if isinstance(item, int) and not isinstance(item, bool) and 0 <= item < 1 << 63]
    return tuple(numbers) if len(numbers) == len(items) else None
