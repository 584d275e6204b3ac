"""Full screen, panels that make way, docks that come to the front, what is remembered, and messages that go."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget

from spade_studio.app.shell.main_window import MainWindow
from spade_studio.app.ui.settings import Settings

SKY, ROOF = 156, 145
NO_RAISE = "This plugin does not support (propagateSizeHints|raise)"


def test_dark_is_the_default_and_the_system_is_offered(window, tmp_path):
    assert Settings(tmp_path / "new.ini").appearance == "dark"
    assert window.commands["system"].isEnabled()


def test_tab_hides_what_stands_around_the_canvas_and_brings_it_back(window, qtbot):
    around = [window.style_panel, window.palette_panel, window.styles.strip_dock, window.statusBar(), window.brush_size_panel]
    assert all(one.isVisible() for one in around)
    qtbot.keyClick(window.canvas, Qt.Key.Key_Tab)
    assert not any(one.isVisible() for one in around)
    assert window.canvas.isVisible()
    assert window.render_panel.isVisible()
    assert window.menuBar().isVisible()
    assert window.canvas.hasFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_Tab)
    assert all(one.isVisible() for one in around)
    assert not window.painting.history.isVisible(), "what was hidden before stays hidden"


def test_tab_goes_from_field_to_field_elsewhere(window, qtbot):
    field = window.palette_panel.search
    field.setFocus()
    qtbot.keyClick(field, Qt.Key.Key_Tab)
    assert not field.hasFocus()
    assert window.statusBar().isVisible()


@pytest.mark.qt_log_ignore(NO_RAISE)
def test_a_key_brings_a_panel_behind_another_ones_tab_to_the_front(window, qtbot):
    history = window.findChild(QDockWidget, "history")
    action = history.toggleViewAction()
    qtbot.keyClick(window, Qt.Key.Key_F7)
    qtbot.waitUntil(action.isChecked)
    qtbot.keyClick(window, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: not action.isChecked())
    assert not history.isHidden(), "it lies behind the other's tab"
    qtbot.keyClick(window, Qt.Key.Key_F7)
    qtbot.waitUntil(action.isChecked)
    qtbot.keyClick(window, Qt.Key.Key_F7)
    assert history.isHidden()


@pytest.mark.qt_log_ignore(NO_RAISE)
def test_panels_are_there_again_at_the_next_start(window, qtbot, settings, theme, renderer):
    qtbot.keyClick(window, Qt.Key.Key_F7)
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, window.styles.strip_dock)
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_Tab)
    window.document.undo_stack.setClean()
    window.close()
    other = MainWindow(settings, theme, cast("Any", renderer.load), renderer.channels)
    qtbot.addWidget(other)
    with qtbot.waitExposed(other):
        other.show()
    history = other.findChild(QDockWidget, "history")
    assert history is not None
    assert not history.isHidden()
    assert other.dockWidgetArea(other.styles.strip_dock) == Qt.DockWidgetArea.LeftDockWidgetArea
    assert other.statusBar().isVisible()


def test_full_screen_and_back(window, qtbot):
    qtbot.keyClick(window, Qt.Key.Key_F11)
    assert window.isFullScreen()
    qtbot.keyClick(window, Qt.Key.Key_F11)
    assert not window.isFullScreen()


def test_a_label_that_the_weights_do_not_know_is_told_once_and_moves_nothing(window, qtbot):
    before = window.canvas.geometry(), window.canvas.mapTo(window, window.canvas.rect().topLeft())
    hint = window.palette_panel.hint
    window.toolbox.label = ROOF
    assert hint.isVisible()
    assert hint.parent() is window.canvas
    assert (window.canvas.geometry(), window.canvas.mapTo(window, window.canvas.rect().topLeft())) == before
    hint.close_button.click()
    assert not hint.isVisible()
    window.toolbox.label = SKY
    window.toolbox.label = ROOF
    assert not hint.isVisible()


def test_what_was_found_is_no_longer_said_once_the_layout_changes(window, hand):
    window.document.replace(np.full((64, 64), SKY, np.uint8), "sky")
    window.palette_work.find_on_canvas(123)
    assert "nowhere" in window.statusBar().currentMessage()
    window.toolbox.label = 123
    hand.stroke((20, 20), (40, 40))
    assert "nowhere" not in window.statusBar().currentMessage()


def test_steps_name_their_labels_and_show_the_layout(window, hand):
    window.document.replace(np.full((64, 64), SKY, np.uint8), "sky")
    window.toolbox.label = 123
    hand.stroke((20, 20), (40, 40))
    steps = window.painting.history.steps
    assert steps.item(1).text() == "Brush: Grass"
    first, second = (steps.item(row).icon().pixmap(48, 36).toImage() for row in (0, 1))
    assert first.size() == second.size()
    assert first != second


def test_snapshots_have_pictures_and_are_found_by_name(window):
    document, panel = window.document, window.painting.history
    for name in ("Lake at noon", "Forest", "Lake at night"):
        document.add_snapshot(name)
    assert not panel.snapshots.item(0).icon().isNull()
    panel.search.setText("lake NIGHT")
    assert [panel.snapshots.item(row).isHidden() for row in range(3)] == [True, True, False]
    panel.search.clear()
    assert not any(panel.snapshots.item(row).isHidden() for row in range(3))
