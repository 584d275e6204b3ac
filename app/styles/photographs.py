"""Which files are photographs that a style can be taken from."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from spade_studio.engine.files import open_regular
from spade_studio.engine.pictures.png import DAMAGE, open_picture
from spade_studio.engine.pictures.provenance import has_provenance

_MAX_LOOKED_AT = 25_000_000
_PHOTO_COLOURS = 800
"""Of 4096 places, a photograph has more different colours than this; a label map, even with softened edges, has fewer."""


def is_photograph(path: Path) -> bool:
    """Return whether a picture looks like a photograph rather than a label map, and is no render of ours, which open as such.

    Args:
        path: The picture; only PNGs are looked at, of which those that are damaged are no photographs.
    """
    if path.suffix.lower() != ".png":
        return True
    if has_provenance(path):
        return False
    try:
        with open_regular(path) as file, open_picture(file, ("PNG",)) as image:
            if image.mode not in ("RGB", "RGBA") or image.width * image.height > _MAX_LOOKED_AT:
                return False
            pixels = np.asarray(image.convert("RGB"))
    except DAMAGE:
        return False
    height, width = pixels.shape[:2]
    rows, columns = (np.linspace(0, side - 1, 64).astype(np.intp) for side in (height, width))
    places = pixels[rows[:, None], columns].reshape(-1, 3).astype(np.uint32)
    return len(np.unique(places @ np.array([1, 256, 65536], np.uint32))) > _PHOTO_COLOURS
