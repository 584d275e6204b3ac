"""Renewal of the texture in a part of a layout, with new noise there and unchanged noise elsewhere."""

from __future__ import annotations

import secrets

import numpy as np

from spade_studio.app.model.document import Document
from spade_studio.app.model.raster import MaskArray, RegionArray
from spade_studio.app.model.undo_commands import Plane

_NUMBERS = 1 << 16
_TRIES = 8


class RenewTexture:
    """Undo command for a new region number in a part of the texture regions; already applied.

    Args:
        document: Document to change.
        before: Previous regions, uint16 ``[H, W]``, or None.
        where: Renewed pixels, boolean ``[H, W]``.
        number: New region number of these pixels.
    """

    def __init__(self, document: Document, before: RegionArray | None, where: MaskArray, number: int) -> None:
        self._document, self._number, self._width = document, number, where.shape[1]
        self._before = None if before is None else Plane(before)
        self._where = Plane(np.packbits(where, axis=1))

    @property
    def memory(self) -> int:
        """Memory used by the planes, in bytes."""
        return self._where.memory + (0 if self._before is None else self._before.memory)

    def text(self) -> str:
        """Return the name in the undo menu."""
        return "texture here"

    def undo(self) -> None:
        """Restore the previous regions."""
        self._document.texture_regions = None if self._before is None else self._before.values()

    def redo(self) -> None:
        """Apply the same region number again."""
        where = np.unpackbits(self._where.values(), axis=1, count=self._width).astype(bool)
        self._document.texture_regions = _renewed(None if self._before is None else self._before.values(), where, self._number)


def renew_texture(document: Document, where: MaskArray) -> bool:
    """Renew the texture in a part of a document, as one undo step.

    Args:
        document: Document to change.
        where: Pixels to renew, boolean ``[H, W]``.

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
    """Return a random region number that is not in use, or possibly a used one where most numbers are taken."""
    number = 0
    for _ in range(_TRIES):
        number = 1 + secrets.randbelow(_NUMBERS - 1)
        if regions is None or not (regions == number).any():
            break
    return number
