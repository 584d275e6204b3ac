"""An unobtrusive message strip that takes no keyboard focus, intercepts no clicks outside its buttons, and disappears by itself."""

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
    """The message of a banner.

    Attributes:
        text: A few lines of text; empty for no message.
        button: Text of the action button, such as "Try again"; empty for no button.
        act: Callback of the button; None where there is no action.
    """

    text: str = ""
    button: str = ""
    act: Callable[[], object] | None = None


class Banner(QFrame):
    """A strip with an icon, a few lines of text, the notice's action button and a close button."""

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
        """The text shown."""
        return self._text.text()

    def tell(self, notice: Notice) -> None:
        """Show a notice until it is closed or replaced; an empty notice hides the banner."""
        self._notice = notice
        self._text.setText(notice.text)
        self.setAccessibleName(notice.text)
        self.button.setText(notice.button)
        self.button.setVisible(bool(notice.button))
        self.setVisible(bool(notice.text))

    def set_icons(self, warning: QIcon, close: QIcon) -> None:
        """Set the icons, initially and after a change of theme."""
        self._icon.setPixmap(warning.pixmap(18, 18))
        self._close.setIcon(close)

    def _act(self) -> None:
        self.hide()
        if self._notice.act is not None:
            self._notice.act()

    def _on_closed(self) -> None:
        self.hide()
        self.closed.emit()
