"""Where a data set's files lie: in a folder, or in a zip file that is read in place, also by many worker processes at once.

It does not know which files belong together or what they hold.
"""

from __future__ import annotations

import os
import threading
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from spade_studio.train.datasets.errors import DataError

MAX_FILE_BYTES = 512 << 20
"""Longest file that is read into memory; a damaged or hostile archive can claim any length."""


class FileSource(Protocol):
    """Files by relative name, parts joined by ``/``."""

    @property
    def where(self) -> str:
        """The folder or archive, for messages."""
        ...

    def names(self) -> list[str]:
        """Return all files but hidden ones, sorted."""
        ...

    def read(self, name: str) -> bytes:
        """Return a file's bytes.

        Raises:
            DataError: it is missing, damaged, too long or cannot be read.
        """
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
        """Return all files but hidden ones, sorted."""
        found: list[str] = []
        for place, folders, files in os.walk(self.folder, followlinks=True):
            folders[:] = [name for name in folders if not _is_hidden(name)]
            inside = Path(place).relative_to(self.folder).as_posix()
            prefix = "" if inside == "." else f"{inside}/"
            found += [prefix + name for name in files if not _is_hidden(name)]
        return sorted(found)

    def read(self, name: str) -> bytes:
        """Return a file's bytes; raises DataError."""
        try:
            with (self.folder / name).open("rb") as file:
                content = file.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            raise _unreadable(self.where, name, error.strerror or error) from error
        if len(content) > MAX_FILE_BYTES:
            raise _unreadable(self.where, name, f"longer than {MAX_FILE_BYTES} bytes")
        return content


class ZipSource:
    """The files of a zip archive. Each process opens the archive for itself: a handle shared over a fork would share its position.

    Raises:
        DataError: the file is no zip archive, or is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._archives: dict[int, zipfile.ZipFile] = {}
        self._opening = threading.Lock()
        self._archive()

    @property
    def where(self) -> str:
        """The archive."""
        return str(self.path)

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.path = state["path"]
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
        return sorted(item.filename for item in self._archive().infolist() if not item.is_dir() and not _is_hidden(item.filename))

    def read(self, name: str) -> bytes:
        """Return a file's bytes; raises DataError."""
        archive = self._archive()
        try:
            if archive.getinfo(name).file_size > MAX_FILE_BYTES:
                raise _unreadable(self.where, name, f"longer than {MAX_FILE_BYTES} bytes")
            return archive.read(name)
        except KeyError as error:
            raise _unreadable(self.where, name, "there is no such file") from error
        except (OSError, EOFError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
            raise _unreadable(self.where, name, error) from error


@dataclass(frozen=True)
class InnerSource:
    """The part of a source below one of its folders, so that an archive of one folder is read like the folder itself."""

    outer: FileSource
    folder: str

    @property
    def where(self) -> str:
        """The outer source and the folder in it."""
        return f"{self.outer.where}/{self.folder}"

    def names(self) -> list[str]:
        """Return the files below the folder, without its name."""
        prefix = f"{self.folder}/"
        return [name.removeprefix(prefix) for name in self.outer.names() if name.startswith(prefix)]

    def read(self, name: str) -> bytes:
        """Return a file's bytes; raises DataError."""
        return self.outer.read(f"{self.folder}/{name}")


def open_source(path: Path) -> FileSource:
    """Open a folder, or a zip file; one folder that holds all files of a zip is stepped into.

    Raises:
        DataError: there is no such folder or zip file.
    """
    if path.is_dir():
        return FolderSource(path)
    if not path.exists():
        raise DataError(f"{path}: there is no such file or folder", "a folder of training data, or a zip file of one")
    if not zipfile.is_zipfile(path):
        raise DataError(f"{path} is neither a folder nor a zip file", "a folder of training data, or a zip file of one")
    source = ZipSource(path)
    tops = {name.partition("/")[0] if "/" in name else "" for name in source.names()}
    if len(tops) == 1 and (top := tops.pop()) and top not in ("images", "labels", "instances"):
        return InnerSource(source, top)
    return source
