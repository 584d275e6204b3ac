"""A label map as a picture in its labels' colours, updated rectangle by rectangle and drawn at any zoom."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect
from PySide6.QtGui import QImage, QPainter

from spade_studio.app.model.raster import InstanceArray, LabelArray, Rect
from spade_studio.app.ui.viewport import Viewport

_Indices = NDArray[np.intp]
_RIM = np.uint32(0xD2101215)
_GOLDEN = np.uint32(2654435769)


class PixelImage:
    """A picture with a pixel for each of the map's, drawn at any zoom.

    Args:
        size: (height, width).
        image_format: Of 32 bits.
    """

    def __init__(self, size: tuple[int, int], image_format: QImage.Format) -> None:
        self._pixels = np.zeros(size, np.uint32)
        self._format = image_format
        # The picture looks into our own memory, so an update costs no more than its rectangle.
        self.image = _as_image(self._pixels, image_format)

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
        height, width = self._pixels.shape
        x, columns = _sources(exposed.left(), exposed.width(), origin.x(), viewport.zoom, ratio, width)
        y, rows = _sources(exposed.top(), exposed.height(), origin.y(), viewport.zoom, ratio, height)
        if columns.size and rows.size:
            part = self._pixels[rows[0] : rows[-1] + 1].take(columns, axis=1).take(rows - rows[0], axis=0)
            painter.save()
            painter.scale(1 / ratio, 1 / ratio)
            painter.drawImage(QPointF(x, y), _as_image(part, self._format))
            painter.restore()


class LabelImage(PixelImage):
    """Colours of a label map, kept beside it.

    Args:
        labels: uint8 ``[H, W]``; read again at every :meth:`update`.
        palette: uint8 ``[256, 3]``, the colour of every value.
        objects: uint16 ``[H, W]``; where given, each object has a colour of its own, and what is none is dimmed.
    """

    def __init__(self, labels: LabelArray, palette: NDArray[np.uint8], objects: InstanceArray | None = None) -> None:
        super().__init__((labels.shape[0], labels.shape[1]), QImage.Format.Format_RGB32)
        self._labels = labels
        self._objects = objects
        wide = palette.astype(np.uint32)
        self._lookup = np.uint32(0xFF000000) | wide[:, 0] << 16 | wide[:, 1] << 8 | wide[:, 2]
        self.update(Rect(0, 0, labels.shape[1], labels.shape[0]))

    def update(self, rect: Rect) -> None:
        """Read a rectangle of the map again."""
        colors = self._lookup[self._labels[rect.slices]]
        if self._objects is not None:
            objects = self._objects[rect.slices]
            # A quarter of each channel stays of what belongs to no object.
            dimmed = (colors >> np.uint32(2)) & np.uint32(0x3F3F3F) | np.uint32(0xFF202020)
            bright = (objects.astype(np.uint32) * _GOLDEN) >> np.uint32(8) | np.uint32(0xFF606060)
            colors = np.where(objects, bright, dimmed)
        self._pixels[rect.slices] = colors


class OutlineImage(PixelImage):
    """Rims between regions, transparent elsewhere: a pixel is dark where the next one right or below is another label or object."""

    def __init__(self, labels: LabelArray, objects: InstanceArray | None = None) -> None:
        super().__init__((labels.shape[0], labels.shape[1]), QImage.Format.Format_ARGB32_Premultiplied)
        self._planes: list[LabelArray | InstanceArray] = [labels] if objects is None else [labels, objects]
        self.update(Rect(0, 0, labels.shape[1], labels.shape[0]))

    def update(self, rect: Rect) -> Rect:
        """Read a rectangle of the map again, and return which pixels it concerns: those left and above of it too."""
        grown = Rect(max(0, rect.left - 1), max(0, rect.top - 1), rect.right, rect.bottom)
        edges = np.zeros((grown.height, grown.width), bool)
        for plane in self._planes:
            part = plane[grown.top : grown.bottom + 1, grown.left : grown.right + 1]
            across = part[: grown.height, 1:] != part[: grown.height, :-1]
            down = part[1:, : grown.width] != part[:-1, : grown.width]
            edges[:, : across.shape[1]] |= across
            edges[: down.shape[0]] |= down
        self._pixels[grown.slices] = np.where(edges, _RIM, np.uint32(0))
        return grown


def _sources(start: int, length: int, origin: float, zoom: float, ratio: float, count: int) -> tuple[int, _Indices]:
    """Return, along one axis, the first physical pixel that shows the picture, and the picture's index for it and those that follow."""
    first = math.floor(start * ratio)
    middles = (np.arange(first, math.ceil((start + length) * ratio)) + 0.5) / ratio
    indices = np.floor((middles - origin) / zoom).astype(np.intp)
    begin, end = np.searchsorted(indices, (0, count))
    return first + int(begin), indices[begin:end]


def _as_image(pixels: NDArray[np.uint32], image_format: QImage.Format) -> QImage:
    height, width = pixels.shape
    return QImage(pixels.data, width, height, width * 4, image_format)
