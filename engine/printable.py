"""Text from files and file names, made fit to be shown."""

from __future__ import annotations

import unicodedata
from typing import Final

_LAYOUT: Final = frozenset("\n\t")


def printable(text: str) -> str:
    """Return ``text`` with a replacement mark for all that a terminal or a line of text would obey rather than show.

    Replaced are control characters, escape sequences, marks that turn the direction of writing, and the bytes of file names that are not
    UTF-8 (which Python holds as lone surrogates). Line feeds, tabs and every kind of space stay.
    """
    if text.isprintable():
        return text
    return "".join(character if _is_shown(character) else "\N{REPLACEMENT CHARACTER}" for character in text)


def _is_shown(character: str) -> bool:
    return character.isprintable() or character in _LAYOUT or unicodedata.category(character) == "Zs"
