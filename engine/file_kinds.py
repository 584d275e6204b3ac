"""Detection of file types by content."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path
from typing import BinaryIO, Final, Literal

from spade_studio.engine.files import open_regular

FileKind = Literal["document", "weights", "zip", "png", "picture", "folder", "other"]

LEGACY_TORCH: Final = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""First bytes of torch's legacy format: its magic number as a protocol-2 pickle."""
ZIP_START: Final = b"PK\x03\x04"
_OPENRASTER: Final = b"image/openraster"
_PICTURES: Final = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"8BPS": "Photoshop",
    b"\xff\x0a": "JPEG XL",
    b"\0\0\0\x0cJXL \r\n\x87\n": "JPEG XL",
}
_BRANDS: Final = {
    b"avif": "AVIF", b"avis": "AVIF",
    b"heic": "HEIF", b"heix": "HEIF", b"hevc": "HEIF", b"hevx": "HEIF", b"heim": "HEIF", b"heis": "HEIF", b"mif1": "HEIF", b"msf1": "HEIF",
}  # fmt: skip
OTHER_PICTURES: Final = frozenset({"AVIF", "HEIF", "JPEG XL", "Photoshop"})
"""Picture formats that are recognised but not supported."""
_MAX_DIRECTORY: Final = 1 << 20
_END_BYTES: Final = 22 + 0xFFFF
_LOCAL_HEADER: Final = 30


def picture_kind(start: bytes) -> str:
    """Return the picture format of a file's first bytes, such as ``JPEG`` or ``AVIF``; empty for other files.

    Args:
        start: The first 32 bytes or more; fewer for shorter files.
    """
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "WebP"
    if start[4:8] == b"ftyp":
        # The main brand, or the first of the compatible ones that says it: cameras write a general one first.
        brands = [start[8:12], *(start[at : at + 4] for at in range(16, len(start) - 3, 4))]
        named = [_BRANDS[brand] for brand in brands if brand in _BRANDS]
        return "AVIF" if "AVIF" in named else named[0] if named else ""
    return next((kind for prefix, kind in _PICTURES.items() if start.startswith(prefix)), "")


def kind_of(path: Path) -> FileKind:
    """Guess the type of a file from its content, without validating it.

    An archive is a document if its first entry is the ``mimetype`` of one, or if it has a ``mimetype`` beside OpenRaster's list of layers
    or our description, and a weights file if it has torch's ``data.pkl``. Missing and unreadable files are ``other``.
    """
    try:
        if stat.S_ISDIR(path.stat().st_mode):
            return "folder"
        with open_regular(path) as file:
            start = file.read(512)
            if start.startswith(ZIP_START):
                return _kind_of_zip(file, start)
    except (OSError, ValueError):
        return "other"
    if start.startswith(LEGACY_TORCH) or (start[8:9] == b"{" and start[5:8] == b"\0\0\0"):
        return "weights"
    kind = picture_kind(start)
    return "png" if kind == "PNG" else "picture" if kind else "other"


def _kind_of_zip(file: BinaryIO, start: bytes) -> FileKind:
    name_length, extra_length = (int.from_bytes(start[at : at + 2], "little") for at in (26, 28))
    first = start[_LOCAL_HEADER : _LOCAL_HEADER + name_length]
    if first == b"mimetype":
        content = start[_LOCAL_HEADER + name_length + extra_length :]
        return "document" if content.startswith(_OPENRASTER) else "zip"
    if first.endswith(b"/data.pkl"):
        return "weights"
    if not _has_short_directory(file):
        return "zip"
    try:
        with zipfile.ZipFile(file) as archive:
            names = [item.filename for item in archive.infolist()]
    except (zipfile.BadZipFile, ValueError, NotImplementedError, UnicodeDecodeError, EOFError, OSError, MemoryError):
        return "zip"
    if any(name.endswith("/data.pkl") and name.count("/") == 1 for name in names):
        return "weights"
    return "document" if "mimetype" in names and ("stack.xml" in names or "spade-studio/document.json" in names) else "zip"


def _has_short_directory(file: BinaryIO) -> bool:
    """Whether an archive's list of entries, by the plain record at its end, is short enough to be read on the way to a guess."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _END_BYTES))
    end = file.read()
    at = end.rfind(b"PK\x05\x06")
    length = int.from_bytes(end[at + 12 : at + 16], "little") if at >= 0 else _MAX_DIRECTORY + 1
    file.seek(0)
    return length <= _MAX_DIRECTORY
