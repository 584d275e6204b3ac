"""The reader of texture maps: where the texture of a picture is another one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spade_studio.engine.errors import LabelError
from spade_studio.engine.pictures.arrays import map_array
from spade_studio.engine.pictures.instance_maps import read_instance_map
from spade_studio.engine.pictures.png import MAX_SIDE

_MOST = np.iinfo(np.uint16).max


def read_texture_map(path: Path) -> NDArray[np.uint16]:
    """Read a texture map from a grey or palette PNG of at most 16 bits, or from a ``.npy`` file of whole numbers, [H, W].

    Returns:
        uint16 [H, W]: 0 where the texture is the picture's, every other number for one of its own, as ``Renderer.set_texture`` takes it.

    Raises:
        LabelError: The file is neither, is damaged or too large, or holds other numbers.
    """
    if path.suffix.lower() != ".npy":
        return read_instance_map(path, "texture map").astype(np.uint16)
    expected = f"a .npy file of whole numbers from 0 to {_MOST}, [height, width]"
    array = map_array(path, expected, LabelError)
    if array.ndim != 2 or not array.size or array.dtype.kind not in "iu":
        raise LabelError(f"{path} holds an array of shape {list(array.shape)} and type {array.dtype}", expected)
    if max(array.shape) > MAX_SIDE:
        raise LabelError(f"{path} has {array.shape[1]} x {array.shape[0]} pixels", f"at most {MAX_SIDE} on each side")
    low, high = int(array.min()), int(array.max())
    if low < 0 or high > _MOST:
        raise LabelError(f"{path} holds numbers from {low} to {high}", expected)
    return array.astype(np.uint16)
