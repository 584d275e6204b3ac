"""Drag and drop of photographs onto style panels."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QImage
from PySide6.QtWidgets import QWidget

from spade_studio.app.styles.controller import StylesController


class PhotoTarget(QWidget):
    """A panel that accepts dropped photographs, adds them to the references, and takes the style of the first."""

    def __init__(self, controller: StylesController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._styles = controller
        self.setAcceptDrops(True)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files and pictures where the weights have a style encoder."""
        self._accept(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Accept a drag that was accepted when it entered."""
        self._accept(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Add the dropped photographs."""
        if not self._accept(event):
            return
        data = event.mimeData()
        if paths := _paths(data):
            self._styles.collection.add_files(paths)
        elif isinstance(image := data.imageData(), QImage):
            self._styles.collection.add_image(image, self.tr("Dropped"))

    def _accept(self, event: QDropEvent) -> bool:
        data = event.mimeData()
        # Querying the paths of a dragged render writes its file, so images are checked first.
        usable = not self._styles.why_no_references and (data.hasImage() or bool(_paths(data)))
        if usable:
            event.setDropAction(Qt.DropAction.CopyAction)
        event.setAccepted(usable)
        return usable


def _paths(data: QMimeData) -> list[Path]:
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile() and Path(url.toLocalFile()).is_file()]
