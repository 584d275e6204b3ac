"""Append-only journal of a map's changes since its last full copy: a header with the copy's token, then records with checksums."""

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
"""Side of the recorded tiles, in pixels."""
MAX_BYTES = 256 << 20
"""Greatest length of a journal in bytes, beyond which a full copy is as fast to write."""
_MAGIC = b"SPADE journal 1\n"
_RECORD = struct.Struct("<II")  # length of the compressed data, their CRC
_HEADER = struct.Struct("<IIB")  # height, width, whether objects follow
_MAX_RECORD = 256 << 20
"""Greatest length of an unpacked record in bytes, enough for a map of 8192 x 8192 pixels with objects."""


@dataclass(frozen=True, eq=False)
class Change:
    """Changed tiles of a map.

    Attributes:
        size: (height, width) of the map.
        tiles: Changed tiles, boolean ``[rows, columns]``.
        labels: Labels of each changed tile in row-major order, uint8 ``[TILE, TILE]`` or smaller at the edges.
        objects: Object ids of the same tiles, uint16; None where there are no objects.
    """

    size: tuple[int, int]
    tiles: NDArray[np.bool_]
    labels: list[LabelArray]
    objects: list[InstanceArray] | None


class DirtyTiles:
    """Set of the tiles of a map that have changed since the last :meth:`take`."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self._tiles = np.zeros((-(-size[0] // TILE), -(-size[1] // TILE)), bool)

    def mark(self, rect: Rect) -> None:
        """Mark the tiles of a changed rectangle."""
        rows, columns = slice(rect.top // TILE, (rect.bottom - 1) // TILE + 1), slice(rect.left // TILE, (rect.right - 1) // TILE + 1)
        self._tiles[rows, columns] = True

    def take(self, labels: LabelArray, objects: InstanceArray | None) -> Change | None:
        """Return a copy of the changed tiles and clear the marks; None where nothing has changed."""
        tiles, self._tiles = self._tiles, np.zeros_like(self._tiles)
        if not tiles.any():
            return None
        copied = [labels[place].copy() for place in _places(tiles)]
        return Change(self.size, tiles, copied, None if objects is None else [objects[place].copy() for place in _places(tiles)])


def append(path: Path, token: str, change: Change) -> int:
    """Append a change to a journal, created where necessary, and flush it to the disk.

    A record that fails halfway is truncated, so that later records stay readable.

    Returns:
        Length of the journal in bytes.

    Raises:
        OSError: The disk is full or failing.
    """
    parts = [_HEADER.pack(*change.size, change.objects is not None), np.packbits(change.tiles).tobytes()]
    parts += [tile.tobytes() for tile in change.labels]
    parts += [tile.astype("<u2").tobytes() for tile in change.objects or ()]
    data = zlib.compress(b"".join(parts), 1)
    record = _RECORD.pack(len(data), zlib.crc32(data)) + data
    with path.open("ab", buffering=0) as file:  # a buffered file would write the rest of a failed record when closed
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
    """Return a saved state with the changes of its journal applied; the state itself where there is no journal with that token."""
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
    """Write tiles into a plane, and return the offset of their end in the data."""
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
    """Yield the records of a journal up to the first damaged or incomplete one."""
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
