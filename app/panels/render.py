"""The render panel: the newest picture, what it is worth, and a quiet banner for what went wrong.

It shows what it is given; it knows no document, no requests and no weights.
"""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from spade_studio.app.panels.banner import Banner
from spade_studio.app.panels.boxes import column

_MARGIN = 12


def to_image(pixels: NDArray[np.uint8]) -> QImage:
    """Return a picture, uint8 ``[H, W, 3]``, as an image of its own memory."""
    height, width = pixels.shape[:2]
    packed = np.ascontiguousarray(pixels)
    return QImage(packed.data, width, height, width * 3, QImage.Format.Format_RGB888).convertToFormat(QImage.Format.Format_RGB32)


class RenderView(QWidget):
    """A picture, as large as fits; a mark in its corner while it is a preview."""

    pictured = Signal(QImage)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.image = QImage()
        self.quality: Literal["preview", "exact"] | None = None
        self._aspect = QSizeF(1, 1)
        self._note = ""
        self.setMinimumSize(160, 160)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Render")

    def show_picture(self, pixels: NDArray[np.uint8], quality: Literal["preview", "exact"]) -> None:
        """Show a picture, uint8 ``[H, W, 3]``."""
        self.image = to_image(pixels)
        self.quality = quality
        self._note = ""
        self.update()
        self.pictured.emit(self.image)

    def set_aspect(self, width: float, height: float) -> None:
        """Show pictures at the document's aspect, whatever size they were rendered at."""
        self._aspect = QSizeF(width, height)
        self.update()

    def tell(self, note: str) -> None:
        """Say something where the picture will be; the next picture takes its place."""
        self._note = note
        self.update()

    def sizeHint(self) -> QSize:
        """Return a size for a window of usual size."""
        return QSize(560, 560)

    def picture_rect(self) -> QRectF:
        """Return where the picture lies."""
        space = QRectF(self.rect()).adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        size = self._aspect.scaled(space.size(), Qt.AspectRatioMode.KeepAspectRatio)
        rect = QRectF(space.topLeft(), size)
        rect.moveCenter(space.center())
        return rect

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture smoothly scaled, or the note."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), self.palette().color(QPalette.ColorRole.Mid))
        rect = self.picture_rect()
        if self.image.isNull():
            painter.fillRect(rect, self.palette().color(QPalette.ColorRole.Window))
        else:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(rect, self.image)
        if self._note:
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._note)
        elif self.quality == "preview":
            self._paint_mark(painter, rect)
        painter.end()

    def _paint_mark(self, painter: QPainter, rect: QRectF) -> None:
        text = "preview"
        width = painter.fontMetrics().horizontalAdvance(text) + 16
        height = painter.fontMetrics().height() + 6
        mark = QRectF(rect.right() - width - 8, rect.bottom() - height - 8, width, height)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(12, 14, 17, 150))
        painter.drawRoundedRect(mark, height / 2, height / 2)
        painter.setPen(QColor(255, 255, 255))
        painter.drawText(mark, Qt.AlignmentFlag.AlignCenter, text)


class RenderPanel(QWidget):
    """The picture, and over its upper edge the banner, so that nothing moves when it comes and goes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = RenderView()
        layout = column(self)
        layout.addWidget(self.view, 1)
        self.banner = Banner(self)

    def tell(self, text: str) -> None:
        """Show a text in the banner; an empty one hides it. A text that a person has closed stays closed while it is told again."""
        if text == self.banner.text:
            return
        self.banner.tell(text)
        self._place_banner()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the banner at the upper edge."""
        self._place_banner()

    def _place_banner(self) -> None:
        width = self.width() - 2 * _MARGIN
        self.banner.setGeometry(_MARGIN, _MARGIN, width, max(self.banner.heightForWidth(width), self.banner.minimumSizeHint().height()))
        self.banner.raise_()
