"""What can go wrong between documents and files."""

from __future__ import annotations

from pathlib import Path

from spade_studio.engine.errors import EngineError


class DocumentError(EngineError):
    """A file is no document of ours, is damaged, or was made to do harm."""


class SaveError(EngineError):
    """A document could not be written; whatever stood in the file before still does."""


_SAVE_AS = "Your drawing is still open: choose another folder or name with Save As"


def save_error(path: Path, error: OSError, action: str = _SAVE_AS) -> SaveError:
    """Say why a file could not be written, and what to do, by default that nothing is lost."""
    reason = error.strerror or str(error)
    return SaveError(
        f"{path} could not be written ({reason[:1].lower()}{reason[1:]})",
        action=action,
    )
