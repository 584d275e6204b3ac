"""Errors of reading and writing documents."""

from __future__ import annotations

from pathlib import Path

from spade_studio.engine.errors import EngineError


class DocumentError(EngineError):
    """The file is not a document of this program, damaged or malicious."""


class SaveError(EngineError):
    """The document could not be written; the previous contents of the file are intact."""


_SAVE_AS = "Your drawing is still open: choose another folder or name with Save As"


def save_error(path: Path, error: OSError, action: str = _SAVE_AS) -> SaveError:
    """Return the error for a failed write of a file, with the recommended action."""
    reason = error.strerror or str(error)
    return SaveError(
        f"{path} could not be written ({reason[:1].lower()}{reason[1:]})",
        action=action,
    )
