"""The view of the newest picture, with zoom, pan, drag out, and marks for previews and work in progress."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from spade_studio.app.ui.images import to_image
from spade_studio.app.ui.zoom_view import ZoomView
from spade_studio.engine.rendering.frame_sizes import SAME_ASPECT

_MARGIN = 12
_PIXELS_SHOW = 4.0
"""Zoom in screen pixels per picture pixel from which pixels are drawn as squares, without interpolation."""


class PictureView(ZoomView):
    """A picture in the pixel coordinates of its layout, whatever its own size.

    Wheel and keys zoom; the middle button, or Space with the left button, pans; the left button drags the picture out.

    Attributes:
        image: The picture; null before the first render.
        quality: ``preview`` or ``exact``; None before the first render.
        keys_to: Widget that receives unused keys, so that Return still closes a polygon while the pointer is over the picture.
    """

    pictured = Signal(QImage)
    drag_begun = Signal()
    menu_wanted = Signal(object)  # global position, QPoint

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(QSizeF(1, 1), parent)
        self.image = QImage()
        self.quality: Literal["preview", "exact"] | None = None
        self.keys_to: QWidget | None = None
        self._layout_size = QSizeF(1, 1)
        self._stretch = 1.0  # pixel aspect ratio, for a picture whose shape differs from the layout's
        self._note = ""
        self._follows = ""
        self._busy = ""
        self._pressed: QPointF | None = None
        self.setAccessibleName(self.tr("Render"))
        self.setAccessibleDescription(self.tr("The wheel zooms, 1 shows every pixel, 0 all of the picture; drag it into other programs."))

    # -- the picture ----------------------------------------------------------------------------------------------

    def show_picture(self, pixels: NDArray[np.uint8], quality: Literal["preview", "exact"], follows: str = "") -> None:
        """Show a picture.

        Args:
            pixels: The picture, uint8 ``[H, W, 3]``.
            quality: ``preview`` or ``exact``; a preview is marked as one.
            follows: Size of the full picture that follows a preview, as text; empty where none follows.
        """
        self.image = to_image(pixels)
        self.quality = quality
        self._note, self._follows = "", follows
        self._take_shape()
        self.update()
        self.pictured.emit(self.image)

    def _take_shape(self) -> None:
        """Show a picture whose aspect ratio differs from the layout's without stretching it."""
        layout, image = self._layout_size, self.image
        stretch = image.height() * layout.width() / (image.width() * layout.height())
        stretch = 1.0 if abs(stretch - 1) <= SAME_ASPECT else stretch
        if stretch != self._stretch:
            self._stretch = stretch
            self._viewport.set_picture(layout, stretch)
            self._on_viewport_changed()

    def keep_picture(self) -> None:
        """Remove the announcement of a full picture; the shown picture stays."""
        self._follows = ""
        self.update()

    def set_layout_size(self, width: float, height: float) -> None:
        """Set the size of the layout in pixels, and fit the picture in the view."""
        self._layout_size, self._stretch = QSizeF(width, height), 1.0
        self._viewport.set_picture(self._layout_size)
        self._on_viewport_changed()

    def tell(self, note: str) -> None:
        """Show a note in the empty view, or in the corner of the present picture; the next picture removes it."""
        self._note = note
        self.update()

    def set_busy(self, text: str) -> None:
        """Show in the other corner what is in progress, independent of new pictures; empty for nothing."""
        if text != self._busy:
            self._busy = text
            self.update()

    def sizeHint(self) -> QSize:
        """Return the preferred size in a window of default size."""
        return QSize(560, 560)

    # -- zoom and pan ---------------------------------------------------------------------------------------------

    def show_pixels(self, at: QPointF | None = None) -> None:
        """Zoom to 100 % (one screen pixel per picture pixel) around a widget position, by default the centre."""
        zoom = self._actual_zoom()
        if at is None:
            self._viewport.zoom_to(zoom)
        else:
            self._viewport.zoom_at(at, zoom / self._viewport.zoom)
        self._on_viewport_changed()

    def picture_rect(self) -> QRectF:
        """Return the picture's rectangle in the widget, aligned to whole screen pixels so that it is not blurred at 100 %."""
        rect, ratio = self._viewport.picture_rect, self.devicePixelRatioF()
        rect.moveTo(round(rect.x() * ratio) / ratio, round(rect.y() * ratio) / ratio)
        return rect

    def _actual_zoom(self) -> float:
        """Return the zoom at which one picture pixel is one screen pixel."""
        picture = self.image.width() or 1
        layout = self._viewport.picture_rect.width() / self._viewport.zoom
        return picture / layout / self.devicePixelRatioF()

    # -- painting -------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture, or the note while there is none."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), self.palette().color(QPalette.ColorRole.Mid))
        rect = self.picture_rect()
        if self.image.isNull():
            painter.fillRect(rect, self.palette().color(QPalette.ColorRole.Window))
        else:
            is_smooth = self._viewport.zoom < _PIXELS_SHOW * self._actual_zoom()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, is_smooth)
            painter.drawImage(rect, self.image)
        seen = rect.intersected(QRectF(self.rect()).adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN))
        if self._note and self.image.isNull():
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            painter.drawText(seen, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._note)
        elif mark := self._mark():
            self._paint_mark(painter, seen, mark, Qt.AlignmentFlag.AlignRight)
        if self._busy and not self.image.isNull():
            self._paint_mark(painter, seen, self._busy, Qt.AlignmentFlag.AlignLeft)
        painter.end()

    def _mark(self) -> str:
        if self._note or self.quality != "preview":
            return self._note
        return self.tr("preview, {size} follows").format(size=self._follows) if self._follows else self.tr("preview")

    def _paint_mark(self, painter: QPainter, rect: QRectF, text: str, side: Qt.AlignmentFlag) -> None:
        width = min(painter.fontMetrics().horizontalAdvance(text) + 16, rect.width() - 16)
        height = painter.fontMetrics().height() + 6
        left = rect.left() + 8 if side == Qt.AlignmentFlag.AlignLeft else rect.right() - width - 8
        mark = QRectF(left, rect.bottom() - height - 8, width, height)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(12, 14, 17, 150))
        painter.drawRoundedRect(mark, height / 2, height / 2)
        painter.setPen(QColor(255, 255, 255))
        painter.drawText(mark, Qt.AlignmentFlag.AlignCenter, text)

    # -- the hand -------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a pan or a possible drag."""
        if self._pans(event.button()):
            self._pan_from = event.position()
        elif event.button() == Qt.MouseButton.LeftButton and not self.image.isNull() and self.picture_rect().contains(event.position()):
            self._pressed = event.position()
        self._refresh_pointer()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan, or start a drag of the picture."""
        if self._pan_from is not None:
            if event.buttons() == Qt.MouseButton.NoButton:  # another widget received the release
                self._pan_from = None
            else:
                self._pan_to(event.position(), self._pan_from)
        elif self._pressed is not None and event.buttons() & Qt.MouseButton.LeftButton:
            way = (event.position() - self._pressed).manhattanLength()
            if way >= QApplication.startDragDistance():
                self._pressed = None
                self.drag_begun.emit()
        self._refresh_pointer()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a pan or a drag."""
        self._pressed = self._pan_from = None
        self._refresh_pointer()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Toggle between 100 % and the whole picture."""
        if event.button() != Qt.MouseButton.LeftButton:
            self.mousePressEvent(event)
        elif self._viewport.is_fitted:
            self.show_pixels(event.position())
        else:
            self.fit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Request the context menu, opened by mouse or key."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            self.menu_wanted.emit(self.mapToGlobal(self.rect().center()))
        else:
            self.menu_wanted.emit(event.globalPos())

    def event(self, event: QEvent) -> bool:
        """Reserve the keys 1 and 0, which are label shortcuts elsewhere, for this view while it has keyboard focus."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._zoom_key(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Zoom with 1 and 0; enable panning while Space is held."""
        if event.key() == Qt.Key.Key_Space:
            self._is_space_down = True
        elif self._zoom_key(event):
            if event.key() == Qt.Key.Key_1:
                position = QPointF(self.mapFromGlobal(self.cursor().pos()))
                self.show_pixels(position if QRectF(self.rect()).contains(position) else None)
            else:
                self.fit()
        elif self.keys_to is not None:
            self.keys_to.keyPressEvent(event)
        else:
            super().keyPressEvent(event)
        self._refresh_pointer()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """End panning when Space is released."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._is_space_down = False
            self._refresh_pointer()
        elif self.keys_to is not None:
            self.keys_to.keyReleaseEvent(event)
        else:
            super().keyReleaseEvent(event)

    @staticmethod
    def _zoom_key(event: QKeyEvent) -> bool:
        is_plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        return is_plain and event.key() in (Qt.Key.Key_0, Qt.Key.Key_1)
