"""The reader of instance maps: which object every pixel belongs to."""

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
    """Read instance ids, or other whole numbers, from a grey or palette PNG of at most 16 bits.

    Args:
        path: The file.
        what: What it holds, for messages.

    Returns:
        The ids, int32 [H, W], from 0 to 65535.

    Raises:
        LabelError: the file is no such PNG, is damaged or too large.
    """
    try:
        with open_regular(path) as file:
            return decode_instance_map(file, str(path), what)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise UnreadableError(f"{path}: there is no such file", f"a PNG with the {what}") from error
    except OSError as error:
        raise UnreadableError(f"{path} cannot be read ({reason(error)})", f"a PNG with the {what}") from error


def decode_instance_map(file: BinaryIO | bytes, where: str, what: str = "instance map") -> NDArray[np.int32]:
    """Read instance ids from an open file, or from its bytes; otherwise as :func:`read_instance_map`.

    Args:
        file: The PNG.
        where: What to call it in messages.
        what: What it holds, for messages.
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
