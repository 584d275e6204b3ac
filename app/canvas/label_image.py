"""A label map as a picture in its labels' colours, updated rectangle by rectangle.

It knows nothing of views, tools or what a label means.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from spade_studio.app.canvas.raster import LabelArray, Rect


class LabelImage:
    """Colours of a label map, kept beside it.

    Args:
        labels: uint8 ``[H, W]``; read again at every :meth:`update`.
        palette: uint8 ``[256, 3]``, the colour of every value.
    """

    def __init__(self, labels: LabelArray, palette: NDArray[np.uint8]) -> None:
        self._labels = labels
        wide = palette.astype(np.uint32)
        self._lookup = np.uint32(0xFF000000) | wide[:, 0] << 16 | wide[:, 1] << 8 | wide[:, 2]
        height, width = labels.shape
        self._pixels = np.empty((height, width), np.uint32)
        # The picture looks into our own memory, so an update costs no more than its rectangle.
        self.image = QImage(self._pixels.data, width, height, width * 4, QImage.Format.Format_RGB32)
        self.update(Rect(0, 0, width, height))

    def update(self, rect: Rect) -> None:
        """Read a rectangle of the map again."""
        self._pixels[rect.slices] = self._lookup[self._labels[rect.slices]]
