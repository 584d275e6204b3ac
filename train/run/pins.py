"""Pins, files beside checkpoints that protect them from removal while they are read."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

SECONDS = 3600
"""Lifetime of a pin in seconds, since its owner may have been killed."""


def pin(checkpoint: Path) -> bool:
    """Protect a checkpoint from removal; return whether it exists.

    Raises:
        OSError: The folder of the checkpoint is not writable.
    """
    _mark(checkpoint).touch()
    if checkpoint.is_file():
        return True
    unpin(checkpoint)
    return False


def unpin(checkpoint: Path) -> None:
    """Allow the removal of a checkpoint again."""
    with suppress(OSError):
        _mark(checkpoint).unlink(missing_ok=True)


def is_pinned(checkpoint: Path) -> bool:
    """Return whether a checkpoint is protected from removal."""
    try:
        return time.time() - _mark(checkpoint).stat().st_mtime < SECONDS
    except OSError:
        return False


def _mark(checkpoint: Path) -> Path:
    return checkpoint.with_suffix(".pin")
