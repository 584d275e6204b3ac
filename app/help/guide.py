"""The illustrated painting guide in a window of its own."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QImage, QKeySequence, QShortcut, QTextCursor
from PySide6.QtWidgets import QLineEdit, QTextBrowser, QWidget

from spade_studio.app.ui.boxes import column
from spade_studio.app.ui.side_window import SideWindow


def _folder() -> Traversable:
    return resources.files("spade_studio.resources") / "guide"


class GuideText(QTextBrowser):
    """The guide's text; only the guide's own pictures are loaded."""

    def loadResource(self, kind: int, name: QUrl | str) -> object:  # noqa: N802 - Qt names it
        """Return a picture of the guide; all other resources are refused."""
        wanted = name.toString() if isinstance(name, QUrl) else name
        found = next((entry for entry in _folder().iterdir() if entry.name == wanted and wanted.endswith(".png")), None)
        return None if found is None else QImage.fromData(found.read_bytes())


class GuideWindow(SideWindow):
    """The guide with a search field."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Guide - SPADE Studio"))
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Find in the guide; Enter goes on"))
        self.search.setAccessibleName(self.search.placeholderText())
        self.search.setClearButtonEnabled(True)
        self.text = GuideText()
        self.text.setAccessibleName(self.tr("Guide"))
        self.text.setOpenLinks(False)  # otherwise Qt would load linked files in place of the guide
        # the translation is the file name of the guide in that language
        self.text.setMarkdown((_folder() / self.tr("guide_en.md")).read_text("utf-8"))
        whole = column(self, spacing=10, margins=(12, 12, 12, 12))
        whole.addWidget(self.search)
        whole.addWidget(self.text, 1)
        self.search.returnPressed.connect(self.find_next)
        self.text.anchorClicked.connect(self.follow)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self.search.setFocus)
        self.resize(760, 680)
        self.text.setFocus()

    def find_next(self) -> bool:
        """Go to the next match of the search text, wrapping around at the end; return False where there is none."""
        words = self.search.text()
        if not words or self.text.find(words):
            return bool(words)
        cursor = self.text.textCursor()
        cursor.setPosition(0)
        self.text.setTextCursor(cursor)
        return self.text.find(words)

    def follow(self, url: QUrl) -> None:
        """Go to a heading of the guide, or open a web page in the system's browser."""
        if url.scheme() in ("http", "https"):
            QDesktopServices.openUrl(url)
            return
        block = self.text.document().begin()
        while block.isValid():
            if block.blockFormat().headingLevel() and heading_name(block.text()) == url.fragment():
                self.text.setTextCursor(QTextCursor(block))
                top = self.text.document().documentLayout().blockBoundingRect(block).top()
                self.text.verticalScrollBar().setValue(int(top))
                return
            block = block.next()


def heading_name(text: str) -> str:
    """Return the Markdown anchor of a heading: ``label-maps`` for "Label maps"."""
    return "".join(c for c in text.lower().replace(" ", "-") if c.isalnum() or c in "-_")
