"""The pointer's look over the canvas: the brush's true outline, and the other tools' cursors.

It knows discs and icons, nothing of documents or events.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import qtawesome
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QCursor, QPainter, QPainterPath, QPen, QPixmap

from spade_studio.app.canvas.selecting import Hold
from spade_studio.app.canvas.viewport import Viewport
from spade_studio.app.model import raster
from spade_studio.app.model.raster import Nib
from spade_studio.app.model.raster_shapes import Point

_ICON_SIZE = 22


@lru_cache(maxsize=16)
def nib_outline(diameter: int, nib: Nib) -> QPainterPath:
    """Return the outline of the pixels that one click paints, around (0, 0), in the document's pixels."""
    mask = raster.nib_mask(diameter, nib)
    half = diameter / 2
    lefts = mask.argmax(axis=1)
    path = QPainterPath()
    # Every row of a disc is one run, and it is symmetrical: down the right side, up the left one.
    right = [(half - float(left), row - half) for row, left in enumerate(lefts)]
    corners = [QPointF(x, y + down) for x, y in right for down in (0, 1)]
    corners += [QPointF(-x, y + down) for x, y in reversed(right) for down in (1, 0)]
    path.moveTo(corners[0])
    for corner in corners[1:]:
        path.lineTo(corner)
    path.closeSubpath()
    return path


def draw_outline(painter: QPainter, path: QPainterPath) -> None:
    """Draw a path so that it shows on every colour: white within black, one and three pixels wide at any zoom."""
    for color, width in ((QColor(0, 0, 0, 150), 3.0), (QColor(255, 255, 255), 1.2)):
        pen = QPen(color, width)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.drawPath(path)


def figure_path(points: Sequence[Point], viewport: Viewport, *, is_closed: bool) -> QPainterPath:
    """Return the outline that a tool draws, in the widget's positions."""
    path = QPainterPath()
    for index, (x, y) in enumerate(points):
        at = viewport.to_view(QPointF(x, y))
        if index:
            path.lineTo(at)
        else:
            path.moveTo(at)
    if is_closed and len(points) > 2:
        path.closeSubpath()
    return path


def hold_cursor(hold: Hold | None, angle: float) -> QCursor:
    """Return the cursor over what a press of the select tool would take hold of, in a frame that is turned by so many degrees."""
    if hold is None:
        return QCursor(Qt.CursorShape.CrossCursor)
    if hold.turns:
        return icon_cursor("mdi6.rotate-right", 0.5, 0.5)
    if hold.handle is None:
        return QCursor(Qt.CursorShape.SizeAllCursor)
    shapes = Qt.CursorShape.SizeHorCursor, Qt.CursorShape.SizeFDiagCursor, Qt.CursorShape.SizeVerCursor, Qt.CursorShape.SizeBDiagCursor
    direction = math.degrees(math.atan2(hold.handle[1] - 0.5, hold.handle[0] - 0.5)) + angle
    return QCursor(shapes[round(direction / 45) % 4])


@lru_cache(maxsize=8)
def icon_cursor(icon: str, hot_x: float, hot_y: float) -> QCursor:
    """Return a cursor from an icon, white with a dark rim; the hot spot is given as shares of its size."""
    size = _ICON_SIZE
    pixmap = QPixmap(size * 2, size * 2)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    dark, light = (qtawesome.icon(icon, color=color).pixmap(size - 2, size - 2) for color in ("#101215", "#ffffff"))
    for angle in np.linspace(0, 2 * np.pi, 12, endpoint=False):
        painter.drawPixmap(QPointF(1 + np.cos(angle), 1 + np.sin(angle)), dark)
    painter.drawPixmap(QPointF(1, 1), light)
    painter.end()
    return QCursor(pixmap, round(hot_x * size), round(hot_y * size))
