"""Label maps: whether an array is one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spade_studio.engine.errors import LabelError


def check_label_map(array: object, where: str) -> NDArray[np.uint8]:
    """Return ``array`` as a label map: uint8 ``[H, W]``, C-contiguous (the same array where it is one already).

    Args:
        array: Whole numbers 0..255 of any integer type, ``[H, W]``.
        where: What to call the map in messages, for example its file name.

    Raises:
        LabelError: Another number of axes, no pixels, fractions, or values that no label id can have.
    """
    values = np.asarray(array)
    if values.ndim != 2 or values.size == 0:
        raise LabelError(f"{where} has shape {list(values.shape)}", "a label map of height x width with one id for every pixel")
    if not np.issubdtype(values.dtype, np.integer):
        raise LabelError(f"{where} holds values of type {values.dtype}", "whole numbers, one label id for every pixel")
    if values.dtype != np.uint8:
        low, high = int(values.min()), int(values.max())
        if low < 0 or high > 255:
            raise LabelError(f"{where} holds values from {low} to {high}", "label ids from 0 to 255")
    return np.ascontiguousarray(values, dtype=np.uint8)
