"""The tools, layers and panels through real events on the real window."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QInputDevice, QPointingDevice, QTabletEvent
from PySide6.QtWidgets import QApplication

from spade_studio.app.canvas.layers import Compare
from spade_studio.app.canvas.replace_dialog import ReplaceDialog
from spade_studio.app.canvas.size_dialog import SizeDialog
from spade_studio.app.canvas.tool_kinds import ToolKind
from spade_studio.app.model.raster import Nib

SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
SKY, GRASS, ROAD, SEA, PERSON = 156, 123, 148, 154, 0


def test_figures_follow_the_drag_and_are_one_step(sky):
    sky.key(Qt.Key.Key_R)
    sky.stroke((20, 20), (100, 100), (60, 50))
    assert (sky.labels[21:49, 21:59] == ROAD).all()
    assert (sky.labels[60:, :] == SKY).all()
    sky.key(Qt.Key.Key_O)
    sky.stroke((70, 70), (110, 100))
    assert sky.labels[85, 90] == ROAD
    assert sky.labels[72, 72] == SKY
    sky.key(Qt.Key.Key_L)
    sky.stroke((10, 110), (60, 115))
    assert sky.labels[112, 35] == ROAD
    assert sky.window.document.undo_stack.count() == 3
    sky.window.document.undo_stack.go_to(0)
    assert (sky.labels == SKY).all()


@pytest.mark.parametrize("ending", ["return", "double click", "escape", "undo"])
def test_a_polygon_is_filled_when_confirmed_and_gone_when_given_up(sky, ending):
    sky.key(Qt.Key.Key_P)
    for corner in ((20, 20), (100, 20), (100, 100)):
        sky.stroke(corner)
    assert (sky.labels == SKY).all()
    match ending:
        case "return":
            sky.key(Qt.Key.Key_Return)
        case "double click":
            sky.qtbot.mouseDClick(sky.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, sky.at(100, 100))
        case "escape":
            sky.key(Qt.Key.Key_Escape)
        case _:
            for _ in range(3):
                sky.key(Qt.Key.Key_Z, CONTROL)
    assert (sky.labels[40, 80] == ROAD) == (ending in ("return", "double click"))
    assert not sky.window.toolbox.is_open
    assert sky.labels[80, 40] == SKY


def test_a_lasso_fills_at_the_release(sky):
    sky.key(Qt.Key.Key_A)
    sky.stroke((20, 20), (100, 20), (100, 100), (20, 100))
    assert sky.labels[60, 60] == ROAD
    assert sky.window.document.undo_stack.count() == 1


@pytest.mark.parametrize("ending", ["return", "escape"])
def test_a_selection_moves_and_is_kept_or_taken_back(sky, ending):
    sky.key(Qt.Key.Key_R)
    sky.stroke((20, 20), (40, 40))
    before = sky.labels.copy()
    sky.key(Qt.Key.Key_M)
    sky.stroke((15, 15), (50, 50))
    sky.stroke((30, 30), (60, 50), (80, 70))
    assert sky.labels[70, 80] == ROAD
    assert sky.labels[30, 30] == SKY
    sky.key(Qt.Key.Key_Return if ending == "return" else Qt.Key.Key_Escape)
    if ending == "return":
        assert sky.labels[70, 80] == ROAD
        sky.key(Qt.Key.Key_Z, CONTROL)
    np.testing.assert_array_equal(sky.labels, before)


def test_arrows_nudge_delete_empties_and_crop_keeps_the_selection(sky):
    sky.key(Qt.Key.Key_M)
    sky.stroke((20, 20), (39, 29))
    sky.key(Qt.Key.Key_Right)
    sky.key(Qt.Key.Key_Down, SHIFT)
    sky.window.commands["crop"].trigger()
    height, width = sky.window.document.size
    assert abs(width - 20) <= 1
    assert abs(height - 10) <= 1
    sky.window.document.undo_stack.go_to(0)
    assert (sky.labels == SKY).all()
    sky.key(Qt.Key.Key_R)
    sky.stroke((30, 30), (50, 50))
    sky.key(Qt.Key.Key_M)
    sky.stroke((20, 20), (60, 60))
    sky.key(Qt.Key.Key_Delete)
    assert (sky.labels == SKY).all()


def test_mirrors_repeat_strokes(sky):
    sky.key(Qt.Key.Key_H)
    sky.key(Qt.Key.Key_H, SHIFT)
    sky.key(Qt.Key.Key_B)
    sky.stroke((20, 30), (40, 35))
    np.testing.assert_array_equal(sky.labels, sky.labels[::-1, ::-1])
    assert sky.labels[128 - 30, 128 - 20] == ROAD


def test_keys_take_recent_labels(sky):
    toolbox = sky.window.toolbox
    toolbox.label = PERSON
    assert toolbox.recent[0] == PERSON
    place = toolbox.recent.index(ROAD)
    sky.key(Qt.Key(Qt.Key.Key_1 + place))
    assert toolbox.label == ROAD
    assert toolbox.recent[0] == PERSON
    assert sky.window.painting.options.recent[place].isVisible()


def test_protect_keeps_a_label_and_shows_a_lock(sky):
    sky.key(Qt.Key.Key_R)
    sky.stroke((20, 20), (60, 60))
    sky.key(Qt.Key.Key_K)
    assert sky.window.document.protected == {ROAD}
    sky.window.toolbox.label = GRASS
    sky.stroke((10, 10), (90, 90))
    assert sky.labels[40, 40] == ROAD
    assert sky.labels[80, 80] == GRASS


def test_strokes_paint_a_new_object_until_another_label_is_taken(sky):
    sky.key(Qt.Key.Key_N)
    sky.stroke((30, 30))
    sky.key(Qt.Key.Key_N)
    sky.stroke((90, 90))
    objects = sky.window.document.instances
    assert objects[30, 30] == 1
    assert objects[90, 90] == 2
    sky.window.toolbox.label = GRASS
    sky.stroke((60, 60))
    assert sky.window.document.instances[60, 60] == 0
    sky.window.commands["objects"].trigger()
    shot = sky.canvas.grab().toImage()
    assert len({shot.pixelColor(sky.at(x, x)).rgb() for x in (30, 90)}) == 2


def test_the_stylus_pressure_makes_the_brush_smaller(sky):
    sky.window.toolbox.brush_size = 40
    device = QPointingDevice(
        "pen", 1, QInputDevice.DeviceType.Stylus, QPointingDevice.PointerType.Pen, QInputDevice.Capability.Pressure, 1, 1
    )
    for kind in (QEvent.Type.TabletPress, QEvent.Type.TabletRelease):
        at = QPointF(sky.at(64, 64))
        button, buttons = Qt.MouseButton.LeftButton, Qt.MouseButton.LeftButton
        event = QTabletEvent(
            kind, device, at, QPointF(sky.canvas.mapToGlobal(at)), 0.25, 0, 0, 0, 0, 0, Qt.KeyboardModifier.NoModifier, button, buttons
        )
        QApplication.sendEvent(sky.canvas, event)
    assert sky.labels[64, 64] == ROAD
    assert (sky.labels == ROAD).sum() == pytest.approx(np.pi * 25, rel=0.2)


def test_options_of_the_chosen_tool_are_offered(sky):
    options = sky.window.painting.options
    assert options.nib.isVisible()
    options.nib.setCurrentIndex(1)
    options.nib.activated.emit(1)
    assert sky.window.toolbox.options.nib is Nib.SQUARE
    sky.stroke((64.5, 64.5))
    assert (sky.labels == ROAD).sum() == 81
    sky.key(Qt.Key.Key_G)
    assert options.gap.isVisible()
    assert not options.nib.isVisible()
    options.gap.setValue(5)
    assert sky.window.toolbox.options.fill_gap == 5


def test_new_and_resize_ask_for_a_size(sky):
    window = sky.window
    window.commands["resize"].trigger()
    dialog = window.findChild(SizeDialog)
    dialog.width_box.setValue(64)
    assert dialog.height_box.value() == 64
    dialog.accept()
    assert window.document.size == (64, 64)
    window.document.undo_stack.setClean()
    window.painting.ask_new()
    dialog = next(one for one in window.findChildren(SizeDialog) if one.isVisible())
    dialog.shape.setCurrentText("Panorama, 2:1")
    dialog.width_box.setValue(512)
    dialog.accept()
    assert window.document.size == (256, 512)


def test_one_label_takes_the_place_of_another(sky):
    sky.window.commands["replace_label"].trigger()
    dialog = sky.window.findChild(ReplaceDialog)
    dialog.new.setCurrentIndex(dialog.new.findData(SEA))
    dialog.accept()
    assert (sky.labels == SEA).all()


def test_the_wipe_can_be_dragged_and_paints_nothing(sky):
    sky.window.commands["wipe"].trigger()
    layers = sky.canvas.layers
    assert layers.compare is Compare.WIPE
    assert not sky.window.render_panel.isVisible()
    before = sky.labels.copy()
    sky.stroke((64, 64), (96, 64))
    assert layers.wipe == pytest.approx(0.75, abs=0.02)
    np.testing.assert_array_equal(sky.labels, before)
    sky.window.commands["side_by_side"].trigger()
    assert sky.window.render_panel.isVisible()


def test_holding_v_shows_the_render(sky):
    sky.qtbot.waitUntil(lambda: sky.window.live.is_up_to_date)
    sky.qtbot.keyPress(sky.canvas, Qt.Key.Key_V)
    assert sky.canvas.grab().toImage().pixelColor(sky.at(64, 30)).getRgb()[:3] == (SKY, SKY, SKY)
    sky.qtbot.keyRelease(sky.canvas, Qt.Key.Key_V)
    assert sky.canvas.grab().toImage().pixelColor(sky.at(64, 30)).getRgb()[:3] != (SKY, SKY, SKY)


def test_the_history_panel_goes_to_a_step(sky):
    sky.stroke((30, 30))
    sky.stroke((90, 90))
    panel = sky.window.painting.history
    assert [panel.steps.item(index).text() for index in range(panel.steps.count())] == ["Start", "Brush: Road", "Brush: Road"]
    panel.steps.setCurrentRow(1)
    assert sky.labels[90, 90] == SKY
    assert sky.labels[30, 30] == ROAD
    sky.window.commands["snapshot"].trigger()
    panel.steps.setCurrentRow(2)
    panel.snapshots.itemActivated.emit(panel.snapshots.item(0))
    assert sky.labels[90, 90] == SKY


def test_changing_the_tool_keeps_a_moved_selection(sky):
    sky.window.document.replace(np.add.outer(np.zeros(128, np.uint8), np.arange(128, dtype=np.uint8)), "ramp")
    sky.key(Qt.Key.Key_M)
    sky.stroke((20, 20), (40, 40))
    sky.stroke((30, 30), (60, 60))
    sky.key(Qt.Key.Key_B)
    assert sky.window.toolbox.kind is ToolKind.BRUSH
    assert sky.window.document.undo_stack.count() == 1
    assert sky.window.document.stroke is None
