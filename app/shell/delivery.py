"""Export of the shown picture as a file, through the clipboard and by drag and drop, and the picture's context menu."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QDrag, QGuiApplication, QImage, QPixmap
from PySide6.QtWidgets import QMenu

from spade_studio.app.export.order import PaintedLayout
from spade_studio.app.export.picture import PictureOrder, ShownPicture, proposed_name
from spade_studio.app.export.picture_exporter import PictureExporter
from spade_studio.app.rendering.picture_view import PictureView
from spade_studio.app.rendering.workspace import Workspace
from spade_studio.app.ui import messages
from spade_studio.app.ui.images import to_image
from spade_studio.engine.errors import EngineError
from spade_studio.engine.labels.label_set import LabelSet
from spade_studio.engine.rendering.frame_sizes import SizeWish

if TYPE_CHECKING:
    from spade_studio.app.export.picture_dialog import PictureDialog

_TOLD_MILLISECONDS = 6000
_DRAGGED_SIDE = 128


class Delivery(QObject):
    """Export, copy, drag and context menu of the shown picture.

    Attributes:
        exporter: Exporter of picture files.
        menu: Context menu of the picture.
    """

    menu_opening = Signal(QPoint)  # global position

    def __init__(
        self,
        workspace: Workspace,
        view: PictureView,
        capture: Callable[[], tuple[PaintedLayout, LabelSet]],
    ) -> None:
        window, live, commands = workspace.window, workspace.live, workspace.actions
        super().__init__(window)
        self._window, self._live, self._settings, self._view = window, live, workspace.settings, view
        self._shown, self._capture = workspace.picture, capture
        self._dialog: PictureDialog | None = None
        self._dragged: TemporaryDirectory[str] | None = None
        self.exporter = PictureExporter(live, self)
        self.exporter.written.connect(self._on_written)
        self.exporter.failed.connect(self._on_failed)
        self.menu = QMenu(window)
        commands.on("export_picture", self.ask)
        commands.on("copy_picture", self.copy)
        view.drag_begun.connect(self.drag)
        view.menu_wanted.connect(self.open_menu)

    def fill_menu(self, groups: Sequence[Sequence[QAction | QMenu]]) -> None:
        """Set the entries of the picture's menu, one group per section."""
        for group in groups:
            for entry in group:
                if isinstance(entry, QMenu):
                    self.menu.addMenu(entry)
                else:
                    self.menu.addAction(entry)
            self.menu.addSeparator()

    def open_menu(self, place: QPoint) -> None:
        """Show the picture's menu at a screen position."""
        self.menu_opening.emit(place)
        self.menu.popup(place)

    # -- as a file ------------------------------------------------------------------------------------------------

    def ask(self) -> PictureDialog | None:
        """Open the export dialog for name, format and size of a file; None where there is no picture yet."""
        from spade_studio.app.export.picture_dialog import PictureDialog

        picture, info = self._picture(), self._live.info
        if picture is None or info is None:
            return None
        layout, label_set = self._capture()
        height, width = layout.labels.shape
        base = info.size_of(SizeWish(), (height, width))
        shown = ShownPicture(to_image(picture), (picture.shape[0], picture.shape[1]), self._shown.detail, base)
        dialog = PictureDialog(proposed_name(layout.name), (height, width), shown, self._settings, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        style = self._live.style

        def make(order: PictureOrder) -> None:
            self.exporter.start(order, layout, label_set, style)

        dialog.wanted.connect(make)
        self.exporter.progressed.connect(dialog.show_progress)
        dialog.rejected.connect(self.exporter.cancel)
        dialog.finished.connect(self._forget_dialog)
        self._dialog = dialog
        dialog.open()
        return dialog

    def _forget_dialog(self) -> None:
        self._dialog = None

    def _on_written(self, order: PictureOrder) -> None:
        text = self.tr("{name} is exported, {width} × {height} px").format(name=order.path.name, width=order.size[1], height=order.size[0])
        self._window.statusBar().showMessage(text, _TOLD_MILLISECONDS)
        if self._dialog is not None:
            self._dialog.accept()

    def _on_failed(self, error: EngineError) -> None:
        if self._dialog is not None:
            self._dialog.show_problem(error)

    # -- by clipboard and mouse -----------------------------------------------------------------------------------

    def copy(self) -> bool:
        """Copy the picture to the clipboard; return False where there is none yet."""
        picture = self._picture()
        if picture is None:
            return False
        QGuiApplication.clipboard().setImage(to_image(picture))
        text = self.tr("The picture is in the clipboard, {width} × {height} px").format(width=picture.shape[1], height=picture.shape[0])
        self._window.statusBar().showMessage(text, _TOLD_MILLISECONDS)
        return True

    def drag(self) -> None:
        """Start a drag of the picture, as an image and as a PNG file."""
        from spade_studio.app.export.dragged_picture import DraggedPicture

        picture = self._shown.image
        if picture is None:
            return
        image = to_image(picture)
        drag = QDrag(self._view)
        name = f"{proposed_name(self._capture()[0].name)}.png"
        drag.setMimeData(DraggedPicture(image, lambda: self._write_dragged(image, name)))
        aspect, mode = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        drag.setPixmap(QPixmap.fromImage(image.scaled(_DRAGGED_SIDE, _DRAGGED_SIDE, aspect, mode)))
        drag.exec(Qt.DropAction.CopyAction)

    def _write_dragged(self, image: QImage, name: str) -> Path | None:
        """Write the dragged picture to a file, which is kept until the window closes, since drop targets may read it later."""
        try:
            if self._dragged is None:
                self._dragged = TemporaryDirectory(prefix="spade-studio-", ignore_cleanup_errors=True)
            folder = Path(self._dragged.name)
            path = folder / str(sum(1 for _ in folder.iterdir())) / name
            path.parent.mkdir()
        except OSError:
            return None
        return path if image.save(str(path)) else None

    def _picture(self) -> NDArray[np.uint8] | None:
        picture = self._shown.image
        if picture is None:
            text = self.tr("Wait until the render of this layout is shown. An empty layout has none.")
            messages.show_note(self._window, self.tr("There is no picture yet"), text)
        return picture

    def close(self) -> None:
        """Stop running exports and remove temporary files."""
        self.exporter.close()
        if self._dragged is not None:
            self._dragged.cleanup()
