"""Pictures over time with a slider: the sample grids of a run, or a drawing as every checkpoint renders it.

It knows picture files and their captions; it does not know who writes them.
"""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QImage, QImageReader, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QLabel, QSizePolicy, QSlider, QWidget

from spade_studio.app.panels.boxes import column, row

_MARGIN = 8


class PictureView(QWidget):
    """A picture, as large as fits, or a note in its place."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.image = QImage()
        self._note = ""
        self.setAccessibleName(name)
        self.setMinimumSize(160, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_picture(self, image: QImage, note: str = "") -> None:
        """Show a picture, or the note where there is none."""
        self.image, self._note = image, note
        self.update()

    def sizeHint(self) -> QSize:
        """Return a size for a window of usual size."""
        return QSize(480, 320)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture smoothly scaled."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Mid))
        space = QRectF(self.rect()).adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        if self.image.isNull():
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            painter.drawText(space, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._note)
        else:
            size = QSizeF(self.image.size()).scaled(space.size(), Qt.AspectRatioMode.KeepAspectRatio)
            rect = QRectF(space.topLeft(), size)
            rect.moveCenter(space.center())
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(rect, self.image)
        painter.end()


class PictureTimeline(QWidget):
    """A picture and a slider through all there are; at its end it stays with the newest.

    Attributes:
        shown: Number of the shown picture; -1 for none.
    """

    shown_changed = Signal(int)

    def __init__(self, name: str, empty: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shown = -1
        self._empty = empty
        self._entries: list[tuple[Path, str]] = []
        self.view = PictureView(name)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName(self.tr("{name}: time").format(name=name))
        self.slider.setToolTip(self.tr("Earlier and later pictures; at the right end new ones are shown as they come"))
        self.slider.setPageStep(1)
        self.caption = QLabel()
        self.caption.setProperty("role", "caption")
        self.caption.setMinimumWidth(self.caption.fontMetrics().horizontalAdvance(self.tr("Step 00,000,000 (000 of 000)")))
        below = row(spacing=12)
        below.addWidget(self.slider, 1)
        below.addWidget(self.caption)
        whole = column(self, spacing=6, margins=(0, 8, 0, 0))
        whole.addWidget(self.view, 1)
        whole.addLayout(below)
        self.slider.valueChanged.connect(self._show)
        self.set_entries([])

    def set_entries(self, entries: Sequence[tuple[Path, str]]) -> None:
        """Offer these pictures, the oldest first, each with a caption."""
        at_end = not self._entries or self.slider.value() >= len(self._entries) - 1
        changed = list(entries) != self._entries
        self._entries = list(entries)
        self.slider.setEnabled(len(entries) > 1)
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, len(entries) - 1))
        self.slider.setValue(self.slider.maximum() if at_end else self.slider.value())
        self.slider.blockSignals(False)
        if changed or not entries:
            self._show(self.slider.value())

    def _show(self, number: int) -> None:
        if not self._entries:
            self.shown = -1
            self.view.show_picture(QImage(), self._empty)
            self.caption.setText("")
        else:
            path, words = self._entries[number]
            self.shown = number
            reader = QImageReader(str(path))
            image = reader.read()
            self.view.show_picture(
                image,
                self.tr("{name} cannot be shown: {errorString}").format(name=path.name, errorString=reader.errorString())
                if image.isNull()
                else "",
            )
            self.caption.setText(f"{words} ({number + 1} of {len(self._entries)})")
        self.shown_changed.emit(self.shown)
