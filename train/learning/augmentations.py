"""Differentiable augmentations of what is judged (Zhao et al., Differentiable Augmentation, NeurIPS 2020)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from spade_studio.train.config.losses import Augmentation

_SHIFT, _CUT = 0.125, 0.3  # of the sides
_ZOOMED = 1 / 3  # of the steps

Planes = tuple[Tensor, Tensor]
"""Layouts [N, S, H, W] and their pictures [N, 3, H, W]."""


def _colour(seen: Planes, random: np.random.Generator) -> Planes:
    """Brightness, saturation and contrast."""
    planes, pictures = seen
    amounts = torch.as_tensor(random.random((3, len(pictures), 1, 1, 1), np.float32)).to(pictures)
    pictures = pictures + 0.3 * (amounts[0] - 0.5)
    grey = pictures.mean(1, keepdim=True)
    pictures = (pictures - grey) * (0.6 + 0.8 * amounts[1]) + grey
    mean = pictures.mean((1, 2, 3), keepdim=True)
    return planes, (pictures - mean) * (0.75 + 0.5 * amounts[2]) + mean


def _translation(seen: Planes, random: np.random.Generator) -> Planes:
    """Half of the pictures moved by up to an eighth of their sides, zero beyond."""
    both = torch.cat(seen, 1)
    height, width = both.shape[-2:]
    moved: list[Tensor] = []
    for one in cast("tuple[Tensor, ...]", both.split(1)):  # pyright: ignore[reportUnknownMemberType]
        dy, dx = (int(random.integers(-int(side * _SHIFT), int(side * _SHIFT) + 1)) for side in (height, width))
        if random.random() < 0.5 and (dy or dx):
            inside = one[:, :, max(-dy, 0) : height + min(-dy, 0), max(-dx, 0) : width + min(-dx, 0)]
            one = F.pad(inside, (max(dx, 0), max(-dx, 0), max(dy, 0), max(-dy, 0)))
        moved.append(one)
    joined = torch.cat(moved)
    return joined[:, :-3], joined[:, -3:]


def _cut_out(seen: Planes, random: np.random.Generator) -> Planes:
    """A rectangle of zeros in half of the pictures."""
    planes, pictures = seen
    height, width = pictures.shape[-2:]
    kept = np.ones((len(pictures), 1, height, width), np.float32)
    rows, columns = int(height * _CUT), int(width * _CUT)
    for mask in kept:
        top, left = random.integers(0, (height - rows + 1, width - columns + 1))
        if random.random() < 0.5:
            mask[:, top : top + rows, left : left + columns] = 0
    mask = torch.as_tensor(kept).to(pictures)
    return planes * mask, pictures * mask


def _zoom(seen: Planes, random: np.random.Generator) -> Planes:
    """A quarter of every picture enlarged twice, so that fine texture is seen; now and then."""
    if random.random() >= _ZOOMED:
        return seen
    height, width = seen[1].shape[-2:]
    top, left = random.integers(0, (height // 2 + 1, width // 2 + 1))
    planes, pictures = (x[:, :, top : top + height // 2, left : left + width // 2] for x in seen)
    return F.interpolate(planes, scale_factor=2, mode="nearest"), F.interpolate(pictures, scale_factor=2, mode="bilinear")


AUGMENTATIONS: dict[Augmentation, Callable[[Planes, np.random.Generator], Planes]] = {
    "colour": _colour,
    "translation": _translation,
    "cut_out": _cut_out,
    "zoom": _zoom,
}


def augmented(planes: Tensor, pictures: Tensor, names: Sequence[Augmentation], seed: int) -> Tensor:
    """Return layouts [N, S, H, W] joined with pictures [N, 3, H, W], augmented in the table's order by random numbers of the seed."""
    seen = planes, pictures
    for number, (name, function) in enumerate(AUGMENTATIONS.items()):
        if name in names:
            seen = function(seen, np.random.default_rng((seed, 1, number)))
    return torch.cat(seen, 1)
