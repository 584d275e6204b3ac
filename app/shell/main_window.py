"""The main window, which creates and connects document, tools, panels and renderer."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QFrame, QMainWindow, QMenu, QSplitter, QToolBar, QWidget

from spade_studio.app.canvas.brush_size import BrushSizePanel
from spade_studio.app.canvas.tool_kinds import ToolKind
from spade_studio.app.canvas.tools import MAX_BRUSH_SIZE, Toolbox
from spade_studio.app.canvas.view import CanvasView
from spade_studio.app.documents import samples
from spade_studio.app.documents.commands import FileCommands
from spade_studio.app.documents.connection import DocumentConnection
from spade_studio.app.export.restore import PictureRestorer
from spade_studio.app.model.document import Document
from spade_studio.app.model.label_choice import offered_labels, starting_labels
from spade_studio.app.palette.controller import PaletteController
from spade_studio.app.palette.panel import PalettePanel
from spade_studio.app.rendering.controller import RenderingController
from spade_studio.app.rendering.document_picture import DocumentPicture
from spade_studio.app.rendering.linked_views import LinkedViews
from spade_studio.app.rendering.live_renderer import LiveRenderer
from spade_studio.app.rendering.loading import LoadOptions
from spade_studio.app.rendering.panel import RenderPanel
from spade_studio.app.rendering.rendered_document import RenderedDocument
from spade_studio.app.rendering.workspace import Workspace
from spade_studio.app.shell.canvas_wiring import CanvasCommands
from spade_studio.app.shell.delivery import Delivery
from spade_studio.app.shell.desktop import Desktop, DesktopParts
from spade_studio.app.shell.document_wiring import WindowDocuments
from spade_studio.app.shell.export_controller import ExportController
from spade_studio.app.shell.style_wiring import WindowStyles
from spade_studio.app.shell.texture_wiring import TextureCommands
from spade_studio.app.shell.view_wiring import WindowPanels
from spade_studio.app.styles.style_panel import StylePanel
from spade_studio.app.training.controller import TrainingController
from spade_studio.app.ui.actions import Actions
from spade_studio.app.ui.boxes import row
from spade_studio.app.ui.edge_bar import EdgeBar
from spade_studio.app.ui.messages import step_name
from spade_studio.app.ui.settings import Appearance, Settings
from spade_studio.app.ui.status import StatusBar
from spade_studio.app.ui.theme import Theme
from spade_studio.app.ui.waiting import Waiting
from spade_studio.app.weights.controller import WeightsController
from spade_studio.engine.labels import LabelChannels, load_label_set
from spade_studio.engine.rendering.service import RendererReady

if TYPE_CHECKING:
    from spade_studio.engine.rendering.renderer import Renderer

_MARGIN = 12
_ZOOM_STEP = 1.25


class MainWindow(QMainWindow):
    """The main window: canvas on the left, rendered picture on the right, palette and style below."""

    def __init__(
        self,
        settings: Settings,
        theme: Theme,
        load: Callable[[], Renderer],
        channels: LabelChannels | None = None,
        version: str = "",
        options: LoadOptions | None = None,
    ) -> None:
        super().__init__()
        self._settings = settings
        self._theme = theme
        sample = samples.SAMPLES[0]
        label_set = load_label_set("coco_stuff")
        self.document = Document(samples.read_sample(sample), label_set, sample.name, self)
        first, second = starting_labels(self.document.labels, offered_labels(label_set, channels.known_ids if channels else ()))
        rendered = RenderedDocument(self.document, self)
        self.live = LiveRenderer(rendered, load, sample.seed, self)
        self.commands = Actions(self)
        self.waiting = Waiting(self)
        self.picture = DocumentPicture(self.document, self.live, self)
        workspace = Workspace(self, self.document, self.live, self.picture, settings, theme, self.commands, self.waiting)
        self.toolbox = Toolbox(self.document, first.id, second.id, self)
        self.toolbox.brush_size = settings.brush_size or self.toolbox.brush_size
        self.canvas = CanvasView(self.document, self.toolbox)
        self.palette_panel, self.render_panel, self.status_bar = PalettePanel(), RenderPanel(), StatusBar()
        self.render_panel.set_stand_in(self.canvas)
        dice, texture, lock, star = (self.commands[name] for name in ("dice", "texture", "lock_style", "favourite_style"))
        self.style_panel = StylePanel(sample.seed, dice, texture, lock, star)
        view = self.render_panel.view
        self.rendering = RenderingController(workspace, self.render_panel, self.status_bar, rendered.unknown, options)
        connection = DocumentConnection(self.document)
        self.files = FileCommands(workspace, connection, PictureRestorer(workspace, connection).show)
        self.documents = WindowDocuments(workspace, self.files)
        drops = self.documents.drops
        self.styles = WindowStyles(workspace, self.style_panel, connection, drops)
        self.weights = WeightsController(workspace, self.rendering, drops, self.status_bar)
        self.training = TrainingController(workspace, self.weights.use)
        self.batch = ExportController(workspace, self.documents, self.styles.adopt)
        self.delivery = Delivery(workspace, view, self.batch.capture)
        self.palette_work = PaletteController(workspace, self.toolbox, self.canvas, self.palette_panel, rendered, self.files.new)
        offer, new = self.palette_work.sets_for_new, self.palette_work.begin_new
        self.painting = CanvasCommands(workspace, self.toolbox, self.canvas, self.palette_panel, self.render_panel, offer, new)
        self.painting.selecting.nothing_to_paste.connect(self.styles.paste)
        self.painting.selecting.nothing_to_copy.connect(self.delivery.copy)
        self.textures = TextureCommands(workspace, self.toolbox, self.canvas, view, self.palette_work)
        self.delivery.menu_opening.connect(lambda place: self.textures.look_under(place, view))
        self.brush_size_panel = BrushSizePanel(MAX_BRUSH_SIZE)
        self.views = LinkedViews(self.canvas, view, self)
        view.keys_to = self.canvas
        self._build_layout()
        self._build_menus()
        self._build_toolbar()
        self._connect_commands()
        self._connect_parts()
        self._show_tool(self.toolbox.kind)
        self.brush_size_panel.show_size(self.toolbox.brush_size)
        self._on_theme_changed()
        self._on_document_described()
        self._on_document_replaced()
        if channels is not None:
            self.palette_work.adopt(channels)
        view.tell(self.tr("Loading the weights…"))
        toured = (self.palette_panel, self.canvas, self.render_panel, self.styles.strip)
        parts = DesktopParts(self.files, self.documents, self.styles, self.rendering, toured)
        self.desktop = Desktop(workspace, parts, version)
        self.resize(1280, 760)
        self.restoreGeometry(settings.geometry)
        self.panels = WindowPanels(workspace, self.canvas)
        self.panels.restore()
        self.canvas.setFocus()

    # -- building -------------------------------------------------------------------------------------------------

    def _build_layout(self) -> None:
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(6)
        splitter.addWidget(self.canvas)
        splitter.addWidget(self.render_panel)
        splitter.setStretchFactor(0, 1)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([10_000, 10_000])
        strip = QWidget()
        strip.setObjectName("strip")
        strip.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        line = QFrame()
        line.setFrameShape(QFrame.Shape.VLine)
        line.setObjectName("line")
        below = row(strip, spacing=_MARGIN, margins=(_MARGIN, 8, _MARGIN, 8))
        below.addWidget(self.palette_panel, 1)
        below.addWidget(line)
        below.addWidget(self.style_panel)
        self.setCentralWidget(splitter)
        bar = EdgeBar(self.tr("Labels and style"), "palette_bar", strip)
        self.addToolBar(Qt.ToolBarArea.BottomToolBarArea, bar)
        self.setStatusBar(self.status_bar)

    def _build_menus(self) -> None:
        commands, files = self.commands, self.documents
        appearance = QMenu(self.tr("&Appearance"), self)
        appearance.addActions([commands[name] for name in ("dark", "light", "system")])
        sizes = ("smaller", "larger", "much_smaller", "much_larger")
        labels = ("swap", "find_label", "find_on_canvas", "favourite", self.palette_work.set_menu)
        styles = ("dice", "texture", "texture_label", "favourite_style", "lock_style", "paste_style")
        clipboard, changes = ("cut", "copy", "copy_picture", "paste"), ("replace_label", "resize", "extend")
        saving, view, select = ("save", "save_as"), self.tr("&View"), self.tr("&Select")
        zooms = ("zoom_in", "zoom_out", "zoom_fit", "zoom_actual", "picture_actual", "link_views")
        size, *devices = self.rendering.menus
        models, exports = ("weights", "train"), ("export_picture", files.export_menu)
        menus: tuple[tuple[str, tuple[str | QMenu, ...]], ...] = (
            (self.tr("&File"), ("new", "open", files.recent_menu, "open_sample", "", *saving, "", *exports, "", *models, "", "quit")),
            (self.tr("&Edit"), ("undo", "redo", "", *clipboard, "", "snapshot", "", *changes, "", "preferences")),
            (select, ()),
            (self.tr("&Paint"), (*ToolKind, "", "mirror_x", "mirror_y", "new_object", "protect", "", *sizes, "", *labels, "", *styles)),
            (view, (*zooms, "", "full_screen", "hide_panels", "", appearance)),
            (self.tr("&Render"), ("variations", "", size, self.rendering.detail_menu, *devices, "", "render_again")),
            (self.tr("&Help"), ("guide", "shortcuts", "tour", "", "reports", "", "about")),
        )
        for title, entries in menus:
            menu = self.menuBar().addMenu(title)
            for entry in entries:
                if isinstance(entry, QMenu):
                    menu.addMenu(entry)
                elif entry:
                    menu.addAction(commands[entry])
                else:
                    menu.addSeparator()
            if title is select:
                self.painting.selecting.fill_menu(menu)
            if title is view:
                self.painting.fill_view_menu(menu)
                menu.addActions([self.styles.dock_beside("history"), self.palette_work.dock_beside("styles")])
        self._fill_picture_menu()

    def _fill_picture_menu(self) -> None:
        names: tuple[tuple[str, ...], ...] = (
            ("copy_picture", "export_picture", "favourite_style"),
            ("side_by_side", "overlay", "wipe"),
            ("zoom_fit", "picture_actual", "link_views"),
        )
        copying, *looking = [[self.commands[name] for name in group] for group in names]
        textures = [self.textures.here, self.commands["texture_selection"], self.commands["texture"]]
        self.delivery.fill_menu([copying, textures, *looking, [self.rendering.menus[0], self.rendering.detail_menu]])

    def _build_toolbar(self) -> None:
        bar = QToolBar(self.tr("Tools"))
        bar.setObjectName("tools")
        bar.setMovable(False)
        bar.setIconSize(QSize(20, 20))
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        for names in (("new", "open", "save", "export_picture"), ("undo", "redo"), tuple(ToolKind)):
            bar.addActions([self.commands[name] for name in names])
            bar.addSeparator()
        bar.addWidget(self.brush_size_panel)
        self.painting.fill_toolbar(bar)
        self.addToolBar(bar)

    # -- wiring ---------------------------------------------------------------------------------------------------

    def _connect_commands(self) -> None:
        on = self.commands.on
        on("open", self.files.open)
        on("save", lambda: self.files.save(wait=False))
        on("save_as", lambda: self.files.save_as(wait=False))
        on("train", self.training.open)
        on("render_again", self.rendering.try_again)
        on("quit", self.close)
        on("undo", self._undo)
        on("redo", self._redo)
        for kind in ToolKind:
            on(kind.value, lambda kind=kind: setattr(self.toolbox, "kind", kind))
        for name, steps in (("smaller", -1), ("larger", 1), ("much_smaller", -5), ("much_larger", 5)):
            on(name, lambda steps=steps: self.toolbox.step_brush_size(steps))
        on("swap", self.toolbox.swap_labels)
        on("zoom_in", lambda: self.canvas.zoom_by(_ZOOM_STEP))
        on("zoom_out", lambda: self.canvas.zoom_by(1 / _ZOOM_STEP))
        on("zoom_fit", self.canvas.fit)
        on("zoom_actual", lambda: self.canvas.zoom_to(1))
        on("picture_actual", self.render_panel.view.show_pixels)
        self.commands["link_views"].toggled.connect(self._link_views)
        self.commands["link_views"].setChecked(self._settings.are_views_linked)
        for appearance in ("system", "light", "dark"):
            on(appearance, lambda appearance=appearance: self._set_appearance(cast("Appearance", appearance)))
        self.commands[self._settings.appearance].setChecked(True)

    def _connect_parts(self) -> None:
        document, toolbox, stack = self.document, self.toolbox, self.document.undo_stack
        document.described.connect(self._on_document_described)
        document.replaced.connect(self._on_document_replaced)
        stack.cleanChanged.connect(lambda clean: self.setWindowModified(not clean))
        stack.canUndoChanged.connect(self.commands["undo"].setEnabled)
        stack.canRedoChanged.connect(self.commands["redo"].setEnabled)
        stack.undoTextChanged.connect(
            lambda text: self.commands["undo"].setText(self.tr("&Undo {step}").format(step=step_name(text)).strip())
        )
        stack.redoTextChanged.connect(
            lambda text: self.commands["redo"].setText(self.tr("&Redo {step}").format(step=step_name(text)).strip())
        )
        self.commands["undo"].setEnabled(False)
        self.commands["redo"].setEnabled(False)
        toolbox.kind_changed.connect(self._show_tool)
        toolbox.brush_size_changed.connect(self.brush_size_panel.show_size)
        self.brush_size_panel.size_changed.connect(lambda size: setattr(toolbox, "brush_size", size))
        self.brush_size_panel.done.connect(self.canvas.setFocus)
        self.style_panel.done.connect(self.canvas.setFocus)
        self.canvas.hovered.connect(self._on_hovered)
        self.canvas.zoom_changed.connect(self.status_bar.show_zoom)
        # Queued, so that the window is shown before the render thread competes for the CPU.
        self.canvas.first_painted.connect(self.live.start, Qt.ConnectionType.QueuedConnection)
        self.live.ready.connect(self._on_ready)
        self._theme.changed.connect(self._on_theme_changed)

    # -- what the parts say ---------------------------------------------------------------------------------------

    def _on_document_described(self) -> None:
        self.setWindowTitle(self.tr("{name}[*] - SPADE Studio").format(name=self.document.name))
        self.setWindowModified(not self.document.undo_stack.isClean())

    def _on_document_replaced(self) -> None:
        height, width = self.document.size
        self.status_bar.show_size(width, height)
        self.render_panel.view.set_layout_size(width, height)

    def _on_hovered(self, pixel: tuple[int, int] | None) -> None:
        if pixel is None:
            self.status_bar.show_pixel(None, "")
            return
        x, y = pixel
        self.status_bar.show_pixel(pixel, self.document.describe(int(self.document.labels[y, x])))

    def _on_ready(self, ready: RendererReady) -> None:
        channels = ready.info.channels
        if channels is not None:
            self.palette_work.adopt(channels)
        self.render_panel.view.tell(self.tr("Rendering…"))

    def _on_theme_changed(self) -> None:
        self.commands.set_icons(self._theme)
        self.palette_panel.set_swap_icon(self._theme.icon("mdi6.swap-horizontal"))
        self.palette_panel.hint.set_icon(self._theme.warning_icon("mdi6.close"))
        self.palette_work.set_dock_icon(self._theme.icon("mdi6.format-list-group"))
        self.render_panel.banner.set_icons(self._theme.warning_icon("mdi6.alert-circle-outline"), self._theme.warning_icon("mdi6.close"))

    # -- what commands do -----------------------------------------------------------------------------------------

    def _undo(self) -> None:
        if not self.canvas.cancel_stroke():
            self.document.undo_stack.undo()

    def _redo(self) -> None:
        if self.document.stroke is None:
            self.document.undo_stack.redo()

    def _show_tool(self, kind: ToolKind) -> None:
        self.commands[kind.value].setChecked(True)

    def _link_views(self, is_linked: bool) -> None:
        self._settings.are_views_linked = self.views.is_linked = is_linked

    def _set_appearance(self, appearance: Appearance) -> None:
        self._settings.appearance = appearance
        self._theme.set_appearance(appearance)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask about unsaved changes and running exports; then save the window state and join the render thread."""
        event.ignore()  # also if an unexpected exception interrupts this method
        may_close = self.files.may_lose_changes() and (self.desktop.is_leaving or self.batch.may_stop())
        if not may_close and not self.desktop.is_leaving:
            return
        self._settings.geometry = self.saveGeometry()
        self.panels.keep()
        self._settings.brush_size = self.toolbox.brush_size
        self._settings.save()
        self.waiting.give_up()
        # Joining can take as long as loading torch; the window is hidden meanwhile.
        self.hide()
        QGuiApplication.sync()
        self.desktop.close()
        self.training.close()
        self.weights.close()
        self.batch.close()
        self.delivery.close()
        self.styles.close()
        self.documents.close()
        self.live.close()
        event.accept()
