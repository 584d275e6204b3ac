"""A label map as a picture in its labels' colours, updated rectangle by rectangle and drawn at any zoom.

It knows nothing of widgets, tools or what a label means.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect
from PySide6.QtGui import QImage, QPainter

from spade_studio.app.canvas.raster import LabelArray, Rect
from spade_studio.app.canvas.viewport import Viewport

_Indices = NDArray[np.intp]


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
        self.image = _as_image(self._pixels)
        self.update(Rect(0, 0, width, height))

    def update(self, rect: Rect) -> None:
        """Read a rectangle of the map again."""
        self._pixels[rect.slices] = self._lookup[self._labels[rect.slices]]

    def draw(self, painter: QPainter, viewport: Viewport, exposed: QRect, ratio: float) -> None:
        """Draw the part that lies in an exposed rectangle of the widget.

        Args:
            painter: On the widget, untransformed.
            viewport: Where the map lies in the widget.
            exposed: In the widget's logical pixels.
            ratio: Physical pixels per logical pixel.
        """
        if viewport.zoom * ratio < 1:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(viewport.picture_rect, self.image)
            return
        # Every physical pixel takes the label under its middle. Qt's own scaling rounds by where the exposed part begins, so that a
        # small repaint would not quite match what stands around it.
        origin = viewport.picture_rect.topLeft()
        height, width = self._labels.shape
        x, columns = _sources(exposed.left(), exposed.width(), origin.x(), viewport.zoom, ratio, width)
        y, rows = _sources(exposed.top(), exposed.height(), origin.y(), viewport.zoom, ratio, height)
        if columns.size and rows.size:
            part = self._pixels[rows[0] : rows[-1] + 1].take(columns, axis=1).take(rows - rows[0], axis=0)
            painter.save()
            painter.scale(1 / ratio, 1 / ratio)
            painter.drawImage(QPointF(x, y), _as_image(part))
            painter.restore()


def _sources(start: int, length: int, origin: float, zoom: float, ratio: float, count: int) -> tuple[int, _Indices]:
    """Return, along one axis, the first physical pixel that shows the picture, and the picture's index for it and those that follow."""
    first = math.floor(start * ratio)
    middles = (np.arange(first, math.ceil((start + length) * ratio)) + 0.5) / ratio
    indices = np.floor((middles - origin) / zoom).astype(np.intp)
    begin, end = np.searchsorted(indices, (0, count))
    return first + int(begin), indices[begin:end]


def _as_image(pixels: NDArray[np.uint32]) -> QImage:
    height, width = pixels.shape
    return QImage(pixels.data, width, height, width * 4, QImage.Format.Format_RGB32)
