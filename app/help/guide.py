"""The guide: the program's own description, in a window that can stay open beside the drawing.

It shows a text.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QLineEdit, QTextBrowser, QWidget

from spade_studio.app.help import licences
from spade_studio.app.panels.boxes import column


class GuideWindow(QWidget):
    """A text with a search field."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Guide - SPADE Studio"))
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Find in the guide; Enter goes on"))
        self.search.setAccessibleName(self.search.placeholderText())
        self.search.setClearButtonEnabled(True)
        self.text = QTextBrowser()
        self.text.setAccessibleName(self.tr("Guide"))
        self.text.setOpenExternalLinks(True)
        self.text.setMarkdown(licences.guide())
        whole = column(self, spacing=10, margins=(12, 12, 12, 12))
        whole.addWidget(self.search)
        whole.addWidget(self.text, 1)
        self.search.returnPressed.connect(self.find_next)
        for key in (QKeySequence.StandardKey.Close, Qt.Key.Key_Escape):
            QShortcut(QKeySequence(key), self, self.close)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self.search.setFocus)
        self.resize(760, 680)
        self.text.setFocus()

    def find_next(self) -> bool:
        """Go to the next place of what is searched for, from the beginning again after the last; False where there is none."""
        words = self.search.text()
        if not words or self.text.find(words):
            return bool(words)
        cursor = self.text.textCursor()
        cursor.setPosition(0)
        self.text.setTextCursor(cursor)
        return self.text.find(words)
