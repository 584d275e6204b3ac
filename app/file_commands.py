"""New, open, save: what the file menu does to the document, and the question before changes are lost.

It knows the document and files; it knows no canvas and no renderer.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from spade_studio.app import document_io, messages
from spade_studio.app.document import Document
from spade_studio.app.document_io import Sample
from spade_studio.app.settings import Settings
from spade_studio.engine.errors import EngineError

_FILTER = "Label maps (*.png);;All files (*)"


class FileCommands(QObject):
    """The file menu's work; every method returns whether it was done."""

    def __init__(self, document: Document, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._document = document
        self._settings = settings
        self._window = window

    def new(self) -> bool:
        """Start an empty layout."""
        if not self.may_lose_changes():
            return False
        self._document.replace(document_io.blank_labels(self._document.label_set), "Untitled")
        return True

    def open_sample(self, sample: Sample) -> bool:
        """Start from a layout that comes with the program."""
        if not self.may_lose_changes():
            return False
        self._document.replace(document_io.read_sample(sample), sample.name)
        return True

    def open(self) -> bool:
        """Ask for a file and open it."""
        if not self.may_lose_changes():
            return False
        name, _ = QFileDialog.getOpenFileName(self._window, "Open a label map", self._folder(), _FILTER)
        return bool(name) and self.open_path(Path(name))

    def open_path(self, path: Path) -> bool:
        """Open a file; where it cannot be used a message says why and the document stays."""
        try:
            file = document_io.read_labels(path, self._document.label_set)
        except EngineError as error:
            messages.show_error(self._window, f"{path.name} could not be opened", error)
            return False
        # Saving over a picture in colours would turn it into another kind of file: that takes a Save As.
        self._document.replace(file.labels, path.stem, None if file.is_color_map else path)
        self._settings.folder = path.parent
        return True

    def save(self) -> bool:
        """Save to the document's file, or ask for one."""
        return self.save_path(self._document.path) if self._document.path else self.save_as()

    def save_as(self) -> bool:
        """Ask for a file and save to it."""
        suggestion = self._document.path or Path(self._folder()) / f"{self._document.name}.png"
        name, _ = QFileDialog.getSaveFileName(self._window, "Save the layout", str(suggestion), _FILTER)
        if not name:
            return False
        path = Path(name)
        return self.save_path(path if path.suffix else path.with_suffix(".png"))

    def save_path(self, path: Path) -> bool:
        """Save to a file; where that fails a message says why and the changes stay unsaved."""
        self._document.end_stroke()
        try:
            document_io.write_labels(path, self._document.labels, self._document.label_set)
        except EngineError as error:
            messages.show_error(self._window, f"{path.name} could not be saved", error)
            return False
        self._document.saved_as(path)
        self._settings.folder = path.parent
        return True

    def may_lose_changes(self) -> bool:
        """Ask about unsaved changes, if there are any, and save them if that is the answer."""
        self._document.end_stroke()
        if not self._document.is_modified:
            return True
        match messages.ask_unsaved(self._window, self._document.name):
            case messages.Unsaved.SAVE:
                return self.save()
            case messages.Unsaved.DISCARD:
                return True
            case messages.Unsaved.CANCEL:
                return False

    def _folder(self) -> str:
        return str(self._settings.folder or Path.home())
