"""Differentiable augmentations of the discriminator's input (Zhao et al., Differentiable Augmentation, NeurIPS 2020)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from spade_studio.train.config.losses import Augmentation

_SHIFT, _CUT = 0.125, 0.3  # maximum shift and side of the cut-out, as shares of the picture's sides
_ZOOMED = 1 / 3  # share of enlarged pictures

Planes = tuple[Tensor, Tensor]
"""Layouts [N, S, H, W] and their pictures [N, 3, H, W]."""
Randoms = Sequence[np.random.Generator]
"""Random number generators, one per picture."""


def _colour(seen: Planes, randoms: Randoms) -> Planes:
    """Change brightness, saturation and contrast."""
    planes, pictures = seen
    amounts = torch.as_tensor(np.stack([random.random((3, 1, 1, 1), np.float32) for random in randoms], 1)).to(pictures)
    pictures = pictures + 0.3 * (amounts[0] - 0.5)
    grey = pictures.mean(1, keepdim=True)
    pictures = (pictures - grey) * (0.6 + 0.8 * amounts[1]) + grey
    mean = pictures.mean((1, 2, 3), keepdim=True)
    return planes, (pictures - mean) * (0.75 + 0.5 * amounts[2]) + mean


def _translation(seen: Planes, randoms: Randoms) -> Planes:
    """Translate half of the pictures by up to an eighth of their sides, padded with zeros."""
    both = torch.cat(seen, 1)
    height, width = both.shape[-2:]
    moved: list[Tensor] = []
    for one, random in zip(_split(both), randoms, strict=True):
        dy, dx = (int(random.integers(-int(side * _SHIFT), int(side * _SHIFT) + 1)) for side in (height, width))
        if random.random() < 0.5 and (dy or dx):
            inside = one[:, :, max(-dy, 0) : height + min(-dy, 0), max(-dx, 0) : width + min(-dx, 0)]
            one = F.pad(inside, (max(dx, 0), max(-dx, 0), max(dy, 0), max(-dy, 0)))
        moved.append(one)
    joined = torch.cat(moved)
    return joined[:, :-3], joined[:, -3:]


def _cut_out(seen: Planes, randoms: Randoms) -> Planes:
    """Zero a random rectangle in half of the pictures."""
    planes, pictures = seen
    height, width = pictures.shape[-2:]
    kept = np.ones((len(pictures), 1, height, width), np.float32)
    rows, columns = int(height * _CUT), int(width * _CUT)
    for mask, random in zip(kept, randoms, strict=True):
        top, left = random.integers(0, (height - rows + 1, width - columns + 1))
        if random.random() < 0.5:
            mask[:, top : top + rows, left : left + columns] = 0
    mask = torch.as_tensor(kept).to(pictures)
    return planes * mask, pictures * mask


def _zoom(seen: Planes, randoms: Randoms) -> Planes:
    """Enlarge a random quarter of a third of the pictures to full size, so that the discriminator sees fine texture."""
    height, width = seen[1].shape[-2:]
    planes, pictures = (list(_split(x)) for x in seen)
    for i, random in enumerate(randoms):
        if random.random() < _ZOOMED:
            top, left = random.integers(0, (height // 2 + 1, width // 2 + 1))
            quarter = np.s_[:, :, top : top + height // 2, left : left + width // 2]
            planes[i] = F.interpolate(planes[i][quarter], scale_factor=2, mode="nearest")
            pictures[i] = F.interpolate(pictures[i][quarter], scale_factor=2, mode="bilinear")
    return torch.cat(planes), torch.cat(pictures)


def _split(x: Tensor) -> tuple[Tensor, ...]:
    return cast("tuple[Tensor, ...]", x.split(1))  # pyright: ignore[reportUnknownMemberType]


AUGMENTATIONS: dict[Augmentation, Callable[[Planes, Randoms], Planes]] = {
    "colour": _colour,
    "translation": _translation,
    "cut_out": _cut_out,
    "zoom": _zoom,
}


def augmented(planes: Tensor, pictures: Tensor, names: Sequence[Augmentation], seeds: Sequence[Sequence[int]]) -> Tensor:
    """Return layouts [N, S, H, W] and pictures [N, 3, H, W], augmented with one seed per picture and concatenated along the channels."""
    seen = planes, pictures
    for number, (name, function) in enumerate(AUGMENTATIONS.items()):
        if name in names:
            seen = function(seen, [np.random.default_rng((*seed, number)) for seed in seeds])
    return torch.cat(seen, 1)
