"""Every dialog and side window: over the middle of the main window, and closed by Escape."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication

from spade_studio.app.variations.window import VariationsWindow
from spade_studio.app.weights.window import WeightsWindow
from tests.app.dialogs import classes, opened, openers

NEAR = 60
"""Pixels: Qt leaves room for a frame that it does not know yet."""


@pytest.mark.qt_log_ignore("This plugin does not support (propagateSizeHints|raise)")
def test_each_opens_over_the_window_and_closes_with_escape(tiny_window, tmp_path, qtbot):
    window = tiny_window
    window.setGeometry(90, 60, 640, 560)
    ways = openers(window, tmp_path, window.batch.capture())
    assert set(ways) == classes()
    screen = window.screen().availableGeometry()
    for kind, do in ways.items():
        do()
        dialog = opened(kind)
        off = dialog.frameGeometry().center() - window.frameGeometry().center()
        assert abs(off.x()) <= NEAR or dialog.width() > screen.width() - 200, (kind, dialog.geometry())
        assert abs(off.y()) <= NEAR or dialog.height() > screen.height() - 200, (kind, dialog.geometry())
        dialog.activateWindow()
        qtbot.waitUntil(lambda dialog=dialog: QApplication.activeWindow() is dialog)
        qtbot.keyClick(QApplication.focusWidget() or dialog, Qt.Key.Key_Escape)
        if kind in (VariationsWindow, WeightsWindow) and dialog.isVisible():  # what they do at first ends first
            qtbot.keyClick(dialog, Qt.Key.Key_Escape)
        assert not dialog.isVisible(), kind
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
