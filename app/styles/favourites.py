"""The user's favourite styles with names and pictures, stored in one file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtGui import QImage

from spade_studio.app.documents.errors import save_error
from spade_studio.app.styles.past import Past, read_styles, write_styles
from spade_studio.app.styles.shelf import BuiltIn
from spade_studio.app.styles.style import Style
from spade_studio.app.styles.style_json import tidy

MAX_FAVOURITES = 200


class Favourites:
    """The favourite styles, newest first.

    Args:
        path: File of the favourites; it need not exist, and unreadable entries are skipped.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries: list[Past] | None = None

    @property
    def entries(self) -> Sequence[Past]:
        """The favourites, read from disk at the first access."""
        return self._read()

    def find(self, style: Style | BuiltIn) -> int:
        """Return the index of a style, or -1; a built-in style matches at any strength and with any texture."""
        is_it = style.gives if isinstance(style, BuiltIn) else style.is_same
        return next((index for index, entry in enumerate(self._read()) if is_it(entry.style)), -1)

    def add(self, style: Style, image: QImage, name: str) -> None:
        """Add a style; beyond the maximum number the oldest are removed.

        Raises:
            SaveError: The file cannot be written; the style stays a favourite for this session.
        """
        entries = self._read()
        entries.insert(0, Past(replace(style, label=tidy(name)), image, object()))
        del entries[MAX_FAVOURITES:]
        self._write()

    def remove(self, index: int) -> None:
        """Remove a favourite.

        Raises:
            SaveError: The file cannot be written.
        """
        del self._read()[index]
        self._write()

    def rename(self, index: int, name: str) -> None:
        """Rename a favourite; an empty name is ignored.

        Raises:
            SaveError: The file cannot be written.
        """
        if name := tidy(name):
            entry = self._read()[index]
            # A built-in style under another name is the user's own.
            origin = "blend" if entry.style.origin == "built-in" else entry.style.origin
            entry.style = replace(entry.style, label=name, origin=origin)
            self._write()

    def _read(self) -> list[Past]:
        if self._entries is None:
            self._entries = read_styles(self._path)[:MAX_FAVOURITES]
        return self._entries

    def _write(self) -> None:
        try:
            write_styles(self._path, self._read())
        except OSError as error:
            raise save_error(self._path, error) from error
