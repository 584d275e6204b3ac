"""Tools, keys and undo through real mouse and key events on the real window."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from spade_studio.app.canvas.tool_kinds import ToolKind
from spade_studio.app.model import raster
from spade_studio.app.model.document import Document
from spade_studio.engine.labels import load_label_set

RIGHT, MIDDLE = Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
SHIFT, ALT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
SKY, GRASS, ROAD, SEA = 156, 123, 148, 154
UNLABELED = 255


@pytest.fixture
def sky(hand):
    """Give the hand a document of sky only, a road in hand and a brush of 21 pixels."""
    hand.window.document.replace(np.full((128, 128), SKY, np.uint8), "sky")
    hand.window.toolbox.label = ROAD
    hand.window.toolbox.brush_size = 21
    return hand


def test_a_stroke_paints_the_chosen_label_with_a_hard_edge(sky):
    sky.stroke((40, 64), (60, 64), (90, 64))
    assert set(np.unique(sky.labels)) == {SKY, ROAD}
    assert (sky.labels[64, 32:98] == ROAD).all()
    assert sky.labels[64, 20] == SKY
    assert sky.labels[80, 64] == SKY
    expected = np.full((128, 128), SKY, np.uint8)
    points = [sky.canvas.viewport.to_picture(QPointF(sky.at(x, 64))) for x in (40, 60, 90)]
    for start, end in itertools.pairwise(points):
        raster.write(expected, raster.line_patch(expected.shape, start.toTuple(), end.toTuple(), 21), ROAD)
    np.testing.assert_array_equal(sky.labels, expected)


def test_every_stroke_is_one_undo_step_and_undo_restores_exactly(sky):
    before = sky.labels.copy()
    sky.stroke((20, 20), (100, 30), (30, 100))
    first = sky.labels.copy()
    sky.stroke((100, 100), (60, 20))
    second = sky.labels.copy()
    assert sky.window.document.undo_stack.count() == 2
    sky.key(Qt.Key.Key_Z, CONTROL)
    np.testing.assert_array_equal(sky.labels, first)
    sky.key(Qt.Key.Key_Z, CONTROL)
    np.testing.assert_array_equal(sky.labels, before)
    sky.key(Qt.Key.Key_Z, CONTROL)
    np.testing.assert_array_equal(sky.labels, before)
    sky.key(Qt.Key.Key_Y, CONTROL)
    np.testing.assert_array_equal(sky.labels, first)
    sky.key(Qt.Key.Key_Z, CONTROL | SHIFT)
    np.testing.assert_array_equal(sky.labels, second)


def test_painting_what_is_there_already_is_no_step(sky):
    sky.window.toolbox.label = SKY
    sky.stroke((20, 20), (100, 30))
    assert sky.window.document.undo_stack.count() == 0
    assert not sky.window.isWindowModified()


def test_right_drag_erases_and_so_does_the_eraser(sky):
    sky.stroke((40, 40), (60, 40), button=RIGHT)
    assert sky.labels[40, 50] == UNLABELED
    sky.key(Qt.Key.Key_E)
    assert sky.window.toolbox.kind is ToolKind.ERASER
    sky.stroke((40, 90))
    assert sky.labels[90, 40] == UNLABELED
    sky.key(Qt.Key.Key_B)
    sky.stroke((90, 90))
    assert sky.labels[90, 90] == ROAD


def test_fill_takes_one_region(sky):
    labels = sky.labels.copy()
    labels[:, 60:70] = GRASS
    sky.window.document.replace(labels, "two regions")
    sky.key(Qt.Key.Key_G)
    sky.stroke((20, 20))
    assert (sky.labels[:, :60] == ROAD).all()
    assert (sky.labels[:, 60:70] == GRASS).all()
    assert (sky.labels[:, 70:] == SKY).all()
    sky.key(Qt.Key.Key_Z, CONTROL)
    np.testing.assert_array_equal(sky.labels, labels)


@pytest.mark.parametrize("way", ["tool", "alt"])
def test_the_picker_takes_the_label_under_the_pointer(sky, way):
    before = sky.labels.copy()
    if way == "tool":
        sky.key(Qt.Key.Key_I)
        sky.stroke((30, 30))
    else:
        sky.stroke((30, 30), keys=ALT)
    assert sky.window.toolbox.label == SKY
    assert sky.window.toolbox.previous_label == ROAD
    np.testing.assert_array_equal(sky.labels, before)
    sky.key(Qt.Key.Key_X)
    assert sky.window.toolbox.label == ROAD
    assert sky.window.toolbox.previous_label == SKY


def test_shift_click_draws_a_straight_line_from_the_last_stroke(sky):
    sky.stroke((20, 20))
    sky.stroke((100, 100), keys=SHIFT)
    assert all(sky.labels[i, i] == ROAD for i in range(20, 100))
    sky.key(Qt.Key.Key_Z, CONTROL)
    assert sky.labels[60, 60] == SKY
    assert sky.labels[20, 20] == ROAD


def test_shift_click_in_a_new_document_has_no_line_to_draw(sky):
    sky.stroke((20, 20))
    sky.window.document.replace(np.full((128, 128), SKY, np.uint8), "another")
    sky.stroke((100, 100), keys=SHIFT)
    assert sky.labels[60, 60] == SKY


def test_brackets_change_the_size_finely_then_coarsely(sky):
    toolbox = sky.window.toolbox
    sky.key(Qt.Key.Key_BracketRight)
    assert toolbox.brush_size == 24
    sky.key(Qt.Key.Key_BracketLeft)
    assert toolbox.brush_size == 21
    sky.key(Qt.Key.Key_BracketRight, SHIFT)
    big = toolbox.brush_size
    assert big > 33
    sky.key(Qt.Key.Key_BracketLeft, SHIFT)
    assert toolbox.brush_size < big - 10
    toolbox.brush_size = 1
    sky.key(Qt.Key.Key_BracketLeft)
    assert toolbox.brush_size == 1
    sky.key(Qt.Key.Key_BracketRight)
    assert toolbox.brush_size == 2


def test_escape_takes_back_the_stroke_under_way(sky):
    before = sky.labels.copy()
    sky.press(40, 40)
    sky.move(80, 80)
    assert (sky.labels == ROAD).any()
    sky.key(Qt.Key.Key_Escape)
    np.testing.assert_array_equal(sky.labels, before)
    sky.move(90, 20)
    sky.release(90, 20)
    np.testing.assert_array_equal(sky.labels, before)
    assert sky.window.document.undo_stack.count() == 0


def test_undo_during_a_stroke_takes_back_that_stroke_only(sky):
    sky.stroke((20, 20))
    first = sky.labels.copy()
    sky.press(80, 80)
    sky.key(Qt.Key.Key_Z, CONTROL)
    np.testing.assert_array_equal(sky.labels, first)
    sky.release(80, 80)
    assert sky.window.document.undo_stack.count() == 1


def test_a_second_button_does_not_disturb_a_stroke(sky):
    sky.press(30, 30)
    sky.press(30, 30, RIGHT)
    sky.release(30, 30, RIGHT)
    sky.move(60, 30)
    sky.release(60, 30)
    assert sky.labels[30, 55] == ROAD
    assert UNLABELED not in sky.labels
    assert sky.window.document.undo_stack.count() == 1


@pytest.mark.parametrize("way", ["middle", "space"])
def test_panning_moves_the_view_and_paints_nothing(sky, way):
    before = sky.labels.copy()
    button = MIDDLE if way == "middle" else Qt.MouseButton.LeftButton
    if way == "space":
        sky.qtbot.keyPress(sky.canvas, Qt.Key.Key_Space)
    start = sky.at(0, 0)
    from_, to = sky.at(60, 60), sky.at(60, 60) + QPoint(40, 25)
    sky.qtbot.mousePress(sky.canvas, button, Qt.KeyboardModifier.NoModifier, from_)
    sky.qtbot.mouseMove(sky.canvas, to)
    sky.qtbot.mouseRelease(sky.canvas, button, Qt.KeyboardModifier.NoModifier, to)
    assert sky.at(0, 0) - start == QPoint(40, 25)
    np.testing.assert_array_equal(sky.labels, before)
    if way == "space":
        sky.qtbot.keyRelease(sky.canvas, Qt.Key.Key_Space)
    sky.stroke((60, 60))
    assert sky.labels[60, 60] == ROAD
    sky.key(Qt.Key.Key_0, CONTROL)
    assert sky.at(0, 0) == start


@pytest.mark.parametrize("tool", list(ToolKind))
def test_the_wheel_zooms_at_the_pointer_in_every_tool(sky, tool):
    sky.window.toolbox.kind = tool
    pointer = QPointF(sky.at(100, 30))
    under = sky.canvas.viewport.to_picture(pointer)
    zoom = sky.canvas.viewport.zoom
    wheel(sky.canvas, pointer, 240)
    assert sky.canvas.viewport.zoom == pytest.approx(zoom * 1.44)
    after = sky.canvas.viewport.to_picture(pointer)
    assert (after - under).manhattanLength() < 1e-6
    wheel(sky.canvas, pointer, -240)
    assert sky.canvas.viewport.zoom == pytest.approx(zoom)


def test_zoom_has_limits_and_the_document_never_leaves_the_view(sky):
    for _ in range(80):
        wheel(sky.canvas, QPointF(200, 200), 120)
    assert sky.canvas.viewport.zoom == 64
    for _ in range(160):
        wheel(sky.canvas, QPointF(5, 5), -120)
    rect = sky.canvas.viewport.picture_rect
    assert rect.width() >= 64
    assert rect.intersects(sky.canvas.rect().toRectF())


def test_a_fitted_document_stays_fitted_when_the_window_changes(sky):
    sky.window.resize(900, 600)
    sky.qtbot.waitUntil(lambda: sky.window.width() == 900)
    rect = sky.canvas.viewport.picture_rect
    assert sky.canvas.rect().toRectF().contains(rect)
    assert rect.height() > 0.8 * sky.canvas.height() or rect.width() > 0.8 * sky.canvas.width()


def test_only_the_changed_rectangle_is_repainted(sky, monkeypatch):
    updated: list[QRect] = []
    monkeypatch.setattr(sky.canvas, "update", lambda *arguments: updated.append(arguments[0]))
    sky.window.document.begin_stroke("test").line((64, 64), (64, 64), 10, ROAD)
    assert len(updated) == 1
    exact = sky.canvas.viewport.rect_to_view(raster.Rect(59, 59, 69, 69)).toAlignedRect()
    assert updated[0].contains(exact)
    assert updated[0].width() <= exact.width() + 2


def test_the_canvas_shows_the_labels_colours(sky):
    sky.stroke((64, 64))
    sky.canvas.hide()
    sky.canvas.show()
    sky.qtbot.mouseMove(sky.window.palette_panel)
    shot = sky.canvas.grab().toImage()
    palette = load_label_set("coco_stuff").palette()
    for x, y, label in ((64, 66, ROAD), (20, 20, SKY)):
        place = sky.at(x, y)
        assert shot.pixelColor(place * shot.devicePixelRatio()).getRgb()[:3] == tuple(int(part) for part in palette[label])


def test_keys_are_inert_while_someone_types(sky):
    sky.key(Qt.Key.Key_F, CONTROL)
    field = sky.window.palette_panel.search
    assert QApplication.focusWidget() is field
    sky.qtbot.keyClicks(field, "beg[x")
    assert field.text() == "beg[x"
    assert sky.window.toolbox.kind is ToolKind.BRUSH
    assert sky.window.toolbox.label == ROAD
    sky.key(Qt.Key.Key_Escape)
    assert QApplication.focusWidget() is sky.canvas
    assert field.text() == ""


def test_the_cross_hair_status_names_what_is_under_the_pointer(sky):
    sky.move(10.5, 12.5)
    assert sky.window.status_bar.pixel.text().split() == ["sky-other", "10,", "12"]


def test_the_status_follows_what_changes_below_a_pointer_that_rests(sky):
    sky.stroke((10, 12), (10, 12))
    painted, status = sky.window.document.describe(sky.window.toolbox.label), sky.window.status_bar.pixel
    assert status.text().startswith(f"{painted} ")
    sky.key(Qt.Key.Key_Z, CONTROL)
    assert not status.text().startswith(f"{painted} ")
    sky.key(Qt.Key.Key_Z, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    assert status.text().startswith(f"{painted} ")


def test_a_document_without_unlabeled_value_erases_to_a_value_that_no_label_has(qapp):
    document = Document(np.zeros((8, 8), np.uint8), load_label_set("cityscapes"), "street")
    assert document.unlabeled_id == 255
    assert document.label_set.by_id(255) is None


def wheel(widget, position: QPointF, delta: int) -> None:
    event = QWheelEvent(
        position, widget.mapToGlobal(position), QPoint(), QPoint(0, delta), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )
    QApplication.sendEvent(widget, event)


def mouse(window, kind: QEvent.Type, x: float, y: float, button: Qt.MouseButton, buttons: Qt.MouseButton) -> None:
    canvas = window.canvas
    at = canvas.viewport.to_view(QPointF(x, y))
    position = QPointF(canvas.mapToGlobal(at.toPoint()))
    QCoreApplication.sendEvent(canvas, QMouseEvent(kind, at, position, button, buttons, Qt.KeyboardModifier.NoModifier))


@pytest.mark.parametrize("button", [Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton])
@pytest.mark.parametrize("left_over", [Qt.MouseButton.NoButton, Qt.MouseButton.BackButton])
def test_a_release_that_goes_elsewhere_ends_what_the_button_did(sky, button, left_over):
    window = sky.window
    canvas, document, nothing = window.canvas, window.document, Qt.MouseButton.NoButton
    mouse(window, QEvent.Type.MouseButtonPress, 60, 60, button, button)
    mouse(window, QEvent.Type.MouseMove, 90, 60, nothing, button)
    painted, place = document.labels.copy(), canvas.viewport.to_view(QPointF(0, 0))
    if button == Qt.MouseButton.MiddleButton and left_over:
        return  # panning takes any button for its own
    mouse(window, QEvent.Type.MouseMove, 150, 150, nothing, left_over)
    mouse(window, QEvent.Type.MouseMove, 200, 60, nothing, left_over)
    assert document.stroke is None
    assert (document.labels == painted).all()
    assert canvas.viewport.to_view(QPointF(0, 0)) == place
    assert document.undo_stack.count() == (button != Qt.MouseButton.MiddleButton)
