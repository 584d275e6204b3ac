"""Rendered PNGs dropped on the main window or opened in it, and rendered again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMessageBox

from spade_studio.app.export.exporter import State
from spade_studio.app.model.textures import renew_texture
from spade_studio.app.rendering.loading import LoadOptions, renderer_loader
from spade_studio.app.ui import messages
from spade_studio.engine.batch.picture import render_described
from spade_studio.engine.cli.main import main as render
from spade_studio.engine.detail.levels import DetailLevel
from spade_studio.engine.labels import Label, LabelSet
from spade_studio.engine.pictures.picture_files import write_picture
from spade_studio.engine.pictures.provenance import has_provenance, pack_layout, pack_settings, read_provenance
from spade_studio.engine.rendering.frame_sizes import SizeWish
from spade_studio.engine.rendering.renderer import Renderer
from spade_studio.engine.rendering.result_plan import ResultWish
from tests.app.conftest import open_tiny_window

WAIT = 60_000
LEFT = Qt.MouseButton.LeftButton


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
    np.testing.assert_array_equal(window.picture.image, pixels_of(path))
    assert window.document.path is None
    assert not window.findChildren(QMessageBox)


def test_a_picture_is_opened_like_a_document(window, export, qtbot, layout, tmp_path):
    path = exported(export, qtbot, tmp_path)
    window.document.replace(np.full((64, 64), 40, np.uint8), "Other")
    assert window.files.open_path(path)
    qtbot.waitUntil(lambda: window.live.is_up_to_date, timeout=WAIT)
    np.testing.assert_array_equal(window.document.labels, layout)
    np.testing.assert_array_equal(window.picture.image, pixels_of(path))


def test_a_picture_of_another_size_is_rendered_at_it_again(window, export, qtbot, tmp_path):
    export.form.size_box.setCurrentText("128 x 96")
    path = exported(export, qtbot, tmp_path)
    assert pixels_of(path).shape == (96, 128, 3)
    assert window.documents.open(path)
    qtbot.waitUntil(lambda: window.live.is_up_to_date, timeout=WAIT)
    np.testing.assert_array_equal(window.picture.image, pixels_of(path))
    assert window.live.detail == "none"
    assert window.status_bar.detail.text() == "Detail: off"


def test_the_level_of_detail_of_a_picture_is_its_own(window, settings, qtbot, layout, tmp_path):
    renderer = Renderer.load(window.live.info.path, device="cpu", dtype="float32")
    paths: dict[DetailLevel, Path] = {"none": tmp_path / "none.png", "fast": tmp_path / "fast.png"}
    for level, path in paths.items():
        made = render_described(renderer, layout, None, None, ResultWish((128, 128), level), 3)
        texts = {**pack_settings(made.about), **pack_layout(made.about.labels, made.about.instances)}
        write_picture(path, made.image, "png", texts)
    document = window.document
    cases: tuple[tuple[DetailLevel, DetailLevel], ...] = (("fast", "none"), ("none", "fast"))
    for remembered, opened in cases:
        window.rendering.set_detail(remembered)
        assert window.documents.open(paths[opened])
        qtbot.waitUntil(lambda: window.live.is_up_to_date, timeout=WAIT)
        np.testing.assert_array_equal(window.picture.image, pixels_of(paths[opened]))
        assert settings.render_detail == remembered
        document.reshape(np.full((32, 32), 40, np.uint8), None, "smaller")
        document.undo_stack.undo()
        assert window.live.detail == opened
        document.undo_stack.setClean()
        assert window.files.new((64, 64))
        assert window.live.detail == remembered
    assert window.documents.open(paths["fast"])
    window.rendering.set_detail("full")
    window.rendering.set_size(SizeWish())
    assert window.live.detail == settings.render_detail == "full"
    document.undo_stack.setClean()


def test_a_picture_with_objects_and_a_mixed_style_comes_out_the_same(window, qtbot, tmp_path):
    document = window.document
    objects = np.zeros((64, 64), np.uint16)
    objects[5:15, 5:20], objects[5:15, 20:30] = 1, 2
    document.reshape(document.labels.copy(), objects, "objects")
    window.live.style = np.linspace(-1.5, 1.5, 8, dtype=np.float32)
    qtbot.waitUntil(lambda: window.live.is_up_to_date, timeout=WAIT)
    shown = window.picture.image
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
    assert window.documents.open(path)
    qtbot.waitUntil(lambda: window.live.is_up_to_date, timeout=WAIT)
    np.testing.assert_array_equal(document.instances, objects)
    np.testing.assert_array_equal(window.picture.image, shown)


def test_a_document_in_another_label_set_is_exported_as_the_window_shows_it(window, export, qtbot, tmp_path):
    other = LabelSet("Other", (Label(1, "label 1", (1, 2, 3)), Label(2, "moon", (4, 5, 6)), Label(3, "star", (7, 8, 9))), unlabeled_id=0)
    labels = np.full((64, 64), 1, np.uint8)
    labels[:20], labels[20:40] = 2, 3  # these weights know neither: there is no border between them
    objects = np.zeros((64, 64), np.uint16)
    objects[50:60, 5:20] = 1
    window.document.label_set = other
    window.document.replace(labels, "Night", instances=objects)
    qtbot.waitUntil(lambda: window.live.is_up_to_date, timeout=WAIT)
    shown = window.picture.image
    export.form.in_use.setChecked(True)
    qtbot.mouseClick(export.export_button, LEFT)
    finish(qtbot, export)
    np.testing.assert_array_equal(pixels_of(tmp_path / "out" / "Night_0000.png"), shown)


def test_unsaved_changes_are_asked_about_first(window, export, qtbot, tmp_path, monkeypatch):
    path = exported(export, qtbot, tmp_path)
    window.document.reshape(np.full((64, 64), 40, np.uint8), None, "fill")
    answers = [messages.Unsaved.CANCEL, messages.Unsaved.DISCARD]
    monkeypatch.setattr(messages, "ask_unsaved", lambda *_: answers.pop(0))
    assert not window.documents.open(path)
    assert (window.document.labels == 40).all()
    assert window.documents.open(path)
    assert (window.document.labels == 10).any()


def test_other_weights_are_told(window, export, qtbot, tmp_path, other_weights):
    path = exported(export, qtbot, tmp_path)
    ready = []
    window.live.ready.connect(ready.append)
    window.live.replace_renderer(renderer_loader(LoadOptions(other_weights, "cpu", "float32")))
    qtbot.waitUntil(lambda: bool(ready), timeout=WAIT)
    assert window.documents.open(path)
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
    assert render(["--from", str(path), "--weights", str(tiny_weights), "--output", str(tmp_path / "again")]) == 0
    assert "bit for bit" in capsys.readouterr().out


def test_a_picture_with_other_texture_somewhere_comes_out_the_same(qtbot, settings, theme, textured_weights, layout, tmp_path):
    window = open_tiny_window(qtbot, settings, theme, textured_weights, layout)

    def shown():
        qtbot.waitUntil(lambda: window.live.is_up_to_date, timeout=WAIT)
        return np.array(window.picture.image)

    before = shown()
    window.styles.controller.new_texture()
    assert renew_texture(window.document, window.document.labels == 20)
    picture = shown()
    regions = window.document.texture_regions
    assert (picture != before).any()
    dialog = window.delivery.ask()
    assert dialog is not None
    dialog.folder.setText(str(tmp_path))
    with qtbot.waitSignal(window.delivery.exporter.written, timeout=WAIT):
        dialog.export_button.click()
    path = dialog.path
    np.testing.assert_array_equal(pixels_of(path), picture)
    window.document.replace(layout, "Other")
    window.styles.adopt(5)
    assert (shown() != picture).any()
    window.document.undo_stack.setClean()
    assert window.documents.open(path)
    np.testing.assert_array_equal(shown(), picture)
    np.testing.assert_array_equal(window.document.texture_regions, regions)
    window.commands["export_batch"].trigger()
    export = window.batch.export
    assert export is not None
    export.form.folder_field.setText(str(tmp_path / "out"))
    export.form.in_use.setChecked(True)
    export.form.pattern.setText("{index}")
    qtbot.mouseClick(export.export_button, LEFT)
    finish(qtbot, export)
    np.testing.assert_array_equal(pixels_of(tmp_path / "out" / "0.png"), picture)
