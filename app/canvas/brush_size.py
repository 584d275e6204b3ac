"""Slider and number field for the brush size."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QSlider, QSpinBox, QWidget

from spade_studio.app.ui.boxes import named, padded, row
from spade_studio.app.ui.plain import PlainLabel

_STEPS = 200


class BrushSizePanel(QWidget):
    """A slider, with finer steps for small sizes than for large ones, and a number field.

    Attributes:
        slider, number: The input widgets.
    """

    size_changed = Signal(int)
    done = Signal()  # a number was entered: the canvas may have the keyboard

    def __init__(self, largest: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._octaves = math.log2(largest)
        self._is_following = False
        self._caption = PlainLabel(self.tr("Size"))
        self.slider = named(QSlider(Qt.Orientation.Horizontal), self.tr("Brush size"))
        self.slider.setRange(0, _STEPS)
        self.slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.slider.setFixedWidth(60)
        self.slider.setToolTip(self.tr("Diameter of brush and eraser, in pixels of the layout ([ and ])"))
        self.slider.valueChanged.connect(self._on_moved)
        self.number = padded(QSpinBox())
        self.number.setRange(1, largest)
        self.number.setSuffix(self.tr(" px"))
        self.number.setKeyboardTracking(False)
        self.number.setFixedWidth(self.number.fontMetrics().horizontalAdvance("512 px") + 22)
        self.number.setAccessibleName(self.tr("Brush size in pixels"))
        self.number.setToolTip(self.tr("Diameter of brush and eraser; or drag on the canvas with Shift held"))
        self.number.valueChanged.connect(self._on_typed)
        self.number.lineEdit().returnPressed.connect(self.done)
        layout = row(self, spacing=8, margins=(4, 0, 4, 0))
        layout.addWidget(self._caption)
        layout.addWidget(self.slider)
        layout.addWidget(self.number)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)

    def show_size(self, size: int) -> None:
        """Show a size, in document pixels, without emitting a signal."""
        self._is_following = True
        self.slider.setValue(round(math.log2(size) / self._octaves * _STEPS))
        self.number.setValue(size)
        self._is_following = False

    def _on_typed(self, size: int) -> None:
        if not self._is_following:
            self.size_changed.emit(size)

    def _on_moved(self, value: int) -> None:
        if not self._is_following:
            self.size_changed.emit(round(2 ** (value / _STEPS * self._octaves)))
