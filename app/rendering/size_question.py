"""The dialog for a custom picture size."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QFormLayout, QSpinBox, QWidget

from spade_studio.app.model.picture_size import SMALLEST_SIDE
from spade_studio.app.ui.boxes import column, padded
from spade_studio.app.ui.plain import PlainLabel
from spade_studio.engine.rendering.frame_sizes import Size, SizeWish
from spade_studio.engine.rendering.result_plan import MAX_RESULT_SIDE, is_same_shape


class SizeQuestion(QDialog):
    """Asks for width and height; while the aspect ratio is locked, each follows from the other.

    Args:
        size: Initial (height, width) in pixels.
        layout: (height, width) of the layout in pixels.
    """

    chosen = Signal(object)  # SizeWish

    def __init__(self, size: Size, layout: Size, parent: QWidget) -> None:
        super().__init__(parent)
        self._layout = layout
        self.setWindowTitle(self.tr("Size of the picture"))
        self.width_box, self.height_box = (padded(QSpinBox()) for _ in range(2))
        self._boxes = self.height_box, self.width_box
        for box, value, name in ((self.height_box, size[0], self.tr("Height")), (self.width_box, size[1], self.tr("Width"))):
            box.setRange(SMALLEST_SIDE, MAX_RESULT_SIDE)
            box.setSuffix(self.tr(" px"))
            box.setValue(value)
            box.setMinimumWidth(120)
            box.setAccessibleName(name)
        self.keeps_shape = QCheckBox(self.tr("&Keep the layout's shape"))
        (least, most), _ = self._limits(keeps_shape=True)
        self.keeps_shape.setEnabled(least <= most)
        self.keeps_shape.setChecked(least <= most and is_same_shape(size, layout))
        self.note = PlainLabel(role="caption", wraps=True)
        form = QFormLayout()
        form.addRow(self.tr("&Width"), self.width_box)
        form.addRow(self.tr("&Height"), self.height_box)
        form.addRow("", self.keeps_shape)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.button(QDialogButtonBox.StandardButton.Ok).setText(self.tr("Render"))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        whole = column(self, spacing=14, margins=(18, 18, 18, 14))
        whole.addLayout(form)
        whole.addWidget(self.note)
        whole.addWidget(buttons)
        self.note.setMinimumHeight(2 * self.note.fontMetrics().lineSpacing())
        self.width_box.valueChanged.connect(lambda: self._on_side(self.width_box, self.height_box))
        self.height_box.valueChanged.connect(lambda: self._on_side(self.height_box, self.width_box))
        self.keeps_shape.toggled.connect(lambda: self._on_keeps_shape(self.width_box, self.height_box))
        self.accepted.connect(lambda: self.chosen.emit(self.wish))
        # With a locked aspect ratio a SizeWish holds the longer side only.
        self._on_keeps_shape(*(self._boxes if size[0] > size[1] else self._boxes[::-1]))
        self.width_box.setFocus()
        self.width_box.selectAll()

    @property
    def wish(self) -> SizeWish:
        """The size entered; with a locked aspect ratio it follows later changes of the layout's shape."""
        size = self.height_box.value(), self.width_box.value()
        return SizeWish("side", max(size)) if self.keeps_shape.isChecked() else SizeWish("exact", exact=size)

    def _limits(self, *, keeps_shape: bool) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return the (minimum, maximum) of height and of width; with a locked aspect ratio, such that both sides stay in range."""
        if not keeps_shape:
            return (SMALLEST_SIDE, MAX_RESULT_SIDE), (SMALLEST_SIDE, MAX_RESULT_SIDE)
        height, width = (
            (max(SMALLEST_SIDE, -(-SMALLEST_SIDE * own // other)), min(MAX_RESULT_SIDE, MAX_RESULT_SIDE * own // other))
            for own, other in (self._layout, self._layout[::-1])
        )
        return height, width

    def _on_keeps_shape(self, leading: QSpinBox, other: QSpinBox) -> None:
        for box, limits in zip(self._boxes, self._limits(keeps_shape=self.keeps_shape.isChecked()), strict=True):
            with QSignalBlocker(box):
                box.setRange(*limits)
        self._on_side(leading, other)

    def _on_side(self, changed: QSpinBox, other: QSpinBox) -> None:
        if self.keeps_shape.isChecked():
            ratio = self._layout[1] / self._layout[0] if other is self.width_box else self._layout[0] / self._layout[1]
            with QSignalBlocker(other):
                other.setValue(round(changed.value() * ratio))
        self._show_note()

    def _show_note(self) -> None:
        size = self.height_box.value(), self.width_box.value()
        if self.keeps_shape.isChecked() or is_same_shape(size, self._layout):
            self.note.setText(self.tr("The size belongs to this document and is kept in it."))
        else:
            self.note.setText(self.tr("The layout has another shape: it is stretched to this size."))
