"""New, open, save and close on the real window: title, dirty mark, questions, nothing lost."""

from __future__ import annotations

import dataclasses
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QWidget

from spade_studio.app.documents import archive, samples
from spade_studio.app.model.state import DocumentState, Snapshot
from spade_studio.engine.labels import load_label_set

SKY, ROAD = 156, 148


def answer(button: QMessageBox.StandardButton, asked: list[str]) -> None:
    """Press a button of the next question, once it is open."""

    def press() -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):
            QTimer.singleShot(10, press)
            return
        asked.append(box.text())
        box.button(button).click()

    QTimer.singleShot(0, press)


def close_message() -> str:
    """Close the open message and return what it says."""
    box = QApplication.activeModalWidget()
    assert isinstance(box, QMessageBox)
    text = box.informativeText()
    box.button(QMessageBox.StandardButton.Ok).click()
    return text


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
    room = window.centralWidget()
    centre = room.mapTo(window, room.rect().center()).x()
    assert abs(middle - centre) < 0.03 * window.width()
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
    window.files.finish_saving()
    assert window.windowTitle() == "first.ora[*] - SPADE Studio"
    assert not window.isWindowModified()
    hand.stroke((30, 200))
    assert window.isWindowModified()
    window.commands["save"].trigger()
    window.files.finish_saving()
    assert not window.isWindowModified()
    np.testing.assert_array_equal(archive.load_document(tmp_path / "first.ora").labels, window.document.labels)


def test_open_shows_the_file_and_forgets_the_history(hand, no_dialog, tmp_path):
    hand.stroke((100, 100))
    labels = np.full((64, 128), ROAD, np.uint8)
    samples.write_labels(tmp_path / "wide.png", labels, load_label_set("coco_stuff"))
    no_dialog.append(tmp_path / "wide.png")
    asked: list[str] = []
    answer(QMessageBox.StandardButton.Discard, asked)
    hand.window.commands["open"].trigger()
    assert asked == ["Save the changes to Mountain lake?"]
    np.testing.assert_array_equal(hand.labels, labels)
    assert hand.window.windowTitle() == "wide[*] - SPADE Studio"
    assert not hand.window.commands["undo"].isEnabled()
    rect = hand.window.render_panel.view.picture_rect()
    assert rect.width() == pytest.approx(2 * rect.height())


def test_cancel_keeps_everything(hand, no_dialog):
    hand.stroke((100, 100))
    before = hand.labels.copy()
    for command in (hand.window.files.new, hand.window.commands["open"].trigger):
        asked: list[str] = []
        answer(QMessageBox.StandardButton.Cancel, asked)
        command()
        assert len(asked) == 1
    asked = []
    answer(QMessageBox.StandardButton.Cancel, asked)
    assert not hand.window.close()
    assert hand.window.isVisible()
    np.testing.assert_array_equal(hand.labels, before)
    assert hand.window.isWindowModified()


def test_closing_can_save_first(hand, no_dialog, tmp_path):
    hand.stroke((100, 100))
    no_dialog.append(tmp_path / "kept.ora")
    answer(QMessageBox.StandardButton.Save, [])
    assert hand.window.close()
    np.testing.assert_array_equal(archive.load_document(tmp_path / "kept.ora").labels, hand.labels)


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
    no_dialog.append(tmp_path / "nowhere" / "a.ora")
    hand.window.commands["save"].trigger()
    hand.window.files.finish_saving()
    box = QApplication.activeModalWidget()
    assert isinstance(box, QMessageBox)
    assert "Save As" in box.informativeText()
    box.button(QMessageBox.StandardButton.Ok).click()
    assert hand.window.isWindowModified()


@pytest.mark.parametrize("in_colours", [False, True])
def test_a_label_map_is_imported_and_never_saved_over(hand, no_dialog, tmp_path, in_colours):
    source = tmp_path / "map.png"
    labels = np.full((40, 40), SKY, np.uint8)
    Image.fromarray(hand.window.document.label_set.palette()[labels] if in_colours else labels).save(source)
    before = source.read_bytes()
    no_dialog.append(source)
    hand.window.commands["open"].trigger()
    np.testing.assert_array_equal(hand.labels, labels)
    assert hand.window.windowTitle() == "map[*] - SPADE Studio"
    no_dialog.append(tmp_path / "mine.ora")
    hand.window.commands["save"].trigger()
    hand.window.files.finish_saving()
    assert source.read_bytes() == before
    assert (tmp_path / "mine.ora").exists()


def test_a_document_is_saved_only_as_one(hand, no_dialog, tmp_path):
    hand.stroke((100, 100))
    no_dialog.append(tmp_path / "a.png")
    hand.window.commands["save_as"].trigger()
    hand.window.files.finish_saving()
    assert "File > Export" in close_message()
    assert not (tmp_path / "a.png").exists()
    assert hand.window.isWindowModified()


def test_a_document_keeps_seed_picture_and_what_is_not_shown(hand, no_dialog, tmp_path, qtbot):
    window = hand.window
    window.styles.adopt(4321)
    hand.stroke((100, 100))
    qtbot.waitUntil(lambda: window.live.is_up_to_date)
    no_dialog.append(tmp_path / "a.ora")
    window.commands["save"].trigger()
    window.files.finish_saving()
    state = archive.load_document(tmp_path / "a.ora")
    assert state.style["seed"] == 4321
    with zipfile.ZipFile(tmp_path / "a.ora") as file, Image.open(io.BytesIO(file.read("mergedimage.png"))) as image:
        np.testing.assert_array_equal(np.asarray(image)[..., 0], hand.labels)  # the stand-in renders the ids as grey
    snapshot = Snapshot("before", np.full(state.size, ROAD, np.uint8))
    archive.save_document(tmp_path / "b.ora", dataclasses.replace(state, snapshots=(snapshot,), protected=frozenset({SKY})))
    window.files.new()
    window.styles.adopt(1)
    assert window.files.open_path(tmp_path / "b.ora")
    assert window.style_panel.seed == 4321
    assert window.windowTitle() == "b.ora[*] - SPADE Studio"
    hand.stroke((30, 30))
    window.commands["save"].trigger()
    window.files.finish_saving()
    again = archive.load_document(tmp_path / "b.ora")
    assert again.protected == {SKY}
    np.testing.assert_array_equal(again.snapshots[0].labels, snapshot.labels)
    np.testing.assert_array_equal(again.labels, hand.labels)


def test_the_picture_of_the_document_before_is_not_saved_with_the_next(hand, no_dialog, tmp_path, renderer):
    renderer.gate.clear()
    hand.window.files.new()
    no_dialog.append(tmp_path / "a.ora")
    hand.window.commands["save"].trigger()
    hand.window.files.finish_saving()
    with zipfile.ZipFile(tmp_path / "a.ora") as file:
        assert "data/render.png" not in file.namelist()
    renderer.gate.set()


def test_a_document_of_another_label_set_keeps_it(hand, tmp_path):
    ade = load_label_set("ade20k")
    sky, lamp = ade.by_name("sky"), ade.by_name("chandelier")
    assert sky is not None
    assert lamp is not None
    labels = np.full((40, 50), sky.id, np.uint8)
    labels[:10] = lamp.id
    path = tmp_path / "ade.ora"
    archive.save_document(path, DocumentState(labels, ade, protected=frozenset({lamp.id})))
    window = hand.window
    assert window.files.open_path(path)
    np.testing.assert_array_equal(hand.labels, labels)
    assert window.document.label_set == ade
    assert window.document.protected == {lamp.id}
    assert window.document.path == path
    assert window.document.describe(int(hand.labels[0, 0])) == "chandelier"
    assert window.palette_panel.set_box.currentText() == "ADE20K"
    assert window.document.label_set.by_id(window.toolbox.label) is not None
    assert window.files.save()
    again = archive.load_document(path)
    assert again.label_set == ade
    np.testing.assert_array_equal(again.labels, labels)


def test_label_maps_are_exported_by_ids_and_by_colours(hand, no_dialog, tmp_path):
    window = hand.window
    hand.stroke((100, 100))
    no_dialog += [tmp_path / "ids", tmp_path / "colours.png"]
    window.commands["export_ids"].trigger()
    window.commands["export_colors"].trigger()
    window.files.finish_saving()
    with Image.open(tmp_path / "ids.png") as image:
        np.testing.assert_array_equal(np.asarray(image), hand.labels)
    with Image.open(tmp_path / "colours.png") as image:
        np.testing.assert_array_equal(np.asarray(image), window.document.label_set.palette()[hand.labels])
    assert window.isWindowModified()  # an export is no save
    assert window.windowTitle() == "Mountain lake[*] - SPADE Studio"


def test_recent_files_are_offered_the_newest_first(hand, no_dialog, tmp_path):
    window = hand.window
    menu = window.documents.recent_menu
    assert not menu.menuAction().isEnabled()
    for name in ("a.ora", "b & c.ora"):
        no_dialog.append(tmp_path / name)
        window.commands["save_as"].trigger()
        window.files.finish_saving()
    Image.fromarray(np.full((40, 40), SKY, np.uint8)).save(tmp_path / "map.png")
    assert window.files.open_path(tmp_path / "map.png")
    assert menu.menuAction().isEnabled()
    texts = [action.text() for action in menu.actions() if not action.isSeparator()]
    assert [text.split("  ")[:2] for text in texts[:3]] == [["&1", "map.png"], ["&2", "b && c.ora"], ["&3", "a.ora"]]
    menu.actions()[2].trigger()
    assert window.document.path == tmp_path / "a.ora"
    assert menu.actions()[0].toolTip() == str(tmp_path / "a.ora")
    (tmp_path / "map.png").unlink()
    menu.aboutToShow.emit()
    assert [action.isEnabled() for action in menu.actions()[:3]] == [True, False, True]
    assert type(window._settings)(tmp_path / "settings.ini").recent_files[0] == tmp_path / "a.ora"
    menu.actions()[-1].trigger()
    assert not menu.menuAction().isEnabled()


def drop(window: QWidget, *paths: Path) -> bool:
    """Drag files onto the window and let them go; return whether the drag was accepted."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    arguments = (QPoint(50, 50), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(*arguments)
    QApplication.sendEvent(window, enter)
    if enter.isAccepted():
        QApplication.sendEvent(window, QDropEvent(QPointF(50, 50), *arguments[1:]))
        QApplication.processEvents()
    return enter.isAccepted()


def test_a_dropped_file_is_opened_after_the_question(hand, tmp_path):
    path = tmp_path / "a.ora"
    archive.save_document(path, DocumentState(np.full((40, 50), ROAD, np.uint8), hand.window.document.label_set))
    hand.stroke((100, 100))
    asked: list[str] = []
    QTimer.singleShot(0, lambda: answer(QMessageBox.StandardButton.Cancel, asked))
    assert drop(hand.window, path)
    assert asked == ["Save the changes to Mountain lake?"]
    assert hand.window.document.path is None
    QTimer.singleShot(0, lambda: answer(QMessageBox.StandardButton.Discard, asked))
    assert drop(hand.window, path)
    assert hand.window.document.path == path
    (tmp_path / "a.txt").write_text("text")
    assert not drop(hand.window, tmp_path / "a.txt")
    assert not drop(hand.window, tmp_path / "gone.png")


def test_all_dropped_files_are_accounted_for(hand, tmp_path):
    paths = [tmp_path / name for name in ("a.ora", "b.ora", "notes.txt")]
    for path in paths[:2]:
        archive.save_document(path, DocumentState(np.full((40, 50), ROAD, np.uint8), hand.window.document.label_set))
    paths[2].write_text("text")
    status = hand.window.statusBar()
    assert drop(hand.window, paths[2], paths[1], paths[0])
    assert hand.window.document.path == paths[1]
    assert status.currentMessage() == "2 other files not opened: only one opens at a time."
    assert drop(hand.window, paths[0], paths[2])
    assert hand.window.document.path == paths[0]
    assert status.currentMessage() == "notes.txt was not opened: only one file opens at a time."


def publish(path: Path) -> Path:
    """Write a file as torch does from version 1.6 on: a ZIP archive whose first entry is a pickle."""
    with zipfile.ZipFile(path, "w") as file:
        for name, data in (("archive/data.pkl", b"\x80\x02}."), ("archive/version", b"3\n")):
            file.writestr(name, data)
    return path


@pytest.mark.qt_log_ignore("This plugin does not support (propagateSizeHints|raise)")
def test_content_tells_weights_from_documents(window, tmp_path):
    weights = publish(tmp_path / "latest_net_G.pth")
    assert drop(window, weights)
    assert window.weights.window is not None, "the window of weights opens"
    window.weights.window.close()
    assert not window.files.open_path(publish(tmp_path / "named.ora"))
    assert "holds weights" in close_message()


def test_new_is_empty_and_clean(hand):
    hand.window.files.new()
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
    assert damaged.appearance == "dark"
    assert damaged.geometry.isEmpty()
    assert damaged.folder is None
