"""A persistent message bar with buttons, overlaid at the window's upper edge, that takes no keyboard focus."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QFrame, QPushButton, QSizePolicy, QWidget

from spade_studio.app.ui.boxes import column, row
from spade_studio.app.ui.plain import PlainLabel

_MARGIN = 12
_MAX_WIDTH = 680


class NoticeBar(QFrame):
    """A text with a button for each available action.

    Args:
        parent: Widget at whose upper edge the bar is shown.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._parent = parent
        self.setObjectName("banner")
        self._text = PlainLabel(wraps=True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._buttons = row(spacing=8)
        self._whole = column(self, spacing=8, margins=(14, 10, 14, 10))
        self._whole.addWidget(self._text)
        self._whole.addLayout(self._buttons)
        parent.installEventFilter(self)
        self.hide()

    @property
    def text(self) -> str:
        """The text shown."""
        return self._text.text()

    @property
    def buttons(self) -> list[QPushButton]:
        """The buttons; the last one closes the bar."""
        items = [self._buttons.itemAt(index) for index in range(self._buttons.count())]
        return [widget for item in items if item is not None and isinstance(widget := item.widget(), QPushButton)]

    def tell(self, text: str, actions: Sequence[tuple[str, Callable[[], object]]]) -> None:
        """Show a text with a button for each action, a pair of (text, callback), and a close button."""
        while (item := self._buttons.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        self._buttons.addStretch(1)
        for name, do in (*actions, (self.tr("Close"), self.hide)):
            button = QPushButton(name)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _checked=False, do=do: do())
            self._buttons.addWidget(button)
        self._text.setText(text)
        self.setAccessibleName(text)
        self.show()
        self._place()
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt names its event handlers
        """Follow changes of the parent's size."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def _place(self) -> None:
        width = min(_MAX_WIDTH, self._parent.width() - 2 * _MARGIN)
        height = max(self._whole.heightForWidth(width), self.minimumSizeHint().height())
        self.setGeometry((self._parent.width() - width) // 2, _MARGIN, width, height)
