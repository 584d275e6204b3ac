"""The styles that a person has given a star, with names and pictures, in one file."""

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
    """Styles of this person, the newest first.

    Args:
        path: Their file; it need not exist, and what cannot be read there counts for nothing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries: list[Past] | None = None

    @property
    def entries(self) -> Sequence[Past]:
        """The styles; read from the disk when first asked for."""
        return self._read()

    def find(self, style: Style | BuiltIn) -> int:
        """Return the place of a style, of a built-in one at any strength and with any texture; -1 where it has no star."""
        is_it = style.gives if isinstance(style, BuiltIn) else style.is_same
        return next((index for index, entry in enumerate(self._read()) if is_it(entry.style)), -1)

    def add(self, style: Style, image: QImage, name: str) -> None:
        """Give a style a star; the oldest give way.

        Raises:
            SaveError: The file cannot be written; the star lasts until the end nevertheless.
        """
        entries = self._read()
        entries.insert(0, Past(replace(style, label=tidy(name)), image, object()))
        del entries[MAX_FAVOURITES:]
        self._write()

    def remove(self, index: int) -> None:
        """Take a star away.

        Raises:
            SaveError: The file cannot be written.
        """
        del self._read()[index]
        self._write()

    def rename(self, index: int, name: str) -> None:
        """Give a favourite another name; an empty one is not taken.

        Raises:
            SaveError: The file cannot be written.
        """
        if name := tidy(name):
            entry = self._read()[index]
            # A built-in style under another name is one of this person's.
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
