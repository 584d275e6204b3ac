"""Hint over the canvas when the chosen label is unknown to the weights, with the nearest known label."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QFrame, QPushButton, QToolButton, QWidget

from spade_studio.app.ui.boxes import named, row
from spade_studio.app.ui.plain import PlainLabel, plain_tip

_MARGIN = 12
_HEIGHT = 42


class NearestHint(QFrame):
    """One-line message over the lower edge of a widget, which does not change the layout; each text is shown once.

    Attributes:
        label: Text of the hint.
        use_nearest: Button that chooses the nearest label.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("banner")
        self._text = ""
        self._said: set[str] = set()
        self.label = PlainLabel()
        self.label.setMinimumWidth(1)
        self.use_nearest = QPushButton()
        self.close_button = named(QToolButton(), self.tr("Hide this message"), tip=self.tr("Hide this message"))
        self.close_button.setIconSize(QSize(14, 14))
        self.close_button.clicked.connect(self.take_back)
        layout = row(self, spacing=10, margins=(12, 6, 8, 6))
        layout.addWidget(self.label, 1)
        layout.addWidget(self.use_nearest)
        layout.addWidget(self.close_button)
        self.hide()

    def float_over(self, widget: QWidget) -> None:
        """Attach the hint to the lower edge of a widget."""
        self.setParent(widget)
        widget.installEventFilter(self)
        self.hide()

    def say(self, text: str, nearest: str) -> None:
        """Show a text unless it has been shown before; ``nearest`` is the text of the button, empty for no button."""
        if text in self._said or text == self._text:
            return
        self._said.add(text)
        self._text = text
        self.setAccessibleName(text)
        self.use_nearest.setText(nearest)
        self.use_nearest.setVisible(bool(nearest))
        self.show()
        self.raise_()
        self._place()

    def take_back(self) -> None:
        """Hide the hint."""
        self._text = ""
        self.hide()

    def forget(self) -> None:
        """Allow all texts to be shown again, after a change of weights."""
        self._said.clear()

    def set_icon(self, icon: QIcon) -> None:
        """Set the icon of the close button."""
        self.close_button.setIcon(icon)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the lower edge when the widget is resized."""
        if event.type() == QEvent.Type.Resize and watched is self.parent():
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        carrier = self.parentWidget()
        if carrier is None:
            return
        width = max(160, carrier.width() - 2 * _MARGIN)
        self.setGeometry(_MARGIN, carrier.height() - _HEIGHT - _MARGIN, width, _HEIGHT)
        taken = 30 + self.close_button.sizeHint().width() + (self.use_nearest.sizeHint().width() + 10 if self.use_nearest.text() else 0)
        elide = Qt.TextElideMode.ElideRight
        self.label.setText(self.label.fontMetrics().elidedText(self._text, elide, max(0, width - taken)))
        self.label.setToolTip(plain_tip(self._text))
