"""Fast encoding of PNGs in memory, and decoding after validation of their headers."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from spade_studio.app.documents.errors import DocumentError
from spade_studio.app.model.raster import InstanceArray, LabelArray
from spade_studio.app.model.state import Picture
from spade_studio.engine.pictures.png import DAMAGE, MAX_SIDE, open_picture

THUMBNAIL_SIDE = 256
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER = 26
_LEVEL = 1
"""Compression level; higher levels take twice the time and save only a few kilobytes of a label plane."""


def encode_plane(labels: LabelArray, palette: NDArray[np.uint8], level: int = _LEVEL, texts: Mapping[str, str] | None = None) -> bytes:
    """Return a palette PNG whose indices are the values of a map.

    Args:
        labels: Label map, uint8 ``[H, W]``.
        palette: RGB of every value, uint8 ``[256, 3]``.
        level: Compression level, 0..9.
        texts: Text chunks, keyword to text, written before the pixels.
    """
    image = Image.frombuffer("P", (labels.shape[1], labels.shape[0]), np.ascontiguousarray(labels), "raw", "P", 0, 1)
    image.putpalette(palette.tobytes())
    return _encode(image, level, texts)


def encode_picture(pixels: Picture) -> bytes:
    """Return a picture, uint8 ``[H, W, 3 or 4]``, as a PNG."""
    return _encode(Image.fromarray(np.ascontiguousarray(pixels)), _LEVEL)


def encode_instances(instances: InstanceArray) -> bytes:
    """Return object ids, uint16 ``[H, W]``, as a 16-bit greyscale PNG."""
    return _encode(Image.fromarray(np.ascontiguousarray(instances, np.uint16)), _LEVEL)


def decode_plane(data: bytes, size: tuple[int, int], what: str) -> LabelArray:
    """Decode a label map, uint8 ``[H, W]``, of the given (height, width); ``what`` names it in error messages.

    Raises:
        DocumentError: The data are not an 8-bit palette or greyscale PNG of that size, or damaged.
    """
    return np.array(_decode(data, what, ("P", "L"), size), np.uint8)


def decode_instances(data: bytes, size: tuple[int, int], what: str) -> InstanceArray:
    """Decode object ids, uint16 ``[H, W]``, of the given (height, width); ``what`` names them in error messages.

    Raises:
        DocumentError: The data are not a 16-bit greyscale PNG of that size, or damaged.
    """
    return np.array(_decode(data, what, ("I;16", "I;16B", "I;16L"), size), np.uint16)


def decode_picture(data: bytes, what: str, max_side: int = MAX_SIDE) -> Picture:
    """Decode a picture, uint8 ``[H, W, 3]``; ``what`` names it in error messages.

    Raises:
        DocumentError: The data are not an 8-bit colour PNG, have a side longer than ``max_side``, or are damaged.
    """
    return np.array(_decode(data, what, ("RGB", "RGBA"), None, max_side)[..., :3], np.uint8)


def decode_colors(data: bytes, what: str) -> NDArray[np.uint8]:
    """Decode a picture with or without alpha, uint8 ``[H, W, 3 or 4]``; palettes are converted to colours.

    Raises:
        DocumentError: As in :func:`decode_picture`.
    """
    return np.array(_decode(data, what, ("RGB", "RGBA", "P"), None, as_colors=True), np.uint8)


def thumbnail_of(pixels: NDArray[np.uint8], side: int = THUMBNAIL_SIDE) -> NDArray[np.uint8]:
    """Return a map or picture subsampled so that no side is longer than ``side`` pixels."""
    height, width = pixels.shape[:2]
    scale = max(height, width, side) / side
    rows, columns = (np.arange(max(1, int(length / scale))) for length in (height, width))
    rows, columns = (np.minimum(((at + 0.5) * scale).astype(np.intp), length - 1) for at, length in ((rows, height), (columns, width)))
    return pixels[rows[:, None], columns]


def shrunk(picture: Picture, side: int) -> Picture:
    """Return a picture, uint8 ``[H, W, 3]``, reduced so that no side is longer than ``side`` pixels; itself where none is."""
    height, width = picture.shape[:2]
    if max(height, width) <= side:
        return picture
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _encode(image: Image.Image, level: int, texts: Mapping[str, str] | None = None) -> bytes:
    buffer, info = io.BytesIO(), PngInfo()
    for key, text in (texts or {}).items():
        info.add_text(key, text)
    image.save(buffer, "PNG", compress_level=level, pnginfo=info)
    return buffer.getvalue()


def _decode(
    data: bytes, what: str, modes: tuple[str, ...], size: tuple[int, int] | None, max_side: int = MAX_SIDE, *, as_colors: bool = False
) -> NDArray[np.generic]:
    """Decode a PNG after validating its header, before Pillow allocates memory."""
    if len(data) < _HEADER or not data.startswith(_SIGNATURE) or data[12:16] != b"IHDR":
        raise DocumentError(f"{what} is no PNG", "a PNG", "The file is damaged: open an older copy of it")
    width, height = struct.unpack(">II", data[16:24])
    if size is not None and (height, width) != size:
        raise DocumentError(f"{what} has {width} x {height} pixels", f"the document's {size[1]} x {size[0]}")
    if not (1 <= width <= max_side and 1 <= height <= max_side):
        raise DocumentError(f"{what} has {width} x {height} pixels", f"1 to {max_side} on each side")
    try:
        with open_picture(io.BytesIO(data), ("PNG",)) as image:
            # A second header could specify another size than the validated one.
            if image.size != (width, height):
                raise DocumentError(f"{what} holds two headers of different sizes", "a PNG as image programs write it")
            if image.mode not in modes:
                raise DocumentError(f"{what} is a PNG of mode {image.mode}", f"mode {' or '.join(modes)}")
            return np.asarray(image.convert("RGBA") if as_colors and image.mode == "P" else image)
    except DAMAGE as error:
        raise DocumentError(f"{what} is damaged ({str(error)[:200]})", "a whole PNG", "Open an older copy of the file") from error
