"""Autosave for recovery after a crash: occasional full copies, and a journal of the changes between them."""

from __future__ import annotations

import secrets
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from spade_studio.app.documents import journal
from spade_studio.app.documents.connection import DocumentConnection
from spade_studio.app.documents.journal import Change, DirtyTiles
from spade_studio.app.documents.sessions import Session
from spade_studio.app.model.document import Document
from spade_studio.app.model.raster import Rect, RegionArray
from spade_studio.app.model.state import Beside, Json
from spade_studio.app.ui.worker import Worker
from spade_studio.engine.errors import EngineError
from spade_studio.engine.labels import LabelSet

SECONDS = 55
"""Seconds from the first change to the next full copy; with the time to write it, at most a minute."""
JOURNAL_MILLISECONDS = 5000
"""Milliseconds from a change to its record in the journal, or to the first copy."""


class Autosave(QObject):
    """Keeps unsaved changes in a session folder, which exists only while there are any.

    Args:
        document: Document to watch.
        connection: Connection that captures the document's state.
        folder: Folder with the sessions of all processes.
        parent: Qt parent.
    """

    failed = Signal(str)  # reason, once; empty after the next success
    saved = Signal()  # the latest captured state is on the disk

    def __init__(self, document: Document, connection: DocumentConnection, folder: Path, parent: QObject) -> None:
        super().__init__(parent)
        self._document = document
        self._connection = connection
        self._session = Session(folder)
        self._copies, self._records = Worker(self, "autosave"), Worker(self, "journal")
        self._is_wanted = False
        self._problem = ""
        self._is_failing = False
        self._is_leaving = False
        self._tokens: list[str] = []  # of the active journals: of the last complete copy, and of the copy being written
        self._is_journal_full = False
        self._dirty = DirtyTiles(document.size)
        self._beside = self._look_beside()
        self._timer = QTimer(self, singleShot=True, interval=SECONDS * 1000)
        self._timer.timeout.connect(self.save)
        self._soon = QTimer(self, singleShot=True, interval=JOURNAL_MILLISECONDS)
        self._soon.timeout.connect(self._keep_up)
        document.labels_changed.connect(self._on_labels_changed)
        document.replaced.connect(self._on_replaced)
        document.undo_stack.changed.connect(self._on_change)
        document.undo_stack.cleanChanged.connect(self._on_change)
        document.undo_stack.changed_beside.connect(self._on_change)

    @property
    def seconds(self) -> int:
        """Delay from a change to the next full copy, in seconds."""
        return self._timer.interval() // 1000

    @seconds.setter
    def seconds(self, seconds: int) -> None:
        self._timer.setInterval(seconds * 1000)  # a running timer restarts

    def save(self) -> None:
        """Capture the document and write a copy on a worker thread; while the worker is busy, another copy is scheduled after it."""
        self._timer.stop()
        self._soon.stop()
        if self._copies.is_busy:
            self._is_wanted = True
            return
        self._record()  # in the previous copy's journal, in case the new copy fails
        token = secrets.token_hex(8)
        self._tokens = [*self._tokens, token]
        self._beside, self._is_journal_full = self._look_beside(), False
        state, origin = self._connection.capture(), self._document.path
        self._copies.run(lambda _job: self._session.save(state, origin, token), lambda _none: self._on_written(""), self._on_failed)

    def save_and_wait(self) -> bool:
        """Save and block until the copy is on the disk; False where it could not be written."""
        self._is_wanted = False
        self._copies.wait()
        self.save()
        self._copies.wait()
        self._records.wait()
        return not self._problem

    def leave(self) -> None:
        """Save unsaved changes and keep them for recovery at the next start, regardless of later changes."""
        self.keep()
        self._is_leaving = True

    def keep(self) -> None:
        """Save unsaved changes at once, since the process may end without asking the user."""
        self._document.end_stroke()
        if self._document.is_modified:
            self.save_and_wait()

    def close(self) -> None:
        """Stop the autosave and remove its files, after the document was saved or discarded."""
        self._timer.stop()
        self._soon.stop()
        self._copies.close()
        self._records.close()
        if not self._is_leaving:
            self._session.end()

    # -- changes ------------------------------------------------------------------------------------------------------

    def _on_labels_changed(self, rect: Rect, _revision: int) -> None:
        self._dirty.mark(rect)
        self._on_change()

    def _on_replaced(self) -> None:
        self._dirty = DirtyTiles(self._document.size)
        self._tokens = []  # no journal leads from the previous map to this one
        self._on_change()

    def _on_change(self) -> None:
        if self._document.is_modified:
            for timer in (self._timer, self._soon):
                if not timer.isActive():
                    timer.start()
        else:
            self._forget()

    def _forget(self) -> None:
        if self._is_leaving:
            return
        self._timer.stop()
        self._soon.stop()
        self._is_wanted = False
        self._copies.close()
        self._records.close()
        self._tokens = []
        self._dirty = DirtyTiles(self._document.size)
        self._session.end()

    def _look_beside(self) -> tuple[dict[str, Json], LabelSet, Beside, RegionArray | None]:
        """Return the contents of a copy beside the map, which the journal does not record."""
        document = self._document
        return dict(self._connection.read_style()), document.label_set, document.beside, document.texture_regions

    def _is_same_beside(self) -> bool:
        (style, label_set, beside, regions), (style_now, set_now, beside_now, regions_now) = self._beside, self._look_beside()
        return style == style_now and label_set is set_now and beside.is_same(beside_now) and regions is regions_now

    # -- the journal --------------------------------------------------------------------------------------------------

    def _keep_up(self) -> None:
        """Write recent changes to the journal, or save a full copy where the journal cannot record them."""
        if not self._tokens or self._is_journal_full or not self._is_same_beside():
            self.save()
        else:
            self._record()

    def _record(self) -> None:
        document = self._document
        if self._tokens and (change := self._dirty.take(document.labels, document.instances)) is not None:
            paths = [(self._session.journal(token), token) for token in self._tokens]
            self._records.run(lambda _job: _append(paths, change), self._on_recorded, lambda _error: self._on_recorded(is_full=True))

    def _on_recorded(self, is_full: bool) -> None:
        self._is_journal_full = self._is_journal_full or is_full

    # -- copies -------------------------------------------------------------------------------------------------------

    def _on_failed(self, error: EngineError) -> None:
        self._on_written(error.found)

    def _on_written(self, problem: str) -> None:
        self._problem = problem
        self._tokens = self._tokens[:-1] if problem else self._tokens[-1:]
        if problem and not self._is_failing:
            self.failed.emit(self.tr("Unsaved changes cannot be kept aside: {problem}. Save the document.").format(problem=problem))
        elif not problem and self._is_failing:
            self.failed.emit("")
        self._is_failing = bool(problem)
        if self._is_wanted:
            self._is_wanted = False
            self.save()
        elif not problem:
            self.saved.emit()


def _append(paths: list[tuple[Path, str]], change: Change) -> bool:
    """Append a record to journals, and return whether one is full or not writable; the next full copy reports the failure."""
    try:
        return max([journal.append(path, token, change) for path, token in paths]) > journal.MAX_BYTES
    except OSError:
        return True
