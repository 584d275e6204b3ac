"""Changes of a map since its last full copy, appended to a file: a header with that copy's token, then records with checksums."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from spade_studio.app.model.raster import InstanceArray, LabelArray, Rect
from spade_studio.app.model.state import DocumentState
from spade_studio.engine.files import open_regular

TILE = 64
"""Side of the squares that a map is recorded in."""
MAX_BYTES = 256 << 20
"""Longest journal: a longer one is no longer quicker to write than a copy."""
_MAGIC = b"SPADE journal 1\n"
_RECORD = struct.Struct("<II")  # compressed bytes, their CRC
_HEADER = struct.Struct("<IIB")  # height, width, whether objects follow
_MAX_RECORD = 256 << 20
"""Of a map of 8192 x 8192 with objects, unpacked."""


@dataclass(frozen=True, eq=False)
class Change:
    """Squares of a map after a change.

    Attributes:
        size: (height, width) of the map.
        tiles: Whether each square is in it, ``[rows, columns]``.
        labels: The pixels of these squares one after the other, uint8.
        objects: Those of the objects, uint16; None where there are none.
    """

    size: tuple[int, int]
    tiles: NDArray[np.bool_]
    labels: list[LabelArray]
    objects: list[InstanceArray] | None


class DirtyTiles:
    """Which squares of a map have changed since they were taken last."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self._tiles = np.zeros((-(-size[0] // TILE), -(-size[1] // TILE)), bool)

    def mark(self, rect: Rect) -> None:
        """Note that a rectangle has changed."""
        rows, columns = slice(rect.top // TILE, (rect.bottom - 1) // TILE + 1), slice(rect.left // TILE, (rect.right - 1) // TILE + 1)
        self._tiles[rows, columns] = True

    def take(self, labels: LabelArray, objects: InstanceArray | None) -> Change | None:
        """Copy what has changed, and begin anew; None where nothing has."""
        tiles, self._tiles = self._tiles, np.zeros_like(self._tiles)
        if not tiles.any():
            return None
        copied = [labels[place].copy() for place in _places(tiles)]
        return Change(self.size, tiles, copied, None if objects is None else [objects[place].copy() for place in _places(tiles)])


def append(path: Path, token: str, change: Change) -> int:
    """Add a change to a journal, which is begun where it is not there yet, and force it to the disk.

    Where that fails, what came of it is cut off again, lest it hide the records that follow.

    Returns:
        How long the journal is now, in bytes.

    Raises:
        OSError: The disk is full or failing.
    """
    parts = [_HEADER.pack(*change.size, change.objects is not None), np.packbits(change.tiles).tobytes()]
    parts += [tile.tobytes() for tile in change.labels]
    parts += [tile.astype("<u2").tobytes() for tile in change.objects or ()]
    data = zlib.compress(b"".join(parts), 1)
    record = _RECORD.pack(len(data), zlib.crc32(data)) + data
    with path.open("ab", buffering=0) as file:  # a buffer would write what is left of it when it is closed
        start = file.tell()
        rest = memoryview(record if start else _MAGIC + token.encode() + b"\n" + record)
        try:
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        except OSError:
            with suppress(OSError):
                file.truncate(start)
            raise
        return file.tell()


def replayed(state: DocumentState, path: Path, token: str) -> DocumentState:
    """Return a copy with all that its journal has of it; the copy itself where there is no journal, or that of another copy."""
    labels, objects = state.labels.copy(), None if state.instances is None else state.instances.copy()
    is_any = False
    for data in _records(path, token):
        height, width, has_objects = _HEADER.unpack_from(data)
        grid = -(-height // TILE), -(-width // TILE)
        at = _HEADER.size + -(-grid[0] * grid[1] // 8)
        if (height, width) != state.size or len(data) < at:
            break
        tiles = np.unpackbits(np.frombuffer(data[_HEADER.size : at], np.uint8), count=grid[0] * grid[1]).astype(bool).reshape(grid)
        pixels = sum(labels[place].size for place in _places(tiles))
        if len(data) != at + pixels * (3 if has_objects else 1):
            break
        at = _put(labels, tiles, data, at)
        if has_objects:
            objects = np.zeros(state.size, np.uint16) if objects is None else objects
            _put(objects, tiles, data, at)
        is_any = True
    return replace(state, labels=labels, instances=objects) if is_any else state


def _put(plane: NDArray[np.unsignedinteger], tiles: NDArray[np.bool_], data: bytes, at: int) -> int:
    """Write squares into a plane, and return where in the data they end."""
    kind = np.dtype(plane.dtype).newbyteorder("<")
    for place in _places(tiles):
        shape = plane[place].shape
        count = shape[0] * shape[1]
        plane[place] = np.frombuffer(data, kind, count, at).reshape(shape)
        at += count * kind.itemsize
    return at


def _places(tiles: NDArray[np.bool_]) -> Iterator[tuple[slice, slice]]:
    for row, column in np.argwhere(tiles).tolist():
        yield slice(row * TILE, (row + 1) * TILE), slice(column * TILE, (column + 1) * TILE)


def _records(path: Path, token: str) -> Iterator[bytes]:
    """Give the records of a journal that are whole, up to the first that is not."""
    try:
        with open_regular(path) as file:
            begin = _MAGIC + token.encode() + b"\n"
            if file.read(len(begin)) != begin:
                return
            while (data := _record(file)) is not None:
                yield data
    except OSError:
        return


def _record(file: BinaryIO) -> bytes | None:
    head = file.read(_RECORD.size)
    if len(head) < _RECORD.size:
        return None
    length, checksum = _RECORD.unpack(head)
    data = file.read(length) if length <= MAX_BYTES else b""
    if len(data) != length or zlib.crc32(data) != checksum:
        return None
    try:
        unpacked = zlib.decompressobj().decompress(data, _MAX_RECORD)
    except zlib.error:
        return None
    return unpacked if len(unpacked) >= _HEADER.size else None
