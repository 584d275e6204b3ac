"""From the bytes of a file to a photograph, a label map or an instance map, with errors that name the data set's file."""

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
"""What photographs are called that can be read."""
KNOWN_SUFFIXES = (*PHOTO_SUFFIXES, ".avif", ".heic", ".heif", ".jxl", ".psd")
"""What photographs are called; those that cannot be read are said to be what they are."""


def decode_photo(content: bytes, where: str, *, upright: bool) -> NDArray[np.uint8]:
    """Decode a photograph; transparency is laid over one ground.

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
        return photographs.decode_photograph(content, where, upright=upright)
    except PictureError as error:
        raise DataError(error.found, error.expected, error.action, "unreadable") from error


def decode_label_map(content: bytes, where: str, label_set: LabelSet, other_ids: Collection[int] = ()) -> NDArray[np.uint8]:
    """Decode a label map of a known label set.

    Args:
        content: The file.
        where: What to call it in messages.
        label_set: What its values and colours mean.
        other_ids: Values besides the set's that the data set's files may hold.

    Returns:
        The ids, uint8 [H, W]; those that the set lacks stay as they are.

    Raises:
        DataError: it is another kind of picture, is damaged or truncated, too large, or says that it is of another label set.
    """
    with _as_data_error():
        return ids_in(decode_label_picture(content, where), label_set, other_ids)


def decode_instance_map(content: bytes, where: str) -> NDArray[np.int32]:
    """Decode an instance map: a grey PNG of at most 16 bits, or a palette PNG.

    Returns:
        The ids, int32 [H, W], from 0 to 65535.

    Raises:
        DataError: as :func:`decode_label_map`.
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
