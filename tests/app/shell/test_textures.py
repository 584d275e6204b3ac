"""New texture of a label or in the selection, as a person asks for it in the window."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication

from spade_studio.app.canvas.tool_kinds import ToolKind
from tests.app.conftest import FlatRenderer

SKY, ROAD = 156, 148
opens_menus = pytest.mark.qt_log_ignore("This plugin does not support (propagateSizeHints|raise|grabbing the keyboard)")


@pytest.fixture
def renderer() -> FlatRenderer:
    flat = FlatRenderer()
    flat.has_texture = True
    return flat


def action(menu, text):
    return next(one for one in menu.actions() if text in one.text().replace("&", ""))


def rendered(window, qtbot):
    qtbot.waitUntil(lambda: window.live.is_up_to_date)


def test_of_a_label_by_its_chip(sky, renderer, qtbot):
    window, document = sky.window, sky.window.document
    sky.stroke((30, 30), (60, 30))
    chip = window.palette_work.menu_of(ROAD)
    action(chip, "New texture").trigger()
    rendered(window, qtbot)
    assert ((renderer.texture_regions > 0) == (document.labels == ROAD)).all()
    assert not action(window.palette_work.menu_of(1), "New texture").isEnabled()
    assert "texture here" in window.commands["undo"].text()
    window.commands["undo"].trigger()
    rendered(window, qtbot)
    assert renderer.texture_regions is None


def test_of_the_label_in_hand(sky, renderer, qtbot):
    window = sky.window
    window.commands["texture_label"].trigger()  # there is no road yet
    assert window.document.texture_regions is None
    assert "Road is nowhere" in window.statusBar().currentMessage()
    window.toolbox.label = SKY
    window.commands["texture_label"].trigger()
    regions = window.document.texture_regions
    assert regions is not None
    assert regions.all()


def test_in_the_selection_by_its_key(sky, renderer, qtbot):
    window, document = sky.window, sky.window.document
    assert not window.commands["texture_selection"].isEnabled()
    selection = np.zeros(document.size, bool)
    selection[20:40, 30:70] = True
    document.selection = selection
    sky.key(Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    rendered(window, qtbot)
    assert ((renderer.texture_regions > 0) == selection).all()
    before = document.texture_regions
    sky.stroke((50, 30), (60, 30))  # a stroke hands on the same plane, uncopied
    assert document.texture_regions is before


def ask(canvas, at: QPoint, reason=QContextMenuEvent.Reason.Mouse):
    QApplication.sendEvent(canvas, QContextMenuEvent(reason, at, canvas.mapToGlobal(at)))


@opens_menus
def test_the_canvas_has_a_menu_with_the_select_tool_and_by_its_key(sky, qtbot):
    window = sky.window
    menu, here = window.textures.canvas_menu, window.textures.here
    sky.stroke((30, 30), (60, 30))
    window.toolbox.kind = ToolKind.BRUSH
    ask(window.canvas, sky.at(40, 30))
    assert not menu.isVisible()  # the right button erases
    window.toolbox.kind = ToolKind.SELECT
    sky.press(90, 90, Qt.MouseButton.RightButton)
    sky.release(90, 90, Qt.MouseButton.RightButton)
    assert window.document.selection is None
    ask(window.canvas, sky.at(40, 30))
    assert menu.isVisible()
    assert here.text().replace("&", "") == "New texture of Road"
    here.trigger()
    menu.close()
    assert ((window.document.texture_regions > 0) == (sky.labels == ROAD)).all()
    window.toolbox.kind = ToolKind.BRUSH
    ask(window.canvas, QPoint(), QContextMenuEvent.Reason.Keyboard)
    assert menu.isVisible()
    menu.close()


@opens_menus
def test_the_picture_names_the_label_under_the_pointer(sky, qtbot):
    window, view = sky.window, sky.window.render_panel.view
    for at, name in (((60, 60), "Sky"), ((5000, 60), None)):
        place = view.mapToGlobal(view.viewport.to_view(QPointF(*at)).toPoint())
        window.delivery.open_menu(place)
        window.delivery.menu.close()
        assert window.textures.here.isEnabled() == (name is not None)
        assert name is None or name in window.textures.here.text()


class TestWithoutTextures:
    @pytest.fixture
    def renderer(self) -> FlatRenderer:
        return FlatRenderer()

    def test_nothing_is_offered(self, sky):
        window = sky.window
        window.document.selection = np.ones(window.document.size, bool)
        names = ("texture_label", "texture_selection")
        assert not any(window.commands[name].isEnabled() for name in names)
        assert not action(window.palette_work.menu_of(SKY), "New texture").isEnabled()
        window.textures.look_under(window.canvas.mapToGlobal(sky.at(60, 60)), window.canvas)
        assert not window.textures.here.isEnabled()
