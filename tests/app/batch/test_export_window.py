"""The window for exports with real clicks, and rendered PNGs dropped on the main window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMessageBox

from spade_studio.app import messages
from spade_studio.app.batch.exporter import State
from spade_studio.app.batch.manifest import NAME, read_manifest
from spade_studio.app.loading import LoadOptions, renderer_loader
from spade_studio.engine import cli
from spade_studio.engine.labels import Label, LabelSet
from spade_studio.engine.provenance import has_provenance, read_provenance

WAIT = 60_000
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def export(window, tmp_path):
    window.commands["export_batch"].trigger()
    export = window.batch.export
    assert export is not None
    export.form.folder_field.setText(str(tmp_path / "out"))
    return export


def finish(qtbot, export):
    qtbot.waitUntil(lambda: export.exporter.state is State.ENDED, timeout=WAIT)


def drop(window, path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    place, action, keys = QPointF(20, 20), Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(place.toPoint(), action, data, LEFT, keys)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(window, QDropEvent(place, action, data, LEFT, keys))


def pixels_of(path: Path):
    return read_provenance(path)[1]


def test_fifty_variations_with_the_defaults(window, export, qtbot, tmp_path):
    assert export.form.count.value() == 50
    assert export.status.text() == "50 pictures"
    assert "Lake_0000.png" in export.form.example.text()
    qtbot.mouseClick(export.export_button, LEFT)
    assert not export.form.isEnabled()
    finish(qtbot, export)
    assert "50 pictures are in" in export.status.text()
    files = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert files == [*(f"Lake_{number:04}.png" for number in range(50)), NAME]
    manifest = read_manifest(tmp_path / "out")
    assert manifest is not None
    assert not manifest.waiting
    assert len({pixels_of(tmp_path / "out" / name).tobytes() for name in files[:-1]}) == 50


def test_pause_cancel_and_continue_from_the_folder(window, export, qtbot, tmp_path):
    export.form.count.setValue(30)
    qtbot.mouseClick(export.export_button, LEFT)
    qtbot.waitUntil(lambda: export.exporter.counts[0] >= 2, timeout=WAIT)
    qtbot.mouseClick(export.pause_button, LEFT)
    qtbot.waitUntil(lambda: export.exporter.state is State.PAUSED, timeout=WAIT)
    assert "Paused" in export.status.text()
    qtbot.mouseClick(export.pause_button, LEFT)
    qtbot.waitUntil(lambda: export.exporter.counts[0] >= 5, timeout=WAIT)
    qtbot.mouseClick(export.cancel_button, LEFT)
    finish(qtbot, export)
    there = len(list((tmp_path / "out").glob("*.png")))
    assert there == export.exporter.counts[0] < 30
    # Another layout is in the window by now, and other settings in the form: the folder knows what it holds.
    window.document.reshape(np.full((64, 64), 40, np.uint8), None, "fill")
    export.form.count.setValue(3)
    assert export.left_box.isVisible()
    assert f"{30 - there} are missing" in export.left_note.text()
    qtbot.mouseClick(export.left_button, LEFT)
    finish(qtbot, export)
    assert len(list((tmp_path / "out").glob("*.png"))) == 30
    assert (read_provenance(tmp_path / "out" / "Lake_0029.png")[0].labels == 10).any()
    assert not export.left_box.isVisible()


def test_what_is_wrong_is_told_at_once_and_cannot_be_started(window, export):
    form = export.form
    form.pattern.setText("{seed}/{layout}")
    assert "cannot hold" in form.example.text()
    assert not export.export_button.isEnabled()
    form.pattern.setText("same")
    assert "two pictures" in form.example.text()
    form.pattern.setText("{layout}_{seed}_{size}")
    assert export.export_button.isEnabled()
    form.size_box.setCurrentText("50 x 50")
    assert "multiples of 32" in form.example.text()
    form.size_box.setCurrentText("64 x 96, 128x64")
    assert form.plan().sizes == ((96, 64), (64, 128))
    assert form.summary() == "100 pictures"
    form.map_folder.setChecked(True)
    assert "No folder of label maps" in form.example.text()
    form.maps_field.setText("/nowhere/at/all")
    assert "there is no folder" in form.example.text().lower()


def test_a_folder_of_layouts_with_a_broken_one(window, export, qtbot, layout, tmp_path):
    maps = tmp_path / "maps"
    maps.mkdir()
    for name in ("one", "two"):
        Image.fromarray(layout).save(maps / f"{name}.png")
    (maps / "three.png").write_bytes(b"\x89PNG no")
    form = export.form
    form.map_folder.setChecked(True)
    form.maps_field.setText(str(maps))
    form.count.setValue(2)
    assert form.summary() == "6 pictures"
    qtbot.mouseClick(export.export_button, LEFT)
    finish(qtbot, export)
    assert "2 failed" in export.status.text()
    assert export.failures.isVisible()
    assert "three.png" in export.failures.toPlainText()
    assert len(list((tmp_path / "out").glob("*.png"))) == 4
    Image.fromarray(layout).save(maps / "three.png")
    qtbot.mouseClick(export.export_button, LEFT)
    finish(qtbot, export)
    assert len(list((tmp_path / "out").glob("*.png"))) == 6
    assert not export.failures.isVisible()


@pytest.mark.parametrize("replace", [True, False])
def test_files_are_replaced_only_after_a_question(window, export, qtbot, tmp_path, replace):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "Lake_0000.png").write_bytes(b"mine")
    export.form.count.setValue(1)
    qtbot.mouseClick(export.export_button, LEFT)
    qtbot.waitUntil(lambda: bool(export.findChildren(QMessageBox)), timeout=WAIT)
    box = export.findChildren(QMessageBox)[0]
    assert ": 1." in box.informativeText()
    wanted = QMessageBox.ButtonRole.DestructiveRole if replace else QMessageBox.ButtonRole.RejectRole
    button = next(button for button in box.buttons() if box.buttonRole(button) == wanted)
    qtbot.mouseClick(button, LEFT)
    finish(qtbot, export)
    assert has_provenance(tmp_path / "out" / "Lake_0000.png") == replace
    assert ((tmp_path / "out" / "Lake_0000.png").read_bytes() == b"mine") != replace


def test_what_was_set_is_there_again(window, export, qtbot, settings):
    export.form.count.setValue(1)
    export.form.pattern.setText("x{seed}")
    export.form.format_box.setCurrentIndex(1)
    export.form.quality.setValue(60)
    qtbot.mouseClick(export.export_button, LEFT)
    finish(qtbot, export)
    from spade_studio.app.batch.form import ExportForm

    again = ExportForm(window.live, settings, window.batch._capture)
    assert (again.count.value(), again.pattern.text(), again.plan().file_format, again.quality.value()) == (1, "x{seed}", "jpg", 60)


def test_it_goes_on_behind_a_closed_window_and_the_status_line_tells_its_end(window, export, qtbot, tmp_path):
    export.form.count.setValue(20)
    qtbot.mouseClick(export.export_button, LEFT)
    qtbot.keyClick(export, Qt.Key.Key_Escape)
    assert not export.isVisible()
    finish(qtbot, export)
    assert "20 pictures are in" in window.statusBar().currentMessage()
    window.commands["export_batch"].trigger()
    assert export.isVisible()


def exported(export, qtbot, tmp_path) -> Path:
    export.form.count.setValue(2)
    export.form.seed.setValue(7)
    qtbot.mouseClick(export.export_button, LEFT)
    finish(qtbot, export)
    return tmp_path / "out" / "Lake_0001.png"


def test_a_dropped_picture_comes_out_the_same_pixel_for_pixel(window, export, qtbot, layout, tmp_path):
    path = exported(export, qtbot, tmp_path)
    window.document.replace(np.full((64, 64), 40, np.uint8), "Other")
    drop(window, path)
    qtbot.waitUntil(lambda: window.document.name == "Lake_0001", timeout=WAIT)
    qtbot.waitUntil(lambda: window.live.is_up_to_date, timeout=WAIT)
    np.testing.assert_array_equal(window.document.labels, layout)
    assert window.live.style == 8
    np.testing.assert_array_equal(window.files.read_picture(), pixels_of(path))
    assert window.document.path is None
    assert not window.findChildren(QMessageBox)


def test_a_picture_is_opened_like_a_document(window, export, qtbot, layout, tmp_path):
    path = exported(export, qtbot, tmp_path)
    window.document.replace(np.full((64, 64), 40, np.uint8), "Other")
    assert window.files.open_path(path)
    qtbot.waitUntil(lambda: window.live.is_up_to_date, timeout=WAIT)
    np.testing.assert_array_equal(window.document.labels, layout)
    np.testing.assert_array_equal(window.files.read_picture(), pixels_of(path))


def test_a_picture_of_another_size_is_rendered_at_it_again(window, export, qtbot, tmp_path):
    export.form.size_box.setCurrentText("128 x 96")
    path = exported(export, qtbot, tmp_path)
    assert pixels_of(path).shape == (96, 128, 3)
    assert window.batch.restorer.open(path)
    qtbot.waitUntil(lambda: window.live.is_up_to_date, timeout=WAIT)
    np.testing.assert_array_equal(window.files.read_picture(), pixels_of(path))


def test_a_picture_with_objects_and_a_mixed_style_comes_out_the_same(window, qtbot, tmp_path):
    document = window.document
    objects = np.zeros((64, 64), np.uint16)
    objects[5:15, 5:20], objects[5:15, 20:30] = 1, 2
    document.reshape(document.labels.copy(), objects, "objects")
    window.live.style = np.linspace(-1.5, 1.5, 8, dtype=np.float32)
    qtbot.waitUntil(lambda: window.live.is_up_to_date, timeout=WAIT)
    shown = window.files.read_picture()
    window.commands["export_batch"].trigger()
    export = window.batch.export
    export.form.folder_field.setText(str(tmp_path / "out"))
    export.form.in_use.setChecked(True)
    qtbot.mouseClick(export.export_button, LEFT)
    finish(qtbot, export)
    path = tmp_path / "out" / "Lake_0000.png"
    np.testing.assert_array_equal(pixels_of(path), shown)
    document.undo_stack.setClean()
    document.replace(np.full((64, 64), 40, np.uint8), "Other")
    window.live.seed = 3
    assert window.batch.restorer.open(path)
    qtbot.waitUntil(lambda: window.live.is_up_to_date, timeout=WAIT)
    np.testing.assert_array_equal(document.instances, objects)
    np.testing.assert_array_equal(window.files.read_picture(), shown)


def test_a_document_in_another_label_set_is_exported_as_the_window_shows_it(window, export, qtbot, tmp_path):
    other = LabelSet("Other", (Label(1, "label 1", (1, 2, 3)), Label(2, "moon", (4, 5, 6)), Label(3, "star", (7, 8, 9))), unlabeled_id=0)
    labels = np.full((64, 64), 1, np.uint8)
    labels[:20], labels[20:40] = 2, 3  # these weights know neither: there is no border between them
    objects = np.zeros((64, 64), np.uint16)
    objects[50:60, 5:20] = 1
    window.document.label_set = other
    window.document.replace(labels, "Night", instances=objects)
    qtbot.waitUntil(lambda: window.live.is_up_to_date, timeout=WAIT)
    shown = window.files.read_picture()
    export.form.in_use.setChecked(True)
    qtbot.mouseClick(export.export_button, LEFT)
    finish(qtbot, export)
    np.testing.assert_array_equal(pixels_of(tmp_path / "out" / "Night_0000.png"), shown)


def test_unsaved_changes_are_asked_about_first(window, export, qtbot, tmp_path, monkeypatch):
    path = exported(export, qtbot, tmp_path)
    window.document.reshape(np.full((64, 64), 40, np.uint8), None, "fill")
    answers = [messages.Unsaved.CANCEL, messages.Unsaved.DISCARD]
    monkeypatch.setattr(messages, "ask_unsaved", lambda *_: answers.pop(0))
    assert not window.batch.restorer.open(path)
    assert (window.document.labels == 40).all()
    assert window.batch.restorer.open(path)
    assert (window.document.labels == 10).any()


def test_other_weights_are_told(window, export, qtbot, tmp_path, other_weights):
    path = exported(export, qtbot, tmp_path)
    ready = []
    window.live.ready.connect(ready.append)
    window.live.replace_renderer(renderer_loader(LoadOptions(other_weights, "cpu", "float32")))
    qtbot.waitUntil(lambda: bool(ready), timeout=WAIT)
    assert window.batch.restorer.open(path)
    qtbot.waitUntil(lambda: bool(window.findChildren(QMessageBox)), timeout=WAIT)
    box = window.findChildren(QMessageBox)[-1]
    assert "other weights" in box.informativeText().lower()
    box.close()


def test_label_maps_are_still_opened_as_label_maps(window, layout, tmp_path):
    path = tmp_path / "map.png"
    Image.fromarray(layout).save(path)
    assert not has_provenance(path)
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\xff" * 40)
    assert not has_provenance(damaged)


@pytest.mark.slow
def test_the_command_line_renders_an_exported_picture_bit_for_bit(window, export, qtbot, tmp_path, tiny_weights, capsys):
    path = exported(export, qtbot, tmp_path)
    assert cli.main(["--from", str(path), "--weights", str(tiny_weights), "--output", str(tmp_path / "again")]) == 0
    assert "bit for bit" in capsys.readouterr().out
