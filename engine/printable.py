"""Sanitising of text from files and file names for display."""

from __future__ import annotations

import unicodedata
from typing import Final, TextIO

_LAYOUT: Final = frozenset("\n\t")


def printable(text: str) -> str:
    """Return ``text`` with replacement characters for everything that a terminal or a text widget would interpret.

    Replaced are control characters, escape sequences, bidirectional controls, and bytes of file names that are not UTF-8 (lone surrogates
    in Python). Line feeds, tabs and all spaces are kept.
    """
    if text.isprintable():
        return text
    return "".join(character if _is_shown(character) else "\N{REPLACEMENT CHARACTER}" for character in text)


def write_line(stream: TextIO, text: str) -> None:
    """Write a :func:`printable` line and flush; characters outside the stream's encoding become question marks."""
    encoding = stream.encoding or "utf-8"
    stream.write(f"{printable(text)}\n".encode(encoding, "replace").decode(encoding))
    stream.flush()


def _is_shown(character: str) -> bool:
    return character.isprintable() or character in _LAYOUT or unicodedata.category(character) == "Zs"
