"""Appearance of the pointer over the canvas: the exact outline of the brush, and the cursors of the other tools."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import qtawesome
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QCursor, QPainter, QPainterPath, QPen, QPixmap

from spade_studio.app.canvas.selecting import Hold
from spade_studio.app.canvas.tool_kinds import ToolKind
from spade_studio.app.canvas.tools import Toolbox
from spade_studio.app.model import raster, selections
from spade_studio.app.model.nibs import silhouette
from spade_studio.app.model.raster import Nib
from spade_studio.app.model.raster_shapes import Point
from spade_studio.app.ui.viewport import Viewport

GRIP = 7.0
"""Radius within which a press takes hold of a handle, in logical screen pixels."""
_ICON_SIZE = 22
_SMALL = 8


@lru_cache(maxsize=16)
def nib_outline(diameter: int, nib: Nib) -> QPainterPath:
    """Return the outline of the pixels that one click paints, centred on (0, 0), in document pixels."""
    if nib.is_silhouette:
        return _rim_path(diameter, nib)
    mask = raster.nib_mask(diameter, nib)
    half = diameter / 2
    lefts = mask.argmax(axis=1)
    path = QPainterPath()
    # Every row of a disc is one run, and the disc is symmetrical: down the right side, up the left one.
    right = [(half - float(left), row - half) for row, left in enumerate(lefts)]
    corners = [QPointF(x, y + down) for x, y in right for down in (0, 1)]
    corners += [QPointF(-x, y + down) for x, y in reversed(right) for down in (1, 0)]
    path.moveTo(corners[0])
    for corner in corners[1:]:
        path.lineTo(corner)
    path.closeSubpath()
    return path


def _rim_path(diameter: int, nib: Nib) -> QPainterPath:
    path = QPainterPath()
    half = diameter / 2
    for x0, y0, x1, y1 in selections.rims(silhouette(nib, diameter)).tolist():
        path.moveTo(x0 - half, y0 - half)
        path.lineTo(x1 - half, y1 - half)
    return path


def draw_outline(painter: QPainter, path: QPainterPath) -> None:
    """Draw a path that is visible on every colour: a white line on a black one, one and three screen pixels wide at any zoom."""
    for color, width in ((QColor(0, 0, 0, 150), 3.0), (QColor(255, 255, 255), 1.2)):
        pen = QPen(color, width)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.drawPath(path)


def figure_path(points: Sequence[Point], viewport: Viewport, *, is_closed: bool) -> QPainterPath:
    """Return the outline of a figure under construction, in widget coordinates; ``points`` are in document pixels."""
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


def tool_cursor(toolbox: Toolbox, at: QPointF | None, zoom: float, *, picks: bool) -> QCursor:
    """Return the cursor of the chosen tool.

    Args:
        toolbox: Toolbox with the chosen tool.
        at: Position of the pointer in document pixels; None where it is outside the canvas.
        zoom: Zoom factor of the view.
        picks: Whether a press would pick the label under the pointer.
    """
    if picks:
        return icon_cursor("mdi6.eyedropper", 0.1, 0.9)
    if toolbox.kind is ToolKind.FILL:
        return icon_cursor("mdi6.format-color-fill", 0.12, 0.6)
    if toolbox.kind is ToolKind.SELECT and at is not None:
        frame = toolbox.selecting.frame
        return hold_cursor(toolbox.selecting.hold_at((at.x(), at.y()), GRIP / zoom), frame.angle if frame else 0.0)
    # A cross marks the middle where the brush's outline is too small to be seen.
    shows_cross = not toolbox.kind.has_size or toolbox.brush_size * zoom < _SMALL
    return QCursor(Qt.CursorShape.CrossCursor if shows_cross else Qt.CursorShape.BlankCursor)


def hold_cursor(hold: Hold | None, angle: float) -> QCursor:
    """Return the cursor for the part of a selection frame under the pointer; ``angle`` is the frame's rotation in degrees."""
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
    """Return a cursor made from an icon, white with a dark rim; the hot spot is given as fractions of its size, 0..1."""
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
