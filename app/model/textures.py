"""New texture in a part of the layout: the noise is drawn anew there, and stays as it is elsewhere."""

from __future__ import annotations

import secrets

import numpy as np

from spade_studio.app.model.document import Document
from spade_studio.app.model.raster import MaskArray, RegionArray
from spade_studio.app.model.undo_commands import ChangeTexture

_NUMBERS = 1 << 16


def renew_texture(document: Document, where: MaskArray) -> bool:
    """Draw the texture anew in a part of a document, as a step that can be undone.

    Args:
        document: Whose texture it is.
        where: ``[H, W]``, the part.

    Returns:
        False where the part is empty.
    """
    document.end_stroke()
    if not where.any():
        return False
    before = document.texture_regions
    after = np.zeros(document.size, np.uint16) if before is None else before.copy()
    after[where] = _unused_number(after)
    document.texture_regions = after

    def put(regions: RegionArray | None) -> None:
        document.texture_regions = regions

    document.undo_stack.push(ChangeTexture(put, "texture here", before, after))
    return True


def _unused_number(regions: RegionArray) -> int:
    """Return a number by chance that no region has; where all are used, any but 0."""
    used = np.zeros(_NUMBERS, bool)
    used[regions] = True
    used[0] = True
    free = np.flatnonzero(~used)
    return int(free[secrets.randbelow(len(free))]) if len(free) else 1 + secrets.randbelow(_NUMBERS - 1)
