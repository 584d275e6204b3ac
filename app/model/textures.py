"""New texture in a part of the layout: the noise is drawn anew there, and stays as it is elsewhere."""

from __future__ import annotations

import secrets

import numpy as np

from spade_studio.app.model.document import Document
from spade_studio.app.model.raster import MaskArray, RegionArray
from spade_studio.app.model.undo_commands import Plane

_NUMBERS = 1 << 16
_TRIES = 8


class RenewTexture:
    """Another number for a part of the regions, already in use.

    Args:
        document: Whose texture it is.
        before: The regions before.
        where: ``[H, W]``, the part.
        number: Of the part from now on.
    """

    def __init__(self, document: Document, before: RegionArray | None, where: MaskArray, number: int) -> None:
        self._document, self._number, self._width = document, number, where.shape[1]
        self._before = None if before is None else Plane(before)
        self._where = Plane(np.packbits(where, axis=1))

    @property
    def memory(self) -> int:
        """Bytes that the planes take."""
        return self._where.memory + (0 if self._before is None else self._before.memory)

    def text(self) -> str:
        """Return what menus call it."""
        return "texture here"

    def undo(self) -> None:
        """Put the regions before."""
        self._document.texture_regions = None if self._before is None else self._before.values()

    def redo(self) -> None:
        """Draw the same texture again."""
        where = np.unpackbits(self._where.values(), axis=1, count=self._width).astype(bool)
        self._document.texture_regions = _renewed(None if self._before is None else self._before.values(), where, self._number)


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
    number = _unused_number(before)
    document.texture_regions = _renewed(before, where, number)
    document.undo_stack.push(RenewTexture(document, before, where, number))
    return True


def _renewed(before: RegionArray | None, where: MaskArray, number: int) -> RegionArray:
    if before is None:
        return np.where(where, np.uint16(number), np.uint16(0))
    return np.where(where, np.uint16(number), before)


def _unused_number(regions: RegionArray | None) -> int:
    """Return a number by chance that no region has; where most are used, perhaps one that another region has."""
    number = 0
    for _ in range(_TRIES):
        number = 1 + secrets.randbelow(_NUMBERS - 1)
        if regions is None or not (regions == number).any():
            break
    return number
