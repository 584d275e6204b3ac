"""What can go wrong between documents and files.

They carry what was found, what was expected and what to do; they know no windows.
"""

from __future__ import annotations

from pathlib import Path

from spade_studio.engine.errors import EngineError


class DocumentError(EngineError):
    """A file is no document of ours, is damaged, or was made to do harm."""


class SaveError(EngineError):
    """A document could not be written; whatever stood in the file before still does."""


def save_error(path: Path, error: OSError) -> SaveError:
    """Say why a file could not be written, and that nothing is lost."""
    reason = error.strerror or str(error)
    return SaveError(
        f"{path} could not be written ({reason[:1].lower()}{reason[1:]})",
        action="Your drawing is still open: choose another folder or name with Save As",
    )
