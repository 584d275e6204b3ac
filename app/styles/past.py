"""The history of recently used styles with pictures, which persists between sessions."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from PySide6.QtGui import QImage

from spade_studio.app.styles import pictures
from spade_studio.app.styles.style import Style
from spade_studio.app.styles.style_json import MAX_PICTURE_BYTES, style_from_json, style_to_json
from spade_studio.engine.errors import EngineError
from spade_studio.engine.files import atomic_writer

MAX_PAST = 30
MAX_STYLES = 500
MAX_FILE_BYTES = 32 << 20


@dataclass
class Past:
    """An entry of the style history or the favourites.

    Attributes:
        style: Rendered style.
        image: Thumbnail of the picture.
        change: Identity of the change that made the style; of several styles of one change, such as a slider drag, only the last is kept.
    """

    style: Style
    image: QImage
    change: object


class StyleHistory:
    """The recently used styles, newest first, at most 30.

    Args:
        path: File that stores them between sessions; it need not exist, and unreadable entries are skipped.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._entries: list[Past] | None = None

    @property
    def entries(self) -> list[Past]:
        """The entries, read from disk at the first access."""
        if self._entries is None:
            self._entries = read_styles(self._path)[:MAX_PAST] if self._path else []
        return self._entries

    def add(self, style: Style, image: QImage, change: object) -> None:
        """Add a style; one that is already present gets the newer picture and keeps its position."""
        known = next((entry for entry in self.entries if entry.style.is_same(style)), None)
        if known is not None:
            known.image = image
            if self.entries[0].change is change and known is not self.entries[0]:
                del self.entries[0]
            return
        if self.entries and self.entries[0].change is change:
            del self.entries[0]
        self.entries.insert(0, Past(style, image, change))
        del self.entries[MAX_PAST:]

    def save(self) -> None:
        """Save the entries for the next session; if that fails, the file keeps those of the previous session."""
        if self._path is None or not self._entries:  # nothing to add to the file
            return
        with suppress(OSError):
            write_styles(self._path, self.entries)


def write_styles(path: Path, entries: Sequence[Past]) -> None:
    """Write entries with their pictures to a file.

    Raises:
        OSError: The file cannot be written.
    """
    styles: list[dict[str, object]] = []
    for entry in entries:
        jpeg = pictures.encode(pictures.to_array(entry.image))
        styles.append({"style": style_to_json(entry.style), "image": b64encode(jpeg).decode("ascii")})
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_writer(path) as file:
        file.write(json.dumps({"styles": styles}).encode())


def read_styles(path: Path) -> list[Past]:
    """Return the entries of a file written by :func:`write_styles`; it need not exist, and unreadable entries are skipped."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            return []
        found = json.loads(path.read_bytes())
        entries = found["styles"][:MAX_STYLES]
    except (OSError, ValueError, RecursionError, LookupError, TypeError):
        return []
    return [past for entry in entries if (past := _read_entry(entry)) is not None]


def _read_entry(entry: object) -> Past | None:
    if not isinstance(entry, dict):
        return None
    style, image = cast("dict[str, object]", entry).get("style"), cast("dict[str, object]", entry).get("image")
    if not isinstance(style, dict) or not isinstance(image, str) or len(image) > 2 * MAX_PICTURE_BYTES:
        return None
    read = style_from_json(cast("dict[str, object]", style))
    if read is None:
        return None
    with suppress(ValueError, EngineError):
        return Past(read, pictures.thumbnail(pictures.decode(b64decode(image))), object())
    return None
