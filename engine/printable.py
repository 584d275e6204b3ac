"""Text from files and file names, made fit to be shown."""

from __future__ import annotations

import unicodedata
from typing import Final, TextIO

_LAYOUT: Final = frozenset("\n\t")


def printable(text: str) -> str:
    """Return ``text`` with a replacement mark for all that a terminal or a line of text would obey rather than show.

    Replaced are control characters, escape sequences, marks that turn the direction of writing, and the bytes of file names that are not
    UTF-8 (which Python holds as lone surrogates). Line feeds, tabs and every kind of space stay.
    """
    if text.isprintable():
        return text
    return "".join(character if _is_shown(character) else "\N{REPLACEMENT CHARACTER}" for character in text)


def write_line(stream: TextIO, text: str) -> None:
    """Write a line for a person, :func:`printable`, and hand it on at once; what the stream's encoding lacks becomes a question mark."""
    encoding = stream.encoding or "utf-8"
    stream.write(f"{printable(text)}\n".encode(encoding, "replace").decode(encoding))
    stream.flush()


def _is_shown(character: str) -> bool:
    return character.isprintable() or character in _LAYOUT or unicodedata.category(character) == "Zs"
