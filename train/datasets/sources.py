"""Sources of files: folders, and zip archives that are read in place by any number of processes."""

from __future__ import annotations

import os
import threading
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from spade_studio.engine.files import is_regular, read_regular
from spade_studio.train.datasets.errors import DataError

MAX_FILE_BYTES = 512 << 20
"""Maximum size in bytes of a file that is read; damaged or hostile archives can claim any size."""
PARTS: Final = frozenset({"images", "labels", "instances", "annotations", "stuffthingmaps", "leftimg8bit", "gtfine"})
"""Names of the folders of data sets, in lower case."""
_ENDS_OF_PARTS: Final = ("2017", "_img", "_label", "_inst")


class FileSource(Protocol):
    """Interface of sources, with relative names separated by ``/``."""

    @property
    def where(self) -> str:
        """Folder or archive, for messages."""
        ...

    def names(self) -> list[str]:
        """Return all files but hidden ones, sorted."""
        ...

    def read(self, name: str) -> bytes:
        """Return a file's bytes.

        Raises:
            DataError: the file is missing, damaged, too large or not readable.
        """
        ...

    def size(self, name: str) -> int:
        """Return the size of a file in bytes; -1 where unknown."""
        ...

    def version(self, name: str) -> int:
        """Return a number that is another where a file has changed; -1 where that cannot be told."""
        ...


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))


def _unreadable(where: str, name: str, reason: object) -> DataError:
    return DataError(f"{name} in {where} cannot be read ({reason})", "a whole file", "Copy or download it again", "unreadable")


@dataclass(frozen=True)
class FolderSource:
    """The files below a folder; links are followed."""

    folder: Path

    @property
    def where(self) -> str:
        """The folder."""
        return str(self.folder)

    def names(self) -> list[str]:
        """Return all files but hidden ones, sorted; recursive links are not followed."""
        found: list[str] = []
        above: dict[str, frozenset[tuple[int, int]]] = {}  # which folders each place lies in
        for place, folders, files in os.walk(self.folder, followlinks=True):
            around = above.pop(os.path.normpath(place), frozenset()) | {_identity(place)}
            folders[:] = [name for name in folders if not _is_hidden(name) and _identity(f"{place}/{name}") not in around]
            above |= {os.path.normpath(f"{place}/{name}"): around for name in folders}
            inside = Path(place).relative_to(self.folder).as_posix()
            prefix = "" if inside == "." else f"{inside}/"
            found += [prefix + name for name in files if not _is_hidden(name)]
        return sorted(found)

    def read(self, name: str) -> bytes:
        """Return a file's bytes; raises DataError."""
        try:
            return read_regular(self.folder / name, MAX_FILE_BYTES)
        except OSError as error:
            raise _unreadable(self.where, name, error.strerror or error) from error

    def size(self, name: str) -> int:
        """Return the size of a file in bytes."""
        try:
            return (self.folder / name).stat().st_size
        except OSError:
            return -1

    def version(self, name: str) -> int:
        """Return when a file was changed, in nanoseconds."""
        try:
            return (self.folder / name).stat().st_mtime_ns
        except OSError:
            return -1


def _identity(folder: str) -> tuple[int, int]:
    try:
        found = os.stat(folder)  # noqa: PTH116 - of many
    except OSError:
        return -1, -1
    return found.st_dev, found.st_ino


class ZipSource:
    """The files of a zip archive, opened separately in each process, since forked handles would share a file position.

    Raises:
        DataError: not a zip archive, or a damaged one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._archives: dict[int, zipfile.ZipFile] = {}
        self._opening = threading.Lock()
        # Some programs write the separators of Windows.
        entries = (item for item in self._archive().infolist() if not item.is_dir() and not item.filename.endswith("\\"))
        self._entries = {item.filename.replace("\\", "/"): item.filename for item in entries}

    @property
    def where(self) -> str:
        """The archive."""
        return str(self.path)

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "entries": self._entries}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.path, self._entries = state["path"], state["entries"]
        self._archives = {}
        self._opening = threading.Lock()

    def _archive(self) -> zipfile.ZipFile:
        process = os.getpid()
        found = self._archives.get(process)
        if found is None:
            with self._opening:
                found = self._archives.get(process)
                if found is None:
                    try:
                        found = zipfile.ZipFile(self.path)
                    except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError) as error:
                        raise DataError(f"{self.path} cannot be opened as a zip archive ({error})", "a whole zip file") from error
                    self._archives[process] = found
        return found

    def names(self) -> list[str]:
        """Return all files but hidden ones, sorted."""
        return sorted(name for name in self._entries if not _is_hidden(name))

    def read(self, name: str) -> bytes:
        """Return a file's bytes; raises DataError."""
        archive = self._archive()
        try:
            entry = self._entries[name]
            if archive.getinfo(entry).file_size > MAX_FILE_BYTES:
                raise _unreadable(self.where, name, f"longer than {MAX_FILE_BYTES} bytes")
            return archive.read(entry)
        except KeyError as error:
            raise _unreadable(self.where, name, "there is no such file") from error
        except (OSError, EOFError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
            raise _unreadable(self.where, name, error) from error

    def size(self, name: str) -> int:
        """Return the uncompressed size of a file in bytes."""
        entry = self._entries.get(name)
        return -1 if entry is None else self._archive().getinfo(entry).file_size

    def version(self, name: str) -> int:
        """Return a file's CRC-32."""
        entry = self._entries.get(name)
        return -1 if entry is None else self._archive().getinfo(entry).CRC


@dataclass(frozen=True)
class InnerSource:
    """A folder within a source, so that an archive of a folder is read like the folder itself."""

    outer: FileSource
    folder: str

    @property
    def where(self) -> str:
        """Outer source and folder in it, for messages."""
        return f"{self.outer.where}/{self.folder}"

    def names(self) -> list[str]:
        """Return the files below the folder, relative to it."""
        prefix = f"{self.folder}/"
        return [name.removeprefix(prefix) for name in self.outer.names() if name.startswith(prefix)]

    def read(self, name: str) -> bytes:
        """Return a file's bytes; raises DataError."""
        return self.outer.read(f"{self.folder}/{name}")

    def size(self, name: str) -> int:
        """Return the size of a file in bytes."""
        return self.outer.size(f"{self.folder}/{name}")

    def version(self, name: str) -> int:
        """Return a number that is another where a file has changed."""
        return self.outer.version(f"{self.folder}/{name}")


def open_source(path: Path) -> FileSource:
    """Open a folder or a zip file; a single folder that contains the whole data set is entered.

    Raises:
        DataError: no such folder or zip file.
    """
    if path.is_dir():
        source: FileSource = FolderSource(path)
    elif not path.exists():
        raise DataError(f"{path}: there is no such file or folder", "a folder of training data, or a zip file of one")
    elif not is_regular(path) or not zipfile.is_zipfile(path):
        raise DataError(f"{path} is neither a folder nor a zip file", "a folder of training data, or a zip file of one")
    else:
        source = ZipSource(path)
    names = source.names()
    while (top := _only_folder(names)) is not None:
        source = FolderSource(source.folder / top) if isinstance(source, FolderSource) else InnerSource(source, top)
        names = [name.removeprefix(f"{top}/") for name in names if name.startswith(f"{top}/")]
    return source


def _only_folder(names: list[str]) -> str | None:
    """Return the one folder with files in it, unless it is part of a data set itself, or pictures lie beside it."""
    tops = {name.partition("/")[0] for name in names if "/" in name}
    if len(tops) != 1 or (top := tops.pop()).casefold() in PARTS or top.casefold().endswith(_ENDS_OF_PARTS):
        return None
    beside = (name for name in names if "/" not in name)
    return None if any(name.lower().endswith((".png", ".jpg", ".jpeg", ".json")) for name in beside) else top
