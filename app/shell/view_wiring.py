"""Full screen, hiding of panels, and panel positions that persist between sessions."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QObject, Qt
from PySide6.QtWidgets import QDockWidget, QToolBar, QWidget

from spade_studio.app.canvas.view import CanvasView
from spade_studio.app.rendering.workspace import Workspace

_STATE_VERSION = 1


class WindowPanels(QObject):
    """The panels and bars around the canvas."""

    def __init__(self, workspace: Workspace, canvas: CanvasView) -> None:
        window, commands = workspace.window, workspace.actions
        super().__init__(window)
        self._window, self._canvas, self._commands, self._settings = window, canvas, commands, workspace.settings
        self._hidden: list[QWidget] = []
        self._state = QByteArray()
        # Only while the canvas has keyboard focus: elsewhere Tab moves the focus, as usual.
        commands["hide_panels"].setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        canvas.addAction(commands["hide_panels"])
        commands["hide_panels"].toggled.connect(self.set_hidden)
        commands["full_screen"].toggled.connect(self.set_full_screen)

    def set_hidden(self, hidden: bool) -> None:
        """Hide all panels and bars except the menu bar, or restore those that were visible."""
        if hidden == bool(self._hidden):
            return
        if hidden:
            self._state = self._window.saveState(_STATE_VERSION)
            kinds = (*self._window.findChildren(QDockWidget), *self._window.findChildren(QToolBar), self._window.statusBar())
            self._hidden = [one for one in kinds if one.isVisible() and one.parent() is self._window]
            for one in self._hidden:
                one.hide()
        else:
            for one in self._hidden:
                one.show()
            self._hidden = []
            self._window.restoreState(self._state, _STATE_VERSION)
        self._canvas.setFocus()

    def set_full_screen(self, full: bool) -> None:
        """Enter or leave full screen."""
        state = self._window.windowState()
        full_screen = Qt.WindowState.WindowFullScreen
        self._window.setWindowState(state | full_screen if full else state & ~full_screen)

    def restore(self) -> None:
        """Restore the panel positions of the last session."""
        if not self._settings.panels.isEmpty() and self._window.restoreState(self._settings.panels, _STATE_VERSION):
            for bar in self._window.findChildren(QToolBar):
                bar.show()
        self._commands["full_screen"].setChecked(self._window.isFullScreen())

    def keep(self) -> None:
        """Store the panel positions in the settings, including those of hidden panels."""
        self._settings.panels = self._state if self._hidden else self._window.saveState(_STATE_VERSION)
