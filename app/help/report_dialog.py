"""The dialog of error reports: their contents, their folder, and how to pass one on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QComboBox, QDialog, QPlainTextEdit, QPushButton, QWidget

from spade_studio.app.startup.crash import Reports
from spade_studio.app.startup.log import without_home
from spade_studio.app.ui.boxes import column, named, row
from spade_studio.app.ui.plain import PlainLabel

_MAX_TEXT = 400_000


class ReportDialog(QDialog):
    """Shows one error report at a time.

    Args:
        reports: The folder of reports.
        parent: The window.
        open_folder: Function that shows a folder in the system's file manager.
    """

    def __init__(self, reports: Reports, parent: QWidget | None = None, open_folder: Callable[[Path], object] | None = None) -> None:
        super().__init__(parent)
        self._reports = reports
        self._open_folder = open_folder or show_folder
        self.setWindowTitle(self.tr("Error reports"))
        text = PlainLabel(
            self.tr(
                "A report holds the place of the error in the program, versions, and the last lines of the log: no pictures, and ~ for your"
                " home folder. Names of files and of other folders can be in it. It stays on this computer unless you hand it on."
            )
        )
        text.setWordWrap(True)
        self.choice = named(QComboBox(), self.tr("Report"))
        self.text = named(QPlainTextEdit(), self.tr("Text of the report"))
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.copy = QPushButton(self.tr("&Copy"))
        self.folder = QPushButton(self.tr("Open &folder"))
        close = QPushButton(self.tr("C&lose"))
        close.setDefault(True)
        below = row(spacing=8)
        below.addWidget(self.copy)
        below.addWidget(self.folder)
        below.addStretch(1)
        below.addWidget(close)
        whole = column(self, spacing=10, margins=(16, 14, 16, 14))
        whole.addWidget(text)
        whole.addWidget(self.choice)
        whole.addWidget(self.text, 1)
        whole.addLayout(below)
        self.choice.currentIndexChanged.connect(self._show)
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text.toPlainText()))
        self.folder.clicked.connect(lambda: self._open_folder(self._reports.folder))
        close.clicked.connect(self.accept)
        for path in reports.all():
            self.choice.addItem(path.name, path)
        has_reports = self.choice.count() > 0
        for widget in (self.choice, self.text, self.copy, self.folder):
            widget.setEnabled(has_reports)
        if not has_reports:
            self.text.setPlainText(self.tr("There are no reports: nothing has gone wrong."))
        self.resize(680, 480)

    def choose(self, path: Path) -> None:
        """Show a report."""
        self.choice.setCurrentIndex(self.choice.findText(path.name))

    def _show(self) -> None:
        path = self.choice.currentData()
        if isinstance(path, Path):
            text = ""
            with suppress(OSError):
                text = path.read_text("utf-8", "replace")[:_MAX_TEXT]
            self.text.setPlainText(without_home(text))


def show_folder(folder: Path) -> bool:
    """Show a folder in the system's file manager; return whether that succeeded."""
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
