"""Image of a label map in its labels' colours, updated rectangle by rectangle and drawn at any zoom."""

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
    """An image with one pixel per map pixel, drawn at any zoom.

    Args:
        size: (height, width) in pixels.
        image_format: Qt image format with 32 bits per pixel.
    """

    def __init__(self, size: tuple[int, int], image_format: QImage.Format) -> None:
        self._pixels = np.zeros(size, np.uint32)
        self._format = image_format
        # The QImage shares the array's memory, so an update costs no more than its rectangle.
        self.image = _as_image(self._pixels, image_format)

    def draw(self, painter: QPainter, viewport: Viewport, exposed: QRect, ratio: float) -> None:
        """Draw the part of the image inside an exposed rectangle of the widget.

        Args:
            painter: Painter on the widget, without a transformation.
            viewport: Position and zoom of the map in the widget.
            exposed: Exposed rectangle in logical pixels of the widget.
            ratio: Physical pixels per logical pixel.
        """
        if viewport.zoom * ratio < 1:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(viewport.picture_rect, self.image)
            return
        # Every physical pixel takes the label under its centre. Qt's own scaling rounds relative to the exposed rectangle's origin, so
        # that a small repaint would not quite match its surroundings.
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
    """Colour image of a label map.

    Args:
        labels: Label map, uint8 ``[H, W]``; read again by :meth:`update`.
        palette: RGB of every value, uint8 ``[256, 3]``.
        objects: Object ids, uint16 ``[H, W]``, or None; where given, each object has its own colour, and pixels without one are dimmed.
    """

    def __init__(self, labels: LabelArray, palette: NDArray[np.uint8], objects: InstanceArray | None = None) -> None:
        super().__init__((labels.shape[0], labels.shape[1]), QImage.Format.Format_RGB32)
        self._labels = labels
        self._objects = objects
        wide = palette.astype(np.uint32)
        self._lookup = np.uint32(0xFF000000) | wide[:, 0] << 16 | wide[:, 1] << 8 | wide[:, 2]
        self.update(Rect(0, 0, labels.shape[1], labels.shape[0]))

    def update(self, rect: Rect) -> None:
        """Update the image from a rectangle of the map."""
        colors = self._lookup[self._labels[rect.slices]]
        if self._objects is not None:
            objects = self._objects[rect.slices]
            # Pixels without an object keep a quarter of each channel.
            dimmed = (colors >> np.uint32(2)) & np.uint32(0x3F3F3F) | np.uint32(0xFF202020)
            bright = (objects.astype(np.uint32) * _GOLDEN) >> np.uint32(8) | np.uint32(0xFF606060)
            colors = np.where(objects, bright, dimmed)
        self._pixels[rect.slices] = colors


class OutlineImage(PixelImage):
    """Borders between regions on transparency: a pixel is dark where its right or lower neighbour has another label or object."""

    def __init__(self, labels: LabelArray, objects: InstanceArray | None = None) -> None:
        super().__init__((labels.shape[0], labels.shape[1]), QImage.Format.Format_ARGB32_Premultiplied)
        self._planes: list[LabelArray | InstanceArray] = [labels] if objects is None else [labels, objects]
        self.update(Rect(0, 0, labels.shape[1], labels.shape[0]))

    def update(self, rect: Rect) -> Rect:
        """Update the image from a rectangle of the map, and return the affected rectangle, which includes the pixels left and above."""
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
    """Return, along one axis, the first physical pixel inside the image, and the image index of it and of each pixel after it."""
    first = math.floor(start * ratio)
    middles = (np.arange(first, math.ceil((start + length) * ratio)) + 0.5) / ratio
    indices = np.floor((middles - origin) / zoom).astype(np.intp)
    begin, end = np.searchsorted(indices, (0, count))
    return first + int(begin), indices[begin:end]


def _as_image(pixels: NDArray[np.uint32], image_format: QImage.Format) -> QImage:
    height, width = pixels.shape
    return QImage(pixels.data, width, height, width * 4, image_format)
