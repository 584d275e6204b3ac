"""Atomic writing of rendered pictures."""

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
"""Default quality of lossy pictures, 1 to 100."""
# A JPEG's segment for EXIF holds 65,533 bytes.
_MAX_EXIF = 60_000
_EXIF_IFD, _USER_COMMENT = 0x8769, 0x9286


def write_picture(
    path: Path, picture: Picture, format_: PictureFormat, texts: Mapping[str, str] | None = None, quality: int = QUALITY
) -> None:
    """Write a picture atomically.

    Args:
        path: Target file.
        picture: Picture, uint8 [H, W, 3]; for ``npy`` float32 [3, H, W] in [-1, 1].
        format_: File format; ``jpg`` and ``webp`` are lossy.
        texts: Text chunks of a PNG, before the pixels; in ``jpg`` and ``webp`` JSON in the EXIF user comment, unless too long.
        quality: Quality of ``jpg`` and ``webp``, 1 to 100.

    Raises:
        OSError: the folder is missing or not writable, or the disk is full.
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
    """Whether a non-empty regular file exists at a path; since pictures are written atomically, it is complete."""
    try:
        found = path.stat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size > 0
