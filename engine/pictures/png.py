"""PNGs that may be damaged or hostile: their header, checked before anything is decoded, and their pixels in strips."""

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
"""Longest side in pixels of a label map, an instance map or a picture."""
DAMAGE: Final = (
    OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, OverflowError, struct.error, zlib.error, Image.DecompressionBombError
)  # fmt: skip
"""What Pillow raises for files that are damaged, or made to do damage."""
GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
"""The colour types of PNG."""
DEEP_MODES: Final = ("I;16", "I;16B", "I;16L", "I")
"""How Pillow calls grey of 16 bits."""
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_HEAD_BYTES: Final = 26
_STRIP_PIXELS: Final = 1 << 20


class UnreadableError(LabelError):
    """A picture is damaged, missing or too large, whatever it may hold."""


@dataclass(frozen=True)
class PngHeader:
    """What the first bytes say.

    Attributes:
        width, height: In pixels, 1 to :data:`MAX_SIDE`.
        depth: Bits a channel.
        color_type: One of PNG's.
    """

    width: int
    height: int
    depth: int
    color_type: int


def read_header(file: BinaryIO, where: str, what: str) -> PngHeader:
    """Read the header of a PNG, and leave the file at its beginning.

    Args:
        file: Open for binary reading.
        where: What to call it in messages.
        what: What it shall hold, in words: ``label map``.

    Raises:
        UnreadableError: It is empty or cannot be read, or has sides of no or too many pixels.
        LabelError: It is another kind of file.
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
    """Open the PNG whose header was read and decode its pixels.

    Raises:
        UnreadableError: It is damaged, truncated, or has a second header of another size. Also where the block raises one of
            :data:`DAMAGE`.
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
    """Open a picture whose decoding can be interrupted, as :mod:`spade_studio.engine.interruption` says.

    Raises:
        OSError: It is of no such format; what else is wrong with it raises one of :data:`DAMAGE`.
    """
    # Pillow asks for no more of a file than these three.
    with Image.open(cast("BinaryIO", interruption.Watched(file)), formats=formats) as image:
        image.decodermaxblock = interruption.BLOCK
        yield image


def strips(image: Image.Image) -> Iterator[tuple[slice, NDArray[Any]]]:
    """Yield an image's pixels a few rows at a time, so that no second copy of all of them is made.

    Yields:
        The rows, and their pixels: ``[h, W]``, or ``[h, W, channels]``.
    """
    width, height = image.size
    rows = max(1, _STRIP_PIXELS // width)
    for top in range(0, height, rows):
        interruption.check()
        bottom = min(top + rows, height)
        yield slice(top, bottom), np.asarray(image.crop((0, top, width, bottom)))


def unstretched(pixels: NDArray[Any], header: PngHeader) -> NDArray[Any]:
    """Return values as the file has them: grey of 2 and 4 bits, which are ids here, Pillow stretches to 0..255."""
    if header.color_type == GREY and header.depth in (2, 4):
        return pixels // (255 // (2**header.depth - 1))
    return pixels


def reason(error: BaseException) -> str:
    """Return the first line of what an error says, without the objects that it names by their place in memory."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = str(error).strip().rstrip(".")
    if not text or " object at 0x" in text:
        return "its content is of no known kind" if isinstance(error, Image.UnidentifiedImageError) else type(error).__name__
    return text.splitlines()[0][:200]
