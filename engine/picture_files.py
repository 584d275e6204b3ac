"""Writing rendered pictures, each whole or not at all.

It knows no layouts; what a PNG says of itself comes as ready text.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from spade_studio.engine.files import atomic_writer

PictureFormat = Literal["png", "jpg", "webp", "npy"]
FORMATS: Final[tuple[PictureFormat, ...]] = ("png", "jpg", "webp", "npy")
Picture = NDArray[np.uint8] | NDArray[np.float32]


def write_picture(path: Path, picture: Picture, format_: PictureFormat, texts: Mapping[str, str] | None = None) -> None:
    """Write one picture, taking the place of an older one only when all of it is on the disk.

    Args:
        path: Where to.
        picture: uint8 [H, W, 3]; for ``npy`` float32 [3, H, W] in [-1, 1].
        format_: ``jpg`` and ``webp`` are lossy (quality 95).
        texts: Text entries of a PNG; they stand before the pixels. Other formats carry none.

    Raises:
        OSError: the folder is missing, not writable or full.
    """
    with atomic_writer(path) as file:
        if format_ == "npy":
            np.save(file, picture, allow_pickle=False)
            return
        image = Image.fromarray(picture)
        if format_ == "png":
            info = PngInfo()
            for key, value in (texts or {}).items():
                info.add_text(key, value)
            image.save(file, "PNG", pnginfo=info)
        elif format_ == "jpg":
            image.save(file, "JPEG", quality=95, subsampling=0)
        else:
            image.save(file, "WEBP", quality=95)


def is_whole(path: Path) -> bool:
    """Whether there is a picture already: pictures appear whole, so one that is not empty is complete."""
    try:
        found = path.stat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size > 0
