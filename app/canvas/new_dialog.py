"""The question for a new layout: its size, and the label set that it is painted with.

It knows numbers and label sets, no document and no weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QWidget

from spade_studio.app.canvas.size_dialog import SizeDialog
from spade_studio.engine.labels import LabelSet


@dataclass(frozen=True)
class SetOffer:
    """The label sets that a new layout can have.

    Attributes:
        sets: All of them.
        own: Place of the one that the weights in use know, -1 where it is not known.
        chosen: Place of the one that is proposed.
    """

    sets: Sequence[LabelSet]
    own: int
    chosen: int


class NewDialog(SizeDialog):
    """Asks for width, height and label set.

    Attributes:
        set_box: The label sets.
    """

    created = Signal(int, int, int)  # width, height, place of the label set

    def __init__(self, size: tuple[int, int], offer: SetOffer, parent: QWidget | None = None) -> None:
        super().__init__("", "", size, parent=parent)
        self.setWindowTitle(self.tr("New layout"))
        self.ok_button.setText(self.tr("Create"))
        self.set_box = QComboBox()
        for place, one in enumerate(offer.sets):
            text = self.tr("{name} (known to these weights)") if place == offer.own else "{name}"
            self.set_box.addItem(text.format(name=one.name))
        self.set_box.setCurrentIndex(offer.chosen)
        self.set_box.setAccessibleName(self.tr("Label set"))
        self.set_box.setToolTip(self.tr("Which labels it can be painted with; it can be changed later"))
        self.form.addRow(self.tr("&Labels"), self.set_box)
        QWidget.setTabOrder(self.height_box, self.set_box)
        self.chosen.connect(lambda width, height: self.created.emit(width, height, self.set_box.currentIndex()))
