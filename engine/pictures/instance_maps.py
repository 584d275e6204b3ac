"""The reader of instance maps."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from spade_studio.engine.errors import LabelError
from spade_studio.engine.files import open_regular
from spade_studio.engine.pictures.png import DEEP_MODES, UnreadableError, decoded, read_header, reason, strips, unstretched


def read_instance_map(path: Path, what: str = "instance map") -> NDArray[np.int32]:
    """Read instance ids, or other integers, from a greyscale or palette PNG of at most 16 bits.

    Args:
        path: The file.
        what: Content of the file in messages.

    Returns:
        Ids from 0 to 65535, int32 [H, W].

    Raises:
        LabelError: not such a PNG, or one that is damaged or too large.
    """
    try:
        with open_regular(path) as file:
            return decode_instance_map(file, str(path), what)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise UnreadableError(f"{path}: there is no such file", f"a PNG with the {what}") from error
    except OSError as error:
        raise UnreadableError(f"{path} cannot be read ({reason(error)})", f"a PNG with the {what}") from error


def decode_instance_map(file: BinaryIO | bytes, where: str, what: str = "instance map") -> NDArray[np.int32]:
    """As :func:`read_instance_map`, from an open file or bytes.

    Args:
        file: The PNG.
        where: Name of the file in messages.
        what: Content of the file in messages.
    """
    file = io.BytesIO(file) if isinstance(file, bytes) else file
    header = read_header(file, where, what)
    with decoded(file, header, where) as image:
        if image.mode not in ("1", "L", "P", *DEEP_MODES):
            raise LabelError(f"{where} is a PNG of mode {image.mode}", f"the {what} as a grey PNG of 8 or 16 bits")
        ids = np.empty((image.height, image.width), np.int32)
        for rows, pixels in strips(image):
            ids[rows] = unstretched(pixels, header)
        return ids
