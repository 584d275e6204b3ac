"""The levels of detail and their files."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final, Literal

from spade_studio.engine.errors import WeightsError

DetailLevel = Literal["none", "fast", "full"]
"""``none`` resamples, ``fast`` keeps up with strokes, ``full`` is for finished pictures."""

LEVELS: Final[tuple[DetailLevel, ...]] = ("none", "fast", "full")

AUTO_SHORT_SIDE: Final = 256
"""Short side in pixels above which ``auto`` means ``full``."""

_FILES: Final = {"fast": "detail_fast.safetensors", "full": "realesrgan_x4plus.safetensors"}


def _folder() -> Path:
    return Path(str(files("spade_studio.resources"))) / "weights"


def level_path(level: DetailLevel) -> Path | None:
    """Return the bundled network file of a level; None for ``none``.

    Raises:
        WeightsError: the file is missing.
    """
    if level == "none":
        return None
    path = _folder() / _FILES[level]
    if not path.is_file():
        others = " or ".join(available_levels())
        found = f"the detail level {level!r}, whose network {path.name} is not installed"
        raise WeightsError(found, others, "Choose another level of detail")
    return path


def available_levels() -> tuple[DetailLevel, ...]:
    """Return the levels whose networks are installed, ``none`` first."""
    return tuple(level for level in LEVELS if level == "none" or (_folder() / _FILES[level]).is_file())


def automatic_level(result: tuple[int, int], base: tuple[int, int]) -> DetailLevel:
    """Return the level that ``auto`` means for a result.

    Args:
        result: (height, width) of the result.
        base: (height, width) of the generator's picture; a result that is no larger needs no detail.
    """
    return "none" if min(result) <= max(AUTO_SHORT_SIDE, min(base)) else "full"
