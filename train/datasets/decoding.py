"""From the bytes of a file to a photograph, a label map or an instance map; damaged and hostile files end in DataError.

It does not know where the bytes came from nor what the ids mean.
"""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from spade_studio.engine.pictures.photographs import MAX_PHOTO_PIXELS
from spade_studio.engine.pictures.png import DAMAGE, MAX_SIDE
from spade_studio.train.datasets.errors import DataError

PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
_PHOTO_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _PALETTE = 0, 3  # colour types of PNG
_COLOR_TYPES = {_GREY: "grey", 2: "RGB", _PALETTE: "palette", 4: "grey with transparency", 6: "RGB with transparency"}


def decode_photo(content: bytes, where: str, *, upright: bool) -> NDArray[np.uint8]:
    """Decode a photograph.

    Args:
        content: The file.
        where: What to call it in messages.
        upright: Whether to turn it as its EXIF data say; published data sets have their maps in the file's own orientation.

    Returns:
        RGB, uint8 [H, W, 3].

    Raises:
        DataError: it is no picture, is damaged or truncated, or too large.
    """
    try:
        with Image.open(io.BytesIO(content), formats=_PHOTO_FORMATS) as image:
            if image.width * image.height > MAX_PHOTO_PIXELS:
                raise DataError(
                    f"{where} has {image.width} x {image.height} pixels",
                    f"at most {MAX_PHOTO_PIXELS // 1_000_000} million",
                    "Scale it down together with its map",
                    "unreadable",
                )
            if image.mode.startswith("I"):
                values = np.asarray(image).astype(np.int64)
                return np.repeat((values >> 8).clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)
            turned = ImageOps.exif_transpose(image) if upright else image
            return np.ascontiguousarray(np.asarray(turned.convert("RGB")))
    except DAMAGE as error:
        raise DataError(
            f"{where} cannot be read as a picture ({_reason(error)})", f"a photograph ({', '.join(_PHOTO_FORMATS)})", "", "unreadable"
        ) from error


def decode_label_map(content: bytes, where: str) -> NDArray[np.uint8]:
    """Decode a label map: an 8-bit grey PNG, or a palette PNG whose indices are the ids.

    Returns:
        The ids, uint8 [H, W].

    Raises:
        DataError: it is another kind of picture, is damaged or truncated, or too large.
    """
    depth, color_type = _png_header(content, where, "label map")
    if not (color_type == _PALETTE or (color_type == _GREY and depth == 8)):
        hint = "Were instance ids taken for labels?" if depth == 16 and color_type == _GREY else "Its values shall be ids, not colours"
        raise DataError(
            f"{where} is a PNG of kind {_COLOR_TYPES.get(color_type, 'unknown')} with {depth} bits per channel",
            "a label map of one channel and 8 bits, or with a palette",
            hint,
            "not a label map",
        )
    return np.ascontiguousarray(_png_pixels(content, where), np.uint8)


def decode_instance_map(content: bytes, where: str) -> NDArray[np.int32]:
    """Decode an instance map: a grey PNG of 8 or 16 bits, or a palette PNG.

    Returns:
        The ids, int32 [H, W], from 0 to 65535.

    Raises:
        DataError: as :func:`decode_label_map`.
    """
    depth, color_type = _png_header(content, where, "instance map")
    if not (color_type == _PALETTE or (color_type == _GREY and depth in (8, 16))):
        raise DataError(
            f"{where} is a PNG of kind {_COLOR_TYPES.get(color_type, 'unknown')} with {depth} bits per channel",
            "an instance map of one channel with 8 or 16 bits, or with a palette",
            "",
            "not a label map",
        )
    return _png_pixels(content, where).astype(np.int32)


def _png_header(content: bytes, where: str, what: str) -> tuple[int, int]:
    """Return depth and colour type, which Pillow hides; sizes are checked before anything is allocated."""
    if len(content) < 26 or not content.startswith(_PNG_SIGNATURE) or content[12:16] != b"IHDR":
        if not content:
            raise DataError(f"{where} is empty", f"a PNG with the {what}", "Copy or download it again", "unreadable")
        lossy = content.startswith((b"\xff\xd8", b"RIFF"))
        hint = "JPEG and WebP change ids along every edge; save the map as PNG" if lossy else ""
        raise DataError(f"{where} is no PNG file", f"a PNG with the {what}", hint, "not a label map")
    width, height, depth, color_type = struct.unpack(">IIBB", content[16:26])
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE):
        raise DataError(f"{where} has {width} x {height} pixels", f"1 to {MAX_SIDE} on each side", "", "unreadable")
    return depth, color_type


def _png_pixels(content: bytes, where: str) -> NDArray[Any]:
    width, height = struct.unpack(">II", content[16:24])
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
            if image.size != (width, height):  # a second header could ask for another size than the one that was checked
                raise DataError(f"{where} holds two headers of different sizes", "a PNG as image programs write it", "", "unreadable")
            return np.asarray(image)
    except DAMAGE as error:
        raise DataError(f"{where} is damaged ({_reason(error)})", "a whole PNG", "Copy or download it again", "unreadable") from error


def _reason(error: BaseException) -> str:
    text = str(error).strip().rstrip(".")
    return text.splitlines()[0][:200] if text else type(error).__name__
