"""The question for a size of pictures that the menu does not offer."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QSpinBox, QWidget

from spade_studio.app.rendering.menus import pixels
from spade_studio.app.ui.boxes import column, padded
from spade_studio.app.ui.plain import PlainLabel
from spade_studio.engine.rendering.frame_sizes import Size, SizeWish


class SizeQuestion(QDialog):
    """Asks for the longer side; the shorter one follows the layout's shape.

    Args:
        longer_side: To begin with, in pixels.
        limits: Smallest and greatest side, in pixels.
        step: Between sides that the weights can render.
        size_of: What a longer side comes to: (height, width).
    """

    chosen = Signal(int)

    def __init__(
        self, longer_side: int, limits: tuple[int, int], step: int, size_of: Callable[[SizeWish], Size | None], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._size_of = size_of
        self.setWindowTitle(self.tr("Size of the picture"))
        self.box = padded(QSpinBox())
        self.box.setRange(*limits)
        self.box.setSingleStep(step)
        self.box.setSuffix(self.tr(" px"))
        self.box.setValue(longer_side)
        self.box.setMinimumWidth(120)
        self.box.setAccessibleName(self.tr("Longer side"))
        self.result_label = PlainLabel()
        self.result_label.setMinimumWidth(self.result_label.fontMetrics().horizontalAdvance("8192 × 8192"))
        form = QFormLayout()
        form.addRow(self.tr("&Longer side"), self.box)
        form.addRow(self.tr("Picture"), self.result_label)
        hint = PlainLabel(self.tr("Weights render best near the size they were trained on; larger pictures take more time and memory."))
        hint.setProperty("role", "caption")
        hint.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.button(QDialogButtonBox.StandardButton.Ok).setText(self.tr("Render"))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        whole = column(self, spacing=14, margins=(18, 18, 18, 14))
        whole.addLayout(form)
        whole.addWidget(hint)
        whole.addWidget(buttons)
        self.box.valueChanged.connect(self._show_size)
        self.accepted.connect(lambda: self.chosen.emit(self.box.value()))
        self._show_size()
        self.box.setFocus()
        self.box.selectAll()

    def _show_size(self) -> None:
        size = self._size_of(SizeWish("side", self.box.value()))
        self.result_label.setText(pixels(size) if size else self.tr("{pixels} pixels").format(pixels=self.box.value()))
