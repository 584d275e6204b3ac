"""The reader of label maps: the values and colours in a PNG, before any label set is applied."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spade_studio.engine.errors import LabelError
from spade_studio.engine.files import open_regular
from spade_studio.engine.pictures.png import (
    DEEP_MODES,
    GREY,
    PngHeader,
    UnreadableError,
    decoded,
    read_header,
    reason,
    strips,
    unstretched,
)

LABEL_SET_KEY: Final = "spade-studio-label-set"
"""Keyword of the text chunk in which our label PNGs name their label set."""
MAX_COLORS: Final = 1 << 12
"""Maximum number of colours of a label map; proper maps have a few hundred, antialiased edges add some thousands."""
_MAX_NAME: Final = 1 << 20
_UNSEEN: Final = 0xFFFF
_RGB_MODES: Final = ("RGB", "RGBA")

MapKind = Literal["grey", "palette", "color"]


@dataclass(frozen=True, eq=False)
class LabelPicture:
    """The contents of a label PNG, as indices into tables of its distinct values.

    Attributes:
        where: Name of the file in messages.
        kind: ``grey`` (places are values), ``palette`` (places are indices) or ``color`` (places number the distinct colours).
        places: Place of each pixel in the tables, uint8 or uint16 ``[H, W]``.
        counts: Number of pixels of each place, int64 ``[n]``.
        colors: Colour of each place, red * 65536 + green * 256 + blue, uint32 ``[n]``; None for greyscale.
        named: Text that names the label set; may be empty.
    """

    where: str
    kind: MapKind
    places: NDArray[np.uint8] | NDArray[np.uint16]
    counts: NDArray[np.int64]
    colors: NDArray[np.uint32] | None
    named: str = ""

    @property
    def used(self) -> NDArray[np.intp]:
        """Places that occur, in order."""
        return np.flatnonzero(self.counts)

    @property
    def greys(self) -> NDArray[np.int64] | None:
        """Grey level of each place; None where one that occurs is not grey."""
        if self.colors is None:
            return np.arange(len(self.counts))
        levels = self.colors & 255
        grey = levels * np.uint32(0x010101) == self.colors
        return levels.astype(np.int64) if bool(grey[self.used].all()) else None

    def map_of(self, ids: NDArray[np.integer]) -> NDArray[np.uint8]:
        """Return the map of the ids ``[n]`` of the places, uint8 ``[H, W]``; ids of places that occur must be 0 to 255."""
        if self.places.dtype == np.uint8 and bool((ids[self.used] == self.used).all()):
            return self.places  # pyright: ignore[reportReturnType]
        return np.asarray(ids).astype(np.uint8)[self.places]

    def first_of(self, wanted: NDArray[np.bool_], most: int) -> list[tuple[int, int, int]]:
        """Return (x, y, place) of the first pixels whose place is ``wanted``, bool ``[n]``, at most ``most`` of them."""
        found: list[tuple[int, int, int]] = []
        rows = max(1, (1 << 20) // self.places.shape[1])
        for top in range(0, len(self.places), rows):
            part = self.places[top : top + rows]
            ys, xs = np.nonzero(wanted[part])
            found += [(x, y + top, int(part[y, x])) for y, x in zip(ys[:most].tolist(), xs[:most].tolist(), strict=True)]
            if len(found) >= most:
                break
        return found[:most]


def read_label_picture(path: Path) -> LabelPicture:
    """Read a label PNG: greyscale of 1, 2, 4 or 8 bits, or of 16 with values below 256; palette; RGB; all without transparency.

    Raises:
        LabelError: not such a PNG, or one that is damaged, too large, or has more than :data:`MAX_COLORS` colours.
    """
    try:
        with open_regular(path) as file:
            return decode_label_picture(file, str(path))
    except (FileNotFoundError, IsADirectoryError) as error:
        raise UnreadableError(f"{path}: there is no such file", "a PNG with the label map") from error
    except OSError as error:
        raise UnreadableError(f"{path} cannot be read ({reason(error)})", "a PNG with the label map") from error


def decode_label_picture(file: BinaryIO | bytes, where: str) -> LabelPicture:
    """As :func:`read_label_picture`, from an open file or bytes.

    Args:
        file: The PNG.
        where: Name of the file in messages.
    """
    file = io.BytesIO(file) if isinstance(file, bytes) else file
    header = read_header(file, where, "label map")
    if header.depth == 16 and header.color_type != GREY:
        raise LabelError(f"{where} has colours of 16 bits per channel", "a label map of 8 bits", "Save it with 8 bits per channel")
    with decoded(file, header, where) as image:
        named = image.info.get(LABEL_SET_KEY)
        named = named if isinstance(named, str) and len(named) <= _MAX_NAME else ""
        if image.mode in _RGB_MODES:
            return _of_colors(image, where, named)
        return _of_values(image, header, where, named)


def _of_values(image: Image.Image, header: PngHeader, where: str, named: str) -> LabelPicture:
    if image.mode not in ("1", "L", "LA", "P", *DEEP_MODES):
        raise LabelError(f"{where} is a PNG of mode {image.mode}", "a grey, palette or colour PNG of 8 bits")
    places = np.empty((image.height, image.width), np.uint8)
    counts = np.zeros(256, np.int64)
    for rows, pixels in strips(image):
        if image.mode == "LA":
            _require_opaque(pixels[..., -1], rows.start, where)
            pixels = pixels[..., 0]
        if image.mode in DEEP_MODES and int(pixels.max()) > 255:
            found = f"{where} has 16 bits per channel and values up to {int(pixels.max())} in them"
            raise LabelError(found, "ids from 0 to 255", "Were instance ids taken for labels?")
        places[rows] = unstretched(pixels, header)
        counts += np.bincount(places[rows].reshape(-1), minlength=256)
    if image.mode != "P":
        return LabelPicture(where, "grey", places, counts, None, named)
    return LabelPicture(where, "palette", places, counts, _palette(image), named)


def _palette(image: Image.Image) -> NDArray[np.uint32]:
    """Return the palette, uint32 [256]; entries that the file lacks are black, as decoders take them."""
    levels = np.zeros((256, 3), np.uint32)
    listed = np.array(image.getpalette("RGB") or [], np.uint32)[: 3 * 256]
    levels.reshape(-1)[: len(listed)] = listed
    return _packed(levels)


def _of_colors(image: Image.Image, where: str, named: str) -> LabelPicture:
    places = np.empty((image.height, image.width), np.uint16)
    place_of_color = np.full(1 << 24, _UNSEEN, np.uint16)
    colors = np.zeros(0, np.uint32)
    counts = np.zeros(MAX_COLORS + 1, np.int64)
    for rows, pixels in strips(image):
        if image.mode == "RGBA":
            _require_opaque(pixels[..., 3], rows.start, where)
        packed = _packed(pixels)
        found = place_of_color[packed]
        new = np.unique(packed[found == _UNSEEN])
        if len(new):
            if len(colors) + len(new) > MAX_COLORS:
                found_colors = f"{where} has more than {MAX_COLORS:,} colours"
                raise LabelError(found_colors, "a label map, with one colour for every label", "A photograph cannot be read as labels")
            place_of_color[new] = np.arange(len(colors), len(colors) + len(new))
            colors = np.concatenate([colors, new])
            found = place_of_color[packed]
        places[rows] = found
        counts += np.bincount(found.reshape(-1), minlength=len(counts))
    return LabelPicture(where, "color", places, counts[: len(colors)], colors, named)


def _packed(pixels: NDArray[Any]) -> NDArray[np.uint32]:
    packed = pixels[..., 0].astype(np.uint32)
    packed <<= 8
    packed |= pixels[..., 1]
    packed <<= 8
    packed |= pixels[..., 2]
    return packed


def _require_opaque(alpha: NDArray[np.uint8], top: int, where: str) -> None:
    clear = alpha != 255
    if bool(clear.any()):
        y, x = (int(place) for place in np.unravel_index(int(np.argmax(clear)), clear.shape))
        raise LabelError(
            f"{where} has pixels that are not opaque, the first at x {x}, y {y + top}",
            "one label for every pixel",
            "Fill what is transparent with a label, without soft edges",
        )
