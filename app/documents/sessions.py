"""Session folders, each locked by a running process, for unsaved documents and for those that a crash left behind."""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from filelock import FileLock, Timeout

from spade_studio.app.documents import archive, journal
from spade_studio.app.documents.errors import SaveError, save_error
from spade_studio.app.model.state import MAX_NAME, DocumentState
from spade_studio.engine.files import atomic_writer, open_regular

_DOCUMENT, _ORIGIN, _LOCK, _JOURNALS = "document.ora", "origin.json", "lock", "journal-*"
_MAX_ORIGIN_BYTES = 16 << 10
_MAX_FOLDERS = 200


class Session:
    """Session folder of this process, created at the first save and removed by :meth:`end`.

    Args:
        parent: Folder with the sessions of all processes; created where missing.
    """

    def __init__(self, parent: Path) -> None:
        self._folder = parent / secrets.token_hex(8)
        self._lock = FileLock(self._folder / _LOCK, thread_local=False)

    def journal(self, token: str) -> Path:
        """Return the path of the journal with a token."""
        return self._folder / f"journal-{token}"

    def save(self, state: DocumentState, origin: Path | None, token: str = "") -> None:
        """Write a copy of a document; the previous copy and its journal are kept until the new one is complete.

        Args:
            state: Document to write.
            origin: File that the document was opened from or saved to, or None.
            token: Identifier of the journal that continues from this copy.

        Raises:
            SaveError: The folder is not writable, or the disk is full.
            DocumentError: As in :func:`archive.save_document`.
        """
        try:
            if not self._lock.is_locked:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._lock.acquire(timeout=0)
            with atomic_writer(self._folder / _ORIGIN) as file:
                file.write(json.dumps({"name": state.name, "path": str(origin) if origin else ""}).encode())
        except Timeout as error:
            raise SaveError(f"{self._folder} is in use by another program") from error
        except OSError as error:
            raise save_error(self._folder, error) from error
        archive.save_document(self._folder / _DOCUMENT, state, layers=False, token=token)
        with suppress(OSError):
            for other in self._folder.glob(_JOURNALS):
                if other != self.journal(token):
                    other.unlink(missing_ok=True)

    def end(self) -> None:
        """Remove the folder and its contents."""
        if self._lock.is_locked:
            _remove(self._folder, self._lock)


@dataclass(frozen=True, eq=False)
class LeftDocument:
    """Unsaved document of a terminated process, locked until it is released or discarded.

    Attributes:
        path: Autosave copy.
        name: Name in the title bar.
        origin: File that the document was opened from or saved to, or None.
        saved_at: Time of the save, in seconds since 1970.
    """

    path: Path
    name: str
    origin: Path | None
    saved_at: float
    _lock: FileLock

    def release(self) -> None:
        """Unlock the document and keep it for a later recovery."""
        self._lock.release()

    def discard(self) -> None:
        """Delete the document."""
        _remove(self.path.parent, self._lock)


def load_left(path: Path) -> DocumentState:
    """Read an autosave copy and apply its journal.

    Args:
        path: Autosave copy.

    Raises:
        DocumentError: The copy cannot be read.
    """
    state = archive.load_document(path)
    token = archive.load_token(path)
    return journal.replayed(state, path.with_name(f"journal-{token}"), token) if token.isalnum() else state


def left_documents(parent: Path) -> list[LeftDocument]:
    """Find and lock the documents of terminated processes, newest first, and remove session folders without a document."""
    found: list[LeftDocument] = []
    try:
        folders = sorted(folder for folder in parent.iterdir() if folder.is_dir())[:_MAX_FOLDERS]
    except OSError:
        return []
    for folder in folders:
        lock = FileLock(folder / _LOCK, thread_local=False)
        try:
            lock.acquire(timeout=0)
        except (Timeout, OSError):
            continue
        path = folder / _DOCUMENT
        try:
            saved_at = max(file.stat().st_mtime for file in (path, *folder.glob(_JOURNALS)))
        except OSError:
            _remove(folder, lock)
            continue
        name, origin = _read_origin(folder / _ORIGIN)
        found.append(LeftDocument(path, name, origin, saved_at, lock))
    return sorted(found, key=lambda left: -left.saved_at)


def _read_origin(path: Path) -> tuple[str, Path | None]:
    """Return name and origin of a document, with defaults where they cannot be read."""
    try:
        with open_regular(path) as file:
            data: object = json.loads(file.read(_MAX_ORIGIN_BYTES))
    except (OSError, ValueError, RecursionError):
        data = None
    entries = cast("dict[str, object]", data) if isinstance(data, dict) else {}
    name, origin = entries.get("name"), entries.get("path")
    usable = isinstance(name, str) and name.isprintable() and 0 < len(name) <= MAX_NAME
    is_path = isinstance(origin, str) and origin and "\0" not in origin
    return cast("str", name) if usable else "Untitled", Path(cast("str", origin)) if is_path else None


def _remove(folder: Path, lock: FileLock) -> None:
    """Delete the files of this module and of interrupted saves, and then the folder unless other files remain."""
    with suppress(OSError):
        for path in (folder / _DOCUMENT, folder / _ORIGIN, *folder.glob(_JOURNALS), *folder.glob(".*.tmp")):
            path.unlink(missing_ok=True)
    lock.release()
    with suppress(OSError):
        (folder / _LOCK).unlink(missing_ok=True)
        folder.rmdir()
