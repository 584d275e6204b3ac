"""Parsing of paths typed by the user."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def typed_path(text: str) -> Path:
    """Return a typed path as an absolute one; ``~`` and ``~user`` are expanded where that user exists."""
    path = Path(text.strip())
    with suppress(RuntimeError):
        path = path.expanduser()
    return path.absolute()
