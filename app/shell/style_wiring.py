"""The window's style handling: dock, strip, menus, drops and the clipboard."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QGuiApplication, QImage
from PySide6.QtWidgets import QDockWidget, QFileDialog

from spade_studio.app.documents.connection import DocumentConnection
from spade_studio.app.documents.drops import FileDrops
from spade_studio.app.rendering.workspace import Workspace
from spade_studio.app.styles.controller import StylesController
from spade_studio.app.styles.names import name_of
from spade_studio.app.styles.panel import StylesPanel
from spade_studio.app.styles.photographs import is_photograph
from spade_studio.app.styles.strip import StyleStrip
from spade_studio.app.styles.style import Style
from spade_studio.app.styles.style_panel import StylePanel
from spade_studio.app.ui.docks import add_dock, dock_beside
from spade_studio.engine.style import StyleCode

_PHOTO_SUFFIXES = (".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".png")


class WindowStyles(QObject):
    """The style commands and panels of the window.

    Attributes:
        controller: Controller of the style in use.
        panel: Panel of the lists of styles.
        dock: Dock of the panel, initially hidden.
        strip: Strip of styles that is always in view.
        strip_dock: Dock of the strip.
    """

    def __init__(self, workspace: Workspace, style_panel: StylePanel, connection: DocumentConnection, drops: FileDrops) -> None:
        window, live, settings, commands = workspace.window, workspace.live, workspace.settings, workspace.actions
        super().__init__(window)
        self._window, self._settings, self._strip, self._live, self._commands = window, settings, style_panel, live, commands
        self.controller = StylesController(live, connection.document, settings.state_folder, self)
        self.controller.serve(connection)
        self.panel = StylesPanel(self.controller, commands["paste_style"])
        self.dock = add_dock(window, "styles", self.tr("Styles"), self.panel)
        self.strip = StyleStrip(self.controller)
        self.strip_dock = add_dock(window, "style_strip", self.tr("Styles"), self.strip)
        self.strip_dock.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetMovable | QDockWidget.DockWidgetFeature.DockWidgetFloatable)
        self.strip_dock.show()
        take = self.controller.collection.add_files
        drops.register(self._might_take, take, is_sure=is_photograph, first=True, takes_several=True)
        self._connect()

    def close(self) -> None:
        """Save the style history for the next session and stop reading photographs."""
        self.controller.close()

    @property
    def style(self) -> Style:
        """The style in use."""
        return self.controller.style

    def adopt(self, style: Style | int | StyleCode, name: str = "") -> None:
        """Set the style: a :class:`Style`, a seed, or a style code, float32 ``[z]``; see :meth:`StylesController.adopt`."""
        self.controller.adopt(style, name)

    def open_with(self, seed: int) -> None:
        """Set a sample's style by its seed, unless the style is locked."""
        self.controller.open_with(seed)

    def dock_beside(self, name: str) -> QAction:
        """Tabify the dock with the one of a name, put the strip beside both, and return the command that shows the dock."""
        action = dock_beside(self._window, self.dock, name, self.tr("Styles panel"), "F9")
        self._window.setDockNestingEnabled(True)
        self._window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.strip_dock, Qt.Orientation.Horizontal)
        return action

    def open_gallery(self) -> None:
        """Show the style panel in front of other panels."""
        self.dock.show()
        self.dock.raise_()
        self.panel.tabs.currentWidget().setFocus()

    def paste(self) -> None:
        """Take the style of the picture or the files in the clipboard."""
        data = QGuiApplication.clipboard().mimeData()
        paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()] if data else []
        if paths:
            self.controller.collection.add_files(paths)
        elif data is not None and data.hasImage() and isinstance(image := data.imageData(), QImage):
            self.controller.collection.add_image(image)
        else:
            self._tell(self.tr("There is no picture in the clipboard."))
            return
        if not self.controller.why_no_references:
            self._show_references()

    def ask_for_files(self) -> None:
        """Open a file dialog for photographs and take their style."""
        folder = str(self._settings.picture_folder or "")
        kinds = self.tr("Photographs ({})").format(" ".join(f"*{suffix}" for suffix in _PHOTO_SUFFIXES))
        names, _ = QFileDialog.getOpenFileNames(self._window, self.tr("Take the style of photographs"), folder, kinds)
        if names:
            self._settings.picture_folder = Path(names[0]).parent
            self.controller.collection.add_files([Path(name) for name in names])

    def _connect(self) -> None:
        styles, strip, commands = self.controller, self._strip, self._commands
        strip.seed_changed.connect(styles.adopt_seed)
        strip.gallery_wanted.connect(self.open_gallery)
        commands.on("dice", styles.roll)
        commands.on("texture", styles.new_texture)
        commands["lock_style"].toggled.connect(styles.set_locked)
        commands.on("favourite_style", styles.collection.toggle_favourite)
        styles.collection.favourites_changed.connect(self._show)
        commands.on("paste_style", self.paste)
        self.panel.add_wanted.connect(self.ask_for_files)
        styles.changed.connect(self._show)
        styles.note.told.connect(lambda text: None if self.dock.isVisible() else self._tell(text))
        styles.weights_changed.connect(self._show_abilities)
        self._show_abilities()

    def _show_abilities(self) -> None:
        styles, info = self.controller, self._live.info
        self._strip.set_usable(not styles.why_no_style, styles.why_no_style)
        self._strip.set_textured(info is not None and info.has_texture)

    def _show(self) -> None:
        styles = self.controller
        seed = styles.style.seed if styles.style.code is None else None
        self._strip.show_style(name_of(styles.style), seed, styles.picture)
        self._commands["favourite_style"].setChecked(styles.collection.is_favourite)

    def _show_references(self) -> None:
        self.panel.tabs.setCurrentIndex(1)

    def _tell(self, text: str) -> None:
        self._window.statusBar().showMessage(text, 8000)

    def _might_take(self, path: Path) -> bool:
        return not self.controller.why_no_references and path.suffix.lower() in _PHOTO_SUFFIXES and path.is_file()
