"""Marking of texts in tables for translation, which takes place where they are shown."""

from __future__ import annotations


def QT_TRANSLATE_NOOP(context: str, text: str) -> str:  # noqa: N802 - Qt's name, whose own type says object
    """Mark a text for translation and return it unchanged."""
    return text
