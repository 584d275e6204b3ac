"""Tabbed docks at the right side of the window, and the commands that show them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget


def add_dock(window: QMainWindow, name: str, title: str, panel: QWidget) -> QDockWidget:
    """Add a panel to the window in a dock, initially hidden, and return the dock."""
    dock = QDockWidget(title, window)
    dock.setObjectName(name)
    dock.setWidget(panel)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    dock.hide()
    # Checked only while visible: the shortcut brings a dock behind another tab to the front.
    action = dock.toggleViewAction()
    dock.visibilityChanged.connect(action.setChecked)
    action.triggered.connect(lambda shown: dock.raise_() if shown else None)
    return dock


def dock_beside(window: QMainWindow, dock: QDockWidget, name: str, text: str, key: str) -> QAction:
    """Tabify a dock with the one named ``name``, and return the command that shows it, with the given text and shortcut."""
    other = window.findChild(QDockWidget, name)
    if other is not None:
        window.tabifyDockWidget(other, dock)
        dock.hide()
    action = dock.toggleViewAction()
    action.setText(text)
    action.setShortcut(key)
    return action
