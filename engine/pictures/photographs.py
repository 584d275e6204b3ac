"""The reader of photographs for styles, training and evaluation, with transparency over a uniform ground."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spade_studio.engine import interruption
from spade_studio.engine.errors import EngineError, StyleError
from spade_studio.engine.file_kinds import OTHER_PICTURES, picture_kind
from spade_studio.engine.files import open_regular
from spade_studio.engine.pictures.png import DAMAGE, open_picture, reason

MAX_PHOTO_PIXELS: Final = 80_000_000
"""Maximum number of pixels of a photograph; below the limit at which Pillow warns of a decompression bomb."""
GROUND: Final = 128
"""Value of red, green and blue behind transparent pixels: mid-grey, which is zero for networks."""
FORMATS: Final = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")
_START: Final = 64
_ORIENTATION: Final = 0x0112
_STRIP_PIXELS: Final = 1 << 20


class PictureError(EngineError):
    """An unusable photograph: another kind of file, damaged, or too large."""


def read_style_image(path: Path) -> NDArray[np.uint8]:
    """Read a photograph, rotated by its EXIF orientation.

    Returns:
        RGB, uint8 [H, W, 3].

    Raises:
        StyleError: the file is missing, not a picture, damaged or too large.
    """
    try:
        with open_regular(path) as file:
            return decode_photograph(file, str(path), upright=True)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise StyleError(f"{path}: there is no such file", "a photograph") from error
    except OSError as error:
        raise StyleError(f"{path} cannot be read ({reason(error)})", "a photograph") from error
    except PictureError as error:
        raise StyleError(error.found, error.expected, error.action) from error


def decode_photograph(file: BinaryIO | bytes, where: str, *, upright: bool) -> NDArray[np.uint8]:
    """Decode a photograph, composited over :data:`GROUND`.

    Args:
        file: Picture, open for binary reading, or its bytes.
        where: Name of the file in messages.
        upright: Whether to apply the EXIF orientation.

    Returns:
        RGB, uint8 [H, W, 3].

    Raises:
        PictureError: not a picture, or one that is damaged, truncated or too large.
    """
    expected = f"a photograph ({', '.join(FORMATS)})"
    file = io.BytesIO(file) if isinstance(file, bytes) else file
    try:
        start = file.read(_START)
        file.seek(0)
        if not start:
            raise PictureError(f"{where} is empty", expected, "Copy or download it again")
        kind = picture_kind(start)
        if kind in OTHER_PICTURES:
            raise PictureError(f"{where} is a picture of kind {kind}, which cannot be read", expected, "Convert it, for example to JPEG")
        with open_picture(file, FORMATS) as image:
            if image.width * image.height > MAX_PHOTO_PIXELS:
                raise PictureError(
                    f"{where} has {image.width} x {image.height} pixels",
                    f"at most {MAX_PHOTO_PIXELS // 1_000_000} million",
                    "Scale it down",
                )
            orientation = image.getexif().get(_ORIENTATION, 1) if upright else 1
            pixels = rgb_over_ground(image)
        return _turned(pixels, orientation)
    except DAMAGE as error:
        raise PictureError(f"{where} cannot be read as a picture ({reason(error)})", expected) from error


def rgb_over_ground(image: Image.Image) -> NDArray[np.uint8]:
    """Return an image composited over :data:`GROUND`, uint8 [H, W, 3].

    Works on a few rows at a time, with little memory beyond the image and the result.
    """
    image.load()
    width, height = image.size
    pixels = np.empty((height, width, 3), np.uint8)
    rows = max(1, _STRIP_PIXELS // width)
    for top in range(0, height, rows):
        interruption.check()
        strip = image if rows >= height else image.crop((0, top, width, min(top + rows, height)))
        if strip.mode.startswith("I"):  # 16 bits
            pixels[top : top + rows] = (np.asarray(strip).astype(np.int32) >> 8).clip(0, 255)[..., None]
        elif strip.has_transparency_data:
            pixels[top : top + rows] = over_ground(np.asarray(strip.convert("RGBA")))
        else:
            pixels[top : top + rows] = np.asarray(strip if strip.mode == "RGB" else strip.convert("RGB"))
    return pixels


def over_ground(colors: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Composite RGBA, uint8 [h, w, 4], over :data:`GROUND`: uint8 [h, w, 3]."""
    alpha = colors[..., 3:].astype(np.uint16)
    return ((colors[..., :3] * alpha + GROUND * (255 - alpha) + 127) // 255).astype(np.uint8)


def _turned(pixels: NDArray[np.uint8], orientation: object) -> NDArray[np.uint8]:
    match orientation:
        case 2:
            pixels = pixels[:, ::-1]
        case 3:
            pixels = pixels[::-1, ::-1]
        case 4:
            pixels = pixels[::-1]
        case 5:
            pixels = pixels.transpose(1, 0, 2)
        case 6:
            pixels = np.rot90(pixels, -1)
        case 7:
            pixels = pixels[::-1, ::-1].transpose(1, 0, 2)
        case 8:
            pixels = np.rot90(pixels)
        case _:
            pass
    return np.ascontiguousarray(pixels)
