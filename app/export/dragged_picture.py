"""Drag-and-drop data for dragging a picture into another program."""

# ruff: noqa: N802 - Qt names the methods

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMetaType, QMimeData, QUrl
from PySide6.QtGui import QImage

_FILES = "text/uri-list"


class DraggedPicture(QMimeData):
    """Drag data offering an image, and a file that is written when a target first requests it.

    Args:
        image: The picture.
        write: Callback that writes the file and returns its path, or None on failure.
    """

    def __init__(self, image: QImage, write: Callable[[], Path | None]) -> None:
        super().__init__()
        self._write = write
        self._files: list[QUrl] | None = None
        self.setImageData(image)

    def formats(self) -> list[str]:
        """Return the offered MIME types."""
        return [*super().formats(), _FILES]

    def retrieveData(self, mimetype: str, preferredType: QMetaType | QMetaType.Type) -> object:  # noqa: N803 - Qt names it
        """Return the picture as the given MIME type."""
        if mimetype != _FILES:
            return super().retrieveData(mimetype, preferredType)
        if self._files is None:
            path = self._write()
            self._files = [] if path is None else [QUrl.fromLocalFile(str(path))]
        return self._files
