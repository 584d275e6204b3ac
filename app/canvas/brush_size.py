"""The brush's size as a slider and a number.

It knows a whole number only.
"""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QSlider, QWidget

from spade_studio.app.ui.boxes import row
from spade_studio.app.ui.plain import PlainLabel

_STEPS = 200


class BrushSizePanel(QWidget):
    """A slider that is fine for small sizes and coarse for large ones."""

    size_changed = Signal(int)

    def __init__(self, largest: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._octaves = math.log2(largest)
        self._is_following = False
        self._caption = PlainLabel(self.tr("Size"))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, _STEPS)
        self.slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.slider.setFixedWidth(140)
        self.slider.setAccessibleName(self.tr("Brush size"))
        self.slider.setToolTip(self.tr("Diameter of brush and eraser, in pixels of the layout ([ and ])"))
        self.slider.valueChanged.connect(self._on_moved)
        self._number = PlainLabel()
        self._number.setMinimumWidth(self._number.fontMetrics().horizontalAdvance("000 px"))
        self._number.setProperty("role", "caption")
        layout = row(self, spacing=8, margins=(4, 0, 4, 0))
        layout.addWidget(self._caption)
        layout.addWidget(self.slider)
        layout.addWidget(self._number)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)

    def show_size(self, size: int) -> None:
        """Show a size without announcing it."""
        self._is_following = True
        self.slider.setValue(round(math.log2(size) / self._octaves * _STEPS))
        self._is_following = False
        self._number.setText(f"{size} px")

    def _on_moved(self, value: int) -> None:
        if not self._is_following:
            self.size_changed.emit(round(2 ** (value / _STEPS * self._octaves)))
