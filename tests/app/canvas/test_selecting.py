"""Selections by real mouse and keys on the real window."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from spade_studio.app.canvas import clipboard
from spade_studio.app.canvas.selecting import knob
from spade_studio.app.canvas.tool_kinds import ToolKind
from spade_studio.app.model.raster import Rect
from spade_studio.engine.labels import Label, LabelSet, load_label_set
from tests.app.conftest import GRASS, ROAD, SKY, TREE

SHIFT, CONTROL, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def scene(sky):
    """A house of road on a sky over grass, the select tool in hand."""
    labels = np.full((128, 128), SKY, np.uint8)
    labels[64:] = GRASS
    labels[50:70, 40:60] = ROAD
    sky.window.document.replace(labels, "scene")
    sky.key(Qt.Key.Key_M)
    return sky


def double_click(hand, x, y, keys=Qt.KeyboardModifier.NoModifier):
    hand.qtbot.mouseClick(hand.canvas, LEFT, keys, hand.at(x, y))
    hand.qtbot.mouseDClick(hand.canvas, LEFT, keys, hand.at(x, y))
    hand.qtbot.mouseRelease(hand.canvas, LEFT, keys, hand.at(x, y))


def test_paint_and_fill_stay_inside_and_the_selection_survives_tools(scene):
    scene.stroke((20.5, 20.5), (49.5, 49.5))
    for key in (Qt.Key.Key_B, Qt.Key.Key_G, Qt.Key.Key_R):
        scene.key(key)
        assert scene.window.document.selection is not None
    scene.key(Qt.Key.Key_B)
    before = scene.labels.copy()
    scene.stroke((5, 30), (120, 30))
    assert scene.labels[30, 30] == ROAD
    assert (scene.labels != before).any(axis=0).nonzero()[0].tolist() == list(range(20, 50))
    scene.window.toolbox.label = TREE
    scene.key(Qt.Key.Key_G)
    scene.stroke((22, 22))
    assert (scene.labels == TREE).any()
    inside = np.zeros((128, 128), bool)
    inside[20:50, 20:50] = True
    np.testing.assert_array_equal(scene.labels[~inside], before[~inside])


def test_a_double_click_selects_the_label_and_keys_select_all_none_and_the_rest(scene):
    double_click(scene, 50, 60)
    np.testing.assert_array_equal(scene.window.document.selection, scene.labels == ROAD)
    double_click(scene, 10, 10, SHIFT)
    np.testing.assert_array_equal(scene.window.document.selection, scene.labels != GRASS)
    double_click(scene, 10, 10, CONTROL)
    np.testing.assert_array_equal(scene.window.document.selection, scene.labels == ROAD)
    scene.key(Qt.Key.Key_I, CONTROL | SHIFT)
    np.testing.assert_array_equal(scene.window.document.selection, scene.labels != ROAD)
    scene.key(Qt.Key.Key_D, CONTROL)
    assert scene.window.document.selection is None
    scene.key(Qt.Key.Key_A, CONTROL)
    everything = scene.window.document.selection
    assert everything is not None
    assert everything.all()


def test_shift_adds_and_control_takes_away(scene):
    scene.stroke((10.5, 10.5), (19.5, 19.5))
    scene.stroke((30.5, 10.5), (39.5, 19.5), keys=SHIFT)
    assert scene.window.document.selection.sum() == 200
    scene.stroke((15.5, 10.5), (34.5, 19.5), keys=CONTROL)
    assert scene.window.document.selection.sum() == 100
    scene.stroke((100, 100))
    assert scene.window.document.selection is None


def test_what_is_moved_leaves_its_surroundings_behind_and_one_undo_brings_all_back(scene):
    before = scene.labels.copy()
    double_click(scene, 50, 60)
    scene.stroke((50.5, 60.5), (80.5, 40.5), (100.5, 30.5))
    scene.stroke((100.5, 30.5), (90.5, 30.5))
    assert scene.window.toolbox.selecting.is_transforming
    scene.key(Qt.Key.Key_Return)
    assert (scene.labels[20:40, 80:100] == ROAD).all()
    assert (scene.labels[:64, 40:60] == SKY).all()
    assert (scene.labels[64:, 40:60] == GRASS).all()
    np.testing.assert_array_equal(scene.window.document.selection, scene.labels == ROAD)
    assert scene.window.document.undo_stack.count() == 1
    scene.key(Qt.Key.Key_Z, CONTROL)
    np.testing.assert_array_equal(scene.labels, before)
    np.testing.assert_array_equal(scene.window.document.selection, before == ROAD)


def test_alt_leaves_a_copy_behind(scene):
    double_click(scene, 50, 60)
    QApplication.processEvents()
    scene.press(50, 60, keys=ALT)
    scene.move(70, 60)
    scene.move(90, 60)
    scene.release(90, 60)
    scene.key(Qt.Key.Key_Return)
    assert (scene.labels[50:70, 40:60] == ROAD).all()
    assert (scene.labels[50:70, 80:100] == ROAD).all()
    assert scene.window.toolbox.label == ROAD, "Alt has not picked"


def test_handles_scale_and_the_knob_turns(scene):
    labels = np.full((128, 128), SKY, np.uint8)
    labels[40:60, 40:80] = ROAD
    scene.window.document.replace(labels, "bar")
    double_click(scene, 50, 50)
    scene.press(80, 60)
    scene.move(90, 70)
    scene.move(100, 80)
    scene.release(100, 80)
    assert (scene.labels[40:80, 40:100] == ROAD).all()
    assert (scene.labels == ROAD).sum() == 40 * 60
    scene.key(Qt.Key.Key_Escape)
    np.testing.assert_array_equal(scene.labels, labels)
    frame = scene.window.toolbox.selecting.frame
    x, y = knob(frame, 7 / scene.canvas.viewport.zoom)
    scene.press(x, y)
    scene.move(frame.x + 30, frame.y)
    scene.release(frame.x + 40, frame.y)
    scene.key(Qt.Key.Key_Return)
    assert scene.labels[32:68, 52:68].min() == ROAD
    assert (scene.labels == ROAD).sum() == pytest.approx(800, abs=40)


def test_flips_turns_and_duplicates_by_command(scene):
    labels = np.full((128, 128), SKY, np.uint8)
    labels[40:60, 40:50] = ROAD
    labels[40:60, 50:60] = GRASS
    scene.window.document.replace(labels, "flag")
    scene.key(Qt.Key.Key_B)
    scene.window.toolbox.selecting.select(labels != SKY)
    scene.window.commands["flip_x"].trigger()
    scene.key(Qt.Key.Key_Return)
    assert (scene.labels[40:60, 50:60] == ROAD).all()
    scene.window.commands["rotate_right"].trigger()
    scene.key(Qt.Key.Key_Return)
    assert (scene.labels[50:60, 40:60] == ROAD).all()
    assert (scene.labels[40:50, 40:60] == GRASS).all()
    scene.key(Qt.Key.Key_J, CONTROL)
    scene.key(Qt.Key.Key_Return)
    assert (scene.labels == ROAD).sum() == 2 * 200 - 8 * 8
    assert scene.window.document.undo_stack.count() == 3


def test_a_save_while_a_piece_hovers_costs_none_of_the_labels_below_it(scene, tmp_path):
    labels = scene.labels.copy()
    labels[20:40, 80:100] = np.where(np.arange(20) % 2, TREE, GRASS)
    numbers = np.zeros((128, 128), np.uint16)
    numbers[20:40, 80:100], numbers[50:70, 40:60] = 7, 3
    scene.window.document.replace(labels, "wood", instances=numbers)
    double_click(scene, 50, 60)
    scene.stroke((50.5, 60.5), (70.5, 40.5), (90.5, 30.5))
    scene.window.files.save_path(tmp_path / "a.ora")
    assert (scene.labels[20:40, 80:100] == ROAD).all()
    scene.stroke((90.5, 30.5), (90.5, 80.5), (90.5, 100.5))
    scene.window.files.save_path(tmp_path / "a.ora")
    scene.stroke((90.5, 100.5), (70.5, 100.5), (50.5, 100.5))
    scene.key(Qt.Key.Key_Return)
    objects = scene.window.document.instances
    np.testing.assert_array_equal(scene.labels[20:40, 80:100], labels[20:40, 80:100])
    assert (objects[20:40, 80:100] == 7).all()
    assert (scene.labels[90:110, 80:100] == GRASS).all()
    assert (scene.labels[90:110, 40:60] == ROAD).all()
    assert (objects == 3).sum() == 400
    assert (scene.labels[50:64, 40:60] == SKY).all(), "its first place is filled as before"
    for _ in range(3):
        scene.key(Qt.Key.Key_Z, CONTROL)
    np.testing.assert_array_equal(scene.labels, labels)
    np.testing.assert_array_equal(scene.window.document.instances, numbers)


def test_a_piece_covers_no_protected_label_and_comes_back_onto_its_own_hole(scene):
    before = scene.labels.copy()
    scene.window.document.protected = frozenset({GRASS})
    double_click(scene, 50, 60)
    scene.stroke((50.5, 60.5), (80.5, 60.5), (100.5, 64.5))
    np.testing.assert_array_equal(scene.labels[64:, 60:], before[64:, 60:])
    assert (scene.labels[54:64, 90:110] == ROAD).all()
    assert (scene.labels[64:70, 40:60] == GRASS).all(), "the hole is filled from beside it"
    scene.stroke((100.5, 60.5), (80.5, 60.5), (50.5, 56.5))
    np.testing.assert_array_equal(scene.labels, before)
    scene.stroke((50.5, 56.5), (80.5, 80.5), (100.5, 64.5))
    scene.key(Qt.Key.Key_Return)
    np.testing.assert_array_equal(scene.labels[70:], before[70:])
    assert scene.window.document.undo_stack.count() == 1
    scene.key(Qt.Key.Key_Z, CONTROL)
    np.testing.assert_array_equal(scene.labels, before)


def test_what_is_pasted_or_duplicated_is_objects_of_its_own(scene):
    document = scene.window.document
    numbers = np.zeros((128, 128), np.uint16)
    numbers[50:70, 40:50], numbers[50:70, 50:60] = 4, 9
    document.replace(scene.labels.copy(), "scene", instances=numbers)
    double_click(scene, 50, 60)
    scene.key(Qt.Key.Key_C, CONTROL)
    scene.key(Qt.Key.Key_V, CONTROL)
    scene.window.toolbox.selecting.nudge(30, 0)
    scene.key(Qt.Key.Key_Return)
    assert (document.instances[50:70, 70:80] == 10).all()
    assert (document.instances[50:70, 80:90] == 11).all()
    scene.key(Qt.Key.Key_J, CONTROL)
    scene.window.toolbox.selecting.nudge(0, 30)
    scene.key(Qt.Key.Key_Return)
    assert {*np.unique(document.instances).tolist()} == {0, 4, 9, 10, 11, 12, 13}
    document.replace(np.full((128, 128), SKY, np.uint8), "without objects")
    scene.key(Qt.Key.Key_V, CONTROL)
    scene.key(Qt.Key.Key_Return)
    assert document.instances is not None
    assert [int((document.instances == number).sum()) for number in (1, 2)] == [200, 200]
    scene.key(Qt.Key.Key_Z, CONTROL)
    assert not document.instances.any()


def test_cut_copy_and_paste_go_over_the_clipboard(scene):
    before = scene.labels.copy()
    double_click(scene, 50, 60)
    scene.key(Qt.Key.Key_X, CONTROL)
    assert ROAD not in scene.labels
    scene.key(Qt.Key.Key_V, CONTROL)
    assert scene.window.toolbox.selecting.is_transforming
    np.testing.assert_array_equal(scene.labels, before)
    scene.key(Qt.Key.Key_Escape)
    assert ROAD not in scene.labels
    scene.key(Qt.Key.Key_V, CONTROL)
    for _ in range(3):
        scene.key(Qt.Key.Key_Right, SHIFT)
    scene.key(Qt.Key.Key_Return)
    assert (scene.labels[50:70, 70:90] == ROAD).all()


def test_the_clipboard_finds_labels_of_another_set_by_name():
    own = load_label_set("coco_stuff")
    other = LabelSet("Other", (Label(7, "road", (1, 2, 3)), Label(9, "moon dust", (4, 5, 6))), 255)
    labels = np.array([[7, 9], [7, 7]], np.uint8)
    data = clipboard.to_clipboard(labels, None, np.ones((2, 2), bool), Rect(0, 0, 2, 2), other)
    piece = clipboard.from_clipboard(data, own, (50, 50))
    assert piece is not None
    found = piece.placed((50, 50))
    assert found is not None
    assert found.labels[found.patch.mask].tolist() == [ROAD] * 3
    assert found.patch.mask.tolist() == [[True, False], [True, True]]


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"[]",
        json.dumps({"place": [0, 0, 1 << 40, 1 << 40], "label_set": "a", "names": {}}).encode(),
        json.dumps({"place": [0, 0, "2", 2], "label_set": "a", "names": {}}).encode(),
        json.dumps({"place": [5, 5, 1, 1], "label_set": "a", "names": {}}).encode(),
        json.dumps({"place": [0, 0, 2, 2], "label_set": "a", "names": {"x": "road"}}).encode(),
        b"[" * 100_000,
    ],
)
def test_what_strangers_put_into_the_clipboard_counts_for_nothing(header):
    data = QMimeData()
    data.setData(clipboard.MIME_TYPE, len(header).to_bytes(4, "big") + header + bytes(16))
    assert clipboard.from_clipboard(data, load_label_set("coco_stuff"), (50, 50)) is None


def test_escape_deselects_with_the_select_tool_only(scene):
    scene.stroke((20.5, 20.5), (49.5, 49.5))
    scene.key(Qt.Key.Key_B)
    scene.key(Qt.Key.Key_Escape)
    assert scene.window.document.selection is not None
    scene.key(Qt.Key.Key_M)
    scene.key(Qt.Key.Key_Escape)
    assert scene.window.document.selection is None
    assert scene.window.toolbox.kind is ToolKind.SELECT


@pytest.mark.parametrize(("step", "passes"), [(16, 2), (1, 1)])
def test_rims_of_very_many_lines_are_drawn_without_dashes(scene, monkeypatch, step, passes):
    drawn: list[int] = []
    monkeypatch.setattr(QPainter, "drawLines", lambda _painter, lines: drawn.append(len(lines)))
    scene.window.document.replace(np.full((256, 256), SKY, np.uint8), "sky")
    speckles = np.random.default_rng(1).random((256 // step, 256 // step)) < 0.5
    scene.window.toolbox.selecting.select(speckles.repeat(step, 0).repeat(step, 1))
    image = QImage(scene.canvas.size(), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    scene.canvas._overlay.draw_selection(painter, QRectF(image.rect()))
    painter.end()
    assert len(drawn) == passes
    assert (drawn[0] > 20_000) == (passes == 1)


def speckled(side: int) -> np.ndarray:
    mask = np.zeros((side, side), bool)
    mask[: side // 2 : 2, ::2] = True
    return mask


def test_a_selection_of_very_many_pieces_is_veiled_and_has_its_rims_where_few_are_in_view(scene, monkeypatch):
    drawn: list[int] = []
    monkeypatch.setattr(QPainter, "drawLines", lambda _painter, lines: drawn.append(len(lines)))
    side, canvas = 600, scene.canvas
    scene.window.document.replace(np.full((side, side), SKY, np.uint8), "sky")
    before = canvas.grab().toImage()
    scene.window.toolbox.selecting.select(speckled(side))
    drawn.clear()
    shown = canvas.grab().toImage()
    assert not any(drawn), "too many lines"
    inside, outside = (canvas.viewport.to_view(QPointF(side / 2, y)).toPoint() for y in (side / 4, side * 3 / 4))
    assert shown.pixelColor(inside).lightness() < before.pixelColor(inside).lightness()
    assert shown.pixelColor(outside) == before.pixelColor(outside)
    canvas.viewport.zoom_at(QPointF(canvas.viewport.to_view(QPointF(100, 100))), 20)
    canvas.grab()
    assert 0 < max(drawn) < 60_000
    lines = canvas._overlay._seen_rims(scene.window.document.selection)
    assert [100, 100, 101, 100] in lines.tolist()
    canvas.viewport.fit()
    drawn.clear()
    canvas.grab()
    assert not any(drawn)


def test_rims_and_frame_show_on_the_canvas(scene):
    at = [scene.at(30, 30 + y) for y in range(8)]
    before = scene.canvas.grab().toImage()
    scene.stroke((30.5, 20.5), (60.5, 50.5))
    scene.qtbot.mouseMove(scene.canvas, scene.at(120, 120))
    shown = scene.canvas.grab().toImage()
    assert any(before.pixelColor(place) != shown.pixelColor(place) for place in at)
    corner = scene.canvas.viewport.to_view(QPointF(30, 20)).toPoint()
    assert shown.pixelColor(corner).lightness() > 240
