"""The levels of detail that a person chooses from, and the files behind them; without torch."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final, Literal

from spade_studio.engine.errors import WeightsError

DetailLevel = Literal["none", "fast", "full"]
"""``none`` enlarges by resampling, ``fast`` follows a stroke, ``full`` is for pictures that are kept."""

LEVELS: Final[tuple[DetailLevel, ...]] = ("none", "fast", "full")

AUTO_SHORT_SIDE: Final = 256
"""Pictures with a longer short side are ``full`` where nobody chose."""

_FILES: Final = {"fast": "detail_fast.safetensors", "full": "realesrgan_x4plus.safetensors"}


def _folder() -> Path:
    return Path(str(files("spade_studio.resources"))) / "weights"


def level_path(level: DetailLevel) -> Path | None:
    """Return the file of a level's network that comes with the program; None for ``none``.

    Raises:
        WeightsError: The file is not there.
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
    """Return the level for a result of (height, width) where nobody chose one.

    Args:
        result: Of the picture.
        base: Of the generator's picture; one that is no smaller needs no detail.
    """
    return "none" if min(result) <= max(AUTO_SHORT_SIDE, min(base)) else "full"
