"""A quiet strip for what a person should know: it takes no focus, no click that was meant for something else, and goes away by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QFrame, QPushButton, QSizePolicy, QToolButton, QWidget

from spade_studio.app.ui.boxes import named, row
from spade_studio.app.ui.plain import PlainLabel


@dataclass(frozen=True)
class Notice:
    """What a banner says.

    Attributes:
        text: A few lines; empty for nothing.
        button: Text of a button, such as "Try again"; none where empty.
        act: What the button does; where None the person can only read.
    """

    text: str = ""
    button: str = ""
    act: Callable[[], object] | None = None


class Banner(QFrame):
    """An icon, a text of a few lines, a button of the notice, a button to close it."""

    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._notice = Notice()
        self._icon = PlainLabel()
        self._text = PlainLabel(wraps=True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.button = QPushButton()
        self.button.clicked.connect(self._act)
        self._close = named(QToolButton(), self.tr("Hide this message"), tip=self.tr("Hide this message"))
        self._close.setIconSize(QSize(14, 14))
        self._close.clicked.connect(self._on_closed)
        layout = row(self, spacing=10, margins=(12, 8, 8, 8))
        for widget in (self._icon, self._text, self.button, self._close):
            layout.addWidget(widget, int(widget is self._text), Qt.AlignmentFlag.AlignVCenter)
        self.hide()

    @property
    def text(self) -> str:
        """What it says."""
        return self._text.text()

    def tell(self, notice: Notice) -> None:
        """Show a notice until it is closed or another is told; an empty one hides it."""
        self._notice = notice
        self._text.setText(notice.text)
        self.setAccessibleName(notice.text)
        self.button.setText(notice.button)
        self.button.setVisible(bool(notice.button))
        self.setVisible(bool(notice.text))

    def set_icons(self, warning: QIcon, close: QIcon) -> None:
        """Set the icons, at the start and after a change of the theme."""
        self._icon.setPixmap(warning.pixmap(18, 18))
        self._close.setIcon(close)

    def _act(self) -> None:
        self.hide()
        if self._notice.act is not None:
            self._notice.act()

    def _on_closed(self) -> None:
        self.hide()
        self.closed.emit()
