"""Transformation of samples to training examples: resizing, cropping and mirroring of photograph and maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from spade_studio.engine.networks.codes import ScalarT
from spade_studio.train.config.data import GeometryConfig
from spade_studio.train.datasets.pairs import Sample

DEFAULT_MULTIPLE = 32
"""Default number of pixels that sides not fixed by a crop are multiples of: the stride of most generators."""


@dataclass(frozen=True, eq=False)
class Example:
    """One training example.

    Attributes:
        photo: Photograph, uint8 [H, W, 3].
        channels: Channel of each pixel, int16 [H, W]; -1 for none.
        instances: int32 [H, W]; the label ids themselves where the data has no instance maps.
        name: Name of the sample.
        canvas: Colours, uint8 [H, W, 3], and mask, bool [H, W], of the canvas, for generators that complete one; else None.
    """

    photo: NDArray[np.uint8]
    channels: NDArray[np.int16]
    instances: NDArray[np.int32]
    name: str
    canvas: tuple[NDArray[np.uint8], NDArray[np.bool_]] | None = None


def sample_generator(seed: int, epoch: int, index: int) -> np.random.Generator:
    """Return the random generator of a sample in an epoch, independent of processes and order."""
    return np.random.default_rng([seed, epoch, index])


def output_size(geometry: GeometryConfig) -> tuple[int, int] | None:
    """Return the (height, width) of all examples, or None where it depends on the picture."""
    if geometry.mode == "fixed":
        return geometry.fixed_height, geometry.crop_size
    return (geometry.crop_size, geometry.crop_size) if geometry.mode.endswith("crop") else None


def loaded_size(geometry: GeometryConfig, height: int, width: int, multiple: int = DEFAULT_MULTIPLE) -> tuple[int, int]:
    """Return the (height, width) that a picture is resized to before cropping.

    Pictures that would be smaller than the crop are enlarged to cover it, in their aspect ratio. Without a crop and a fixed size, sides
    are rounded to multiples of ``multiple``, as in the published code with mode none.
    """
    mode = geometry.mode
    if mode == "none":
        return _nearest(height, multiple), _nearest(width, multiple)
    if mode == "fixed":
        return geometry.fixed_height, geometry.crop_size
    if mode == "resize_and_crop":
        return geometry.load_size, geometry.load_size
    if mode != "crop":
        base = width if mode.startswith("scale_width") else min(height, width)
        height, width = (max(1, round(side * geometry.load_size / base)) for side in (height, width))
        if not mode.endswith("crop"):
            return _nearest(height, multiple), _nearest(width, multiple)
    if mode.endswith("crop") and (short := min(height, width)) < geometry.crop_size:
        height, width = (max(geometry.crop_size, round(side * geometry.crop_size / short)) for side in (height, width))
    return height, width


def transform(
    sample: Sample,
    geometry: GeometryConfig,
    rng: np.random.Generator | None,
    lookup: NDArray[np.int16],
    multiple: int = DEFAULT_MULTIPLE,
) -> Example:
    """Resize, crop and mirror a sample.

    Args:
        sample: Sample to transform.
        geometry: What to do.
        rng: Random generator for crop position and mirroring; None for a central crop without mirroring.
        lookup: Channel of each id, int16 [256] (:meth:`LabelChannels.lookup`).
        multiple: Number of pixels that sides not fixed by the geometry are multiples of.

    Returns:
        The example; photographs are resized bicubically (antialiased; as Pillow does but for rounding: a value in two hundred differs by
        1 or 2), ids by nearest (of pixel centres).
    """
    return cropped(resized(sample, geometry, multiple), geometry, rng, lookup)


def resized(sample: Sample, geometry: GeometryConfig, multiple: int = DEFAULT_MULTIPLE) -> Sample:
    """Resize a sample for cropping: photographs bicubically, ids by nearest neighbour of pixel centres."""
    size = loaded_size(geometry, sample.labels.shape[0], sample.labels.shape[1], multiple)
    instances = None if sample.instances is None else resize_ids(sample.instances, *size)
    return Sample(_resize_photo(sample.photo, *size), resize_ids(sample.labels, *size), instances, sample.name)


def cropped(sample: Sample, geometry: GeometryConfig, rng: np.random.Generator | None, lookup: NDArray[np.int16]) -> Example:
    """Crop and mirror a :func:`resized` sample; see :func:`transform`."""
    height, width = sample.labels.shape
    crop = (geometry.crop_size, geometry.crop_size) if geometry.mode.endswith("crop") else (height, width)
    # Drawn in any case, so that one setting does not change what another draws.
    down, across, mirror = (0.5, 0.5, 1.0) if rng is None else rng.random(3).tolist()
    top, left = (int(place * (side - part + 1)) for place, side, part in zip((down, across), (height, width), crop, strict=True))
    rows, columns = slice(top, top + crop[0]), slice(left, left + crop[1])
    mirrored = geometry.flip and mirror < 0.5

    photo, labels = sample.photo[rows, columns], sample.labels[rows, columns]
    instances = labels if sample.instances is None else sample.instances[rows, columns]
    if mirrored:
        photo, labels, instances = photo[:, ::-1], labels[:, ::-1], instances[:, ::-1]
    return Example(
        np.ascontiguousarray(photo),
        lookup[labels],
        np.ascontiguousarray(instances, np.int32),
        sample.name,
    )


def resize_ids(plane: NDArray[ScalarT], height: int, width: int) -> NDArray[ScalarT]:
    """Resize ids [H, W] by nearest neighbour of pixel centres, aligned with photographs."""
    if plane.shape == (height, width):
        return plane
    rows, columns = (
        (2 * np.arange(out, dtype=np.int64) + 1) * side // (2 * out) for out, side in zip((height, width), plane.shape, strict=True)
    )
    return plane[rows][:, columns]


def _resize_photo(photo: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    if photo.shape[:2] == (height, width):
        return photo
    photo = photo if photo.flags.writeable else photo.copy()  # torch takes no others
    planes = torch.as_tensor(photo).permute(2, 0, 1).unsqueeze(0)  # channels last in memory, for which torch resizes bytes fastest
    return F.interpolate(planes, (height, width), mode="bicubic", antialias=True)[0].permute(1, 2, 0).numpy()


def _nearest(side: int, multiple: int) -> int:
    return max(multiple, round(side / multiple) * multiple)
