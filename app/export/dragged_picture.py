"""A picture under the mouse, on its way to another program."""

# ruff: noqa: N802 - Qt names the methods

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMetaType, QMimeData, QUrl
from PySide6.QtGui import QImage

_FILES = "text/uri-list"


class DraggedPicture(QMimeData):
    """An image, and a file for who takes files, which is written when it is first asked for.

    Args:
        image: The picture.
        write: Writes the file and returns its path; None where that fails.
    """

    def __init__(self, image: QImage, write: Callable[[], Path | None]) -> None:
        super().__init__()
        self._write = write
        self._files: list[QUrl] | None = None
        self.setImageData(image)

    def formats(self) -> list[str]:
        """Return what it is offered as."""
        return [*super().formats(), _FILES]

    def retrieveData(self, mimetype: str, preferredType: QMetaType | QMetaType.Type) -> object:  # noqa: N803 - Qt names it
        """Return the picture in one of these formats."""
        if mimetype != _FILES:
            return super().retrieveData(mimetype, preferredType)
        if self._files is None:
            path = self._write()
            self._files = [] if path is None else [QUrl.fromLocalFile(str(path))]
        return self._files
