"""Brush tips, sizes, the rope that steadies, mirrors and the stylus, by real events on the real window."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPointF, Qt
from PySide6.QtGui import QInputDevice, QPointingDevice, QTabletEvent

from spade_studio.app.model.raster import Nib
from tests.app.conftest import GRASS, ROAD, SKY

SHIFT = Qt.KeyboardModifier.ShiftModifier
NO_KEYS, LEFT, NO_BUTTON = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton


@pytest.mark.parametrize("nib", [nib for nib in Nib if nib.is_silhouette])
def test_a_tip_paints_one_hard_step_and_shows_its_outline(sky, nib):
    options = sky.window.painting.options
    options.nib.setCurrentIndex(options.nib.findData(nib))
    options.nib.activated.emit(options.nib.currentIndex())
    sky.window.toolbox.brush_size = 24
    sky.stroke((20, 64), (60, 64), (100, 64))
    assert set(np.unique(sky.labels)) == {SKY, ROAD}
    painted = sky.labels == ROAD
    assert painted.any(axis=0)[30:90].all()
    heights = painted[:, 30:90].sum(axis=0)
    assert len(np.unique(heights)) > 3, "no tip leaves a band"
    assert sky.window.document.undo_stack.count() == 1


def test_shift_and_drag_makes_the_brush_larger_and_shift_click_still_draws_straight(sky):
    toolbox = sky.window.toolbox
    toolbox.brush_size = 20
    sky.stroke((20, 64), (21, 64))
    before = sky.labels.copy()
    sky.qtbot.keyPress(sky.canvas, Qt.Key.Key_Shift)
    scale = sky.canvas.viewport.zoom
    sky.press(64, 64, keys=SHIFT)
    sky.move(74, 64)
    sky.move(84, 64)
    sky.release(84, 64)
    sky.qtbot.keyRelease(sky.canvas, Qt.Key.Key_Shift)
    assert toolbox.brush_size == pytest.approx(40, abs=2 + 2 / scale)
    np.testing.assert_array_equal(sky.labels, before)


def test_a_typed_size_is_taken_and_gives_the_keyboard_back(sky):
    number = sky.window.brush_size_panel.number
    number.setFocus()
    number.selectAll()
    sky.qtbot.keyClicks(number, "77")
    sky.qtbot.keyClick(number, Qt.Key.Key_Return)
    assert sky.window.toolbox.brush_size == 77
    assert sky.canvas.hasFocus()
    sky.key(Qt.Key.Key_BracketLeft)
    assert number.value() == sky.window.toolbox.brush_size < 77


def test_a_rope_keeps_tremors_from_the_stroke(sky):
    sky.window.toolbox.brush_size = 1
    sky.window.painting.options.rope.setValue(20)
    assert sky.window.toolbox.options.rope == 20
    sky.stroke((20, 64), *((20 + 4 * step, 64 + (8 if step % 2 else -8)) for step in range(1, 20)))
    rows = np.flatnonzero((sky.labels == ROAD).any(axis=1))
    assert rows.max() - rows.min() < 8
    columns = np.flatnonzero((sky.labels == ROAD).any(axis=0))
    assert columns.min() == pytest.approx(20, abs=1)
    assert 60 < columns.max() < 90


def test_mirrors_are_drawn_where_they_stand(sky):
    middle = sky.canvas.viewport.picture_rect.center().toPoint()
    before = sky.canvas.grab().toImage()
    sky.key(Qt.Key.Key_H)
    shown = sky.canvas.grab().toImage()
    column = [y for y in range(shown.height()) if shown.pixel(middle.x(), y) != before.pixel(middle.x(), y)]
    assert len(column) > 0.9 * 128 * sky.canvas.viewport.zoom
    assert shown.pixel(middle.x() - 40, middle.y()) == before.pixel(middle.x() - 40, middle.y())


def tablet(hand, kind, x, y, pressure, buttons=LEFT, pointer=QPointingDevice.PointerType.Pen):
    """Send a stylus's event to the window, as the platform does; Qt finds the widget under it."""
    device = QPointingDevice("pen", 1, QInputDevice.DeviceType.Stylus, pointer, QInputDevice.Capability.Pressure, 1, 1)
    place = hand.canvas.viewport.to_view(QPointF(x, y))
    at = QPointF(hand.canvas.mapTo(hand.window, place.toPoint()))
    button = NO_BUTTON if kind is QEvent.Type.TabletMove else LEFT
    across = QPointF(hand.canvas.mapToGlobal(place.toPoint()))
    event = QTabletEvent(kind, device, at, across, pressure, 0, 0, 0, 0, 0, NO_KEYS, button, buttons)
    QCoreApplication.sendEvent(hand.window.windowHandle(), event)


def test_the_pressure_of_a_stylus_makes_one_stroke_thin_and_wide(sky):
    sky.window.toolbox.brush_size = 40
    tablet(sky, QEvent.Type.TabletMove, 20, 64, 0, NO_BUTTON)
    tablet(sky, QEvent.Type.TabletPress, 20, 64, 0.1)
    for step in range(1, 11):
        tablet(sky, QEvent.Type.TabletMove, 20 + 8 * step, 64, step / 10)
    tablet(sky, QEvent.Type.TabletRelease, 100, 64, 0, NO_BUTTON)
    widths = (sky.labels == ROAD).sum(axis=0)
    assert widths[24] <= 9
    assert widths[96] >= 34
    assert (np.diff(widths[20:96].astype(int)) >= -4).all()
    assert sky.window.document.undo_stack.count() == 1
    tablet(sky, QEvent.Type.TabletMove, 60, 20, 0.9, NO_BUTTON)
    assert sky.labels[20, 60] == SKY, "a stylus in the air paints nothing"


def test_the_other_end_of_a_stylus_erases(sky):
    eraser = QPointingDevice.PointerType.Eraser
    tablet(sky, QEvent.Type.TabletPress, 64, 64, 1.0, pointer=eraser)
    tablet(sky, QEvent.Type.TabletRelease, 64, 64, 0, NO_BUTTON, pointer=eraser)
    assert sky.labels[64, 64] == sky.window.document.unlabeled_id
    sky.window.toolbox.label = GRASS
    tablet(sky, QEvent.Type.TabletPress, 64, 64, 1.0)
    tablet(sky, QEvent.Type.TabletRelease, 64, 64, 0, NO_BUTTON)
    assert sky.labels[64, 64] == GRASS
