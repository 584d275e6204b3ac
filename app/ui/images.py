"""Conversion of arrays to Qt images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

_FORMATS = {1: QImage.Format.Format_Alpha8, 3: QImage.Format.Format_RGB888, 4: QImage.Format.Format_RGBA8888}


def to_image(pixels: NDArray[np.uint8]) -> QImage:
    """Return an array as a QImage with memory of its own.

    Args:
        pixels: uint8: RGB ``[H, W, 3]``, RGBA ``[H, W, 4]``, or opacity ``[H, W]``.
    """
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    packed = np.ascontiguousarray(pixels)
    image = QImage(packed.data, width, height, width * channels, _FORMATS[channels])
    return image.convertToFormat(QImage.Format.Format_RGB32) if channels == 3 else image.copy()
