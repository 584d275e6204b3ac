"""Small pictures of layouts, for lists of states."""

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
    """Return a layout, uint8 ``[H, W]``, as an icon; it costs no more for a large layout than for a small one.

    Args:
        labels: The layout.
        palette: uint8 ``[256, 3]``, the colour of every value.
    """
    height, width = labels.shape
    scale = min(SIZE.width() * _SCALE / width, SIZE.height() * _SCALE / height)
    small = resize_nearest(labels, max(1, round(height * scale)), max(1, round(width * scale)))
    pixmap = QPixmap.fromImage(to_image(palette[small]))
    pixmap.setDevicePixelRatio(_SCALE)
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)
    return icon
