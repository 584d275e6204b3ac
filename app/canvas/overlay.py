"""Drawing over the layout: brush outline, unfinished figures, selection, transform frame, mirror axes."""

from __future__ import annotations

import cv2
import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF

from spade_studio.app.canvas.cursors import GRIP, draw_outline, figure_path, nib_outline
from spade_studio.app.canvas.selecting import knob, visible_handles
from spade_studio.app.canvas.tools import Toolbox
from spade_studio.app.model import selections
from spade_studio.app.model.document import Document
from spade_studio.app.model.raster import MaskArray, Rect, disc_center
from spade_studio.app.ui.images import to_image
from spade_studio.app.ui.viewport import Viewport

_HANDLE = 4.0
_MOST_DASHED = 20_000
"""Number of lines above which the outline is drawn solid, since dashes are far slower to draw."""
_MOST_LINES = 60_000
"""Number of visible lines above which the selection is shown by a veil instead, to keep painting responsive."""
_FINEST_VEIL = 1024
_VEIL_OPACITY = 0.5
_DARK, _LIGHT = QColor(16, 18, 21), QColor(255, 255, 255)


class Overlay:
    """Draws over a document; caches the outline of the selection, which changes less often than the view."""

    def __init__(self, document: Document, toolbox: Toolbox, viewport: Viewport) -> None:
        self._document, self._toolbox, self._viewport = document, toolbox, viewport
        self._rims: tuple[MaskArray, Rect, np.ndarray | None] | None = None  # selection, rectangle, its outline; None for too many lines
        self._veil: tuple[MaskArray, QImage] | None = None

    def draw_figure(self, painter: QPainter) -> None:
        """Draw the outline of an unfinished polygon, lasso or marquee."""
        points, is_closed = self._toolbox.outline
        if len(points) > 1:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            draw_outline(painter, figure_path(points, self._viewport, is_closed=is_closed))

    def figure_rect(self) -> QRectF:
        """Return the rectangle of the unfinished outline, or of the selection's frame, in the view; empty where there is neither."""
        points, is_closed = self._toolbox.outline
        rect = QRectF()
        if points:
            rect = figure_path(points, self._viewport, is_closed=is_closed).boundingRect().adjusted(-4, -4, 4, 4)
        if (frame := self._toolbox.selecting.frame) is not None:
            corners = QPolygonF([self._viewport.to_view(QPointF(*corner)) for corner in (*frame.corners, knob(frame, self._grip))])
            rect = rect.united(corners.boundingRect().adjusted(-_HANDLE - 4, -_HANDLE - 4, _HANDLE + 4, _HANDLE + 4))
        return rect

    def draw_selection(self, painter: QPainter, exposed: QRectF) -> None:
        """Draw the selection's outline inside an exposed rectangle, and the frame around the selection."""
        selection = self._document.selection
        if selection is not None and not (self._toolbox.is_busy and self._toolbox.selecting.is_transforming):
            self._draw_rims(painter, selection, exposed)
        self._draw_frame(painter)

    def draw_mirrors(self, painter: QPainter) -> None:
        """Draw the mirror axes through the middle of the layout."""
        symmetry, place = self._toolbox.options.symmetry, self._viewport.picture_rect
        lines: list[QLineF] = []
        if symmetry.left_right:
            lines.append(QLineF(place.center().x(), place.top(), place.center().x(), place.bottom()))
        if symmetry.up_down:
            lines.append(QLineF(place.left(), place.center().y(), place.right(), place.center().y()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for color, pattern in ((_DARK, None), (_LIGHT, [6.0, 6.0])):
            pen = QPen(color, 1)
            if pattern:
                pen.setDashPattern(pattern)
            painter.setPen(pen)
            painter.drawLines(lines)

    def draw_brush(self, painter: QPainter, pointer: QPointF, start: QPointF | None) -> None:
        """Draw the brush's outline at a position of the view, and a line to it from the start of a straight stroke, if any."""
        diameter = self._toolbox.brush_size
        position = self._viewport.to_picture(pointer)
        center = QPointF(*disc_center(position.x(), position.y(), diameter))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if start is not None:
            segment = QPainterPath(start)
            segment.lineTo(self._viewport.to_view(center))
            draw_outline(painter, segment)
        painter.save()
        painter.translate(self._viewport.to_view(center))
        painter.scale(self._viewport.zoom, self._viewport.zoom)
        draw_outline(painter, nib_outline(diameter, self._toolbox.options.nib))
        painter.restore()

    @property
    def _grip(self) -> float:
        return GRIP / self._viewport.zoom

    def _draw_rims(self, painter: QPainter, selection: MaskArray, exposed: QRectF) -> None:
        rims, place, zoom = self._seen_rims(selection), self._viewport.picture_rect, self._viewport.zoom
        if rims is None:
            self._draw_veil(painter, selection, place)
            return
        lines = rims * zoom + np.array([place.x(), place.y()] * 2)
        seen = (lines[:, 2] >= exposed.left() - 2) & (lines[:, 0] <= exposed.right() + 2)
        seen &= (lines[:, 3] >= exposed.top() - 2) & (lines[:, 1] <= exposed.bottom() + 2)
        drawn = [QLineF(*line) for line in lines[seen].tolist()]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        solid, dashed = QPen(_DARK, 1), QPen(_LIGHT, 1)
        dashed.setDashPattern([4, 4])
        for pen in (solid, dashed) if len(drawn) <= _MOST_DASHED else (solid,):
            pen.setCosmetic(True)
            painter.setPen(pen)
            painter.drawLines(drawn)

    def _seen_rims(self, selection: MaskArray) -> np.ndarray | None:
        """Return the outline of a selection, or its visible part where it has too many lines; None where that part has too many as well."""
        whole = self._document.rect
        if self._rims is None or self._rims[0] is not selection:
            self._rims = selection, whole, selections.rims(selection, _MOST_LINES)
        _, region, rims = self._rims
        if (rims is None or region != whole) and region != (seen := self._viewport.seen):
            rims = selections.rims(selection[seen.slices], _MOST_LINES)
            if rims is not None:
                rims = rims + np.array([seen.left, seen.top] * 2)
            self._rims = selection, seen, rims
        return rims

    def _draw_veil(self, painter: QPainter, selection: MaskArray, place: QRectF) -> None:
        if self._veil is None or self._veil[0] is not selection:
            height, width = selection.shape
            scale = min(1.0, _FINEST_VEIL / max(height, width))
            size = max(1, round(width * scale)), max(1, round(height * scale))
            alpha = cv2.resize(selection.astype(np.uint8) * np.uint8(255), size, interpolation=cv2.INTER_AREA)
            self._veil = selection, to_image(np.asarray(alpha, np.uint8))
        painter.save()
        painter.setOpacity(_VEIL_OPACITY)
        painter.drawImage(place, self._veil[1])
        painter.restore()

    def _draw_frame(self, painter: QPainter) -> None:
        frame = self._toolbox.selecting.frame
        if frame is None:
            return
        to_view = self._viewport.to_view
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        path = QPainterPath()
        path.addPolygon(QPolygonF([to_view(QPointF(*corner)) for corner in (*frame.corners, frame.corners[0])]))
        top = QPointF(*frame.to_map(0.5, 0.0 if frame.height > 0 else 1.0))
        at = to_view(QPointF(*knob(frame, self._grip)))
        path.moveTo(to_view(top))
        path.lineTo(at)
        draw_outline(painter, path)
        painter.setPen(QPen(_DARK, 1.2))
        painter.setBrush(_LIGHT)
        for handle in visible_handles(frame, self._grip):
            middle = to_view(QPointF(*frame.to_map(*handle)))
            painter.drawRect(QRectF(middle.x() - _HANDLE, middle.y() - _HANDLE, 2 * _HANDLE, 2 * _HANDLE))
        painter.drawEllipse(at, _HANDLE + 0.5, _HANDLE + 0.5)
