"""Saving on the real window: while the hand goes on, under names that need a question, and never over what must stay."""

from __future__ import annotations

import threading
import zipfile
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QMessageBox

from spade_studio.app.documents import archive, openraster
from spade_studio.app.documents.sessions import left_documents
from spade_studio.app.ui import messages

SKY, ROAD = 156, 148
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def gate(monkeypatch):
    """Let saving wait until the gate is opened."""
    gate, save = threading.Event(), archive.save_document

    def slow(*arguments, **more):
        assert gate.wait(60)
        save(*arguments, **more)

    monkeypatch.setattr(archive, "save_document", slow)
    yield gate
    gate.set()


def ask_with(monkeypatch, path: Path) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))


def message() -> str:
    box = QApplication.activeModalWidget()
    assert isinstance(box, QMessageBox)
    text = f"{box.text()} {box.informativeText()}"
    box.button(QMessageBox.StandardButton.Ok).click()
    return text


def test_a_save_in_the_middle_of_a_stroke_ends_one_step_and_begins_another(sky, tmp_path):
    sky.press(20, 20)
    sky.move(40, 20)
    assert sky.window.files.save_path(tmp_path / "a.ora")
    saved = sky.labels.copy()
    sky.move(90, 20)
    sky.release(90, 20)
    assert sky.labels[20, 85] == ROAD
    assert sky.window.isWindowModified()
    assert sky.window.document.undo_stack.count() == 2
    sky.window.document.undo_stack.undo()
    np.testing.assert_array_equal(sky.labels, saved)
    assert not sky.window.isWindowModified()


def test_a_figure_stays_as_it_was_saved(sky, tmp_path):
    sky.key(Qt.Key.Key_R)
    sky.press(20, 20)
    sky.move(40, 40)
    assert sky.window.files.save_path(tmp_path / "a.ora")
    sky.move(90, 90)
    sky.release(90, 90)
    np.testing.assert_array_equal(sky.labels, archive.load_document(tmp_path / "a.ora").labels)
    assert not sky.window.isWindowModified()


def test_a_selection_that_was_saved_in_mid_air_goes_on_from_there(sky, tmp_path):
    sky.key(Qt.Key.Key_R)
    sky.stroke((20, 20), (40, 40))
    sky.key(Qt.Key.Key_M)
    sky.stroke((19, 19), (41, 41))
    sky.press(30, 30)
    sky.move(50, 50)
    assert sky.window.files.save_path(tmp_path / "a.ora")
    saved = sky.labels.copy()
    assert saved[50, 50] == ROAD
    sky.move(90, 90)
    sky.release(90, 90)
    assert (sky.labels[82:99, 82:99] == ROAD).all()
    assert sky.labels[50, 50] == SKY
    assert (sky.labels == ROAD).sum() == (saved == ROAD).sum()
    sky.key(Qt.Key.Key_Return)
    assert sky.window.isWindowModified()
    sky.key(Qt.Key.Key_Z, CONTROL)
    np.testing.assert_array_equal(sky.labels, saved)


def test_a_selection_can_be_emptied_after_a_save_and_that_undone(sky, tmp_path):
    sky.key(Qt.Key.Key_R)
    sky.stroke((20, 20), (40, 40))
    sky.key(Qt.Key.Key_M)
    sky.stroke((15, 15), (50, 50))
    sky.stroke((30, 30), (80, 80))
    assert sky.window.files.save_path(tmp_path / "a.ora")
    saved = sky.labels.copy()
    sky.key(Qt.Key.Key_Delete)
    assert sky.labels[80, 80] == SKY
    assert ROAD not in sky.labels
    assert sky.window.isWindowModified()
    sky.key(Qt.Key.Key_Z, CONTROL)
    np.testing.assert_array_equal(sky.labels, saved)


def test_painting_goes_on_while_a_document_is_written(sky, gate, tmp_path, qtbot):
    window, files = sky.window, sky.window.files
    sky.stroke((20, 20))
    wanted = sky.labels.copy()
    assert files.save_path(tmp_path / "a.ora", wait=False)
    assert files.is_saving
    assert "a.ora" in window.statusBar().currentMessage()
    sky.stroke((90, 90))
    gate.set()
    qtbot.waitUntil(lambda: not files.is_saving, timeout=60_000)
    assert window.windowTitle().startswith("a.ora")
    np.testing.assert_array_equal(archive.load_document(tmp_path / "a.ora").labels, wanted)
    assert window.isWindowModified()  # the second stroke is not in the file
    window.commands["undo"].trigger()
    assert not window.isWindowModified()
    window.commands["undo"].trigger()
    assert window.isWindowModified()


def test_what_was_undone_and_painted_over_meanwhile_counts_as_not_saved(sky, gate, tmp_path):
    sky.stroke((20, 20))
    sky.window.files.save_path(tmp_path / "a.ora", wait=False)
    sky.window.commands["undo"].trigger()
    sky.stroke((90, 90))
    gate.set()
    sky.window.files.finish_saving()
    assert sky.window.isWindowModified()
    sky.window.commands["undo"].trigger()
    assert sky.window.isWindowModified()


def test_another_style_chosen_meanwhile_counts_as_not_saved(sky, gate, tmp_path):
    sky.stroke((20, 20))
    sky.window.files.save_path(tmp_path / "a.ora", wait=False)
    sky.window.commands["dice"].trigger()
    gate.set()
    sky.window.files.finish_saving()
    assert archive.load_document(tmp_path / "a.ora").style != sky.window.files.connection.read_style()
    assert sky.window.isWindowModified()


def test_saving_twice_saves_what_came_in_between(sky, gate, tmp_path, qtbot):
    files = sky.window.files
    sky.stroke((20, 20))
    files.save_path(tmp_path / "a.ora", wait=False)
    sky.stroke((90, 90))
    assert files.save_path(tmp_path / "a.ora", wait=False)
    gate.set()
    qtbot.waitUntil(lambda: not files.is_saving, timeout=60_000)
    assert not sky.window.isWindowModified()
    np.testing.assert_array_equal(archive.load_document(tmp_path / "a.ora").labels, sky.labels)


def test_painting_goes_on_while_layers_are_exported_and_a_save_asked_for_meanwhile_follows(sky, monkeypatch, tmp_path, qtbot):
    gate, merge, window = threading.Event(), openraster.merge, sky.window

    def slow(*arguments):
        assert gate.wait(60)
        return merge(*arguments)

    monkeypatch.setattr(openraster, "merge", slow)
    ask_with(monkeypatch, tmp_path / "a.ora")
    sky.stroke((20, 20))
    wanted = Image.fromarray(window.document.label_set.palette()[sky.labels])
    try:
        window.commands["export_layers"].trigger()
        assert window.files.is_saving
        assert "Exporting a.ora" in window.statusBar().currentMessage()
        sky.stroke((90, 90))
        assert window.files.save_path(tmp_path / "b.ora", wait=False)
    finally:
        gate.set()
    qtbot.waitUntil(lambda: not window.files.is_saving, timeout=60_000)
    with zipfile.ZipFile(tmp_path / "a.ora") as file, Image.open(file.open("mergedimage.png")) as image:
        assert image.convert("RGB").resize(wanted.size, Image.Resampling.NEAREST).tobytes() == wanted.tobytes()
    np.testing.assert_array_equal(archive.load_document(tmp_path / "b.ora").labels, sky.labels)
    assert not window.isWindowModified()


def test_an_export_that_fails_while_the_window_closes_is_not_passed_over(sky, monkeypatch, tmp_path):
    ask_with(monkeypatch, tmp_path / "nowhere" / "a.psd")
    sky.window.document.undo_stack.setClean()
    sky.window.commands["export_psd"].trigger()
    assert not sky.window.close()
    assert sky.window.isVisible()
    assert "a.psd could not be saved" in message()
    assert sky.window.close()


def test_an_export_cannot_take_the_place_of_a_document_that_is_being_saved(sky, gate, monkeypatch, tmp_path, qtbot):
    ask_with(monkeypatch, tmp_path / "a.ora")
    sky.stroke((20, 20))
    sky.window.files.save_path(tmp_path / "a.ora", wait=False)
    threading.Timer(0.2, gate.set).start()
    assert not sky.window.files.export_layers(wait=False)
    assert "document itself" in message()
    np.testing.assert_array_equal(archive.load_document(tmp_path / "a.ora").labels, sky.labels)


@pytest.mark.parametrize("error", [MemoryError, ValueError])
def test_an_export_that_breaks_while_the_window_closes_keeps_it_open_and_the_save_asked_for_follows(sky, monkeypatch, tmp_path, error):
    def broken(*_):
        raise error

    monkeypatch.setattr(openraster, "merge", broken)
    ask_with(monkeypatch, tmp_path / "layers.ora")
    files, window = sky.window.files, sky.window
    assert files.export_layers(wait=False)
    monkeypatch.setattr(archive, "save_document", lambda path, *_: path.touch())
    assert files.save_path(tmp_path / "a.ora", wait=False)
    event = QCloseEvent()
    with pytest.raises(ValueError) if error is ValueError else nullcontext():  # noqa: PT011 - as raised above, to be reported
        window.closeEvent(event)
    assert not event.isAccepted()
    assert "layers.ora could not be saved" in message()
    files.finish_saving()
    assert [path.name for path in tmp_path.glob("*.ora")] == ["a.ora"]


def test_an_export_that_fails_in_its_thread_is_told(sky, monkeypatch, tmp_path, qtbot):
    ask_with(monkeypatch, tmp_path / "nowhere" / "a.psd")
    sky.window.commands["export_psd"].trigger()
    qtbot.waitUntil(lambda: not sky.window.files.is_saving, timeout=60_000)
    assert "a.psd could not be saved" in message()
    assert sky.window.statusBar().currentMessage() == ""


def test_nothing_else_is_opened_before_a_document_is_written(sky, gate, tmp_path):
    sky.stroke((20, 20))
    wanted = sky.labels.copy()
    sky.window.files.save_path(tmp_path / "a.ora", wait=False)
    threading.Timer(0.2, gate.set).start()
    assert sky.window.files.new()
    assert QGuiApplication.overrideCursor() is None
    assert sky.window.document.path is None
    np.testing.assert_array_equal(archive.load_document(tmp_path / "a.ora").labels, wanted)


def test_the_end_of_the_session_waits_for_the_file_and_keeps_the_rest(sky, gate, settings, tmp_path):
    sky.stroke((20, 20))
    sky.window.files.save_path(tmp_path / "a.ora", wait=False)
    sky.stroke((90, 90))
    threading.Timer(0.2, gate.set).start()
    sky.window.desktop.leave()
    assert not sky.window.isVisible()
    assert archive.load_document(tmp_path / "a.ora").labels[90, 90] == SKY
    sky.window.documents.autosave._session._lock.release()
    (left,) = left_documents(settings.state_folder / "unsaved")
    assert left.origin == tmp_path / "a.ora"
    assert archive.load_document(left.path).labels[90, 90] == ROAD
    left.discard()


def test_a_session_that_may_end_keeps_changes_and_they_stay_unsaved(sky, settings):
    sky.stroke((20, 20))
    sky.window.desktop.keep_aside(None)
    assert sky.window.isWindowModified()
    (path,) = (settings.state_folder / "unsaved").glob("*/document.ora")
    np.testing.assert_array_equal(archive.load_document(path).labels, sky.labels)


@pytest.mark.parametrize(("typed", "becomes"), [("lake", "lake.ora"), ("lake 2.1", "lake 2.1.ora")])
@pytest.mark.parametrize("replaces", [False, True])
def test_a_file_whose_ending_was_not_typed_is_replaced_only_when_asked(sky, monkeypatch, tmp_path, typed, becomes, replaces):
    (tmp_path / becomes).write_bytes(b"precious")
    ask_with(monkeypatch, tmp_path / typed)
    asked: list[str] = []

    def answer() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        asked.append(box.text())
        box.buttons()[[box.buttonRole(button) == QMessageBox.ButtonRole.AcceptRole for button in box.buttons()].index(replaces)].click()

    QTimer.singleShot(0, answer)
    assert sky.window.files.save_as() == replaces
    assert asked == [f"{becomes} exists already. Replace it?"]
    assert ((tmp_path / becomes).read_bytes() == b"precious") != replaces


def test_an_export_does_not_take_the_place_of_the_document_itself(sky, monkeypatch, tmp_path):
    path = tmp_path / "a.ora"
    sky.window.files.save_path(path)
    before = path.read_bytes()
    ask_with(monkeypatch, path)
    assert not sky.window.files.export_layers()
    assert "document itself" in message()
    assert path.read_bytes() == before


@pytest.mark.parametrize("has_focus", [True, False])
def test_a_message_in_the_middle_of_a_stroke_ends_it(sky, tmp_path, qtbot, has_focus):
    sky.window.activateWindow()
    (sky.canvas.setFocus if has_focus else sky.canvas.clearFocus)()
    qtbot.waitUntil(lambda: sky.canvas.hasFocus() == has_focus)
    sky.press(20, 20)
    sky.move(40, 20)
    QApplication.sendEvent(sky.canvas, QEvent(QEvent.Type.Leave))  # as where the pointer is over it when a dialog comes
    sky.window.files.save_path(tmp_path / "nowhere" / "a.ora")
    assert "could not be saved" in message()
    before = sky.labels.copy()
    sky.move(90, 90)
    np.testing.assert_array_equal(sky.labels, before)
    sky.stroke((90, 90))
    assert sky.labels[90, 90] == ROAD


def test_a_program_error_while_writing_is_no_success(sky, monkeypatch, tmp_path):
    def broken(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(archive, "save_document", broken)
    sky.stroke((20, 20))
    with pytest.raises(ZeroDivisionError):
        sky.window.files.save_path(tmp_path / "a.ora")
    assert sky.window.isWindowModified()
    assert QGuiApplication.overrideCursor() is None


@pytest.mark.parametrize("name", ["lake", "A mountain lake with a name of some length", "A lake " * 30])
def test_no_question_is_cut_off(window, name):
    seen: list[tuple[bool, int, int]] = []

    def look() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        label = box.findChild(QLabel, "qt_msgbox_label")
        assert isinstance(label, QLabel)
        seen.append((label.wordWrap(), label.width(), label.fontMetrics().horizontalAdvance(label.text())))
        box.reject()

    QTimer.singleShot(100, look)
    assert messages.ask_unsaved(window, name) is messages.Unsaved.CANCEL
    ((wraps, width, needed),) = seen
    assert wraps or width >= needed
