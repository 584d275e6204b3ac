"""What is saved beside the map: photo, protection and snapshots are changes like strokes, and follow the map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QMessageBox

from spade_studio.app.canvas.layers import Compare
from spade_studio.app.documents import archive
from spade_studio.app.model import state
from spade_studio.app.model.document import Document
from spade_studio.app.model.raster import Rect
from spade_studio.app.model.state import Underlay
from spade_studio.engine.errors import EngineError
from spade_studio.engine.labels import load_label_set
from spade_studio.engine.rendering.frame_sizes import SizeWish

SKY, GRASS, ROAD = 156, 123, 148
PHOTO = np.random.default_rng(1).integers(0, 256, (60, 160, 3), dtype=np.uint8)


@pytest.fixture
def document(qapp):
    return Document(np.full((60, 80), SKY, np.uint8), load_label_set("coco_stuff"), "plain")


CHANGES = {
    "photo": lambda document: setattr(document, "underlay", Underlay(PHOTO)),
    "opacity": lambda document: setattr(document, "underlay", replace(document.underlay, opacity=0.25)),
    "hidden": lambda document: setattr(document, "underlay", replace(document.underlay, visible=False)),
    "no photo": lambda document: setattr(document, "underlay", None),
    "size": lambda document: setattr(document, "picture_size", SizeWish("side", 512)),
    "protected": lambda document: setattr(document, "protected", frozenset({SKY})),
    "snapshot": lambda document: document.add_snapshot("two"),
    "renamed": lambda document: document.rename_snapshot(0, "other"),
    "removed": lambda document: document.remove_snapshot(document.snapshots[0]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_each_is_a_change_until_it_is_saved(document, tmp_path, change):
    document.underlay = Underlay(PHOTO[:20])
    document.add_snapshot("one")
    document.saved_as(tmp_path / "a.ora")
    assert not document.is_modified
    CHANGES[change](document)
    assert document.is_modified
    document.mark()
    document.saved_as(tmp_path / "a.ora", marked=True)
    assert not document.is_modified


def test_what_is_set_back_is_no_change(document):
    document.protected = frozenset({SKY})
    document.protected = frozenset()
    assert not document.is_modified
    document.rename_snapshot(document.snapshots.index(document.add_snapshot("one")), "one")
    document.remove_snapshot(document.snapshots[0])
    assert not document.is_modified


def test_what_changes_while_it_is_written_is_not_saved(document, tmp_path):
    document.mark()
    document.protected = frozenset({SKY})
    document.saved_as(tmp_path / "a.ora", marked=True)
    assert document.is_modified


def test_a_document_that_is_opened_is_clean_and_its_changes_are_kept_aside(window, tmp_path, settings):
    path = tmp_path / "a.ora"
    document = window.document
    document.underlay, document.protected = Underlay(PHOTO), frozenset({SKY})
    document.add_snapshot("one")
    assert window.isWindowModified()
    assert window.documents.autosave._timer.isActive()
    assert window.files.save_path(path)
    assert not window.isWindowModified()
    assert window.files.open_path(path)
    assert not window.isWindowModified()
    assert not window.documents.autosave._timer.isActive()
    window.painting.layers_panel.underlay_opacity.setValue(20)
    assert window.isWindowModified()
    assert window.documents.autosave.save_and_wait()
    (aside,) = (settings.state_folder / "unsaved").glob("*/document.ora")
    underlay = archive.load_document(aside).underlay
    assert underlay is not None
    assert underlay.opacity == pytest.approx(0.2)
    assert window.files.save()
    underlay = archive.load_document(path).underlay
    assert underlay is not None
    assert underlay.opacity == pytest.approx(0.2)


def test_cropping_cuts_the_photo_alike_and_undo_brings_it_back(document):
    document.underlay = Underlay(PHOTO, 0.7)
    document.crop(Rect(20, 10, 60, 40), "crop")
    assert document.size == (30, 40)
    np.testing.assert_array_equal(document.underlay.picture, PHOTO[10:40, 40:120])
    document.underlay = replace(document.underlay, opacity=0.1)
    document.undo_stack.undo()
    assert document.underlay.picture is PHOTO
    assert document.underlay.opacity == 0.1
    document.undo_stack.redo()
    np.testing.assert_array_equal(document.underlay.picture, PHOTO[10:40, 40:120])
    other = Underlay(PHOTO[:5])
    document.underlay = other
    document.undo_stack.undo()
    assert document.underlay is other


def test_a_wide_photo_is_made_small_enough_to_be_opened_again(window, tmp_path):
    Image.new("RGB", (9000, 45), (250, 10, 90)).save(tmp_path / "wide.png")
    window.painting.load_underlay(tmp_path / "wide.png")
    assert window.files.save_path(tmp_path / "a.ora")
    underlay = archive.load_document(tmp_path / "a.ora").underlay
    assert underlay is not None
    assert underlay.picture.shape == (20, 4096, 3)
    with pytest.raises(EngineError, match="9000 x 45"):
        Underlay(np.zeros((45, 9000, 3), np.uint8))


def test_replacing_a_label_keeps_objects(document):
    document.begin_stroke("brush", 3).line((20, 20), (20, 20), 9, ROAD)
    document.end_stroke()
    objects = document.instances.copy()
    document.begin_stroke("replace").replace(ROAD, GRASS)
    document.end_stroke()
    assert document.labels[20, 20] == GRASS
    np.testing.assert_array_equal(document.instances, objects)
    document.undo_stack.undo()
    assert document.labels[20, 20] == ROAD


def test_the_photo_shows_through_by_its_opacity(hand):
    window = hand.window
    window.document.replace(np.full((128, 128), SKY, np.uint8), "sky")
    photo = np.zeros((2, 2, 3), np.uint8)
    photo[:, 1] = (250, 10, 90)
    color = np.array(window.document.label_set.palette()[SKY], float)

    def shown(x: float) -> np.ndarray:
        return np.array(hand.canvas.grab().toImage().pixelColor(hand.at(x, 60)).getRgb()[:3], float)

    np.testing.assert_allclose(shown(120), color, atol=1)
    window.document.underlay = Underlay(photo, 0.25)
    for x, expected in ((8, (0, 0, 0)), (120, (250, 10, 90))):
        np.testing.assert_allclose(shown(x), 0.75 * color + 0.25 * np.array(expected), atol=2)
    window.painting.layers_panel.underlay_visible.setChecked(False)
    np.testing.assert_allclose(shown(120), color, atol=1)
    window.painting.layers_panel.underlay_visible.setChecked(True)
    window.painting.layers_panel.underlay_opacity.setValue(100)
    np.testing.assert_allclose(shown(120), (250, 10, 90), atol=2)
    window.commands["no_underlay"].trigger()
    np.testing.assert_allclose(shown(120), color, atol=1)


def test_the_overlay_blends_the_render_into_the_labels(hand, qtbot):
    window = hand.window
    window.document.replace(np.full((128, 128), SKY, np.uint8), "sky")
    qtbot.waitUntil(lambda: window.live.is_up_to_date, timeout=60_000)
    window.commands["overlay"].trigger()
    QApplication.processEvents()
    assert window.canvas.layers.compare is Compare.OVERLAY
    color, grey = np.array(window.document.label_set.palette()[SKY], float), np.full(3, float(SKY))
    for percent in (0, 40, 100):
        window.painting.layers_panel.render_opacity.setValue(percent)
        shown = hand.canvas.grab().toImage().pixelColor(hand.at(30, 30)).getRgb()[:3]
        np.testing.assert_allclose(shown, color + (grey - color) * percent / 100, atol=2)


def test_f2_renames_a_snapshot_and_leaves_the_view_alone(hand):
    window = hand.window
    window.commands["snapshot"].trigger()
    window.painting._history_dock.show()
    window.commands["overlay"].trigger()
    names = window.painting.history.snapshots
    names.setFocus()
    names.setCurrentRow(0)
    hand.qtbot.keyClick(names, Qt.Key.Key_F2)
    editor = names.findChild(QLineEdit)
    assert editor is not None
    editor.setText("dawn")
    hand.qtbot.keyClick(editor, Qt.Key.Key_Return)
    hand.qtbot.waitUntil(lambda: [one.name for one in window.document.snapshots] == ["dawn"])
    assert window.canvas.layers.compare is Compare.OVERLAY


def test_snapshots_stop_where_a_file_could_not_hold_more(window, monkeypatch):
    height, width = window.document.size
    monkeypatch.setattr("spade_studio.app.model.document.MAX_SNAPSHOT_BYTES", 2 * height * width)
    for _ in range(3):
        window.commands["snapshot"].trigger()
    assert len(window.document.snapshots) == 2
    box = QApplication.activeModalWidget()
    assert isinstance(box, QMessageBox)
    assert "Remove one" in box.informativeText()
    box.button(QMessageBox.StandardButton.Ok).click()
    assert window.document.snapshots[0].memory == state.snapshot_bytes(height * width, has_instances=False)
