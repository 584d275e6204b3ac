"""The window for exports with real clicks."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

from spade_studio.app.export.exporter import State
from spade_studio.app.export.manifest import NAME, read_manifest
from spade_studio.engine.pictures.provenance import has_provenance, read_provenance
from spade_studio.engine.rendering.frame_sizes import SizeWish

WAIT = 60_000
LEFT = Qt.MouseButton.LeftButton


def finish(qtbot, export):
    qtbot.waitUntil(lambda: export.exporter.state is State.ENDED, timeout=WAIT)


def pixels_of(path: Path):
    return read_provenance(path)[1]


def test_fifty_variations_with_the_defaults(window, export, qtbot, tmp_path):
    assert export.form.count.value() == 50
    assert export.status.text() == "50 pictures, 64 × 64"
    assert "Lake_0000.png" in export.form.example.text()
    qtbot.mouseClick(export.export_button, LEFT)
    assert not export.form.isEnabled()
    finish(qtbot, export)
    assert "Done: 50 pictures in" in export.status.text()
    files = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert files == [*(f"Lake_{number:04}.png" for number in range(50)), NAME]
    manifest = read_manifest(tmp_path / "out")
    assert manifest is not None
    assert not manifest.waiting
    assert len({pixels_of(tmp_path / "out" / name).tobytes() for name in files[:-1]}) == 50


def test_what_has_ended_is_told_until_something_else_is_set(window, export, qtbot, tmp_path):
    export.form.count.setValue(1)
    qtbot.mouseClick(export.export_button, LEFT)
    finish(qtbot, export)
    assert export.status.text() == f"Done: 1 picture in {tmp_path / 'out'}."
    export.form.count.setValue(3)
    assert export.status.text() == "3 pictures, 64 × 64"
    export.form.folder_field.setText(str(tmp_path / "nowhere" / "else" / "\0"))
    export.form.folder_field.setText(str(tmp_path / "out"))
    export.close()
    window.commands["export_batch"].trigger()
    assert export.status.text() == "3 pictures, 64 × 64"


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
    assert f"{30 - there} missing" in export.left_note.text()
    qtbot.mouseClick(export.left_button, LEFT)
    finish(qtbot, export)
    assert len(list((tmp_path / "out").glob("*.png"))) == 30
    assert (read_provenance(tmp_path / "out" / "Lake_0029.png")[0].labels == 10).any()
    assert not export.left_box.isVisible()


def test_the_sizes_follow_the_window_and_an_end_is_told_on(window, export, qtbot):
    export.form.count.setValue(1)
    window.rendering.set_size(SizeWish("side", 128))
    assert export.status.text() == "1 picture, 128 × 128"
    window.document.replace(np.full((64, 128), 10, np.uint8), "Wide")
    assert export.status.text() == "1 picture, 128 × 64"
    qtbot.mouseClick(export.export_button, LEFT)
    window.document.replace(np.full((64, 64), 10, np.uint8), "Square")
    finish(qtbot, export)
    assert "Done: 1 picture in" in export.status.text()
    window.rendering.set_size(SizeWish("side", 96))
    assert "Done: 1 picture in" in export.status.text()
    export.form.count.setValue(2)
    assert export.status.text() == "2 pictures, 96 × 96"
    window.rendering.set_size(SizeWish())
    window.live.info = replace(window.live.info, training_size=(32, 32), can_use_noise=False)
    window.live.ready.emit(window.live.info)
    assert export.status.text() == "1 picture, 32 × 32"
    assert not export.form.by_seed.isEnabled()


def test_what_is_wrong_is_told_at_once_and_cannot_be_started(window, export):
    form = export.form
    form.pattern.setText("{seed}/{layout}")
    assert "cannot hold" in form.example.text()
    assert not export.export_button.isEnabled()
    form.pattern.setText("same")
    assert "two pictures" in form.example.text()
    form.pattern.setText("{layout}_{seed}_{size}")
    assert export.export_button.isEnabled()
    form.size_box.setCurrentText("50 x 9")
    assert "16 to 8192 pixels" in form.example.text()
    form.size_box.setCurrentText("64 x 96, 128x64")
    assert form.order().sizes == ((96, 64), (64, 128))
    assert form.summary() == "100 pictures, 64 × 96, 128 × 64. The layout is stretched to another shape."
    form.size_box.setCurrentIndex(0)
    assert form.summary() == "50 pictures, 64 × 64"
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
    assert "2 pictures failed" in export.status.text()
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
    assert "1 file with these names" in box.informativeText()
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
    from spade_studio.app.export.form import ExportForm

    again = ExportForm(window.live, settings, window.batch.capture)
    assert (again.count.value(), again.pattern.text(), again.order().file_format, again.quality.value()) == (1, "x{seed}", "jpg", 60)


def test_it_goes_on_behind_a_closed_window_and_the_status_line_tells_its_end(window, export, qtbot, tmp_path):
    export.form.count.setValue(20)
    qtbot.mouseClick(export.export_button, LEFT)
    qtbot.keyClick(export, Qt.Key.Key_Escape)
    assert not export.isVisible()
    finish(qtbot, export)
    assert "Done: 20 pictures in" in window.statusBar().currentMessage()
    window.commands["export_batch"].trigger()
    assert export.isVisible()
    assert "Done: 20 pictures in" in export.status.text()
    window.commands["export_batch"].trigger()
    export.close()
    window.commands["export_batch"].trigger()
    assert export.status.text() == "20 pictures, 64 × 64"


@pytest.mark.parametrize("styles", [(), (7,)])
def test_what_failed_behind_a_closed_window_is_told_when_it_is_opened_unless_something_else_is_wanted(
    export, qtbot, tmp_path, styles
):
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "broken.png").write_bytes(b"\x89PNG no")
    export.form.map_folder.setChecked(True)
    export.form.maps_field.setText(str(tmp_path / "maps"))
    export.form.count.setValue(1)
    qtbot.mouseClick(export.export_button, LEFT)
    export.close()
    finish(qtbot, export)
    export.open(styles)
    assert ("1 picture failed" in export.status.text()) == (not styles)
    assert export.failures.isVisible() == (not styles)
    export.form.count.setValue(2)
    assert not export.failures.isVisible()


def answer(window, role):
    """Answer the question that closing the window asks, and give what it said."""
    said = []

    def press():
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        said.append(box.informativeText())
        next(button for button in box.buttons() if box.buttonRole(button) == role).click()

    QTimer.singleShot(0, press)
    window.close()
    return said


def test_a_running_export_is_asked_about_before_the_window_closes(window, export, qtbot, tmp_path):
    export.form.count.setValue(2000)
    qtbot.mouseClick(export.export_button, LEFT)
    qtbot.waitUntil(lambda: export.exporter.counts[0] >= 2, timeout=WAIT)
    (said,) = answer(window, QMessageBox.ButtonRole.RejectRole)
    assert "2,000 pictures" in said
    assert window.isVisible()
    done = export.exporter.counts[0]
    qtbot.waitUntil(lambda: export.exporter.counts[0] > done, timeout=WAIT)
    assert len(answer(window, QMessageBox.ButtonRole.DestructiveRole)) == 1
    assert not window.isVisible()
    assert export.exporter.state is State.ENDED
    manifest = read_manifest(tmp_path / "out")
    assert manifest is not None
    done = [picture.file for picture, entry in zip(manifest.order.pictures, manifest.entries, strict=True) if entry.state == "done"]
    assert sorted(done) == sorted(path.name for path in (tmp_path / "out").glob("*.png"))
    assert 2 < len(done) < 2000
    assert "render" not in [thread.name for thread in threading.enumerate()]


def test_a_paused_export_asks_nothing(window, export, qtbot):
    export.form.count.setValue(2000)
    qtbot.mouseClick(export.export_button, LEFT)
    qtbot.waitUntil(lambda: export.exporter.counts[0] >= 2, timeout=WAIT)
    export.exporter.pause()
    qtbot.waitUntil(lambda: export.exporter.state is State.PAUSED, timeout=WAIT)
    window.close()
    assert not window.isVisible()


def test_the_system_ends_it_without_a_question(window, export, qtbot, tmp_path):
    export.form.count.setValue(2000)
    qtbot.mouseClick(export.export_button, LEFT)
    qtbot.waitUntil(lambda: export.exporter.counts[0] >= 2, timeout=WAIT)
    window.desktop.leave()
    assert not window.isVisible()
    assert export.exporter.state is State.ENDED


def test_maps_that_came_into_their_folder_meanwhile_are_exported_too(window, export, qtbot, layout, tmp_path):
    maps = tmp_path / "maps"
    maps.mkdir()
    Image.fromarray(layout).save(maps / "one.png")
    form = export.form
    form.map_folder.setChecked(True)
    form.maps_field.setText(str(maps))
    form.count.setValue(1)
    assert form.summary() == "1 picture"
    Image.fromarray(layout).save(maps / "two.png")
    qtbot.mouseClick(export.export_button, LEFT)
    finish(qtbot, export)
    assert sorted(path.name for path in (tmp_path / "out").glob("*.png")) == ["one_0000.png", "two_0000.png"]


def test_folders_that_nobody_can_read_or_that_no_user_has_are_told(window, export, tmp_path, monkeypatch):
    form = export.form
    form.map_folder.setChecked(True)
    form.maps_field.setText("~nobody-of-this-name/maps")
    assert "there is no folder" in form.problem.lower()
    form.folder_field.setText("~nobody-of-this-name/out")
    assert form.folder.name == "out"

    def refuse(_folders):
        raise PermissionError("no")

    monkeypatch.setattr("spade_studio.app.export.form.find_label_maps", refuse)
    form.maps_field.setText(str(tmp_path))
    assert "cannot be read" in form.problem


def test_sizes_that_are_no_multiples_of_anything_are_taken(export):
    export.form.size_box.setCurrentText("50 x 97")
    assert export.form.problem == ""


def test_what_cannot_go_on_any_more_is_named_in_the_question(window, export, qtbot, tmp_path):
    export.form.count.setValue(2000)
    qtbot.mouseClick(export.export_button, LEFT)
    qtbot.waitUntil(lambda: export.exporter.counts[0] >= 2, timeout=WAIT)
    qtbot.mouseClick(export.cancel_button, LEFT)
    finish(qtbot, export)
    export.form.pattern.setText("other_{seed}")
    export.form.count.setValue(1)
    qtbot.mouseClick(export.export_button, LEFT)
    qtbot.waitUntil(lambda: bool(export.findChildren(QMessageBox)), timeout=WAIT)
    box = export.findChildren(QMessageBox)[0]
    assert "Another export into this folder" in box.informativeText()
    assert "with these names" not in box.informativeText()
    box.reject()
    finish(qtbot, export)
