"""Folders in which running applications, each by a lock, keep unsaved documents, and those that a crash left behind."""

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
    """The folder of this process; it is made at the first save and gone after :meth:`end`.

    Args:
        parent: Where the folders of all processes lie; need not exist.
    """

    def __init__(self, parent: Path) -> None:
        self._folder = parent / secrets.token_hex(8)
        self._lock = FileLock(self._folder / _LOCK, thread_local=False)

    def journal(self, token: str) -> Path:
        """Return where the journal with a token is written."""
        return self._folder / f"journal-{token}"

    def save(self, state: DocumentState, origin: Path | None, token: str = "") -> None:
        """Write a document; the one written before, with its journal, stays until this one is whole.

        Args:
            state: What to write.
            origin: The file that the document was opened from or saved to, or None.
            token: Names the journal that goes on from here.

        Raises:
            SaveError: The folder cannot be written, or the disk is full.
            DocumentError: As :func:`archive.save_document`.
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
        """Forget what was saved."""
        if self._lock.is_locked:
            _remove(self._folder, self._lock)


@dataclass(frozen=True, eq=False)
class LeftDocument:
    """A document that a process left behind unsaved; locked until it is released or discarded.

    Attributes:
        path: The archive.
        name: What the title bar called it.
        origin: The file that it was opened from or saved to, or None.
        saved_at: Seconds since 1970.
    """

    path: Path
    name: str
    origin: Path | None
    saved_at: float
    _lock: FileLock

    def release(self) -> None:
        """Leave it for another time."""
        self._lock.release()

    def discard(self) -> None:
        """Delete it."""
        _remove(self.path.parent, self._lock)


def load_left(path: Path) -> DocumentState:
    """Read a copy that was left, and what its journal has on top of it.

    Args:
        path: The copy.

    Raises:
        DocumentError: The copy cannot be read.
    """
    state = archive.load_document(path)
    token = archive.load_token(path)
    return journal.replayed(state, path.with_name(f"journal-{token}"), token) if token.isalnum() else state


def left_documents(parent: Path) -> list[LeftDocument]:
    """Find, and lock, what processes that are gone have left, the newest first; folders without a document are cleared away."""
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
    """Return name and origin; what cannot be read is not known."""
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
    """Delete what this module writes and what a save that was killed left; anything else keeps its folder."""
    with suppress(OSError):
        for path in (folder / _DOCUMENT, folder / _ORIGIN, *folder.glob(_JOURNALS), *folder.glob(".*.tmp")):
            path.unlink(missing_ok=True)
    lock.release()
    with suppress(OSError):
        (folder / _LOCK).unlink(missing_ok=True)
        folder.rmdir()
