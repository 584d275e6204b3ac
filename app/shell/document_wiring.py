"""The window's file handling: menus, drops, autosave and recovery."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QMenu

from spade_studio.app.documents.autosave import Autosave
from spade_studio.app.documents.commands import FileCommands
from spade_studio.app.documents.drops import FileDrops
from spade_studio.app.documents.opening import can_open
from spade_studio.app.documents.recent_menu import RecentMenu
from spade_studio.app.documents.sessions import LeftDocument, left_documents
from spade_studio.app.rendering.workspace import Workspace
from spade_studio.engine.printable import printable

if TYPE_CHECKING:
    from spade_studio.app.documents.recovery_dialog import RecoveryDialog, Restored

_TOLD_MILLISECONDS = 8000


class WindowDocuments(QObject):
    """The file commands of the window.

    Attributes:
        recent_menu: Submenu of recent files, for the file menu.
        export_menu: Submenu of exports, for the file menu.
        autosave: Autosave of unsaved changes.
        drops: Registry of handlers for dropped files.
    """

    def __init__(self, workspace: Workspace, files: FileCommands) -> None:
        window, document, settings = workspace.window, workspace.document, workspace.settings
        super().__init__(window)
        self._window = window
        self._files = files
        self._sessions = settings.state_folder / "unsaved"
        self.recent_menu = RecentMenu(settings, self.open, window)
        files.recent_changed.connect(self.recent_menu.refresh)
        files.told.connect(lambda text, milliseconds: window.statusBar().showMessage(text, milliseconds))
        self.export_menu = QMenu(self.tr("Ex&port"), window)
        exports = (files.export_ids, files.export_colors, files.export_layers, files.export_psd, files.export_cutout)
        for name, do in zip(("export_ids", "export_colors", "export_layers", "export_psd", "export_cutout"), exports, strict=True):
            workspace.actions.on(name, partial(do, wait=False))
            self.export_menu.addAction(workspace.actions[name])
        self.autosave = Autosave(document, files.connection, self._sessions, self)
        self.autosave.failed.connect(lambda text: window.statusBar().showMessage(text))
        self.drops = FileDrops(window, workspace.waiting)
        self.drops.register(can_open, lambda paths: self.open(paths[0]))
        self.drops.left.connect(self._tell_left)

    def close(self) -> None:
        """Stop background work and remove the autosave, once the document is saved or discarded."""
        self.autosave.close()

    def offer_recovery(self) -> RecoveryDialog | None:
        """Offer to recover autosaved documents after a crash; None where there are none."""
        from spade_studio.app.documents.recovery_dialog import RecoveryDialog

        left = left_documents(self._sessions)
        if not left:
            return None
        dialog = RecoveryDialog(left, self._restore, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
        return dialog

    def _restore(self, left: LeftDocument) -> Restored:
        from spade_studio.app.documents.recovery_dialog import Restored

        if not self._files.may_lose_changes() or not self._files.restore(left.path, left.name, left.origin):
            return Restored.NO
        # The autosave may be deleted only if the changes are stored elsewhere on disk.
        return Restored.YES if self.autosave.save_and_wait() else Restored.IN_MEMORY

    def open(self, path: Path) -> bool:
        """Ask about unsaved changes, then open a file; return whether it was opened."""
        return self._files.may_lose_changes() and self._files.open_path(path)

    def _tell_left(self, paths: list[Path]) -> None:
        if len(paths) == 1:
            text = self.tr("{name} was not opened: only one file opens at a time.").format(name=paths[0].name)
        else:
            text = self.tr("%n other file(s) not opened: only one opens at a time.", "", len(paths))
        self._window.statusBar().showMessage(printable(text), _TOLD_MILLISECONDS)
