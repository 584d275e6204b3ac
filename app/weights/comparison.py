"""Side-by-side pictures of one layout, with the weights in use and with the trial weights."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from spade_studio.app.ui.boxes import column, row
from spade_studio.app.ui.images import to_image
from spade_studio.app.ui.plain import PlainLabel


class Picture(QWidget):
    """Widget showing a picture scaled to fit, or a note in its place."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.image = QImage()
        self.note = ""
        self.setAccessibleName(name)
        self.setMinimumSize(180, 180)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_picture(self, pixels: NDArray[np.uint8] | None, note: str = "") -> None:
        """Show a picture, uint8 ``[H, W, 3]``, or the note for None."""
        self.image = QImage() if pixels is None else to_image(pixels)
        self.note = note
        self.update()

    def sizeHint(self) -> QSize:
        """Return the preferred size."""
        return QSize(360, 360)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the smoothly scaled picture at the top, or the note."""
        painter = QPainter(self)
        if self.image.isNull():
            painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Mid))
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(QRectF(self.rect()).adjusted(12, 12, -12, -12), flags, self.note)
        else:
            size = QSizeF(self.image.size()).scaled(QSizeF(self.size()), Qt.AspectRatioMode.KeepAspectRatio)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(QRectF((self.width() - size.width()) / 2, 0, size.width(), size.height()), self.image)
        painter.end()


class Comparison(QWidget):
    """Old picture on the left and new one on the right, each below the name of its weights."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.old, self.new = Picture(self.tr("Picture of the weights in use")), Picture(self.tr("Picture of the weights on trial"))
        self.old_name, self.new_name = PlainLabel(role="caption"), PlainLabel(role="caption")
        whole = row(self, spacing=12)
        for name, picture in ((self.old_name, self.old), (self.new_name, self.new)):
            half = column(spacing=6)
            half.addWidget(name)
            half.addWidget(picture, 1)
            whole.addLayout(half, 1)

    def show_names(self, old: str, new: str) -> None:
        """Show the names of the old and new weights."""
        self.old_name.setText(self.tr("In use: {name}").format(name=old))
        self.new_name.setText(self.tr("On trial: {name}").format(name=new))
