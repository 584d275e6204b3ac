"""Dialog for replacing one label with another."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QWidget

from spade_studio.app.ui.boxes import column, named
from spade_studio.app.ui.label_items import display_name
from spade_studio.app.ui.swatches import draw_swatch
from spade_studio.engine.labels import Label


class ReplaceDialog(QDialog):
    """Asks for a label of the document and for its replacement from the palette."""

    chosen = Signal(int, int)  # old, new

    def __init__(self, present: Sequence[Label], offered: Sequence[Label], old: int, new: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Replace a label"))
        self.old, self.new = _combo(self.tr("Label to replace"), present, old), _combo(self.tr("Label to put there"), offered, new)
        form = QFormLayout()
        form.addRow(self.tr("&Replace"), self.old)
        form.addRow(self.tr("&By"), self.new)
        whole = column(self, spacing=14, margins=(18, 18, 18, 14))
        whole.addLayout(form)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.button(QDialogButtonBox.StandardButton.Ok).setText(self.tr("Replace"))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        whole.addWidget(buttons)
        self.accepted.connect(lambda: self.chosen.emit(self.old.currentData(), self.new.currentData()))


def _combo(name: str, labels: Sequence[Label], current: int) -> QComboBox:
    combo = named(QComboBox(), name)
    combo.setMinimumWidth(220)
    for label in labels:
        combo.addItem(_icon(QColor(*label.color)), display_name(label), label.id)
    combo.setCurrentIndex(max(0, combo.findData(current)))
    return combo


def _icon(color: QColor) -> QIcon:
    pixmap = QPixmap(32, 32)
    pixmap.fill(QColor(0, 0, 0, 0))
    painter = QPainter(pixmap)
    draw_swatch(painter, QRectF(0, 0, 32, 32), color, 8)
    painter.end()
    return QIcon(pixmap)
