"""What the weights window shows and keeps where a look is interrupted, weights have moved, or a model card is a stranger's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QImage, QTextCursor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from spade_studio.app.shell.main_window import MainWindow
from spade_studio.app.ui.theme import Theme
from spade_studio.app.weights.page import CardView, WeightsPage
from spade_studio.app.weights.report import Report
from spade_studio.app.weights.window import WeightsWindow

Look = Callable[[Path], WeightsWindow]


def test_a_look_that_closing_took_back_is_taken_again(
    window: MainWindow, look: Look, other_weights: Path, tiny_weights: Path, qtbot: QtBot
) -> None:
    look(other_weights)
    weights = look(tiny_weights)
    weights.look_at(other_weights)
    assert weights.is_busy
    weights.close()
    window.weights.open()
    qtbot.waitUntil(lambda: not weights.is_busy, timeout=60_000)
    assert "The other" in weights.page.text
    assert weights.bar.try_button.isVisible()


def test_a_note_that_was_just_written_goes_with_weights_that_are_located(
    look: Look, other_weights: Path, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    look(other_weights)
    moved = other_weights.rename(tmp_path / "moved.safetensors")
    weights = look(other_weights)
    weights.page.note.setFocus()
    qtbot.keyClicks(weights.page.note, "fine seas")
    entry = weights.list.current
    assert entry is not None
    weights.locate(entry, moved)
    qtbot.waitUntil(lambda: not weights.is_busy, timeout=60_000)
    assert weights.page.note.toPlainText() == "fine seas"


def test_a_model_card_is_shown_as_it_is_meant_and_reads_nothing_of_this_computer(qtbot: QtBot, tmp_path: Path) -> None:
    picture = tmp_path / "private.png"
    QImage(4000, 30, QImage.Format.Format_RGB32).save(str(picture))
    card = CardView()
    qtbot.addWidget(card)
    card.show_card(f"# A card\n\n![a picture]({QUrl.fromLocalFile(str(picture)).toString()}) and <b>HTML</b> and [a link]({picture})")
    card.show()
    assert card.document().begin().blockFormat().headingLevel() == 1
    assert "# A card" not in card.toPlainText()
    assert "<b>HTML</b>" in card.toPlainText()
    assert card.document().idealWidth() < 2000
    before = card.toPlainText()
    card.anchorClicked.emit(QUrl.fromLocalFile(str(picture)))
    assert card.toPlainText() == before


def test_the_page_says_what_weights_are_before_what_they_cannot_do_and_opens_at_its_top(qtbot: QtBot, theme: Theme) -> None:
    page = WeightsPage(theme)
    qtbot.addWidget(page)
    page.resize(420, 300)
    page.show()
    rows = [("Kind", "spade"), *((f"Row {number}", "text") for number in range(20)), ("Licence", "CC0")]
    report = Report("Mine", "", tuple(rows), ("no texture",), (), "# A card\n\n" + "word " * 2000, can_render=True)
    for _ in range(2):
        page.show_report(report)
        QApplication.processEvents()
        assert page._area.verticalScrollBar().value() == 0
        assert page.card.verticalScrollBar().value() == 0
        page._area.verticalScrollBar().setValue(200)
        page.card.verticalScrollBar().setValue(100)
        page.card.moveCursor(QTextCursor.MoveOperation.End)
    last = page._rows.itemAtPosition(len(rows) - 1, 1)
    assert last is not None
    assert last.geometry().bottom() < page.limits_title.y() < page.limits.y() < page.card.y()
