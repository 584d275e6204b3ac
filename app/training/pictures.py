"""Picture timeline with a slider, for a run's sample grids or a drawing rendered with each checkpoint."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QImage, QImageReader, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QSlider, QWidget

from spade_studio.app.ui.boxes import column, named, row
from spade_studio.app.ui.plain import PlainLabel

_MARGIN = 8


class PictureView(QWidget):
    """Widget showing a picture scaled to fit, or a note in its place."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.image = QImage()
        self._note = ""
        self.setAccessibleName(name)
        self.setMinimumSize(160, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_picture(self, image: QImage, note: str = "") -> None:
        """Show a picture, or the note if the picture is null."""
        self.image, self._note = image, note
        self.update()

    def sizeHint(self) -> QSize:
        """Return the preferred size."""
        return QSize(480, 320)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the smoothly scaled picture, or the note."""
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
    """Picture with a slider over all entries; at its end it follows the newest one.

    Args:
        name: Accessible name.
        empty: Note shown when there are no entries.
        missing: Note shown for a missing file; empty to show the read error.

    Attributes:
        shown: Index of the shown picture; -1 for none.
    """

    shown_changed = Signal(int)

    def __init__(self, name: str, empty: str, missing: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shown = -1
        self._empty, self._missing = empty, missing
        self._entries: list[tuple[Path, str]] = []
        self._written = -1
        self.view = PictureView(name)
        self.slider = named(QSlider(Qt.Orientation.Horizontal), self.tr("{name}: time").format(name=name))
        self.slider.setToolTip(self.tr("Earlier and later pictures; at the right end new ones are shown as they come"))
        self.slider.setPageStep(1)
        self.caption = PlainLabel(role="caption")
        self.caption.setMinimumWidth(self.caption.fontMetrics().horizontalAdvance(self.tr("Step 00,000,000 (000 of 000)")))
        below = row(spacing=12)
        below.addWidget(self.slider, 1)
        below.addWidget(self.caption)
        whole = column(self, spacing=6, margins=(0, 8, 0, 0))
        whole.addWidget(self.view, 1)
        whole.addLayout(below)
        self.slider.valueChanged.connect(self._show)
        self._show(0)

    def set_entries(self, entries: Sequence[tuple[Path, str]]) -> None:
        """Set the entries as (path, caption) pairs, oldest first."""
        at_end = not self._entries or self.slider.value() >= len(self._entries) - 1
        before = self._entries[self.slider.value()][0] if self._entries else None
        changed = list(entries) != self._entries or _written(before) != self._written
        self._entries = list(entries)
        self.slider.setEnabled(len(entries) > 1)
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, len(entries) - 1))
        self.slider.setValue(self.slider.maximum() if at_end else self.slider.value())
        self.slider.blockSignals(False)
        if changed:
            self._show(self.slider.value())

    def _show(self, number: int) -> None:
        self._written = _written(self._entries[number][0] if self._entries else None)
        if not self._entries:
            self.shown = -1
            self.view.show_picture(QImage(), self._empty)
            self.caption.setText("")
        else:
            path, words = self._entries[number]
            self.shown = number
            reader = QImageReader(str(path))
            image = reader.read()
            note = ""
            if image.isNull() and self._missing and not path.exists():
                note = self._missing
            elif image.isNull():
                note = self.tr("{name} cannot be shown: {errorString}").format(name=path.name, errorString=reader.errorString())
            self.view.show_picture(image, note)
            self.caption.setText(f"{words} ({number + 1} of {len(self._entries)})")
        self.shown_changed.emit(self.shown)


def _written(path: Path | None) -> int:
    """Return a file's modification time in nanoseconds; -1 if there is none."""
    try:
        return -1 if path is None else path.stat().st_mtime_ns
    except OSError:
        return -1
