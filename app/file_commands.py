"""New, open, save, import and export: what the file menu does to the document, and the question before changes are lost.

It knows the document and files; it knows no canvas and no renderer.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from spade_studio.app import document_io, messages
from spade_studio.app.document import Document
from spade_studio.app.document_io import Sample
from spade_studio.app.documents import archive, export, map_import
from spade_studio.app.documents.connection import DocumentConnection
from spade_studio.app.documents.cutout_dialog import CutoutDialog
from spade_studio.app.documents.errors import DocumentError
from spade_studio.app.documents.import_dialog import ImportDialog
from spade_studio.app.documents.state import DocumentState
from spade_studio.app.marking import QT_TRANSLATE_NOOP
from spade_studio.app.settings import Settings
from spade_studio.engine.errors import EngineError
from spade_studio.engine.labels import built_in_label_sets, load_label_set
from spade_studio.engine.provenance import has_provenance

_DOCUMENTS = QT_TRANSLATE_NOOP("FileCommands", "Documents (*.ora)")
_MAPS = QT_TRANSLATE_NOOP("FileCommands", "Label maps (*.png)")
_BOTH = QT_TRANSLATE_NOOP("FileCommands", "Documents and label maps (*.ora *.png)")
_ALL = QT_TRANSLATE_NOOP("FileCommands", "All files (*)")


class FileCommands(QObject):
    """The file menu's work; every method returns whether it was done.

    Attributes:
        connection: Between the document and its file.
        read_picture: Gives the picture that belongs to the document, uint8 ``[h, w, 3]``, or None.
        open_picture: Shows the layout and style that a rendered PNG came from, and says whether it could.
    """

    recent_changed = Signal()

    def __init__(self, document: Document, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._document = document
        self._settings = settings
        self._window = window
        self.connection = DocumentConnection(document)
        self.read_picture: Callable[[], NDArray[np.uint8] | None] = lambda: None
        self.open_picture: Callable[[Path], bool] = self._import_map

    def new(self, size: tuple[int, int] = document_io.BLANK_SIZE) -> bool:
        """Start an empty layout of (height, width)."""
        if not self.may_lose_changes():
            return False
        self._document.replace(document_io.blank_labels(self._document.label_set, size), self.tr("Untitled"))
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
        kinds = ";;".join(self.tr(kind) for kind in (_BOTH, _DOCUMENTS, _MAPS, _ALL))
        name, _ = QFileDialog.getOpenFileName(self._window, self.tr("Open a document or a label map"), self._folder(), kinds)
        return bool(name) and self.open_path(Path(name))

    def open_path(self, path: Path) -> bool:
        """Open a document, or import a label map; where it cannot be used a message says why and what was open stays."""
        path = path.absolute()
        if has_provenance(path):
            return self.open_picture(path)
        try:
            if archive.is_archive(path):
                self._show(archive.load_document(path), path.stem, path)
            elif not self._import_map(path):
                return False
        except EngineError as error:
            messages.show_error(self._window, self.tr("{name} could not be opened").format(name=path.name), error)
            return False
        self._remember(path)
        return True

    def save(self) -> bool:
        """Save to the document's file, or ask for one."""
        return self.save_path(self._document.path) if self._document.path else self.save_as()

    def save_as(self) -> bool:
        """Ask for a file and save to it."""
        suggestion = self._document.path or Path(self._folder()) / f"{self._document.name}{archive.SUFFIX}"
        path = self._ask_where(self.tr("Save the document"), suggestion, self.tr(_DOCUMENTS), archive.SUFFIX)
        return path is not None and self.save_path(path)

    def save_path(self, path: Path) -> bool:
        """Save to a file; where that fails a message says why and the changes stay unsaved."""
        self._document.end_stroke()

        def write(path: Path) -> None:
            if path.suffix.lower() != archive.SUFFIX:
                hint = self.tr("For a label map use File > Export")
                raise DocumentError(f"a document cannot be a {path.suffix} file", f"a name that ends in {archive.SUFFIX}", hint)
            archive.save_document(path, self.connection.capture(), self.read_picture())

        if not self._write(path, write):
            return False
        self._document.saved_as(path)
        self._remember(path)
        return True

    def export_ids(self) -> bool:
        """Ask for a file and write the map as a palette PNG whose indices are the ids."""
        return self._export(self.tr("Export the label map as ids"), "", document_io.write_labels)

    def export_colors(self) -> bool:
        """Ask for a file and write the map as a picture in the label set's colours."""
        return self._export(self.tr("Export the label map in colours"), "-colours", document_io.write_colors)

    def export_layers(self) -> bool:
        """Ask for a file and write render, labels and underlay as an OpenRaster with layers."""
        state, picture = self.connection.capture(), self.read_picture()
        title, kinds = self.tr("Export the layers"), self.tr("OpenRaster (*.ora)")
        return self._export(title, "-layers", lambda path, *_: export.write_layers(path, state, picture), kinds, ".ora")

    def export_psd(self) -> bool:
        """Ask for a file and write the same layers for Photoshop."""
        state, picture = self.connection.capture(), self.read_picture()
        title, kinds = self.tr("Export for Photoshop"), self.tr("Photoshop (*.psd)")
        return self._export(title, "", lambda path, *_: export.write_psd(path, state, picture), kinds, ".psd")

    def export_cutout(self) -> bool:
        """Ask for labels and a file and write the render without these labels."""
        state, picture = self.connection.capture(), self.read_picture()
        if picture is None:
            messages.show_note(
                self._window, self.tr("There is no picture yet"), self.tr("It can be exported when the render of this layout is shown.")
            )
            return False
        dialog = CutoutDialog(state, self._window)
        if dialog.exec() != QDialog.DialogCode.Accepted:
            return False
        clear = dialog.clear
        title = self.tr("Export with transparency")
        return self._export(
            title, "-cutout", lambda path, *_: export.write_cutout(path, state, picture, clear), self.tr("Pictures (*.png)"), ".png"
        )

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

    def restore(self, path: Path, name: str, origin: Path | None) -> bool:
        """Open a document that was saved aside as one whose changes are not saved; a message says why where it cannot be opened."""
        try:
            state = archive.load_document(path)
        except EngineError as error:
            messages.show_error(self._window, self.tr("{name} could not be restored").format(name=name), error)
            return False
        self._show(state, Path(name).stem if origin else name, origin)
        self._document.undo_stack.resetClean()
        return True

    def _show(self, state: DocumentState, name: str, path: Path | None) -> None:
        self.connection.show(state, name, path)

    def _import_map(self, path: Path) -> bool:
        own = self._document.label_set
        found = map_import.readings(path, own, [load_label_set(name) for name in built_in_label_sets()])
        if found[0].is_complete and found[0].label_set == own:
            labels = found[0].labels(nearest=False)
        else:
            dialog = ImportDialog(path.name, found, own, self._window)
            if dialog.exec() != QDialog.DialogCode.Accepted:
                return False
            labels = dialog.labels
        # A label map says less than a document: saving asks for a name of its own and leaves the map as it was.
        self._document.replace(labels, path.stem)
        return True

    def _export(self, title: str, ending: str, write: Callable[..., None], kinds: str = "", suffix: str = ".png") -> bool:
        self._document.end_stroke()
        name = self._document.path.stem if self._document.path else self._document.name
        path = self._ask_where(title, Path(self._folder()) / f"{name}{ending}{suffix}", kinds or self.tr(_MAPS), suffix)
        if path is None or not self._write(path, lambda path: write(path, self._document.labels, self._document.label_set)):
            return False
        self._settings.folder = path.parent
        return True

    def _write(self, path: Path, write: Callable[[Path], None]) -> bool:
        try:
            write(path)
        except EngineError as error:
            messages.show_error(self._window, self.tr("{name} could not be saved").format(name=path.name), error)
            return False
        return True

    def _ask_where(self, title: str, suggestion: Path, kinds: str, suffix: str) -> Path | None:
        dialog = QFileDialog.getSaveFileName(self._window, title, str(suggestion), f"{kinds};;{self.tr(_ALL)}")
        if not dialog[0]:
            return None
        path = Path(dialog[0]).absolute()
        return path if path.suffix else path.with_name(path.name + suffix)

    def _remember(self, path: Path) -> None:
        self._settings.folder = path.parent
        self._settings.add_recent_file(path)
        self.recent_changed.emit()

    def _folder(self) -> str:
        return str(self._settings.folder or Path.home())


def can_open(path: Path) -> bool:
    """Return whether a file looks like a document or a label map."""
    return path.is_file() and (archive.is_archive(path) or path.suffix.lower() == ".png")
