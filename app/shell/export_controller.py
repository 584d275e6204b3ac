"""The windows of variations, exports and videos, created on first use and closed with the main window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMessageBox, QWidget

from spade_studio.app.export.order import PaintedLayout
from spade_studio.app.rendering.workspace import Workspace
from spade_studio.app.shell.document_wiring import WindowDocuments
from spade_studio.app.ui.plain import message_box, number_text
from spade_studio.engine.batch.plan import Style
from spade_studio.engine.labels.label_set import LabelSet
from spade_studio.engine.pictures.provenance import has_provenance

if TYPE_CHECKING:
    from spade_studio.app.export.window import ExportWindow
    from spade_studio.app.variations.sheet_renderer import SheetLayout
    from spade_studio.app.variations.window import VariationsWindow
    from spade_studio.app.video.window import VideoWindow

_TOLD_MILLISECONDS = 15_000


class ExportController(QObject):
    """Opens the windows that make several pictures or videos of a document.

    Attributes:
        sheet: Variation sheet; None until first opened.
        export: Export window; None until first opened.
        video: Video window; None until first opened.
    """

    def __init__(
        self,
        workspace: Workspace,
        documents: WindowDocuments,
        adopt: Callable[[Style], object],
    ) -> None:
        window, document, live, commands = workspace.window, workspace.document, workspace.live, workspace.actions
        super().__init__(window)
        self._window, self._document, self._live, self._settings, self._theme = window, document, live, workspace.settings, workspace.theme
        self._adopt = adopt
        self._captured: tuple[tuple[object, ...], PaintedLayout] | None = None
        self.sheet: VariationsWindow | None = None
        self.export: ExportWindow | None = None
        self.video: VideoWindow | None = None
        documents.drops.register(has_provenance, lambda paths: documents.open(paths[0]), first=True)
        documents.export_menu.addSeparator()
        documents.export_menu.addAction(commands["export_batch"])
        commands.on("export_batch", self.open_export)
        commands.on("variations", self.open_sheet)

    def open_sheet(self) -> None:
        """Show the variation sheet."""
        if self.sheet is None:
            from spade_studio.app.variations.window import SheetPurposes, VariationsWindow

            purposes = SheetPurposes(self._capture_sheet, self._adopt, self._export_styles, self._film_styles)
            sheet = self.sheet = VariationsWindow(self._live, self._theme, purposes, self._settings.sheet_count or 25, self._window)
            self._document.labels_changed.connect(lambda _rect, revision: sheet.show_layout_changed(revision))
            self._document.replaced.connect(lambda: sheet.show_layout_changed(self._document.revision))
            for changed in (self._document.texture_changed, self._live.texture_changed):
                changed.connect(lambda: sheet.show_texture_changed(self._document.texture_regions))
            self._live.rendered.connect(lambda _result: sheet.show_style_in_use())
            self._live.ready.connect(lambda _ready: sheet.show_weights_changed())
        self.sheet.open()

    def open_export(self) -> None:
        """Show the export window."""
        self._made_export().open()

    def may_stop(self) -> bool:
        """Return whether the window may close; asks first if an export or a video is in progress."""
        export = self.export.exporter if self.export is not None and self.export.exporter.is_running else None
        film = self.video.maker if self.video is not None and self.video.maker.is_at_work else None
        lines: list[str] = []
        if export is not None:
            done, _, total = export.counts
            text = self.tr("An export is running: {done} of %Ln picture(s) done. It can be resumed later.", "", total)
            lines.append(text.format(done=number_text(done)))
        if film is not None and film.plan is not None:
            text = self.tr("A video is being made: {done} of %Ln frame(s) done. Once stopped, it begins anew.", "", film.plan.frames)
            lines.append(text.format(done=number_text(film.done)))
        return not lines or self._ask_stop("\n\n".join(lines))

    def _ask_stop(self, text: str) -> bool:
        box = message_box(self._window, self.tr("Stop what is being exported?"), text)
        stop = box.addButton(self.tr("&Stop and close"), QMessageBox.ButtonRole.DestructiveRole)
        wait = box.addButton(self.tr("&Wait"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(wait)
        box.setEscapeButton(wait)
        box.exec()
        return box.clickedButton() is stop

    def close(self) -> None:
        """Stop running jobs and close all windows; an interrupted export resumes when it is started again."""
        if self.sheet is not None:
            self._settings.sheet_count = self.sheet.count
        for window in (self.sheet, self.export, self.video):
            if window is not None:
                window.close_parts()
                window.close()

    def _made_export(self) -> ExportWindow:
        if self.export is None:
            from spade_studio.app.export.window import ExportWindow

            self.export = ExportWindow(self._live, self._settings, self._theme, self.capture, self._window)
            self.export.ended.connect(self._tell)
            for changed in (self._live.ready, self._document.replaced, self._document.picture_size_changed):
                changed.connect(self.export.look_again)
        return self.export

    def _tell(self, text: str) -> None:
        """Announce in the status bar a job that finished while its window was closed."""
        sender = self.sender()
        if isinstance(sender, QWidget) and not sender.isVisible():
            self._window.statusBar().showMessage(text, _TOLD_MILLISECONDS)

    def capture(self) -> tuple[PaintedLayout, LabelSet]:
        """Return a copy of the present layout with its label set; the layout is the same object while nothing changes."""
        document = self._document
        name = document.path.stem if document.path else document.name
        last, texture, regions = self._captured, self._live.texture, document.texture_regions
        key = document.revision, name, texture, id(regions)
        if last is None or last[0] != key:
            labels, objects = document.labels.copy(), document.instances
            layout = PaintedLayout(name, labels, None if objects is None else objects.copy(), texture, regions)
            last = self._captured = key, layout
        return last[1], document.label_set

    def _capture_sheet(self) -> SheetLayout:
        from spade_studio.app.variations.sheet_renderer import SheetLayout

        return SheetLayout(*self.capture(), self._document.revision)

    def _export_styles(self, styles: Sequence[Style], layout: SheetLayout) -> None:
        self._made_export().open(styles, (layout.layout, layout.label_set))

    def _film_styles(self, styles: Sequence[Style], layout: SheetLayout) -> None:
        if self.video is None:
            from spade_studio.app.video.window import VideoWindow

            self.video = VideoWindow(self._live, self._settings, self._theme, self._window)
            self.video.ended.connect(self._tell)
        self.video.open(styles, layout)
