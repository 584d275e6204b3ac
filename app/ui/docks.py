"""Panels in docks at the window's right side, behind each other's tabs, and the commands that show them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget


def add_dock(window: QMainWindow, name: str, title: str, panel: QWidget) -> QDockWidget:
    """Put a panel into a dock of the window, hidden until it is asked for."""
    dock = QDockWidget(title, window)
    dock.setObjectName(name)
    dock.setWidget(panel)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    dock.hide()
    # Checked only while it is seen: what lies behind another one's tab comes to the front by its key.
    action = dock.toggleViewAction()
    dock.visibilityChanged.connect(action.setChecked)
    action.triggered.connect(lambda shown: dock.raise_() if shown else None)
    return dock


def dock_beside(window: QMainWindow, dock: QDockWidget, name: str, text: str, key: str) -> QAction:
    """Put a dock behind the tab of the one of that name, and return the command that shows it, with its text and key."""
    other = window.findChild(QDockWidget, name)
    if other is not None:
        window.tabifyDockWidget(other, dock)
        dock.hide()
    action = dock.toggleViewAction()
    action.setText(text)
    action.setShortcut(key)
    return action
