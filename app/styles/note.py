"""The message about the style, shown for a while or as long as the style is in use."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

_MILLISECONDS = 20_000


class Note(QObject):
    """A single message.

    Attributes:
        text: Present message; empty for none.
    """

    changed = Signal()
    told = Signal(str)  # emitted whenever a text is shown

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.text = ""
        self._end = QTimer(self, singleShot=True, interval=_MILLISECONDS)
        self._end.timeout.connect(lambda: self.say(""))

    def say(self, text: str) -> None:
        """Show a message for a while; an empty text removes the present one."""
        self.text = text
        self._end.start() if text else self._end.stop()
        self.changed.emit()
        if text:
            self.told.emit(text)

    def keep(self, text: str) -> None:
        """Show a message until the next one; if it is already shown, its duration is unchanged."""
        if text != self.text:
            self._end.stop()
            self.text = text
            if text:
                self.told.emit(text)
