"""Page about the selected weights: report, limits, questions, the user's note and the model card."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QImage, QTextCursor, QTextDocument
from PySide6.QtWidgets import QGridLayout, QLabel, QLayout, QPlainTextEdit, QScrollArea, QTextBrowser, QToolButton, QWidget

from spade_studio.app.ui.boxes import column, named, row
from spade_studio.app.ui.plain import PlainLabel, sentence
from spade_studio.app.ui.theme import Theme
from spade_studio.app.weights.questions import QuestionsForm
from spade_studio.app.weights.report import Report
from spade_studio.app.weights.shelf import MAX_NOTE, Entry
from spade_studio.engine.errors import EngineError


class CardView(QTextBrowser):
    """Viewer for untrusted Markdown, without HTML, local images or active links."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setOpenLinks(False)

    def show_card(self, text: str) -> None:
        """Show a model card; an empty text clears the view."""
        features = QTextDocument.MarkdownFeature
        self.document().setMarkdown(text, features.MarkdownDialectGitHub | features.MarkdownNoHTML)
        self.moveCursor(QTextCursor.MoveOperation.Start)
        self.verticalScrollBar().setValue(0)

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """Return an empty image for every resource, since Qt would otherwise read the file."""
        empty = QImage(1, 1, QImage.Format.Format_ARGB32)
        empty.fill(Qt.GlobalColor.transparent)
        return empty


class WeightsPage(QWidget):
    """Scrollable page about the selected weights."""

    star_toggled = Signal(bool)
    note_edited = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.name = _text("heading")
        self.star = named(QToolButton(), self.tr("Favourite"), tip=self.tr("Favourite: list it right after the weights of the program"))
        self.star.setCheckable(True)
        self.problem = _text("problem")
        self.request = _text("", self.tr("The files are sound, but something has to be answered before these weights can be used."))
        self.limits_title = _text("heading", self.tr("What cannot work"))
        self.limits = _text()
        self.questions = QuestionsForm()
        self._rows = QGridLayout()
        self.notes = _text("caption")
        self.note_title = _text("heading", self.tr("Your &notes"))
        self.note = named(QPlainTextEdit(), self.tr("Your notes about these weights"))
        self.note.setTabChangesFocus(True)
        self.note.setFixedHeight(72)
        self.note.setPlaceholderText(self.tr("Where they come from, what they are good at…"))
        self.note_title.setBuddy(self.note)
        self.card_title = _text("heading", self.tr("Model card"))
        self.card = CardView()
        self.card.setTabChangesFocus(True)
        self.card.setFixedHeight(220)
        self.card.setAccessibleName(self.tr("Model card"))
        self._lay_out()
        self.star.toggled.connect(self._on_star)
        self.note.textChanged.connect(self._on_note)
        self.set_icons()

    def show_report(self, report: Report) -> None:
        """Show a report."""
        self.name.setText(report.name)
        self.problem.setText("")
        self._show_rows(report)
        self.limits.setText("\n".join(f"•  {limit}" for limit in report.limits))
        self.notes.setText("\n".join(report.notes))
        self.card.show_card(report.card)
        self._show_parts()
        self._area.verticalScrollBar().setValue(0)

    def show_problem(self, name: str, error: EngineError | None, *, is_question: bool = False) -> None:
        """Show an error instead of a report, or the questions below if ``is_question``."""
        self.name.setText(name)
        lines: list[str] = []
        if error is not None and not is_question:
            expected = self.tr("Expected: {what}").format(what=error.expected) if error.expected else ""
            lines = [error.found, expected, error.action]
        self.problem.setText("\n\n".join(_sentence(line) for line in lines if line))
        self._show_rows(None)
        for label in (self.limits, self.notes):
            label.setText("")
        self.card.show_card("")
        self._show_parts()
        self.request.setVisible(is_question)

    def show_entry(self, entry: Entry | None) -> None:
        """Show the star and note of an entry, or hide both for None."""
        for widget in (self.star, self.note, self.note_title):
            widget.setVisible(entry is not None)
        if entry is None:
            return
        self.star.blockSignals(True)
        self.star.setChecked(entry.is_favourite)
        self.star.blockSignals(False)
        self._show_star()
        if self.note.toPlainText() != entry.note:
            self.note.blockSignals(True)
            self.note.setPlainText(entry.note)
            self.note.blockSignals(False)

    def set_icons(self) -> None:
        """Redraw the icons in the theme's colours."""
        self._show_star()

    @property
    def text(self) -> str:
        """Complete text of the page, for tests and screen readers."""
        rows = [self._cell(i, 0) + ": " + self._cell(i, 1) for i in range(self._rows.rowCount()) if self._rows.itemAtPosition(i, 0)]
        return "\n".join((self.name.text(), self.problem.text(), *rows, self.limits.text(), self.notes.text(), self.card.toPlainText()))

    def _lay_out(self) -> None:
        self._rows.setHorizontalSpacing(16)
        self._rows.setVerticalSpacing(7)
        self._rows.setColumnStretch(1, 1)
        content = QWidget()
        inner = column(content, spacing=10, margins=(0, 0, 10, 0))
        inner.setSizeConstraint(QLayout.SizeConstraint.SetMinAndMaxSize)
        for part in (self.problem, self.request, self.questions):
            inner.addWidget(part)
        inner.addLayout(self._rows)
        for part in (self.limits_title, self.limits, self.notes, self.note_title, self.note, self.card_title, self.card):
            inner.addWidget(part)
        inner.addStretch(1)
        area = self._area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(content)
        area.setAccessibleName(self.tr("Report"))
        head = row(spacing=8)
        head.addWidget(self.name, 1)
        head.addWidget(self.star)
        whole = column(self, spacing=10)
        whole.addLayout(head)
        whole.addWidget(area, 1)

    def _show_rows(self, report: Report | None) -> None:
        while (item := self._rows.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for number, (title, text) in enumerate(report.rows if report else ()):
            self._rows.addWidget(_text("caption", title), number, 0, Qt.AlignmentFlag.AlignTop)
            self._rows.addWidget(_text("", text), number, 1)

    def _cell(self, number: int, place: int) -> str:
        item = self._rows.itemAtPosition(number, place)
        widget = item.widget() if item else None
        return widget.text() if isinstance(widget, QLabel) else ""

    def _show_parts(self) -> None:
        self.request.hide()
        for label in (self.problem, self.limits, self.notes):
            label.setVisible(bool(label.text()))
        self.limits_title.setVisible(bool(self.limits.text()))
        for part in (self.card_title, self.card):
            part.setVisible(bool(self.card.toPlainText()))

    def _on_star(self, is_on: bool) -> None:
        self._show_star()
        self.star_toggled.emit(is_on)

    def _show_star(self) -> None:
        self.star.setIcon(self._theme.icon("mdi6.star" if self.star.isChecked() else "mdi6.star-outline"))

    def _on_note(self) -> None:
        text = self.note.toPlainText()
        if len(text) > MAX_NOTE:
            self.note.blockSignals(True)
            self.note.setPlainText(text[:MAX_NOTE])
            self.note.blockSignals(False)
        self.note_edited.emit(text[:MAX_NOTE])


def _text(role: str = "", text: str = "") -> QLabel:
    """Return a plain-text label, since parts of its text come from files."""
    label = PlainLabel(text, role=role, wraps=True)
    if role != "heading":
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _sentence(text: str) -> str:
    first = text.split(" ", 1)[0]
    if not any(c in first for c in "._/\\"):  # file names keep their case
        text = sentence(text)
    return text + ("" if text.endswith((".", "…")) else ".")
