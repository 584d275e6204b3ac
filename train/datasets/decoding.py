"""Decoding of photographs, label maps and instance maps, with errors that name the data set's file."""

from __future__ import annotations

from collections.abc import Collection, Generator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from spade_studio.engine.errors import LabelError
from spade_studio.engine.labels import LabelSet
from spade_studio.engine.pictures import instance_maps, photographs
from spade_studio.engine.pictures.label_maps import decode_label_picture
from spade_studio.engine.pictures.map_readings import ids_in
from spade_studio.engine.pictures.photographs import PictureError
from spade_studio.engine.pictures.png import UnreadableError
from spade_studio.train.datasets.errors import DataError

PHOTO_SUFFIXES = (".jpg", ".jpeg", ".jfif", ".jpe", ".png", ".webp", ".bmp", ".tif", ".tiff")
"""Suffixes of supported photographs."""
KNOWN_SUFFIXES = (*PHOTO_SUFFIXES, ".avif", ".heic", ".heif", ".jxl", ".psd")
"""Suffixes of photographs, supported or not."""


def decode_photo(content: bytes, where: str, *, upright: bool) -> NDArray[np.uint8]:
    """Decode a photograph, composited over a uniform ground.

    Args:
        content: Bytes of the file.
        where: Name of the file in messages.
        upright: Whether to apply the EXIF orientation; maps of published data sets have the file's own orientation.

    Returns:
        RGB, uint8 [H, W, 3].

    Raises:
        DataError: not a picture, or one that is damaged, truncated or too large.
    """
    try:
        return photographs.decode_photograph(content, where, upright=upright)
    except PictureError as error:
        raise DataError(error.found, error.expected, error.action, "unreadable") from error


def decode_label_map(content: bytes, where: str, label_set: LabelSet, other_ids: Collection[int] = ()) -> NDArray[np.uint8]:
    """Decode a label map of a known label set.

    Args:
        content: Bytes of the file.
        where: Name of the file in messages.
        label_set: Label set of values and colours.
        other_ids: Further values that files of the data set may hold.

    Returns:
        Ids, uint8 [H, W]; ids that the set lacks are kept.

    Raises:
        DataError: another kind of picture, another label set, or a damaged, truncated or oversized file.
    """
    with _as_data_error():
        return ids_in(decode_label_picture(content, where), label_set, other_ids)


def decode_instance_map(content: bytes, where: str) -> NDArray[np.int32]:
    """Decode an instance map: a greyscale PNG of at most 16 bits, or a palette PNG.

    Returns:
        Ids from 0 to 65535, int32 [H, W].

    Raises:
        DataError: as for :func:`decode_label_map`.
    """
    with _as_data_error():
        return instance_maps.decode_instance_map(content, where)


@contextmanager
def _as_data_error() -> Generator[None]:
    try:
        yield
    except LabelError as error:
        kind = "unreadable" if isinstance(error, UnreadableError) else "not a label map"
        raise DataError(error.found, error.expected, error.action, kind) from error
