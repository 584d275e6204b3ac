"""One picture to a file, to the clipboard, to other programs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QColor, QDrag, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QFormLayout

from spade_studio.app.export.picture import proposed_name
from spade_studio.app.export.picture_dialog import PictureDialog
from spade_studio.engine.pictures.provenance import has_provenance, read_provenance
from spade_studio.engine.rendering.result_plan import is_same_shape


@pytest.fixture
def dialog(tiny_window, tmp_path, settings) -> PictureDialog:
    settings.picture_folder = tmp_path
    dialog = tiny_window.delivery.ask()
    assert dialog is not None
    return dialog


def export(dialog: PictureDialog, qtbot) -> None:
    with qtbot.waitSignal(dialog.finished, timeout=60_000):
        dialog.export_button.click()


def test_return_is_enough_to_have_the_shown_picture_on_the_disk(tiny_window, dialog, tmp_path, qtbot):
    with qtbot.waitSignal(dialog.finished, timeout=60_000):
        qtbot.keyClick(dialog, Qt.Key.Key_Return)
    with Image.open(tmp_path / "Lake.png") as image:
        written = np.asarray(image.convert("RGB"))
    np.testing.assert_array_equal(written, tiny_window.picture.image)
    assert has_provenance(tmp_path / "Lake.png")
    assert tiny_window.statusBar().currentMessage() == "Lake.png is exported, 64 × 64 px"


@pytest.mark.parametrize(("format_at", "name", "kind"), [(1, "Lake.jpg", "JPEG"), (2, "Lake.webp", "WEBP")])
def test_a_file_has_exactly_the_asked_pixels_in_the_asked_format(dialog, tmp_path, qtbot, format_at, name, kind):
    dialog.format.setCurrentIndex(format_at)
    dialog.size_choice.setCurrentIndex(dialog.size_choice.count() - 1)
    dialog.keeps_shape.setChecked(False)
    dialog.width_box.setValue(301)
    dialog.height_box.setValue(97)
    export(dialog, qtbot)
    with Image.open(tmp_path / name) as image:
        assert (image.format, image.size) == (kind, (301, 97))


def test_the_shape_is_kept_unless_it_is_let_go(dialog):
    dialog.size_choice.setCurrentIndex(dialog.size_choice.count() - 1)
    dialog.width_box.setValue(500)
    assert dialog.result_size == (500, 500)
    assert not dialog.fit.isVisible()
    dialog.keeps_shape.setChecked(False)
    dialog.height_box.setValue(250)
    assert dialog.result_size == (250, 500)
    assert dialog.fit.isVisible()
    dialog.fit.setCurrentIndex(1)
    assert dialog.order().crop


def test_a_path_typed_as_the_name_is_taken_apart(dialog, tmp_path, qtbot):
    (tmp_path / "out").mkdir()
    dialog.name.clear()
    qtbot.keyClicks(dialog.name, str(tmp_path / "out" / "lake.jpg"))
    assert not dialog.export_button.isEnabled()
    qtbot.keyClick(dialog.name, Qt.Key.Key_Tab)
    assert (dialog.name.text(), dialog.folder.text()) == ("lake.jpg", str(tmp_path / "out"))
    assert dialog.export_button.isEnabled()
    dialog.name.clear()
    qtbot.keyClicks(dialog.name, "nowhere/lake.jpg")
    qtbot.keyClick(dialog.name, Qt.Key.Key_Tab)
    assert dialog.name.text() == "nowhere/lake.jpg"
    assert not dialog.export_button.isEnabled()


def test_names_end_in_a_suffix_whatever_dots_they_hold(dialog, tmp_path):
    for typed, name in (
        ("St. Moritz", "St. Moritz.png"), ("Lake 2.1", "Lake 2.1.png"), ("v1.final", "v1.final.png"), ("lake.PNG", "lake.PNG"),
    ):  # fmt: skip
        dialog.name.setText(typed)
        dialog.name.textEdited.emit(typed)
        assert dialog.path == tmp_path / name


def test_a_typed_suffix_chooses_the_format_and_a_format_the_suffix(dialog, tmp_path):
    dialog.name.setText("lake.jpeg")
    dialog.name.textEdited.emit("lake.jpeg")
    assert (dialog.file_format, dialog.path) == ("jpg", tmp_path / "lake.jpeg")
    dialog.format.setCurrentIndex(2)
    assert dialog.path == tmp_path / "lake.webp"


@pytest.mark.parametrize("name", ["", "...", "a/b", "a\\b", "x" * 200, "tab\tbed"])
def test_what_is_no_name_is_said_before_anything_is_rendered(dialog, name):
    dialog.name.setText(name)
    dialog.name.textEdited.emit(name)
    assert dialog.problem.isVisible()
    assert not dialog.export_button.isEnabled()


def test_an_existing_file_is_replaced_only_when_the_person_says_so(dialog, tmp_path, monkeypatch, qtbot):
    (tmp_path / "Lake.png").write_bytes(b"old")
    answers = [False, True]
    monkeypatch.setattr("spade_studio.app.ui.messages.ask_replace", lambda *_: answers.pop(0))
    dialog.export_button.click()
    assert (tmp_path / "Lake.png").read_bytes() == b"old"
    export(dialog, qtbot)
    assert has_provenance(tmp_path / "Lake.png")


def test_without_the_record_a_file_says_nothing_of_how_it_was_made(dialog, tmp_path, qtbot):
    dialog.record.setChecked(False)
    export(dialog, qtbot)
    assert not has_provenance(tmp_path / "Lake.png")


def test_a_file_that_cannot_be_written_is_told_in_the_dialog(dialog, tmp_path, monkeypatch, qtbot):
    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("spade_studio.app.export.export_files.write_described", full)
    dialog.export_button.click()
    qtbot.waitUntil(lambda: dialog.problem.isVisible() and "no space left" in dialog.problem.text(), timeout=60_000)
    assert dialog.export_button.isEnabled()
    assert list(tmp_path.glob("*.png")) == []


def test_escape_gives_up_what_is_being_made(tiny_window, dialog, tmp_path, qtbot, hold_at):
    gate = hold_at("export.rendering", 0)
    dialog.export_button.click()
    qtbot.waitUntil(gate.held.is_set)
    assert tiny_window.delivery.exporter.is_at_work
    assert dialog.progress.isVisible()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    gate.opened.set()
    qtbot.waitUntil(lambda: not tiny_window.delivery.exporter.is_at_work)
    tiny_window.live.work(lambda _renderer: None, lambda _: None)
    qtbot.waitUntil(lambda: not tiny_window.live._jobs)
    assert list(tmp_path.glob("*.png")) == []


def test_full_detail_that_the_window_does_not_show_is_told(tiny_window, dialog):
    assert not dialog.hint.isVisible()  # 64 pixels need none
    height = dialog.height()
    dialog.size_choice.setCurrentIndex(dialog.size_choice.count() - 2)
    assert dialog.hint.isVisible()
    assert "Render > Detail > Full" in dialog.hint.text()
    dialog.detail.setCurrentIndex(dialog.detail.findData("fast"))
    assert not dialog.hint.isVisible()
    dialog.detail.setCurrentIndex(dialog.detail.findData("full"))
    assert dialog.hint.isVisible()
    assert dialog.height() == height
    dialog.close()
    tiny_window.picture.detail = "full"
    again = tiny_window.delivery.ask()
    again.detail.setCurrentIndex(again.detail.findData("full"))
    assert not again.hint.isVisible()
    again.close()


def test_the_quality_is_dimmed_in_its_place_where_there_is_none(dialog):
    at = dialog.size_choice.y()
    label = dialog.findChild(QFormLayout).labelForField(dialog.size_choice)
    assert label.text().replace("&", "") == "Picture size"
    for format_at, has_quality in ((0, False), (1, True), (2, True), (0, False)):
        dialog.format.setCurrentIndex(format_at)
        QApplication.processEvents()
        assert dialog.quality_bar.isVisible()
        assert (dialog.quality_bar.isEnabled(), dialog.quality.isEnabled()) == (has_quality, has_quality)
        assert dialog.size_choice.y() == at
    dialog.close()


def test_format_size_and_folder_are_remembered_apart_from_the_documents(tiny_window, dialog, tmp_path, settings, qtbot):
    settings.folder = tmp_path.parent
    dialog.format.setCurrentIndex(1)
    dialog.size_choice.setCurrentIndex(1)
    dialog.quality.setValue(80)
    export(dialog, qtbot)
    assert (settings.picture_folder, settings.folder) == (tmp_path, tmp_path.parent)
    again = tiny_window.delivery.ask()
    assert (again.file_format, again.quality_bar.value(), again.result_size) == ("jpg", 80, (256, 256))
    again.close()


@pytest.mark.parametrize("text", ["[]", "{", json.dumps({"format": "exe", "quality": "x", "side": 3, "record": 1})])
def test_settings_that_make_no_sense_are_as_none(tiny_window, settings, text):
    settings.picture = text
    dialog = tiny_window.delivery.ask()
    assert (dialog.file_format, dialog.result_size) == ("png", (64, 64))
    dialog.close()


def test_copy_puts_the_picture_into_the_clipboard(tiny_window):
    QGuiApplication.clipboard().clear()
    tiny_window.commands["copy"].trigger()
    image = QGuiApplication.clipboard().image().convertToFormat(QImage.Format.Format_RGB888)
    assert image.size().toTuple() == (64, 64)
    first = tiny_window.picture.image[0, 0]
    assert image.pixelColor(0, 0) == QColor(*(int(part) for part in first))


def test_before_the_first_picture_there_is_nothing_to_copy_or_export(window, monkeypatch):
    told: list[str] = []
    monkeypatch.setattr("spade_studio.app.ui.messages.show_note", lambda _parent, headline, _text: told.append(headline))
    window.picture._forget()
    assert window.delivery.ask() is None
    assert not window.delivery.copy()
    assert told == ["There is no picture yet"] * 2


def test_what_is_dragged_out_is_an_image_and_a_file_with_the_documents_name(tiny_window, monkeypatch, qtbot):
    carried: list[QMimeData] = []

    def carry(drag: QDrag, _action: object) -> Qt.DropAction:
        data = drag.mimeData()
        copy = QMimeData()
        copy.setImageData(data.imageData())
        copy.setUrls(data.urls())
        carried.append(copy)
        return Qt.DropAction.CopyAction

    monkeypatch.setattr(QDrag, "exec", carry)
    tiny_window.delivery.drag()
    tiny_window.delivery.drag()
    paths = [Path(data.urls()[0].toLocalFile()) for data in carried]
    assert [path.name for path in paths] == ["Lake.png", "Lake.png"]
    assert paths[0] != paths[1]  # whoever got the first may read it later
    with Image.open(paths[0]) as image:
        np.testing.assert_array_equal(np.asarray(image.convert("RGB")), tiny_window.picture.image)
    assert carried[0].hasImage()
    assert len(list(paths[0].parent.parent.iterdir())) == 2
    tiny_window.delivery.close()
    assert not paths[0].exists()


def test_a_drag_that_is_dropped_nowhere_writes_no_file(tiny_window, monkeypatch):
    seen: list[bool] = []

    def carry(drag: QDrag, _action: object) -> Qt.DropAction:
        data = drag.mimeData()
        assert data.hasImage()
        assert data.hasUrls()
        assert data.hasFormat("text/uri-list")
        seen.append(True)
        return Qt.DropAction.IgnoreAction

    monkeypatch.setattr(QDrag, "exec", carry)
    monkeypatch.setattr(QImage, "save", lambda *_: pytest.fail("a file was written"))
    tiny_window.delivery.drag()
    assert seen


def test_a_file_that_cannot_be_written_is_not_offered(tiny_window, monkeypatch):
    found: list[list[QUrl]] = []

    def carry(drag: QDrag, _action: object) -> Qt.DropAction:
        found.append(drag.mimeData().urls())
        return Qt.DropAction.CopyAction

    monkeypatch.setattr(QDrag, "exec", carry)
    monkeypatch.setattr(QImage, "save", lambda *_: False)
    tiny_window.delivery.drag()
    assert found == [[]]


def test_an_empty_layout_has_no_picture_to_hand_over(tiny_window, monkeypatch, qtbot):
    told: list[str] = []
    monkeypatch.setattr("spade_studio.app.ui.messages.show_note", lambda _parent, headline, _text: told.append(headline))
    monkeypatch.setattr(QDrag, "exec", lambda *_: pytest.fail("nothing was to be dragged"))
    document = tiny_window.document
    entries = len(tiny_window.styles.controller.history.entries)
    document.replace(np.full((64, 64), document.unlabeled_id, np.uint8), "Empty")
    qtbot.waitUntil(lambda: tiny_window.live.is_up_to_date)
    assert not tiny_window.delivery.copy()
    assert tiny_window.delivery.ask() is None
    tiny_window.delivery.drag()
    assert len(told) == 2
    tiny_window.styles.controller.roll()
    qtbot.waitUntil(lambda: tiny_window.live.is_up_to_date)
    assert tiny_window.styles.controller.picture.isNull()
    assert len(tiny_window.styles.controller.history.entries) == entries
    document.replace(np.full((64, 64), 10, np.uint8), "Land")
    qtbot.waitUntil(lambda: tiny_window.live.is_up_to_date)
    assert tiny_window.delivery.copy()
    assert not tiny_window.styles.controller.picture.isNull()


def test_detail_and_size_are_written_into_the_files_record(tiny_window, dialog, tmp_path, qtbot):
    dialog.size_choice.setCurrentIndex(1)
    dialog.detail.setCurrentIndex(dialog.detail.findData("none"))
    export(dialog, qtbot)
    about = read_provenance(tmp_path / "Lake.png")
    with Image.open(tmp_path / "Lake.png") as image:
        assert image.size == (256, 256)
    assert about is not None


def test_rounding_is_no_other_shape():
    assert is_same_shape((429, 1024), (268, 640))  # 2.39 : 1
    assert is_same_shape((683, 1024), (512, 768))
    assert not is_same_shape((680, 1024), (512, 768))


@pytest.mark.parametrize(
    ("name", "file_name"), [("a/b: c?", "a b c"), ("...", "picture"), ("", "picture"), ("St. Moritz", "St. Moritz"), ("é" * 300, "é" * 75)]
)
def test_names_of_documents_become_names_of_files(name, file_name):
    proposed = proposed_name(name)
    assert proposed == file_name
    assert len(proposed.encode()) <= 150
