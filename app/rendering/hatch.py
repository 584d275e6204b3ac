"""The placeholder that the picture pane shows while there is no layout."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_DARK, _LIGHT = 84, 96
_STRIPES = 48
"""Number of stripes across the longer side."""


def hatched(size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return a neutral grey image with diagonal stripes, uint8 ``[height, width, 3]``, for a size of (height, width)."""
    height, width = size
    period = max(4, max(size) // _STRIPES)
    slant = (np.arange(height)[:, None] + np.arange(width)) % period < period // 2
    return np.where(slant, _LIGHT, _DARK).astype(np.uint8)[..., None].repeat(3, axis=2)
