"""Small pictures of layouts, for lists of states."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon, QImage, QPixmap

from spade_studio.app.model.raster import LabelArray

SIZE = QSize(48, 36)
_SCALE = 2


def thumbnail(labels: LabelArray, palette: NDArray[np.uint8]) -> QIcon:
    """Return a layout, uint8 ``[H, W]``, as an icon; it costs no more for a large layout than for a small one.

    Args:
        labels: The layout.
        palette: uint8 ``[256, 3]``, the colour of every value.
    """
    height, width = labels.shape
    scale = min(SIZE.width() * _SCALE / width, SIZE.height() * _SCALE / height)
    rows = ((np.arange(max(1, round(height * scale))) + 0.5) / scale).astype(np.intp).clip(0, height - 1)
    columns = ((np.arange(max(1, round(width * scale))) + 0.5) / scale).astype(np.intp).clip(0, width - 1)
    colors = np.ascontiguousarray(palette[labels[rows[:, None], columns]])
    image = QImage(colors.data, len(columns), len(rows), 3 * len(columns), QImage.Format.Format_RGB888).copy()
    pixmap = QPixmap.fromImage(image)
    pixmap.setDevicePixelRatio(_SCALE)
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)
    return icon
