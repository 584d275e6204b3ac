"""Dialog for a size: square, 2:1 or free, from 16 to 4096 pixels a side."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QSpinBox, QWidget

from spade_studio.app.ui.boxes import column, padded, row
from spade_studio.app.ui.marking import QT_TRANSLATE_NOOP
from spade_studio.app.ui.plain import PlainLabel

SMALLEST, LARGEST = 16, 4096
_SHAPES = (
    (QT_TRANSLATE_NOOP("SizeDialog", "Square, 1:1"), (1, 1)),
    (QT_TRANSLATE_NOOP("SizeDialog", "Classic, 4:3"), (4, 3)),
    (QT_TRANSLATE_NOOP("SizeDialog", "Photo, 3:2"), (3, 2)),
    (QT_TRANSLATE_NOOP("SizeDialog", "Screen, 16:9"), (16, 9)),
    (QT_TRANSLATE_NOOP("SizeDialog", "Cinema, 2.39:1"), (239, 100)),
    (QT_TRANSLATE_NOOP("SizeDialog", "Panorama, 2:1"), (2, 1)),
    (QT_TRANSLATE_NOOP("SizeDialog", "Tall, 3:4"), (3, 4)),
    (QT_TRANSLATE_NOOP("SizeDialog", "Tall, 9:16"), (9, 16)),
    (QT_TRANSLATE_NOOP("SizeDialog", "Custom"), None),
)
_STEP = 32


class SizeDialog(QDialog):
    """Asks for width and height, and emits a signal with the choice.

    Attributes:
        form: Layout of the input fields, for subclasses to extend.
        hint: Text below the fields.
    """

    chosen = Signal(int, int)  # width, height

    def __init__(self, title: str, accept: str, size: tuple[int, int], note: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        width, height = size
        self.shape = QComboBox()
        for name, ratio in _SHAPES:
            self.shape.addItem(self.tr(name), ratio)
        self.shape.setAccessibleName(self.tr("Shape"))
        self.width_box, self.height_box = _side(self.tr("Width"), width), _side(self.tr("Height"), height)
        times = PlainLabel("×")
        sides = row(spacing=8)
        for widget in (self.width_box, times, self.height_box):
            sides.addWidget(widget)
        sides.addStretch()
        self.form = QFormLayout()
        self.form.setLabelAlignment(Qt.AlignmentFlag.AlignRight)
        self.form.addRow(self.tr("&Shape"), self.shape)
        size_label = PlainLabel(self.tr("Size"))
        self.width_box.ensurePolished()
        size_label.setMinimumHeight(self.width_box.sizeHint().height())  # or the form puts it higher than the number beside it
        self.form.addRow(size_label, sides)
        whole = column(self, spacing=14, margins=(18, 18, 18, 14))
        whole.addLayout(self.form)
        hint = note or self.tr("Pictures have the layout's shape, at any size.")
        self.hint = PlainLabel(hint, role="caption", wraps=True)
        whole.addWidget(self.hint)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.ok_button = buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.ok_button.setText(accept)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        whole.addWidget(buttons)
        self.shape.setCurrentIndex(self._fitting(width, height))
        self._on_shape()
        self.shape.currentIndexChanged.connect(self._on_shape)
        self.width_box.valueChanged.connect(self._on_width)
        self.accepted.connect(lambda: self.chosen.emit(self.width_box.value(), self.height_box.value()))
        self.width_box.setFocus()
        self.width_box.selectAll()

    def _fitting(self, width: int, height: int) -> int:
        for index, (_, ratio) in enumerate(_SHAPES):
            if ratio is not None and width * ratio[1] // ratio[0] == height:
                return index
        return len(_SHAPES) - 1

    def _on_shape(self) -> None:
        ratio = self.shape.currentData()
        self.height_box.setEnabled(ratio is None)
        wide, tall = ratio or (1, 1)
        # The height follows the width and must stay within the limits as well.
        self.width_box.setRange(max(SMALLEST, -(-SMALLEST * wide // tall)), min(LARGEST, LARGEST * wide // tall))
        self._on_width()

    def _on_width(self) -> None:
        ratio = self.shape.currentData()
        if ratio is not None:
            self.height_box.setValue(self.width_box.value() * ratio[1] // ratio[0])


def _side(name: str, value: int) -> QSpinBox:
    box = padded(QSpinBox())
    box.setRange(SMALLEST, LARGEST)
    box.setSingleStep(_STEP)
    box.setSuffix(QCoreApplication.translate("SizeDialog", " px"))
    box.setValue(value)
    box.setAccessibleName(name)
    box.setMinimumWidth(96)
    return box
