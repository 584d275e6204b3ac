"""Writing rendered pictures, each whole or not at all."""

from __future__ import annotations

import json
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


QUALITY: Final = 95
"""Of lossy pictures, 1 to 100, where nothing else is asked for."""
# A JPEG's segment for EXIF holds 65,533 bytes.
_MAX_EXIF = 60_000
_EXIF_IFD, _USER_COMMENT = 0x8769, 0x9286


def write_picture(
    path: Path, picture: Picture, format_: PictureFormat, texts: Mapping[str, str] | None = None, quality: int = QUALITY
) -> None:
    """Write one picture, taking the place of an older one only when all of it is on the disk.

    Args:
        path: Where to.
        picture: uint8 [H, W, 3]; for ``npy`` float32 [3, H, W] in [-1, 1].
        format_: ``jpg`` and ``webp`` are lossy.
        texts: Text entries of a PNG; they stand before the pixels. ``jpg`` and ``webp`` carry them as JSON in the user comment of EXIF,
            as long as there is room.
        quality: 1 to 100, for ``jpg`` and ``webp``.

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
            image.save(file, "JPEG", quality=quality, subsampling=0, exif=_exif(texts or {}))
        else:
            image.save(file, "WEBP", quality=quality, exif=_exif(texts or {}))


def _exif(texts: Mapping[str, str]) -> bytes:
    text = json.dumps(texts).encode("ascii")
    if not texts or len(text) > _MAX_EXIF:
        return b""
    exif = Image.Exif()
    exif.get_ifd(_EXIF_IFD)[_USER_COMMENT] = b"ASCII\0\0\0" + text
    return exif.tobytes()


def is_whole(path: Path) -> bool:
    """Whether there is a picture already: pictures appear whole, so one that is not empty is complete."""
    try:
        found = path.stat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size > 0
