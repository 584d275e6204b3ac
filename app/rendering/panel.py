"""The render panel: the newest picture, what it is worth, and a quiet banner for what went wrong.

It shows what it is given; it knows no document, no requests and no weights.
"""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QHideEvent, QImage, QPainter, QPaintEvent, QPalette, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from spade_studio.app.rendering.banner import Banner, Notice
from spade_studio.app.ui.boxes import column

_MARGIN = 12


def to_image(pixels: NDArray[np.uint8]) -> QImage:
    """Return a picture, uint8 ``[H, W, 3]``, as an image of its own memory."""
    height, width = pixels.shape[:2]
    packed = np.ascontiguousarray(pixels)
    return QImage(packed.data, width, height, width * 3, QImage.Format.Format_RGB888).convertToFormat(QImage.Format.Format_RGB32)


class RenderView(QWidget):
    """A picture, as large as fits; marks in its corners while it is a preview and while something is under way."""

    pictured = Signal(QImage)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.image = QImage()
        self.quality: Literal["preview", "exact"] | None = None
        self._aspect = QSizeF(1, 1)
        self._note = ""
        self._follows = ""
        self._busy = ""
        self.setMinimumSize(160, 160)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(self.tr("Render"))

    def show_picture(self, pixels: NDArray[np.uint8], quality: Literal["preview", "exact"], follows: str = "") -> None:
        """Show a picture, uint8 ``[H, W, 3]``.

        Args:
            pixels: The picture.
            quality: A preview is marked as one.
            follows: The size that a preview's full picture will have, as text; empty where none is on its way.
        """
        self.image = to_image(pixels)
        self.quality = quality
        self._note, self._follows = "", follows
        self.update()
        self.pictured.emit(self.image)

    def keep_picture(self) -> None:
        """Promise nothing more: the shown picture stays what it is."""
        self._follows = ""
        self.update()

    def set_aspect(self, width: float, height: float) -> None:
        """Show pictures at the document's aspect, whatever size they were rendered at."""
        self._aspect = QSizeF(width, height)
        self.update()

    def tell(self, note: str) -> None:
        """Say something where the picture will be, or in the corner of the present one; the next picture takes its place."""
        self._note = note
        self.update()

    def set_busy(self, text: str) -> None:
        """Say in the other corner what is under way, whatever pictures come meanwhile; empty for nothing."""
        if text != self._busy:
            self._busy = text
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
        if self._note and self.image.isNull():
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._note)
        elif mark := self._mark():
            self._paint_mark(painter, rect, mark, Qt.AlignmentFlag.AlignRight)
        if self._busy and not self.image.isNull():
            self._paint_mark(painter, rect, self._busy, Qt.AlignmentFlag.AlignLeft)
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


class RenderPanel(QWidget):
    """The picture, and over its upper edge the banner, so that nothing moves when it comes and goes.

    Two notices can wait for the banner: a lasting one stays until it is closed or taken back, a passing one belongs to the last picture
    and shows while there is no lasting one.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = RenderView()
        layout = column(self)
        layout.addWidget(self.view, 1)
        self.banner = Banner(self)
        self.banner.closed.connect(self._on_closed)
        self._passing, self._lasting = Notice(), Notice()
        self._shown = Notice()  # last told to the banner: it may have been closed since
        self._stand_in: QWidget | None = None

    def tell(self, text: str, button: str = "", act: Callable[[], object] | None = None) -> None:
        """Show a text in the banner; an empty one hides it. A text that a person has closed stays closed while it is told again."""
        self._passing = Notice(text, button, act)
        self._show_notice()

    def tell_lasting(self, text: str, button: str = "", act: Callable[[], object] | None = None) -> None:
        """Show a text that pictures do not take away; an empty one takes it back."""
        self._lasting = Notice(text, button, act)
        self._shown = self._shown if self._shown.text != text else Notice()
        self._show_notice()

    def set_stand_in(self, widget: QWidget) -> None:
        """Set what carries the banner while this panel is hidden."""
        self._stand_in = widget
        widget.installEventFilter(self)

    def _show_notice(self) -> None:
        notice = self._lasting if self._lasting.text else self._passing
        if (notice.text, notice.button) == (self._shown.text, self._shown.button):
            return
        self._shown = notice
        self.banner.tell(notice)
        self._place_banner()

    def _on_closed(self) -> None:
        if self._lasting.text:
            self._lasting = Notice()
            self._show_notice()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the banner at the stand-in's upper edge."""
        if event.type() == QEvent.Type.Resize and watched is self.banner.parent():
            self._place_banner()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the banner at the upper edge."""
        self._place_banner()

    def showEvent(self, event: QShowEvent) -> None:
        """Take the banner back."""
        self._carry_banner(self)

    def hideEvent(self, event: QHideEvent) -> None:
        """Leave the banner to the stand-in, so that what goes wrong shows in every mode."""
        if self._stand_in is not None and self.isHidden():  # not where the whole window is
            self._carry_banner(self._stand_in)

    def _carry_banner(self, carrier: QWidget) -> None:
        if self.banner.parent() is not carrier:
            was_hidden = self.banner.isHidden()
            self.banner.setParent(carrier)
            self.banner.setHidden(was_hidden)
        self._place_banner()

    def _place_banner(self) -> None:
        carrier = self.banner.parentWidget() or self
        width = carrier.width() - 2 * _MARGIN
        self.banner.setGeometry(_MARGIN, _MARGIN, width, max(self.banner.heightForWidth(width), self.banner.minimumSizeHint().height()))
        self.banner.raise_()
