"""Temporary highlight of a label on the canvas: a pulsing outline, everything else darkened, and a line of text."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

import math

import cv2
import numpy as np
from PySide6.QtCore import QEasingCurve, QEvent, QObject, QPointF, QRectF, Qt, QVariantAnimation, Signal
from PySide6.QtGui import QColor, QGuiApplication, QImage, QKeyEvent, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QApplication

from spade_studio.app.canvas.view import CanvasView
from spade_studio.app.model.raster import LabelArray
from spade_studio.app.palette.overlay import Overlay
from spade_studio.app.ui.images import to_image

MILLISECONDS = 3200
GLANCE_MILLISECONDS = 1100
_PULSES = 4
_DARKEST = 130
_FINEST = 1024
_FADE = 0.12
"""Duration of fading in and of fading out, as a fraction of the total."""


class Highlight(Overlay):
    """Overlay on the canvas, transparent to events; ends by itself, on Escape, on a press, or when the map changes."""

    ended = Signal()

    def __init__(self, canvas: CanvasView) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._dark = QImage()
        self._rims: list[QPolygonF] = []
        self.text = ""
        self._time = 0.0
        self._is_glance = False
        self._clock = QVariantAnimation(self)
        self._clock.setStartValue(0.0)
        self._clock.setEndValue(1.0)
        self._clock.setDuration(MILLISECONDS)
        self._clock.setEasingCurve(QEasingCurve.Type.Linear)
        self._clock.valueChanged.connect(self._on_time)
        self._clock.finished.connect(self.stop)
        self.hide()

    @property
    def is_running(self) -> bool:
        """Whether a highlight is shown."""
        return self.isVisibleTo(self._canvas)

    def start(self, labels: LabelArray, label_id: int, text: str) -> None:
        """Highlight a label of a map, uint8 ``[H, W]``, with a line of text; a label without pixels shows the text alone."""
        self._show(labels, label_id, text, is_glance=False)

    def glance(self, labels: LabelArray, label_id: int) -> None:
        """Outline a label of a map, uint8 ``[H, W]``, for a short time, without darkening or text."""
        self._show(labels, label_id, "", is_glance=True)

    def _show(self, labels: LabelArray, label_id: int, text: str, *, is_glance: bool) -> None:
        self.stop()
        self._is_glance = is_glance
        mask = labels == label_id
        step = -(-max(mask.shape) // _FINEST)
        self._dark, self._rims = QImage(), []
        if mask.any():
            coarse = np.ascontiguousarray(mask[::step, ::step])
            if not is_glance:
                self._dark = to_image(np.where(coarse, 0, 255).astype(np.uint8))
            self._rims = _rims(coarse, step)
        self.text = text
        self._time = 0.0
        self.setAccessibleName(text)
        self.cover()
        self.show()
        self.raise_()
        application = QApplication.instance()
        if application is not None:
            application.installEventFilter(self)
        self._clock.setDuration(GLANCE_MILLISECONDS if is_glance else MILLISECONDS)
        self._clock.start()

    def stop(self) -> None:
        """End the highlight."""
        if self.is_running:
            self.hide()
            self._clock.stop()
            application = QApplication.instance()
            if application is not None:
                application.removeEventFilter(self)
            self.ended.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """End the highlight on Escape and on presses; Escape is consumed except during a glance."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            self.stop()
            return not self._is_glance
        if watched is self._canvas and event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.TabletPress):
            self.stop()
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the darkening, the outline and the text."""
        fade = min(1.0, self._time / _FADE, (1 - self._time) / _FADE) if self._time else 0.25
        pulses = 1 if self._is_glance else _PULSES
        pulse = 0.5 - 0.5 * math.cos(2 * math.pi * pulses * self._time)
        painter = QPainter(self)
        viewport = self._canvas.viewport
        if self._rims:
            place = viewport.picture_rect
            painter.setOpacity(fade * _DARKEST / 255)
            if not self._dark.isNull():
                painter.drawImage(place, self._dark)
            painter.setOpacity(fade)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.save()
            painter.setClipRect(place.adjusted(-3, -3, 3, 3))
            painter.translate(place.topLeft())
            painter.scale(viewport.zoom, viewport.zoom)
            for color, width in ((QColor(16, 18, 21, 200), 4.0 + pulse), (QColor(255, 255, 255), 1.4 + 1.6 * pulse)):
                pen = QPen(color, width)
                pen.setCosmetic(True)
                pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
                painter.setPen(pen)
                for rim in self._rims:
                    painter.drawPolygon(rim)
            painter.restore()
        if self.text:
            painter.setOpacity(min(1.0, 4 * fade))
            self._draw_text(painter)
        painter.end()

    def _draw_text(self, painter: QPainter) -> None:
        palette = QGuiApplication.palette()
        width = min(self.width() - 24, painter.fontMetrics().horizontalAdvance(self.text) + 28)
        pill = QRectF((self.width() - width) / 2, self.height() - 46, width, 30)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(palette.color(QPalette.ColorRole.Midlight), 1))
        painter.setBrush(palette.color(QPalette.ColorRole.Base))
        painter.drawRoundedRect(pill, 15, 15)
        painter.setPen(palette.color(QPalette.ColorRole.Text))
        text = painter.fontMetrics().elidedText(self.text, Qt.TextElideMode.ElideRight, int(width - 20))
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)

    def _on_time(self, time: float) -> None:
        self._time = time
        self.update()


def _rims(mask: np.ndarray, step: int) -> list[QPolygonF]:
    """Return the outlines of a mask in map pixels, along pixel edges instead of through pixel centres."""
    # At twice the size, contours pass through the outermost half pixels; a shift by a quarter moves them to the pixels' edges.
    large = np.kron(np.pad(mask, 1).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(large, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    return [QPolygonF([QPointF((x + 0.5) / 2 - 1, (y + 0.5) / 2 - 1) * step for x, y in contour[:, 0]]) for contour in contours]
