"""Style codes and integer planes as text, and back from untrusted text."""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spade_studio.engine.errors import LabelError

_MAX_Z = 65536


def pack_style(z: NDArray[np.float32]) -> str:
    """Return a style code [z] as text."""
    return _to_base64(z.astype("<f4").tobytes())


def unpack_style(text: str) -> NDArray[np.float32]:
    """Return the style code [z] in a text of :func:`pack_style`.

    Raises:
        LabelError: invalid text.
    """
    raw = _from_base64(text)
    if not raw or len(raw) % 4 or len(raw) > 4 * _MAX_Z:
        raise LabelError(f"z has {len(raw)} bytes", f"4 for every number, at most {_MAX_Z} numbers")
    z = np.frombuffer(raw, "<f4").astype(np.float32)
    if not np.isfinite(z).all():
        raise LabelError("z holds values that are no finite numbers")
    return z


def pack_plane(array: NDArray[np.uint8] | NDArray[np.uint16]) -> str:
    """Return a plane [H, W] as text: little-endian, compressed, base64."""
    return _to_base64(zlib.compress(array.astype(array.dtype.newbyteorder("<")).tobytes(), 6))


def unpack_plane(text: str, dtype: str, height: int, width: int) -> NDArray[Any]:
    """Return the plane [height, width] in a text of :func:`pack_plane`, of a numpy type such as ``u1`` or ``<u2``.

    At most the expected number of bytes is decompressed, which stops decompression bombs.

    Raises:
        LabelError: invalid text.
    """
    wanted = height * width * np.dtype(dtype).itemsize
    unpacker = zlib.decompressobj()
    try:
        raw = unpacker.decompress(_from_base64(text), wanted + 1)
    except zlib.error as error:
        raise LabelError("the layout is damaged") from error
    if len(raw) != wanted or not unpacker.eof:
        raise LabelError(f"the layout does not hold {width} x {height} ids")
    return np.frombuffer(raw, dtype).reshape(height, width)


def _to_base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise LabelError("its description holds data that are no base64") from error
