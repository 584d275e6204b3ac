"""Zoom, pan, link and keys of the picture beside the canvas."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QMenu

from spade_studio.app.rendering.picture_view import PictureView
from spade_studio.app.ui.viewport import Place

MIDDLE, LEFT, NO_KEYS = Qt.MouseButton.MiddleButton, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def view(qtbot) -> PictureView:
    view = PictureView()
    qtbot.addWidget(view)
    view.resize(424, 424)
    with qtbot.waitExposed(view):
        view.show()
    view.set_layout_size(100, 100)
    picture = np.zeros((200, 200, 3), np.uint8)
    picture[::2, ::2] = 255
    view.show_picture(picture, "exact")
    return view


def turn(view: PictureView, notches: int, at: QPointF) -> None:
    wheel = QWheelEvent(
        at, QPointF(view.mapToGlobal(at.toPoint())), QPoint(), QPoint(0, 120 * notches), Qt.MouseButton.NoButton, NO_KEYS,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view, wheel)


def test_it_begins_with_all_of_the_picture(view):
    assert view.picture_rect() == QRectF(12, 12, 400, 400)
    view.resize(224, 424)
    assert view.picture_rect() == QRectF(12, 112, 200, 200)


def test_the_wheel_zooms_at_the_pointer(view):
    at = QPointF(100, 300)
    before = view.viewport.to_picture(at)
    turn(view, 2, at)
    assert view.viewport.zoom == pytest.approx(4 * 1.2**2)
    assert (view.viewport.to_picture(at) - before).manhattanLength() < 1e-9


@pytest.mark.parametrize("button", [MIDDLE, LEFT])
def test_the_middle_button_or_space_and_the_left_one_pan(view, qtbot, button):
    turn(view, 5, QPointF(212, 212))
    before = view.picture_rect().topLeft()
    if button == LEFT:
        view.setFocus()
        qtbot.keyPress(view, Qt.Key.Key_Space)
    with qtbot.assertNotEmitted(view.drag_begun):
        qtbot.mousePress(view, button, NO_KEYS, QPoint(200, 200))
        qtbot.mouseMove(view, QPoint(230, 190))
        qtbot.mouseRelease(view, button, NO_KEYS, QPoint(230, 190))
    assert view.picture_rect().topLeft() - before == QPointF(30, -10)


def test_at_100_percent_every_pixel_is_one_of_the_screen(view, qtbot):
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_1)
    assert view.picture_rect().size().toTuple() == (200, 200)
    shown = view.grab().toImage()
    origin = view.picture_rect().topLeft().toPoint()
    colors = [shown.pixelColor(origin.x() + x, origin.y()) for x in range(4)]
    assert colors == [QColor("white"), QColor("black")] * 2
    qtbot.keyClick(view, Qt.Key.Key_0)
    assert view.viewport.is_fitted


def test_a_double_click_goes_between_all_and_every_pixel(view, qtbot):
    qtbot.mouseDClick(view, LEFT, NO_KEYS, QPoint(212, 212))
    assert view.picture_rect().width() == 200
    qtbot.mouseDClick(view, LEFT, NO_KEYS, QPoint(212, 212))
    assert view.picture_rect().width() == 400


def test_a_short_way_is_no_drag_and_a_long_one_is(view, qtbot):
    with qtbot.assertNotEmitted(view.drag_begun):
        qtbot.mousePress(view, LEFT, NO_KEYS, QPoint(200, 200))
        qtbot.mouseMove(view, QPoint(203, 201))
    with qtbot.waitSignal(view.drag_begun):
        qtbot.mouseMove(view, QPoint(240, 201))
    qtbot.mouseRelease(view, LEFT, NO_KEYS, QPoint(240, 201))


def test_the_menu_comes_by_mouse_and_by_key(view, qtbot):
    for reason, place in ((QContextMenuEvent.Reason.Mouse, QPoint(7, 9)), (QContextMenuEvent.Reason.Keyboard, QPoint(212, 212))):
        with qtbot.waitSignal(view.menu_wanted) as asked:
            QApplication.sendEvent(view, QContextMenuEvent(reason, QPoint(7, 9), view.mapToGlobal(QPoint(7, 9))))
        assert (asked.args[0] - view.mapToGlobal(place)).manhattanLength() <= 2


def test_picture_and_layout_move_together_while_they_are_linked(window):
    view, canvas = window.render_panel.view, window.canvas
    assert window.commands["link_views"].isChecked()
    turn(view, 4, QPointF(100, 100))
    assert canvas.viewport.zoom == view.viewport.zoom > 1
    assert (canvas.viewport.place.center - view.viewport.place.center).manhattanLength() < 1e-6
    canvas.show_place(Place(3.0, QPointF(90, 80), is_fitted=False))
    assert view.viewport.place.zoom == 3
    assert (view.viewport.place.center - QPointF(90, 80)).manhattanLength() < 1e-6
    window.commands["zoom_fit"].trigger()
    assert view.viewport.is_fitted


def test_the_link_can_be_cut_and_is_remembered(window, settings):
    view, canvas = window.render_panel.view, window.canvas
    window.commands["link_views"].trigger()
    turn(view, 4, QPointF(100, 100))
    assert canvas.viewport.is_fitted
    assert not view.viewport.is_fitted
    assert not settings.are_views_linked
    window.commands["link_views"].trigger()
    assert view.viewport.is_fitted  # the picture goes to where the layout is
    assert settings.are_views_linked


def test_keys_of_the_canvas_work_while_the_pointer_rests_on_the_picture(window, hand, qtbot):
    window.commands["polygon"].trigger()
    for point in ((20, 20), (200, 20), (200, 200)):
        hand.stroke(point)
    view = window.render_panel.view
    view.setFocus()
    before = window.document.revision
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert window.document.revision > before
    label = window.toolbox.label
    window.toolbox.label = 154
    qtbot.keyClick(view, Qt.Key.Key_2)
    assert window.toolbox.label == label  # only 1 and 0 mean something else here


def test_the_menu_offers_what_one_does_with_a_picture(window, qtbot, monkeypatch):
    places: list[QPoint] = []
    monkeypatch.setattr(QMenu, "popup", lambda _menu, place: places.append(place))
    window.render_panel.view.menu_wanted.emit(QPoint(20, 20))
    assert places == [QPoint(20, 20)]
    names = [action.objectName() for action in window.delivery.menu.actions() if action.objectName()]
    wanted = ("copy_picture", "export_picture", "favourite_style", "wipe", "zoom_fit", "picture_actual", "link_views")
    assert set(wanted) <= set(names)
