"""Validation of label maps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spade_studio.engine.errors import LabelError


def check_label_map(array: object, where: str) -> NDArray[np.uint8]:
    """Return ``array`` as a label map: uint8 ``[H, W]``, C-contiguous; ``array`` itself if it is one.

    Args:
        array: Values 0..255 of any integer type, ``[H, W]``.
        where: Name of the map in messages, such as its file name.

    Raises:
        LabelError: another number of dimensions, no pixels, or values that are not integers from 0 to 255.
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
