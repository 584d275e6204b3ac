"""Thumbnails of layouts for lists of states."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon, QPixmap

from spade_studio.app.model.raster import LabelArray
from spade_studio.app.model.raster_shapes import resize_nearest
from spade_studio.app.ui.images import to_image

SIZE = QSize(48, 36)
_SCALE = 2


def thumbnail(labels: LabelArray, palette: NDArray[np.uint8]) -> QIcon:
    """Return a layout as an icon, in a time that does not depend on its size.

    Args:
        labels: Label map, uint8 ``[H, W]``.
        palette: RGB of every value, uint8 ``[256, 3]``.
    """
    height, width = labels.shape
    scale = min(SIZE.width() * _SCALE / width, SIZE.height() * _SCALE / height)
    small = resize_nearest(labels, max(1, round(height * scale)), max(1, round(width * scale)))
    pixmap = QPixmap.fromImage(to_image(palette[small]))
    pixmap.setDevicePixelRatio(_SCALE)
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)
    return icon
