"""Dialog for enlarging the canvas and placing the layout in it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QWidget

from spade_studio.app.canvas.size_dialog import SizeDialog


class ExtendDialog(SizeDialog):
    """Asks for a size no smaller than the present one, and for the position of the layout in it.

    Attributes:
        place: Position of the layout; each item's data are the fractions of the added pixels that go to the left and to the top.
        fills: Whether the added pixels continue the labels at the layout's edges.
    """

    extended = Signal(int, int, int, int, bool)  # pixels added left, top, right, bottom; whether they are filled

    def __init__(self, size: tuple[int, int], parent: QWidget | None = None) -> None:
        super().__init__("", "", size, " ", parent)
        self.setWindowTitle(self.tr("Extend the canvas"))
        self.ok_button.setText(self.tr("Extend"))
        self._before = size
        self.place = QComboBox()
        for name, shares in (
            (self.tr("In the middle"), (0.5, 0.5)),
            (self.tr("At the left"), (0.0, 0.5)),
            (self.tr("At the right"), (1.0, 0.5)),
            (self.tr("At the top"), (0.5, 0.0)),
            (self.tr("At the bottom"), (0.5, 1.0)),
        ):
            self.place.addItem(name, shares)
        self.place.setAccessibleName(self.tr("Where the layout stays"))
        self.form.addRow(self.tr("Layout &stays"), self.place)
        self.fills = QCheckBox(self.tr("&Go on as the layout ends"))
        self.fills.setChecked(True)
        self.fills.setToolTip(self.tr("Fill what is added with the nearest labels, or leave it empty"))
        self.form.addRow("", self.fills)
        self.hint.setText(self.tr("The canvas never gets smaller: crop to a selection for that."))
        self.chosen.connect(self._extend)

    def _extend(self, width: int, height: int) -> None:
        more = max(0, width - self._before[0]), max(0, height - self._before[1])
        shares: tuple[float, float] = self.place.currentData()
        left, top = (round(share * pixels) for share, pixels in zip(shares, more, strict=True))
        if any(more):
            self.extended.emit(left, top, more[0] - left, more[1] - top, self.fills.isChecked())
