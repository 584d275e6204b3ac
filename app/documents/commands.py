"""Commands of the file menu: new, open, save, import and export, with the question about unsaved changes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QObject, Signal
from PySide6.QtWidgets import QDialog, QFileDialog

from spade_studio.app.documents import archive, export, opening, samples
from spade_studio.app.documents.connection import DocumentConnection
from spade_studio.app.documents.errors import DocumentError
from spade_studio.app.documents.samples import Sample
from spade_studio.app.documents.sessions import load_left
from spade_studio.app.model.raster import LabelArray
from spade_studio.app.model.state import DocumentState, Picture
from spade_studio.app.rendering.workspace import Workspace
from spade_studio.app.ui import messages
from spade_studio.app.ui.marking import QT_TRANSLATE_NOOP
from spade_studio.app.ui.waiting import wait_cursor
from spade_studio.app.ui.worker import Worker
from spade_studio.engine.errors import EngineError
from spade_studio.engine.files import with_suffix
from spade_studio.engine.labels import LabelSet, load_label_set
from spade_studio.engine.pictures.provenance import has_provenance

if TYPE_CHECKING:
    from spade_studio.app.documents.layer_import import ReadLayers
    from spade_studio.engine.pictures.map_readings import Readings

_DOCUMENTS = QT_TRANSLATE_NOOP("FileCommands", "Documents (*.ora)")
_MAPS = QT_TRANSLATE_NOOP("FileCommands", "Label maps (*.png)")
_BOTH = QT_TRANSLATE_NOOP("FileCommands", "Documents and label maps (*.ora *.png)")
_ALL = QT_TRANSLATE_NOOP("FileCommands", "All files (*)")
_TOLD_MILLISECONDS = 4000


class FileCommands(QObject):
    """Commands of the file menu; a command returns whether it succeeded, or, without waiting, whether it was started.

    Args:
        workspace: Document and window.
        connection: Conversion between the document and its saved state.
        show_rendered: Callback that shows the layout and style of a rendered PNG, and returns whether it succeeded.

    Attributes:
        connection: Conversion between the document and its saved state.
    """

    recent_changed = Signal()
    told = Signal(str, int)  # progress message, and its duration in milliseconds; 0 until the next message

    def __init__(self, workspace: Workspace, connection: DocumentConnection, show_rendered: Callable[[Path], bool]) -> None:
        super().__init__(workspace.window)
        self._document = workspace.document
        self._settings = workspace.settings
        self._window = workspace.window
        self._worker = Worker(self, "save")
        self._again: Path | None = None  # file to save to again after the present write
        self._is_export_lost = False
        self.connection = connection
        self._show_rendered = show_rendered
        self._picture = workspace.picture
        self._waiting = workspace.waiting

    def new(
        self, size: tuple[int, int] = samples.BLANK_SIZE, label_set: LabelSet | None = None, labels: LabelArray | None = None
    ) -> bool:
        """Start a new layout.

        Args:
            size: (height, width) of an empty layout in pixels; ignored with ``labels``.
            label_set: Label set; None for the present one.
            labels: Initial label map, uint8 ``[H, W]``; None for an empty layout.
        """
        if not self.may_lose_changes():
            return False
        label_set = label_set or self._document.label_set
        labels = samples.blank_labels(label_set, size) if labels is None else labels
        self._document.replace(labels, self.tr("Untitled"), label_set=label_set)
        return True

    def open_sample(self, sample: Sample) -> bool:
        """Start from a built-in sample layout."""
        if not self.may_lose_changes():
            return False
        self._document.replace(samples.read_sample(sample), sample.name, label_set=load_label_set(samples.SAMPLE_LABELS))
        return True

    def open(self) -> bool:
        """Ask for a file and open it."""
        if not self.may_lose_changes():
            return False
        kinds = ";;".join(self.tr(kind) for kind in (_BOTH, _DOCUMENTS, _MAPS, _ALL))
        name, _ = QFileDialog.getOpenFileName(self._window, self.tr("Open a document or a label map"), self._folder(), kinds)
        return bool(name) and self.open_path(Path(name))

    def open_path(self, path: Path) -> bool:
        """Open a document or import a label map; on failure an error message is shown and the present document stays open."""
        from spade_studio.app.documents.layer_import import ReadLayers
        from spade_studio.engine.pictures.map_readings import Readings

        path = path.absolute()
        if has_provenance(path):
            return self._show_rendered(path)
        own = self._document.label_set
        try:
            found = self._waiting.do(self._opening(path.name), lambda _check: opening.read(path, own))
        except EngineError as error:
            messages.show_error(self._window, self.tr("{name} could not be opened").format(name=path.name), error)
            return False
        if found is None or (isinstance(found, Readings) and not self._take_map(path, found)):
            return False
        if isinstance(found, DocumentState):
            self._show(found, path.stem, path)
        elif isinstance(found, ReadLayers):
            self._take_layers(path, found)
        self._remember(path)
        return True

    def save(self, *, wait: bool = True) -> bool:
        """Save to the document's file, or ask for a file where there is none."""
        return self.save_path(self._document.path, wait=wait) if self._document.path else self.save_as(wait=wait)

    def save_as(self, *, wait: bool = True) -> bool:
        """Ask for a file and save to it."""
        suggestion = self._document.path or Path(self._folder()) / f"{self._document.name}{archive.SUFFIX}"
        path = self._ask_where(self.tr("Save the document"), suggestion, self.tr(_DOCUMENTS), archive.SUFFIX)
        return path is not None and self.save_path(path, wait=wait)

    def save_path(self, path: Path, *, wait: bool = True) -> bool:
        """Save the present state of the document to a file; on failure an error message is shown and the changes stay unsaved.

        Args:
            path: File to write.
            wait: Whether to block until the file is written; otherwise it is written in the background.
        """
        if self.is_saving and not wait:
            self._again = path
            return True
        self.finish_saving()
        if path.suffix.lower() != archive.SUFFIX:
            hint = self.tr("For a label map use File > Export")
            error = DocumentError(f"a document cannot be a {path.suffix} file", f"a name that ends in {archive.SUFFIX}", hint)
            self._show_not_saved(path, error)
            return False
        self._again = None
        self._document.mark()
        state, picture = self.connection.capture(), self._picture.image
        is_done = not wait

        def done(error: EngineError | None) -> None:
            nonlocal is_done
            is_done = error is None
            self._on_saved(path, state, error)

        self.told.emit(self.tr("Saving {name}…").format(name=path.name), 0)
        self._worker.run(lambda _job: archive.save_document(path, state, picture), lambda _none: done(None), done)
        if wait:
            self.finish_saving()
        return is_done

    @property
    def is_saving(self) -> bool:
        """Whether the document is being written."""
        return self._worker.is_busy

    def finish_saving(self) -> None:
        """Block until no file is being written."""
        if self._worker.is_busy:
            with wait_cursor():
                self._worker.wait()

    def _on_saved(self, path: Path, state: DocumentState, error: EngineError | None) -> None:
        again, self._again = self._again, None
        if error is not None:
            self.told.emit("", 0)
            self._show_not_saved(path, error)
            return
        is_other_style = self.connection.read_style() != state.style
        self._document.saved_as(path, marked=True)
        if is_other_style:  # changed during the write
            self._document.undo_stack.resetClean()
        self._remember(path)
        self.told.emit(self.tr("{name} is saved").format(name=path.name), _TOLD_MILLISECONDS)
        if again is not None and (again != path or self._document.is_modified):
            self.save_path(again, wait=False)

    def export_ids(self, *, wait: bool = True) -> bool:
        """Ask for a file and write the label map as a palette PNG whose indices are the ids."""
        title = self.tr("Export the label map as ids")
        return self._export(title, "", lambda path, state, _: samples.write_labels(path, state.labels, state.label_set), wait=wait)

    def export_colors(self, *, wait: bool = True) -> bool:
        """Ask for a file and write the label map as a picture in the label set's colours."""
        title = self.tr("Export the label map in colours")
        return self._export(title, "-colours", lambda path, state, _: samples.write_colors(path, state.labels, state.label_set), wait=wait)

    def export_layers(self, *, wait: bool = True) -> bool:
        """Ask for a file and write render, labels and underlay as layers of an OpenRaster file."""
        return self._export(self.tr("Export the layers"), "-layers", export.write_layers, self.tr("OpenRaster (*.ora)"), ".ora", wait=wait)

    def export_psd(self, *, wait: bool = True) -> bool:
        """Ask for a file and write the same layers as a Photoshop file."""
        return self._export(self.tr("Export for Photoshop"), "", export.write_psd, self.tr("Photoshop (*.psd)"), ".psd", wait=wait)

    def export_cutout(self, *, wait: bool = True) -> bool:
        """Ask for labels and a file and write the render with these labels transparent."""
        before = self._picture.image
        if before is None:
            messages.show_note(
                self._window, self.tr("There is no picture yet"), self.tr("It can be exported when the render of this layout is shown.")
            )
            return False
        from spade_studio.app.documents.cutout_dialog import CutoutDialog

        dialog = CutoutDialog(self.connection.capture(), self._window)
        if dialog.exec() != QDialog.DialogCode.Accepted:
            return False
        title, kinds, clear = self.tr("Export with transparency"), self.tr("Pictures (*.png)"), dialog.clear

        def write(path: Path, state: DocumentState, picture: Picture | None) -> None:
            export.write_cutout(path, state, before if picture is None else picture, clear)

        return self._export(title, "-cutout", write, kinds, ".png", wait=wait)

    def may_lose_changes(self) -> bool:
        """Ask whether to save unsaved changes, if there are any; False where the user cancels or a save or a pending export fails."""
        self._is_export_lost = False
        self.finish_saving()
        if self._is_export_lost:
            return False
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
        """Open an autosaved document as a modified one; on failure an error message is shown.

        Args:
            path: Autosave copy.
            name: Name of the document.
            origin: File that the document was opened from or saved to, or None.
        """
        try:
            state = self._waiting.do(self._opening(name), lambda _check: load_left(path))
        except EngineError as error:
            messages.show_error(self._window, self.tr("{name} could not be restored").format(name=name), error)
            return False
        if state is None:
            return False
        self._show(state, Path(name).stem if origin else name, origin)
        self._document.undo_stack.resetClean()
        return True

    def _show(self, state: DocumentState, name: str, path: Path | None) -> None:
        self.connection.show(state, name, path)

    def _opening(self, name: str) -> str:
        return self.tr("Opening {name}…").format(name=name)

    def _take_layers(self, path: Path, found: ReadLayers) -> None:
        # Saving asks for a new name, since the file contains layers that a document cannot store.
        self._document.replace(found.labels, path.stem, label_set=found.label_set)
        if found.lost:
            text, locale = self.tr("{layer}: {count} px"), QLocale()
            lines = [text.format(layer=name, count=locale.toString(count)) for name, count in found.lost.items()]
            text = self.tr("Only pixels in a label's exact colour become labels; what lies under the others was taken.")
            messages.show_note(self._window, self.tr("Some colours are no label's"), "\n".join([text, "", *lines[:8]]))

    def _take_map(self, path: Path, found: Readings) -> bool:
        own, first = self._document.label_set, found.options[0]
        if found.is_certain and first.is_complete and first.label_set == own:
            labels = first.labels(nearest=False)
        else:
            from spade_studio.app.documents.import_dialog import ImportDialog

            dialog = ImportDialog(path.name, found, own, self._window)
            if dialog.exec() != QDialog.DialogCode.Accepted:
                return False
            labels = dialog.labels
        # A label map cannot store a whole document: saving asks for a new name and leaves the map unchanged.
        self._document.replace(labels, path.stem)
        return True

    def _export(
        self,
        title: str,
        ending: str,
        write: Callable[[Path, DocumentState, Picture | None], None],
        kinds: str = "",
        suffix: str = ".png",
        *,
        wait: bool,
    ) -> bool:
        self._document.end_stroke()
        name = self._document.path.stem if self._document.path else self._document.name
        path = self._ask_where(title, self._picture_folder() / f"{name}{ending}{suffix}", kinds or self.tr(_MAPS), suffix)
        if path is None:
            return False
        self.finish_saving()  # possibly to this very file
        if self._document.path is not None and _is_same_file(path, self._document.path):
            found = self.tr("{name} is the document itself, which an export would replace").format(name=path.name)
            self._show_not_saved(path, DocumentError(found, self.tr("another name"), self.tr("Nothing was changed")))
            return False
        self._again = None
        state, picture, is_done = self.connection.capture(), self._picture.image, not wait

        def done(error: EngineError | None) -> None:
            nonlocal is_done
            is_done = error is None
            self._on_exported(path, error)

        self.told.emit(self.tr("Exporting {name}…").format(name=path.name), 0)
        self._worker.run(lambda _job: write(path, state, picture), lambda _none: done(None), done)
        if wait:
            self.finish_saving()
        return is_done

    def _on_exported(self, path: Path, error: EngineError | None) -> None:
        again, self._again = self._again, None
        if error is None:
            self._settings.picture_folder = path.parent
            self.told.emit(self.tr("{name} is exported").format(name=path.name), _TOLD_MILLISECONDS)
        else:
            self._is_export_lost = True
            self.told.emit("", 0)
            self._show_not_saved(path, error)
        if again is not None:  # a save was requested meanwhile
            self.save_path(again, wait=False)

    def _show_not_saved(self, path: Path, error: EngineError) -> None:
        messages.show_error(self._window, self.tr("{name} could not be saved").format(name=path.name), error)

    def _ask_where(self, title: str, suggestion: Path, kinds: str, suffix: str) -> Path | None:
        dialog = QFileDialog.getSaveFileName(self._window, title, str(suggestion), f"{kinds};;{self.tr(_ALL)}")
        if not dialog[0]:
            return None
        typed = Path(dialog[0]).absolute()
        path = with_suffix(typed, suffix)
        # The dialog has already asked about replacing the name as typed.
        return path if path == typed or not os.path.lexists(path) or messages.ask_replace(self._window, path) else None

    def _remember(self, path: Path) -> None:
        self._settings.folder = path.parent
        self._settings.add_recent_file(path)
        self.recent_changed.emit()

    def _picture_folder(self) -> Path:
        return self._settings.picture_folder or Path(self._folder())

    def _folder(self) -> str:
        return str(self._settings.folder or Path.home())


def _is_same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:  # one of them does not exist
        return False
