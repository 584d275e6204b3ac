"""Paths as people type them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def typed_path(text: str) -> Path:
    """Return the path that a person typed, absolute; ``~`` is the own folder, and stays a name where nobody is called so."""
    path = Path(text.strip())
    with suppress(RuntimeError):
        path = path.expanduser()
    return path.absolute()
