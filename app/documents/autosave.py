"""Saves the open document aside, within a minute of a change and at every tenth stroke, so that a crash costs little.

The document is copied here and written on a thread of its own; its own file is never touched.
"""

from __future__ import annotations

import threading
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from spade_studio.app.documents.connection import DocumentConnection
from spade_studio.app.documents.sessions import Session
from spade_studio.app.model.document import Document
from spade_studio.app.model.state import DocumentState
from spade_studio.engine.errors import EngineError

SECONDS = 55
"""From the first change; writing takes the rest of the minute at most."""
STROKES = 10


class Autosave(QObject):
    """Keeps what is not saved in a session's folder; a document without changes has nothing there.

    Args:
        document: Whose changes count.
        connection: Captures it.
        folder: Where the sessions of all processes lie.
        parent: Of Qt.
    """

    failed = Signal(str)  # why; once until it works again
    saved = Signal()  # what was captured last is on the disk
    _written = Signal(str)

    def __init__(self, document: Document, connection: DocumentConnection, folder: Path, parent: QObject) -> None:
        super().__init__(parent)
        self._document = document
        self._connection = connection
        self._session = Session(folder)
        self._thread: threading.Thread | None = None
        self._is_wanted = False
        self._problem = ""
        self._is_failing = False
        self._is_leaving = False
        self._strokes = 0
        self._revision = document.revision
        self._timer = QTimer(self, singleShot=True, interval=SECONDS * 1000)
        self._timer.timeout.connect(self.save)
        # Emitted on the writing thread, received on this one.
        self._written.connect(self._on_written, Qt.ConnectionType.QueuedConnection)
        document.labels_changed.connect(self._on_change)
        document.replaced.connect(self._on_change)
        document.stroke_ended.connect(self._on_stroke_ended)
        document.undo_stack.cleanChanged.connect(self._on_change)
        document.undo_stack.changed_beside.connect(self._on_change)

    @property
    def seconds(self) -> int:
        """Seconds from a change to its autosave."""
        return self._timer.interval() // 1000

    @seconds.setter
    def seconds(self, seconds: int) -> None:
        self._timer.setInterval(seconds * 1000)  # a timer that runs begins anew

    @property
    def is_waiting(self) -> bool:
        """Whether there are changes that are not yet saved aside."""
        return self._timer.isActive()

    def save(self) -> None:
        """Capture the document now and write it on the thread; while one is written, the newest after it."""
        self._timer.stop()
        self._strokes = 0
        if self._thread is not None:
            self._is_wanted = True
            return
        self._thread = threading.Thread(target=self._write, args=(self._connection.capture(), self._document.path), name="autosave")
        self._thread.start()

    def save_and_wait(self) -> bool:
        """Save now and return when it is on the disk; False where it could not be written."""
        self._join()
        self.save()
        self._join()
        return not self._problem

    def leave(self) -> None:
        """Save now what is not saved, and leave it to be restored at the next start, whatever follows."""
        self.keep()
        self._is_leaving = True

    def keep(self) -> None:
        """Save now what is not saved: the process may end before anybody is asked."""
        self._document.end_stroke()
        if self._document.is_modified:
            self.save_and_wait()

    def close(self) -> None:
        """Forget what was saved aside: the document was saved, or given up."""
        self._timer.stop()
        self._written.disconnect(self._on_written)
        self._join()
        if not self._is_leaving:
            self._session.end()

    def _on_change(self) -> None:
        if self._document.is_modified:
            if not self._timer.isActive():
                self._timer.start()
        else:
            self._forget()

    def _on_stroke_ended(self) -> None:
        if self._document.revision == self._revision:
            return
        self._revision = self._document.revision
        self._strokes += 1
        if self._strokes >= STROKES and self._document.is_modified:
            self.save()

    def _forget(self) -> None:
        if self._is_leaving:
            return
        self._timer.stop()
        self._strokes = 0
        self._is_wanted = False
        self._join()
        self._session.end()

    def _write(self, state: DocumentState, origin: Path | None) -> None:
        problem = ""
        try:
            self._session.save(state, origin)
        except EngineError as error:
            problem = error.found
        self._problem = problem
        self._written.emit(problem)

    def _on_written(self, problem: str) -> None:
        self._join()
        if problem and not self._is_failing:
            self.failed.emit(self.tr("Unsaved changes cannot be kept aside: {problem}. Save the document.").format(problem=problem))
        self._is_failing = bool(problem)
        if self._is_wanted:
            self._is_wanted = False
            self.save()
        elif not problem:
            self.saved.emit()

    def _join(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()
