"""New, open, save and close on the real window: title, dirty mark, questions, nothing lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

SKY, ROAD = 156, 148


def answer(button: QMessageBox.StandardButton, asked: list[str]) -> None:
    """Press a button of the next question, once it is open."""

    def press() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        asked.append(box.text())
        box.button(button).click()

    QTimer.singleShot(0, press)


@pytest.fixture
def no_dialog(monkeypatch):
    """Answer the file dialogs, which belong to the platform, with a path."""
    paths: list[Path | None] = []

    def ask(*_: object) -> tuple[str, str]:
        path = paths.pop(0)
        return (str(path) if path else "", "")

    monkeypatch.setattr(QFileDialog, "getOpenFileName", ask)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    return paths


def test_the_window_starts_on_a_sample_ready_to_paint(window):
    assert window.windowTitle() == "Mountain lake[*] - SPADE Studio"
    assert not window.isWindowModified()
    assert QApplication.activeModalWidget() is None
    counts = np.bincount(window.document.labels.ravel(), minlength=256)
    assert counts[window.toolbox.label] > 0
    assert window.toolbox.label != counts.argmax()
    middle = window.canvas.mapTo(window, window.canvas.rect().topRight()).x()
    assert abs(middle - window.width() / 2) < 0.03 * window.width()
    assert window.render_panel.mapTo(window, window.render_panel.rect().topLeft()).x() > middle


def test_the_dirty_mark_comes_with_a_stroke_and_goes_with_undo(hand):
    hand.stroke((100, 100))
    assert hand.window.isWindowModified()
    hand.window.commands["undo"].trigger()
    assert not hand.window.isWindowModified()


def test_save_as_then_save(hand, no_dialog, tmp_path):
    window = hand.window
    hand.stroke((100, 100))
    no_dialog.append(tmp_path / "first")
    window.commands["save"].trigger()
    assert window.windowTitle() == "first.png[*] - SPADE Studio"
    assert not window.isWindowModified()
    hand.stroke((30, 200))
    assert window.isWindowModified()
    window.commands["save"].trigger()
    assert not window.isWindowModified()
    with Image.open(tmp_path / "first.png") as image:
        np.testing.assert_array_equal(np.asarray(image), window.document.labels)


def test_open_shows_the_file_and_forgets_the_history(hand, no_dialog, tmp_path):
    hand.stroke((100, 100))
    labels = np.full((64, 128), ROAD, np.uint8)
    Image.fromarray(labels).save(tmp_path / "wide.png")
    no_dialog.append(tmp_path / "wide.png")
    asked: list[str] = []
    answer(QMessageBox.StandardButton.Discard, asked)
    hand.window.commands["open"].trigger()
    assert asked == ["Save the changes to Mountain lake?"]
    np.testing.assert_array_equal(hand.labels, labels)
    assert hand.window.windowTitle() == "wide.png[*] - SPADE Studio"
    assert not hand.window.commands["undo"].isEnabled()
    rect = hand.window.render_panel.view.picture_rect()
    assert rect.width() == pytest.approx(2 * rect.height())


def test_cancel_keeps_everything(hand, no_dialog):
    hand.stroke((100, 100))
    before = hand.labels.copy()
    for command in ("new", "open"):
        asked: list[str] = []
        answer(QMessageBox.StandardButton.Cancel, asked)
        hand.window.commands[command].trigger()
        assert len(asked) == 1
    asked = []
    answer(QMessageBox.StandardButton.Cancel, asked)
    assert not hand.window.close()
    assert hand.window.isVisible()
    np.testing.assert_array_equal(hand.labels, before)
    assert hand.window.isWindowModified()


def test_closing_can_save_first(hand, no_dialog, tmp_path):
    hand.stroke((100, 100))
    no_dialog.append(tmp_path / "kept.png")
    answer(QMessageBox.StandardButton.Save, [])
    assert hand.window.close()
    with Image.open(tmp_path / "kept.png") as image:
        np.testing.assert_array_equal(np.asarray(image), hand.labels)


def test_closing_goes_on_where_saving_was_given_up(hand, no_dialog):
    hand.stroke((100, 100))
    no_dialog.append(None)
    answer(QMessageBox.StandardButton.Save, [])
    assert not hand.window.close()
    assert hand.window.isWindowModified()


def test_a_file_that_cannot_be_opened_is_explained_and_the_document_stays(hand, no_dialog, tmp_path, qtbot):
    before = hand.labels.copy()
    (tmp_path / "photo.png").write_bytes(b"\xff\xd8\xff\xe0 and so on, a photograph")
    no_dialog.append(tmp_path / "photo.png")
    hand.window.commands["open"].trigger()
    box = QApplication.activeModalWidget()
    assert isinstance(box, QMessageBox)
    assert box.text() == "photo.png could not be opened"
    assert "Expected: a PNG" in box.informativeText()
    box.button(QMessageBox.StandardButton.Ok).click()
    np.testing.assert_array_equal(hand.labels, before)
    assert hand.window.windowTitle() == "Mountain lake[*] - SPADE Studio"


def test_a_save_that_fails_keeps_the_changes_marked(hand, no_dialog, tmp_path):
    hand.stroke((100, 100))
    no_dialog.append(tmp_path / "nowhere" / "a.png")
    hand.window.commands["save"].trigger()
    box = QApplication.activeModalWidget()
    assert isinstance(box, QMessageBox)
    assert "Save As" in box.informativeText()
    box.button(QMessageBox.StandardButton.Ok).click()
    assert hand.window.isWindowModified()


def test_a_colour_map_is_opened_but_never_saved_over(hand, no_dialog, tmp_path):
    source = tmp_path / "colours.png"
    Image.fromarray(hand.window.document.label_set.palette()[np.full((40, 40), SKY, np.uint8)]).save(source)
    before = source.read_bytes()
    no_dialog.append(source)
    hand.window.commands["open"].trigger()
    assert hand.window.windowTitle() == "colours[*] - SPADE Studio"
    no_dialog.append(tmp_path / "labels.png")
    hand.window.commands["save"].trigger()
    assert source.read_bytes() == before
    assert (tmp_path / "labels.png").exists()


def test_new_is_empty_and_clean(hand):
    hand.window.commands["new"].trigger()
    assert (hand.labels == 255).all()
    assert hand.window.windowTitle() == "Untitled[*] - SPADE Studio"
    assert not hand.window.isWindowModified()


def test_window_and_brush_are_remembered(window, settings, theme, renderer, qtbot):
    window.toolbox.brush_size = 61
    window.resize(760, 690)  # the offscreen screen is 800 x 800
    window.close()
    again = type(window)(settings, theme, renderer.load, renderer.channels)
    qtbot.addWidget(again)
    assert again.toolbox.brush_size == 61
    assert (again.width(), again.height()) == (760, 690)


def test_unreadable_settings_count_as_none(tmp_path, settings):
    (tmp_path / "settings.ini").write_text("[brush]\nsize=broad\n[window]\nappearance=plaid\ngeometry=1\n[files]\nfolder=/nowhere\n")
    damaged = type(settings)(tmp_path / "settings.ini")
    assert damaged.brush_size is None
    assert damaged.appearance == "system"
    assert damaged.geometry.isEmpty()
    assert damaged.folder is None
