"""The window's canvas commands other than strokes: size, protection, objects, layers, history and tool options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDialog, QFileDialog, QMenu, QToolBar

from spade_studio.app.canvas.history_panel import HistoryPanel
from spade_studio.app.canvas.layers import Compare
from spade_studio.app.canvas.layers_panel import LayersPanel
from spade_studio.app.canvas.tool_kinds import ToolKind
from spade_studio.app.canvas.tool_options import ToolOptionsPanel
from spade_studio.app.canvas.tools import Toolbox
from spade_studio.app.canvas.view import CanvasView
from spade_studio.app.documents.pictures import shrunk
from spade_studio.app.model import selections
from spade_studio.app.model.label_choice import SetOffer
from spade_studio.app.model.raster import LabelArray
from spade_studio.app.model.raster_shapes import resize_nearest
from spade_studio.app.model.starts import Start
from spade_studio.app.model.state import MAX_SNAPSHOT_BYTES, MAX_SNAPSHOTS, Snapshot, Underlay
from spade_studio.app.palette.panel import PalettePanel
from spade_studio.app.rendering.panel import RenderPanel
from spade_studio.app.rendering.workspace import Workspace
from spade_studio.app.shell.select_wiring import SelectCommands
from spade_studio.app.ui import messages
from spade_studio.app.ui.docks import add_dock
from spade_studio.app.ui.marking import QT_TRANSLATE_NOOP
from spade_studio.engine.errors import EngineError
from spade_studio.engine.labels import LabelSet
from spade_studio.engine.pictures.photographs import read_style_image

_PHOTOS = QT_TRANSLATE_NOOP("CanvasCommands", "Photos (*.png *.jpg *.jpeg *.webp);;All files (*)")


class CanvasCommands(QObject):
    """The commands and panels of the canvas.

    Attributes:
        options: Row of tool options in the toolbar.
        history: Panel of undo steps and snapshots, in a dock that is initially closed.
        layers_panel: Panel of layer visibility and opacity, in a dock that is initially closed.
        selecting: Commands on the selection.
    """

    def __init__(
        self,
        workspace: Workspace,
        toolbox: Toolbox,
        canvas: CanvasView,
        palette: PalettePanel,
        render_panel: RenderPanel,
        sets: Callable[[], SetOffer],
        new: Callable[[LabelArray, LabelSet], object],
    ) -> None:
        window, document, commands = workspace.window, workspace.document, workspace.actions
        super().__init__(window)
        self._window, self._document, self._toolbox, self._commands = window, document, toolbox, commands
        self._canvas, self._palette, self._render_panel = canvas, palette, render_panel
        self._sets, self._new = sets, new
        self._start = Start.LAND
        self._size_place: QAction | None = None  # brush size field in the toolbar
        self._waiting = workspace.waiting
        self.options = ToolOptionsPanel()
        self.history = HistoryPanel(document, commands["snapshot"])
        self.layers_panel = LayersPanel(
            [commands[name] for name in ("side_by_side", "overlay", "wipe")],
            [commands[name] for name in ("outlines", "objects")],
            [commands[name] for name in ("underlay", "no_underlay")],
        )
        self._history_dock = add_dock(window, "history", self.tr("History"), self.history)
        self._layers_dock = add_dock(window, "view", self.tr("View"), self.layers_panel)
        window.tabifyDockWidget(self._layers_dock, self._history_dock)
        self.selecting = SelectCommands(self, document, toolbox, commands)
        self._connect_commands()
        self._connect_parts()
        commands["side_by_side"].setChecked(True)
        self._show_tool(toolbox.kind)
        self.options.show_options(toolbox.options)
        self._show_labels()
        self._show_compare()
        self._show_underlay()

    # -- building -------------------------------------------------------------------------------------------------

    def fill_toolbar(self, bar: QToolBar) -> None:
        """Append the mirror commands and the tool options to a toolbar."""
        self._size_place = bar.actions()[-1]
        self._size_place.setVisible(self._toolbox.kind.has_size)
        bar.addActions([self._commands[name] for name in ("mirror_x", "mirror_y", "new_object")])
        bar.addWidget(self.options)

    def fill_view_menu(self, menu: QMenu) -> None:
        """Add compare modes, layers and panels to the view menu."""
        for name in ("", "side_by_side", "overlay", "wipe", "", "outlines", "objects", "underlay", "no_underlay", ""):
            if name:
                menu.addAction(self._commands[name])
            else:
                menu.addSeparator()
        for dock, key in ((self._layers_dock, "F6"), (self._history_dock, "F7")):
            action = dock.toggleViewAction()
            action.setText(self.tr("{title} panel").format(title=dock.windowTitle()))
            action.setShortcut(key)
            menu.addAction(action)

    # -- wiring ---------------------------------------------------------------------------------------------------

    def _connect_commands(self) -> None:
        toolbox, layers, on = self._toolbox, self._canvas.layers, self._commands.on
        on("new", self.ask_new)
        on("resize", self.ask_resize)
        on("extend", self.ask_extend)
        on("crop", self.crop)
        on("replace_label", self.ask_replace)
        on("new_object", self._begin_object)
        on("protect", lambda: self._toggle_protection(toolbox.label))
        on("snapshot", self.take_snapshot)
        on("underlay", self.ask_underlay)
        on("no_underlay", lambda: setattr(self._document, "underlay", None))
        for name in ("mirror_x", "mirror_y"):
            on(name, self._set_symmetry)
        for compare in Compare:
            on(compare.value, lambda compare=compare: self._set_compare(compare))
        self._commands["outlines"].toggled.connect(lambda on: setattr(layers, "shows_outlines", on))
        self._commands["objects"].toggled.connect(lambda on: setattr(layers, "shows_objects", on))
        for number in range(1, 10):
            action = self._commands[f"recent_{number}"]
            self._window.addAction(action)
            on(f"recent_{number}", lambda number=number: toolbox.take_recent(number))

    def _connect_parts(self) -> None:
        document, toolbox, layers, panel = self._document, self._toolbox, self._canvas.layers, self.layers_panel
        self.options.changed.connect(lambda name, value: toolbox.set_options(**{name: value}))
        self.options.recent_wanted.connect(toolbox.take_recent)
        self.options.done.connect(self._canvas.setFocus)
        toolbox.kind_changed.connect(self._show_tool)
        toolbox.options_changed.connect(self.options.show_options)
        toolbox.object_changed.connect(self._show_object)
        toolbox.recent_changed.connect(self._show_labels)
        toolbox.label_changed.connect(self._show_labels)
        toolbox.outline_changed.connect(self._enable)
        document.replaced.connect(self._show_labels)
        document.protected_changed.connect(self._show_labels)
        document.underlay_changed.connect(self._show_underlay)
        document.snapshots_changed.connect(self._enable)
        self.history.wants_step.connect(self._go_to)
        self.history.wants_snapshot.connect(self._restore)
        panel.render_opacity_changed.connect(lambda opacity: setattr(layers, "render_opacity", opacity))
        panel.underlay_opacity_changed.connect(lambda opacity: self._change_underlay(opacity=opacity))
        panel.underlay_shown.connect(lambda visible: self._change_underlay(visible=visible))
        self._render_panel.view.pictured.connect(layers.set_render)

    # -- sizes ----------------------------------------------------------------------------------------------------

    def ask_new(self) -> None:
        """Ask for a size, a label set and a start, empty or a simple scene, and create a document."""
        from spade_studio.app.canvas.new_dialog import NewDialog

        height, width = self._document.size
        offer = self._sets()
        dialog = NewDialog((width, height), offer, self._start, self._window)
        dialog.created.connect(lambda _width, _height, place, labels: self._create(dialog.start, labels, offer.sets[place]))
        _open(dialog)

    def _create(self, start: Start, labels: LabelArray, label_set: LabelSet) -> None:
        self._start = start
        self._new(labels, label_set)

    def ask_extend(self) -> None:
        """Ask for a larger canvas size and extend the layout to it."""
        from spade_studio.app.canvas.extend_dialog import ExtendDialog

        height, width = self._document.size
        dialog = ExtendDialog((width, height), self._window)
        dialog.extended.connect(self.extend)
        _open(dialog)

    def extend(self, left: int, top: int, right: int, bottom: int, fills: bool) -> None:
        """Extend the layout by pixels at each side, as one undo step.

        Args:
            left: Pixels to add at the left.
            top: Pixels to add at the top.
            right: Pixels to add at the right.
            bottom: Pixels to add at the bottom.
            fills: Whether to fill the new area from its surroundings; otherwise it is unlabeled.
        """
        self._toolbox.finish()
        self._document.extend(left, top, right, bottom, "extend", fills=fills)

    def ask_resize(self) -> None:
        """Ask for a size and scale the layout to it."""
        from spade_studio.app.canvas.size_dialog import SizeDialog

        height, width = self._document.size
        note = self.tr("Every pixel takes the label of the nearest one, so edges stay hard.")
        dialog = SizeDialog(self.tr("Resize the layout"), self.tr("Resize"), (width, height), note, self._window)
        dialog.chosen.connect(lambda width, height: self.resize((height, width)))
        _open(dialog)

    def resize(self, size: tuple[int, int]) -> None:
        """Scale the layout to (height, width) in pixels with nearest-neighbour sampling, as one undo step."""
        self._toolbox.finish()
        document = self._document
        if size != document.size:
            objects = document.instances
            document.reshape(resize_nearest(document.labels, *size), None if objects is None else resize_nearest(objects, *size), "resize")

    def crop(self) -> None:
        """Crop the layout to the selection, as one undo step."""
        self._toolbox.finish()
        document = self._document
        if document.selection is not None:
            document.crop(selections.bounds(document.selection), "crop")

    # -- labels and objects ---------------------------------------------------------------------------------------

    def ask_replace(self) -> None:
        """Ask for two labels and replace one by the other."""
        from spade_studio.app.canvas.replace_dialog import ReplaceDialog

        toolbox, label_set = self._toolbox, self._document.label_set
        present = [label for value in np.unique(self._document.labels) if (label := label_set.by_id(int(value))) is not None]
        if not present:
            return
        dialog = ReplaceDialog(present, self._palette.labels, toolbox.previous_label, toolbox.label, self._window)
        dialog.chosen.connect(toolbox.replace_label)
        _open(dialog)

    def _begin_object(self) -> None:
        self._toolbox.new_object()
        self._show_object(self._toolbox.object_id)

    def _show_object(self, object_id: int) -> None:
        self._commands["new_object"].setChecked(object_id > 0)

    def _toggle_protection(self, label: int) -> None:
        self._document.protected = self._document.protected ^ {label}

    def _set_symmetry(self) -> None:
        symmetry = self._toolbox.options.symmetry
        left_right, up_down = (self._commands[name].isChecked() for name in ("mirror_x", "mirror_y"))
        self._toolbox.set_options(symmetry=symmetry._replace(left_right=left_right, up_down=up_down))

    # -- history --------------------------------------------------------------------------------------------------

    def take_snapshot(self) -> None:
        """Store the present state as a snapshot under the next free name."""
        self._toolbox.finish()
        if len(self._document.snapshots) >= MAX_SNAPSHOTS:
            return
        if not self._document.has_room_for_snapshot:
            text = self.tr("All snapshots of a layout together may take {size:.0f} GB. Remove one first.")
            messages.show_note(self._window, self.tr("No room for another snapshot"), text.format(size=MAX_SNAPSHOT_BYTES / 2**30))
            return
        names = {snapshot.name for snapshot in self._document.snapshots}
        number = next(number for number in range(1, MAX_SNAPSHOTS + 2) if self.tr("Snapshot {number}").format(number=number) not in names)
        self._document.add_snapshot(self.tr("Snapshot {number}").format(number=number))

    def _restore(self, snapshot: Snapshot) -> None:
        self._toolbox.finish()
        self._document.restore_snapshot(snapshot)

    def _go_to(self, index: int) -> None:
        self._toolbox.cancel()
        self._document.undo_stack.go_to(index)

    # -- layers ---------------------------------------------------------------------------------------------------

    def ask_underlay(self) -> None:
        """Ask for a photograph and show it beneath the labels."""
        name, _ = QFileDialog.getOpenFileName(self._window, self.tr("Lay a photo under the labels"), "", self.tr(_PHOTOS))
        if name:
            self.load_underlay(Path(name))

    def load_underlay(self, path: Path) -> None:
        """Show a photograph beneath the labels; if it cannot be read, a message says why."""
        from spade_studio.app.canvas.size_dialog import LARGEST

        try:
            text = self.tr("Opening {name}…").format(name=path.name)
            photo = self._waiting.do(text, lambda _check: shrunk(read_style_image(path), LARGEST))
        except EngineError as error:
            messages.show_error(self._window, self.tr("{name} could not be opened").format(name=path.name), error)
            return
        if photo is not None:
            self._document.underlay = Underlay(photo)

    def _change_underlay(self, *, opacity: float | None = None, visible: bool | None = None) -> None:
        underlay = self._document.underlay
        if underlay is not None:
            opacity = underlay.opacity if opacity is None else opacity
            visible = underlay.visible if visible is None else visible
            self._document.underlay = replace(underlay, opacity=opacity, visible=visible)

    def _set_compare(self, compare: Compare) -> None:
        self._canvas.layers.compare = compare
        self._render_panel.setVisible(compare is Compare.SIDE_BY_SIDE)
        self._show_compare()

    # -- showing --------------------------------------------------------------------------------------------------

    def _show_tool(self, kind: ToolKind) -> None:
        self.options.show_tool(kind)
        if self._size_place is not None:
            self._size_place.setVisible(kind.has_size)

    def _show_labels(self) -> None:
        by_id, toolbox = self._document.label_set.by_id, self._toolbox
        self.options.show_recent([label for label_id in toolbox.recent if (label := by_id(label_id)) is not None], toolbox.label)
        self._palette.show_protected(self._document.protected)
        self._commands["protect"].setChecked(toolbox.label in self._document.protected)
        self._enable()

    def _show_compare(self) -> None:
        layers = self._canvas.layers
        self.layers_panel.show_compare(layers.render_opacity, is_overlay=layers.compare is Compare.OVERLAY)

    def _show_underlay(self) -> None:
        underlay = self._document.underlay
        self.layers_panel.show_underlay(underlay.opacity if underlay else None, visible=underlay is not None and underlay.visible)
        self._commands["no_underlay"].setEnabled(underlay is not None)

    def _enable(self) -> None:
        # The same command removes the corners of an open polygon one by one.
        self._commands["undo"].setEnabled(self._document.undo_stack.canUndo() or self._toolbox.is_open)
        self._commands["snapshot"].setEnabled(len(self._document.snapshots) < MAX_SNAPSHOTS)


def _open(dialog: QDialog) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
