"""Reading of untrusted ZIP archives, whose metadata are validated before any entry is read."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from spade_studio.app.documents.errors import DocumentError
from spade_studio.engine import interruption
from spade_studio.engine.files import open_regular

MAX_FILE_BYTES = 1 << 30
MAX_ENTRIES = 256
MAX_ENTRY_BYTES = 512 << 20
MAX_TOTAL_BYTES = 1 << 30
MAX_RATIO = 200
"""Greatest accepted compression ratio of an entry; text reaches about 10, PNGs 1, and deflate at most 1000."""
_SMALL = 8 << 20
"""Size in bytes below which any ratio is harmless; a uniform map compressed twice shrinks to almost nothing."""
_MAX_MIMETYPE_BYTES = 1 << 10
_MAX_PATH = 200
_MAX_DIRECTORY_BYTES = MAX_ENTRIES * 512
_END = struct.Struct("<4s4H2LH")
_ZIP64_LOCATOR_BYTES = 20
_LOCAL_HEADER_BYTES = 30
_ENCRYPTED = 1
_BLOCK = 4 << 20
_METHODS = {9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "XZ", 98: "PPMd"}
_AGAIN = "Do not trust this file unless you know who made it; if it is your own, it is damaged: open an older copy"
_PACK = "Pack it again as an ordinary ZIP file, with the usual method (Deflate)"


class GuardedZip:
    """Entries of an archive that has passed all checks; created by :func:`open_guarded`."""

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self._archive = archive
        self._name = name
        self._entries = {info.filename: info for info in archive.infolist() if not info.is_dir()}

    def __contains__(self, path: str) -> bool:
        return path in self._entries

    def read(self, path: str, limit: int) -> bytes:
        """Return the contents of an entry.

        Raises:
            DocumentError: The entry is missing, larger than ``limit`` bytes, or damaged.
        """
        info = self._entries.get(path)
        if info is None:
            raise DocumentError(f"{self._name} lacks {path}", "a whole document", _AGAIN)
        if info.file_size > limit:
            raise DocumentError(f"{path} in {self._name} has {info.file_size:,} bytes", f"at most {limit:,}", _AGAIN)
        try:
            whole = io.BytesIO()
            with self._archive.open(info) as file:
                while part := file.read(min(_BLOCK, limit + 1 - whole.tell())):
                    interruption.check()
                    whole.write(part)
            data = whole.getvalue()
        except (OSError, zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError, struct.error) as error:
            raise DocumentError(f"{path} in {self._name} is damaged ({str(error)[:200]})", "a whole document", _AGAIN) from error
        if len(data) != info.file_size:
            raise DocumentError(f"{path} in {self._name} ends after {len(data):,} bytes", f"{info.file_size:,}", _AGAIN)
        return data


@contextmanager
def open_guarded(path: Path, mimetype: str) -> Generator[GuardedZip]:
    """Open an archive whose entry ``mimetype`` has the given text.

    Raises:
        DocumentError: The file is missing, not an archive of this type, damaged, or beyond the limits of a document.
    """
    name = path.name
    try:
        with open_regular(path) as file:
            count = _check_end(file, name)
            try:
                archive = zipfile.ZipFile(file)
            except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, UnicodeDecodeError, EOFError) as error:
                raise DocumentError(f"{name} is damaged ({str(error)[:200]})", "a whole ZIP archive", _AGAIN) from error
            with archive:
                _check_entries(archive.infolist(), count, name, archive.start_dir)
                guarded = GuardedZip(archive, name)
                _check_mimetype(guarded, name, mimetype)
                yield guarded
    except OSError as error:
        raise DocumentError(f"{path} cannot be read ({error.strerror or error})", "a document (.ora)") from error


def _check_end(file: BinaryIO, name: str) -> int:
    """Validate the end-of-central-directory record before zipfile trusts its directory size; return the number of entries."""
    size = file.seek(0, 2)
    if size > MAX_FILE_BYTES:
        raise DocumentError(f"{name} has {size:,} bytes", f"at most {MAX_FILE_BYTES:,}", _AGAIN)
    file.seek(0)
    if not size:
        raise DocumentError(f"{name} is empty", "a document (.ora)", "Open an older copy")
    if size < _END.size or file.read(4) != b"PK\x03\x04":
        raise DocumentError(f"{name} is no OpenRaster file", "a document (.ora) or a label map (PNG)")
    before = min(_ZIP64_LOCATOR_BYTES, size - _END.size)
    file.seek(size - _END.size - before)
    tail = file.read()
    signature, disk, start_disk, here, total, directory, start, comment = _END.unpack(tail[-_END.size :])
    if signature != b"PK\x05\x06" or comment:
        raise DocumentError(f"{name} does not end as a ZIP archive does", "a whole document without anything behind it", _AGAIN)
    if tail.startswith(b"PK\x06\x07") or 0xFFFF in (here, total) or 0xFFFFFFFF in (directory, start):
        raise DocumentError(f"{name} is a ZIP64 archive", "a plain ZIP archive, as documents are", _AGAIN)
    if disk or start_disk or here != total:
        raise DocumentError(f"{name} is one part of a ZIP archive in several", "one file", _AGAIN)
    if not 1 <= total <= MAX_ENTRIES or directory > _MAX_DIRECTORY_BYTES:
        raise DocumentError(f"{name} holds {total:,} entries, listed in {directory:,} bytes", f"1 to {MAX_ENTRIES} entries", _AGAIN)
    if start + directory != size - _END.size:
        raise DocumentError(f"{name} has something before or behind its list of entries", "nothing but a ZIP archive", _AGAIN)
    return total


def _check_entries(entries: list[zipfile.ZipInfo], count: int, name: str, directory: int) -> None:
    if len(entries) != count:
        raise DocumentError(f"{name} lists {len(entries)} entries and says {count}", "the same number", _AGAIN)
    seen: set[str] = set()
    for info in entries:
        _check_entry(info, name)
        key = info.filename.casefold()
        if key in seen:
            raise DocumentError(f"{name} holds {info.filename} twice", "every name once", _AGAIN)
        seen.add(key)
    total = sum(info.file_size for info in entries)
    if total > MAX_TOTAL_BYTES:
        raise DocumentError(f"{name} unpacks to {total:,} bytes", f"at most {MAX_TOTAL_BYTES:,}", _AGAIN)
    ordered = sorted(entries, key=lambda info: info.header_offset)
    ends = [info.header_offset for info in ordered[1:]] + [directory]
    for info, end in zip(ordered, ends, strict=True):
        if info.header_offset + _LOCAL_HEADER_BYTES + len(info.filename.encode()) + info.compress_size > end:
            raise DocumentError(f"{info.filename} in {name} lies over another entry", "entries one after the other", _AGAIN)


def _check_entry(info: zipfile.ZipInfo, name: str) -> None:
    # zipfile truncates names at a NUL and converts separators, so the name as stored is checked.
    is_folder = info.is_dir()
    path = info.orig_filename.removesuffix("/") if is_folder else info.orig_filename
    parts = PurePosixPath(path).parts
    harmless = (
        info.orig_filename == info.filename
        and 0 < len(path) <= _MAX_PATH
        and path.isprintable()
        and "/".join(parts) == path
        and not any(part in ("..", "/", "//") for part in parts)
        and not any(character in path for character in '\\:*?"<>|')
    )
    if not harmless:
        raise DocumentError(f"{name} holds an entry at {path[:80]!r}", "paths inside the archive, like data/labels.png", _AGAIN)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFDIR if is_folder else stat.S_IFREG):
        raise DocumentError(f"{path} in {name} is a link or a device", "plain files", _AGAIN)
    if info.flag_bits & _ENCRYPTED:
        raise DocumentError(f"{path} in {name} is encrypted", "files that can be read", "Pack it again without a password")
    if is_folder and info.file_size:
        raise DocumentError(f"the folder {path} in {name} has {info.file_size:,} bytes", "none", _AGAIN)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        method = _METHODS.get(info.compress_type, f"method {info.compress_type}")
        raise DocumentError(f"{path} in {name} is compressed by {method}", "stored or deflated", _PACK)
    if info.file_size > MAX_ENTRY_BYTES:
        raise DocumentError(f"{path} in {name} has {info.file_size:,} bytes", f"at most {MAX_ENTRY_BYTES:,}", _AGAIN)
    if info.compress_type == zipfile.ZIP_STORED and info.file_size != info.compress_size:
        raise DocumentError(f"{path} in {name} is stored in {info.compress_size:,} bytes", f"{info.file_size:,}", _AGAIN)
    if info.file_size > _SMALL and info.file_size > MAX_RATIO * max(1, info.compress_size):
        found = f"{path} in {name} unpacks to {info.file_size:,} bytes from {info.compress_size:,}"
        raise DocumentError(found, f"up to {MAX_RATIO} times as many", _AGAIN)


def _check_mimetype(archive: GuardedZip, name: str, mimetype: str) -> None:
    if "mimetype" not in archive:
        raise DocumentError(f"{name} does not say what it is", f"an entry mimetype with {mimetype}")
    found = archive.read("mimetype", _MAX_MIMETYPE_BYTES).strip()
    if found != mimetype.encode():
        raise DocumentError(f"{name} says that it is {found[:60].decode('ascii', 'replace')!r}", mimetype)
