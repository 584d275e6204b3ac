"""Marks beside checkpoints that somebody reads: the trainer leaves those alone for a while."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

SECONDS = 3600
"""So long a mark holds: whoever set it may have been killed."""


def pin(checkpoint: Path) -> bool:
    """Keep a checkpoint from being removed; returns whether it is there.

    Raises:
        OSError: Nothing can be written beside it.
    """
    _mark(checkpoint).touch()
    if checkpoint.is_file():
        return True
    unpin(checkpoint)
    return False


def unpin(checkpoint: Path) -> None:
    """Let a checkpoint go."""
    with suppress(OSError):
        _mark(checkpoint).unlink(missing_ok=True)


def is_pinned(checkpoint: Path) -> bool:
    """Return whether somebody reads a checkpoint."""
    try:
        return time.time() - _mark(checkpoint).stat().st_mtime < SECONDS
    except OSError:
        return False


def _mark(checkpoint: Path) -> Path:
    return checkpoint.with_suffix(".pin")
