"""The style panel: which of the weights' many looks is rendered, chosen by a seed.

It knows a number and whether it matters to the weights; it renders nothing.
"""

from __future__ import annotations

import secrets

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QSpinBox, QToolButton, QWidget

from spade_studio.app.panels.boxes import row

MAX_SEED = 999_999


class StylePanel(QWidget):
    """A seed and a dice."""

    seed_changed = Signal(int)
    done = Signal()  # the number was entered: the canvas may have the keyboard

    def __init__(self, seed: int, dice: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.spin = QSpinBox()
        self.spin.setRange(0, MAX_SEED)
        self.spin.setValue(seed)
        self.spin.setKeyboardTracking(False)
        self.spin.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.spin.setAccessibleName("Style seed")
        self.spin.setToolTip("The number that the style is drawn from: the same number gives the same look")
        self.spin.setFixedWidth(84)
        self.spin.valueChanged.connect(self.seed_changed)
        self.spin.lineEdit().returnPressed.connect(self.done)
        self._label = QLabel("&Style")
        self._label.setBuddy(self.spin)
        self._button = QToolButton()
        self._button.setDefaultAction(dice)
        self._button.setIconSize(QSize(20, 20))
        self._button.setAccessibleName("New style")
        self._dice = dice
        dice.triggered.connect(self.roll)
        layout = row(self, spacing=6)
        layout.addWidget(self._label)
        layout.addWidget(self.spin)
        layout.addWidget(self._button)

    @property
    def seed(self) -> int:
        """The seed that is shown."""
        return self.spin.value()

    @seed.setter
    def seed(self, seed: int) -> None:
        self.spin.setValue(seed)

    def roll(self) -> None:
        """Take another seed than the present one."""
        seed = secrets.randbelow(MAX_SEED)
        self.seed = seed if seed < self.seed else seed + 1

    def set_usable(self, usable: bool) -> None:
        """Disable it where the weights have no style to choose."""
        self.setEnabled(usable)
        self._dice.setEnabled(usable)
        self.setToolTip("" if usable else "These weights have one look only: they were trained without a style code")
