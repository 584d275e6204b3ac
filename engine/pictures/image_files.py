"""Reading label maps, instance maps and style images from files that may be damaged or hostile.

It knows no weights: what the ids mean to a generator is decided elsewhere.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from spade_studio.engine.errors import LabelError, StyleError
from spade_studio.engine.labels import LabelSet, check_label_map, label_map_from_colors

MAX_SIDE = 8192
"""Longest side in pixels of a label map, an instance map or a picture."""
MAX_PHOTO_PIXELS = 80_000_000
"""Most pixels of a style image; below the size at which Pillow itself warns of a decompression bomb."""
_PHOTO_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
DAMAGE = (
    OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, OverflowError, struct.error, zlib.error, Image.DecompressionBombError
)
"""What Pillow raises for files that are damaged, or made to do damage."""
_GREY = 0  # a colour type of PNG


@dataclass(frozen=True)
class _PngHeader:
    width: int
    height: int
    depth: int
    color_type: int


def read_label_map(path: Path, colors: LabelSet | None) -> NDArray[np.uint8]:
    """Read a label map: grey values and palette indices are ids, colours are looked up in a label set.

    Args:
        path: An 8-bit PNG (or 1, 2 or 4 bits): grey, palette, RGB, or RGBA without transparency.
        colors: The label set whose colours a colour map uses; None where there is none.

    Returns:
        The ids, uint8 [H, W].

    Raises:
        LabelError: the file is no such PNG, is damaged, too large, or holds colours that the set does not have.
    """
    header = _read_png_header(path, "label map")
    if header.depth == 16:
        raise LabelError(f"{path} has 16 bits per channel", "a label map of 8 bits", "Were instance ids taken for labels?")
    pixels, mode = _read_png(path, header)
    if mode in ("1", "L", "P"):
        return check_label_map(_unscale_grey(pixels, header), str(path))
    if mode in ("LA", "RGBA"):
        _require_opaque(pixels[..., -1], path)
        pixels = pixels[..., :-1]
    if mode == "LA":
        return check_label_map(np.ascontiguousarray(pixels[..., 0]), str(path))
    if mode not in ("RGB", "RGBA"):
        raise LabelError(f"{path} is a PNG of mode {mode}", "a grey, palette or colour PNG of 8 bits")
    if colors is None:
        raise LabelError(
            f"{path} is a colour picture and no label set tells what its colours mean",
            "ids as grey values or palette indices",
            "Give --label-set for a map in a set's colours",
        )
    try:
        return label_map_from_colors(np.ascontiguousarray(pixels), colors, str(path))
    except LabelError as error:
        if bool((pixels == pixels[..., :1]).all()):
            raise LabelError(
                f"{path} is grey but saved as RGB",
                f"8-bit grey, or the colours of {colors.name}",
                "Save it as 8-bit grey to use its values as ids",
            ) from error
        raise


def read_instance_map(path: Path) -> NDArray[np.int32]:
    """Read instance ids from a grey or palette PNG of 8 or 16 bits.

    Returns:
        The ids, int32 [H, W], from 0 to 65535.

    Raises:
        LabelError: the file is no such PNG, is damaged or too large.
    """
    header = _read_png_header(path, "instance map")
    pixels, mode = _read_png(path, header)
    if mode in ("1", "L", "P"):
        return _unscale_grey(pixels, header).astype(np.int32)
    if mode in ("I;16", "I;16B", "I;16L", "I"):
        return pixels.astype(np.int32)
    raise LabelError(f"{path} is a PNG of mode {mode}", "instance ids as a grey PNG of 8 or 16 bits")


def read_style_image(path: Path) -> NDArray[np.uint8]:
    """Read a photograph, turned upright as its EXIF data say.

    Returns:
        RGB, uint8 [H, W, 3].

    Raises:
        StyleError: the file is missing, is no picture, is damaged or too large.
    """
    if not path.is_file():
        raise StyleError(f"{path}: there is no such file", "a photograph")
    with _as_style_error(path), Image.open(path, formats=_PHOTO_FORMATS) as image:
        if image.width * image.height > MAX_PHOTO_PIXELS:
            raise StyleError(
                f"{path} has {image.width} x {image.height} pixels",
                f"at most {MAX_PHOTO_PIXELS // 1_000_000} million",
                "Scale it down; a small copy gives nearly the same style",
            )
        if image.mode.startswith("I"):
            values = np.asarray(image).astype(np.int64)
            return np.repeat((values >> 8).clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)
        return np.ascontiguousarray(np.asarray(ImageOps.exif_transpose(image).convert("RGB")))


@contextmanager
def _as_style_error(path: Path) -> Generator[None]:
    try:
        yield
    except DAMAGE as error:
        raise StyleError(f"{path} cannot be read as a picture ({_reason(error)})", f"a photograph ({', '.join(_PHOTO_FORMATS)})") from error


def _read_png_header(path: Path, what: str) -> _PngHeader:
    """Read size and depth from the first bytes: Pillow hides the depth, and sizes are checked before it allocates."""
    if not path.is_file():
        raise LabelError(f"{path}: there is no such file", f"a PNG with the {what}")
    try:
        with path.open("rb") as file:
            start = file.read(26)
    except OSError as error:
        raise LabelError(f"{path} cannot be read ({_reason(error)})", f"a PNG with the {what}") from error
    if len(start) < 26 or not start.startswith(_PNG_SIGNATURE) or start[12:16] != b"IHDR":
        lossy = start.startswith((b"\xff\xd8", b"RIFF"))
        hint = "JPEG and WebP change ids along every edge; save the map as PNG" if lossy else ""
        raise LabelError(f"{path} is no PNG file", f"a PNG with the {what}", hint)
    width, height, depth, color_type = struct.unpack(">IIBB", start[16:26])
    _check_size(path, width, height)
    return _PngHeader(width, height, depth, color_type)


def _check_size(path: Path, width: int, height: int) -> None:
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE):
        raise LabelError(f"{path} has {width} x {height} pixels", f"1 to {MAX_SIDE} on each side")


def _read_png(path: Path, header: _PngHeader) -> tuple[NDArray[Any], str]:
    try:
        with Image.open(path, formats=("PNG",)) as image:
            # A second header inside the file could ask for another size than the one that was checked.
            if image.size != (header.width, header.height):
                raise LabelError(f"{path} holds two headers of different sizes", "a PNG as image programs write it")
            return np.asarray(image), image.mode
    except DAMAGE as error:
        raise LabelError(f"{path} is damaged ({_reason(error)})", "a whole PNG", "Save or download it again") from error


def _unscale_grey(pixels: NDArray[Any], header: _PngHeader) -> NDArray[np.uint8]:
    """Undo what Pillow does to grey of 2 and 4 bits: it stretches the values to 0..255, but they are ids here."""
    values = pixels.astype(np.uint8)
    if header.color_type == _GREY and header.depth in (2, 4):
        values //= 255 // (2**header.depth - 1)
    return values


def _require_opaque(alpha: NDArray[np.uint8], path: Path) -> None:
    clear = np.argwhere(alpha != 255)
    if len(clear):
        y, x = (int(place) for place in clear[0])
        raise LabelError(
            f"{path} has {len(clear)} pixels that are not opaque, the first at x {x}, y {y}",
            "one label for every pixel",
            "Fill what is transparent with a label, without soft edges",
        )


def _reason(error: BaseException) -> str:
    text = str(error).strip().rstrip(".")
    return text.splitlines()[0][:200] if text else type(error).__name__
