"""The reader of untrusted ``.npy`` files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from spade_studio.engine.errors import EngineError


def map_array(path: Path, expected: str, error: type[EngineError]) -> NDArray[Any]:
    """Return the array of a ``.npy`` file, memory-mapped and read-only; nothing in it is unpickled.

    Args:
        path: The file.
        expected: Expected content in messages.
        error: Class of the error that is raised for other files.
    """
    if not path.is_file():
        raise error(f"{path}: there is no such file", expected)
    try:
        # Mapped, not read: a header that promises terabytes fails here instead of filling the memory.
        loaded: Any = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError, OverflowError, MemoryError, SyntaxError, RecursionError) as damage:
        raise error(f"{path} is no usable .npy file", expected) from damage
    if not isinstance(loaded, np.ndarray):
        loaded.close()
        raise error(f"{path} is an archive of arrays", expected)
    return cast("NDArray[Any]", loaded)
