"""What can be undone: each command holds a rectangle with the values before and after.

It writes through the function it is given and knows neither documents nor views.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np
from PySide6.QtGui import QUndoCommand

from spade_studio.app.canvas.raster import LabelArray, Rect


class PaintStroke(QUndoCommand):
    """One stroke, already painted when it is pushed."""

    def __init__(self, write: Callable[[Rect, LabelArray], None], text: str, rect: Rect, before: LabelArray, after: LabelArray) -> None:
        super().__init__(text)
        self._write = write
        self._rect = rect
        # Strokes have few values: the fastest level makes them some fifty times smaller.
        self._before = zlib.compress(before.tobytes(), 1)
        self._after = zlib.compress(after.tobytes(), 1)
        self._is_painted = True

    @property
    def memory(self) -> int:
        """Bytes that its pixels take."""
        return len(self._before) + len(self._after)

    def undo(self) -> None:
        """Write the values before the stroke."""
        self._put(self._before)

    def redo(self) -> None:
        """Write the values after the stroke; at the push they stand there already."""
        if self._is_painted:
            self._is_painted = False
        else:
            self._put(self._after)

    def _put(self, data: bytes) -> None:
        self._write(self._rect, np.frombuffer(zlib.decompress(data), np.uint8).reshape(self._rect.height, self._rect.width))
