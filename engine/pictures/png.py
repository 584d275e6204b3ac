"""Untrusted PNGs: header checks before decoding, and pixels in strips."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spade_studio.engine import interruption
from spade_studio.engine.errors import LabelError

MAX_SIDE: Final = 8192
"""Maximum side in pixels of a label map, an instance map or a picture."""
DAMAGE: Final = (
    OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, OverflowError, struct.error, zlib.error, Image.DecompressionBombError
)  # fmt: skip
"""Exceptions that Pillow raises for damaged or hostile files."""
GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
"""The colour types of PNG."""
DEEP_MODES: Final = ("I;16", "I;16B", "I;16L", "I")
"""Pillow's modes for 16-bit greyscale."""
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_HEAD_BYTES: Final = 26
_STRIP_PIXELS: Final = 1 << 20


class UnreadableError(LabelError):
    """A picture that is damaged, missing or too large."""


@dataclass(frozen=True)
class PngHeader:
    """The header of a PNG.

    Attributes:
        width, height: Size in pixels, 1 to :data:`MAX_SIDE`.
        depth: Bits per channel.
        color_type: PNG colour type.
    """

    width: int
    height: int
    depth: int
    color_type: int


def read_header(file: BinaryIO, where: str, what: str) -> PngHeader:
    """Read the header of a PNG; the file is left at its start.

    Args:
        file: File open for binary reading.
        where: Name of the file in messages.
        what: Expected content in messages, such as ``label map``.

    Raises:
        UnreadableError: an empty or unreadable file, or a size out of range.
        LabelError: another kind of file.
    """
    try:
        file.seek(0)
        start = file.read(_HEAD_BYTES)
        file.seek(0)
    except OSError as error:
        raise UnreadableError(f"{where} cannot be read ({reason(error)})", f"a PNG with the {what}") from error
    if not start:
        raise UnreadableError(f"{where} is empty", f"a PNG with the {what}", "Copy or download it again")
    if len(start) < _HEAD_BYTES or not start.startswith(_SIGNATURE) or start[12:16] != b"IHDR":
        lossy = start.startswith((b"\xff\xd8", b"RIFF"))
        hint = "JPEG and WebP change ids along every edge; save the map as PNG" if lossy else ""
        raise LabelError(f"{where} is no PNG file", f"a PNG with the {what}", hint)
    width, height, depth, color_type = struct.unpack(">IIBB", start[16:26])
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE):
        raise UnreadableError(f"{where} has {width} x {height} pixels", f"1 to {MAX_SIDE} on each side")
    return PngHeader(width, height, depth, color_type)


@contextmanager
def decoded(file: BinaryIO, header: PngHeader, where: str) -> Generator[Image.Image]:
    """Decode the PNG with a given header.

    Raises:
        UnreadableError: a damaged or truncated file, or one with a second header; also where the block raises one of :data:`DAMAGE`.
    """
    try:
        with open_picture(file, ("PNG",)) as image:
            if image.size != (header.width, header.height):
                raise UnreadableError(f"{where} holds two headers of different sizes", "a PNG as image programs write it")
            image.load()
            yield image
    except DAMAGE as error:
        raise UnreadableError(f"{where} is damaged ({reason(error)})", "a whole PNG", "Save or download it again") from error


@contextmanager
def open_picture(file: BinaryIO, formats: tuple[str, ...]) -> Generator[Image.Image]:
    """Open a picture with interruptible decoding, see :mod:`spade_studio.engine.interruption`.

    Raises:
        OSError: another format; damaged files raise one of :data:`DAMAGE`.
    """
    # Pillow asks for no more of a file than these three.
    with Image.open(cast("BinaryIO", interruption.Watched(file)), formats=formats) as image:
        image.decodermaxblock = interruption.BLOCK
        yield image


def strips(image: Image.Image) -> Iterator[tuple[slice, NDArray[Any]]]:
    """Yield an image in strips of a few rows, without a copy of the whole.

    Yields:
        Slice of rows, and their pixels, ``[h, W]`` or ``[h, W, channels]``.
    """
    width, height = image.size
    rows = max(1, _STRIP_PIXELS // width)
    for top in range(0, height, rows):
        interruption.check()
        bottom = min(top + rows, height)
        yield slice(top, bottom), np.asarray(image if rows >= height else image.crop((0, top, width, bottom)))


def unstretched(pixels: NDArray[Any], header: PngHeader) -> NDArray[Any]:
    """Return the stored values of greyscale pixels, which Pillow scales to 0..255 for 2 and 4 bits."""
    if header.color_type == GREY and header.depth in (2, 4):
        return pixels // (255 // (2**header.depth - 1))
    return pixels


def reason(error: BaseException) -> str:
    """Return the first line of an error's message, without memory addresses."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = str(error).strip().rstrip(".")
    if not text or " object at 0x" in text:
        return "its content is of no known kind" if isinstance(error, Image.UnidentifiedImageError) else type(error).__name__
    return text.splitlines()[0][:200]
