"""A quiet strip for what a person should know: it takes no focus, no click that was meant for something else, and goes away by itself.

It knows text only.
"""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QToolButton, QWidget

from spade_studio.app.panels.boxes import row


class Banner(QFrame):
    """An icon, a text of a few lines, a button to close it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._icon = QLabel()
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._close = QToolButton()
        self._close.setIconSize(QSize(14, 14))
        self._close.setToolTip("Hide this message")
        self._close.setAccessibleName("Hide this message")
        self._close.clicked.connect(self.hide)
        layout = row(self, spacing=10, margins=(12, 8, 8, 8))
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    @property
    def text(self) -> str:
        """What it says."""
        return self._text.text()

    def tell(self, text: str) -> None:
        """Show a text until it is closed or another is told; an empty one hides it."""
        self._text.setText(text)
        self.setAccessibleName(text)
        self.setVisible(bool(text))

    def set_icons(self, warning: QIcon, close: QIcon) -> None:
        """Set the icons, at the start and after a change of the theme."""
        self._icon.setPixmap(warning.pixmap(18, 18))
        self._close.setIcon(close)
