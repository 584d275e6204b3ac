"""Label maps: whether an array is one, and one from a picture in the colours of a label set."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spade_studio.engine.errors import LabelError
from spade_studio.engine.labels.label_set import LabelSet, color_text


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


def label_map_from_colors(rgb: NDArray[np.uint8], label_set: LabelSet, where: str) -> NDArray[np.uint8]:
    """Turn a picture in the colours of a label set into a label map, uint8 ``[H, W]``; no colour is ever rounded to another.

    Accepted are the set's own colours, each label's ``other_colors`` (for COCO-Stuff the 32 of GauGAN) and, where the set has an
    unlabeled value, black and :data:`UNLABELED_COLOR` for it. Where labels share a colour, the lowest id is meant.

    Args:
        rgb: uint8 ``[H, W, 3]``.
        label_set: The set whose colours the picture uses.
        where: What to call the picture in messages.

    Raises:
        LabelError: Not such an array, or pixels of other colours: these are counted, and the first five are located.
    """
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.size == 0:
        raise LabelError(f"{where} has shape {list(rgb.shape)} of {rgb.dtype}", "height x width x 3 bytes (red, green, blue)")
    packed = (rgb[..., 0].astype(np.uint32) << 16) | (rgb[..., 1].astype(np.uint32) << 8) | rgb[..., 2]
    table = label_set.id_of_color
    colors = np.array(sorted(table), np.uint32)
    ids = np.array([table[int(color)] for color in colors], np.uint8)
    index = np.minimum(np.searchsorted(colors, packed), len(colors) - 1)
    wrong = colors[index] != packed
    if count := int(np.count_nonzero(wrong)):
        rows, columns = np.unravel_index(np.flatnonzero(wrong)[:5], wrong.shape)
        places = ", ".join(f"x {x} y {y} {color_text(rgb[y, x])}" for y, x in zip(rows.tolist(), columns.tolist(), strict=True))
        kinds = len(np.unique(packed[wrong]))
        colours = "colour" if kinds == 1 else "colours"
        places += ", ..." if count > 5 else ""
        raise LabelError(
            f"{where} has {count:,} of {wrong.size:,} pixels in {kinds:,} {colours} that {label_set.name} does not have ({places})",
            f"only the exact colours of {label_set.name}",
            "Choose the label set that the map was drawn with, and save it as PNG without smoothing or resizing",
        )
    return ids[index]
