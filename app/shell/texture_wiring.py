"""The commands that resample the texture of the layout, a label or the selection, and their places in context menus."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF
from PySide6.QtGui import QAction, QContextMenuEvent
from PySide6.QtWidgets import QMenu

from spade_studio.app.canvas.tool_kinds import ToolKind
from spade_studio.app.canvas.tools import Toolbox
from spade_studio.app.canvas.view import CanvasView
from spade_studio.app.model.textures import renew_texture
from spade_studio.app.palette.controller import PaletteController
from spade_studio.app.rendering.picture_view import PictureView
from spade_studio.app.rendering.workspace import Workspace
from spade_studio.app.ui.label_items import display_name

_CANVAS_MENU = ("cut", "copy", "paste", "duplicate", "", "select_label", "select_invert", "select_none", "", "crop")


class TextureCommands(QObject):
    """The commands that resample the texture noise.

    Attributes:
        here: Command for the label under the pointer, in the context menus of canvas and picture.
        canvas_menu: Context menu of the canvas, opened with the select tool or by key.
    """

    def __init__(
        self,
        workspace: Workspace,
        toolbox: Toolbox,
        canvas: CanvasView,
        picture: PictureView,
        palette: PaletteController,
    ) -> None:
        window, document, live, commands = workspace.window, workspace.document, workspace.live, workspace.actions
        super().__init__(window)
        self._window, self._document, self._toolbox, self._live = window, document, toolbox, live
        self._commands, self._canvas, self._picture = commands, canvas, picture
        self._label_here: int | None = None
        self.here = QAction(self)
        self.here.setIcon(commands["texture"].icon())
        self.here.triggered.connect(lambda _checked=False: self._renew_here())
        commands.on("texture_label", lambda: self.renew_label(toolbox.label))
        commands.on("texture_selection", self.renew_selection)
        self.canvas_menu = QMenu(window)
        self.canvas_menu.addActions([self.here, commands["texture_selection"]])
        self.canvas_menu.addSeparator()
        for name in _CANVAS_MENU:
            if name:
                self.canvas_menu.addAction(commands[name])
            else:
                self.canvas_menu.addSeparator()
        canvas.installEventFilter(self)
        document.selection_changed.connect(self._enable)
        live.ready.connect(lambda _ready: self._enable())
        palette.texture_wanted.connect(self.renew_label)
        self._enable()

    @property
    def is_possible(self) -> bool:
        """Whether the weights have texture noise."""
        return self._live.info is not None and self._live.info.has_texture

    def renew_label(self, label_id: int) -> bool:
        """Resample the texture of all pixels of a label; return False where there are none."""
        self._toolbox.finish()
        is_done = renew_texture(self._document, self._document.labels == label_id)
        if not is_done:
            text = self.tr("{label} is nowhere in the layout.").format(label=self._name_of(label_id))
            self._window.statusBar().showMessage(text, 4000)
        return is_done

    def renew_selection(self) -> bool:
        """Resample the texture of the selection; return False where nothing is selected."""
        self._toolbox.finish()
        selection = self._document.selection
        return selection is not None and renew_texture(self._document, selection)

    def look_under(self, place: QPoint, view: CanvasView | PictureView) -> None:
        """Make the label at a screen position the target of the command :attr:`here`."""
        at = view.viewport.to_picture(QPointF(view.mapFromGlobal(place)))
        column, row = math.floor(at.x()), math.floor(at.y())
        height, width = self._document.size
        is_inside = 0 <= column < width and 0 <= row < height
        self._label_here = int(self._document.labels[row, column]) if is_inside else None
        name = "" if self._label_here is None else self._name_of(self._label_here)
        text = self.tr("New te&xture of {label}").format(label=name.replace("&", "&&"))
        self.here.setText(text if name else self.tr("New te&xture of a label"))
        self.here.setEnabled(self.is_possible and self._label_here is not None)
        self.here.setIcon(self._commands["texture"].icon())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Open the canvas's context menu by key and, with the select tool, by the right button, which paints with other tools."""
        if event.type() != QEvent.Type.ContextMenu or not isinstance(event, QContextMenuEvent):
            return super().eventFilter(watched, event)
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        if (by_key or self._toolbox.kind is ToolKind.SELECT) and not self._toolbox.is_busy:
            place = self._canvas.mapToGlobal(self._canvas.rect().center()) if by_key else event.globalPos()
            self.look_under(place, self._canvas)
            self.canvas_menu.popup(place)
        return True

    def _renew_here(self) -> None:
        if self._label_here is not None:
            self.renew_label(self._label_here)

    def _name_of(self, label_id: int) -> str:
        label = self._document.label_set.by_id(label_id)
        return display_name(label) if label else self._document.describe(label_id)

    def _enable(self) -> None:
        self._commands["texture_label"].setEnabled(self.is_possible)
        self._commands["texture_selection"].setEnabled(self.is_possible and self._document.selection is not None)
