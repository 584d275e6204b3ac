"""Distinction of photographs, whose style can be taken, from label maps and renders."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from spade_studio.engine.files import open_regular
from spade_studio.engine.pictures.png import DAMAGE, open_picture
from spade_studio.engine.pictures.provenance import has_provenance

_MAX_LOOKED_AT = 25_000_000
_PHOTO_COLOURS = 800
"""Number of distinct colours among 4096 sampled pixels above which a picture is a photograph; antialiased label maps have fewer."""


def is_photograph(path: Path) -> bool:
    """Return whether a picture looks like a photograph rather than a label map or a picture rendered by this program.

    Args:
        path: Picture file. Only PNG files are examined, of which damaged ones give False; all others give True.
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
