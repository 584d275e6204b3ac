"""Texture loss by label: sliced Wasserstein distance of features (Heitz et al., A Sliced Wasserstein Loss, CVPR 2021)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from spade_studio.engine.networks.layout import resize_nearest
from spade_studio.train.learning.losses import wide

_TAPS = 4  # relu1_1 to relu4_1
_SLICES = 32
_FEWEST, _MOST = 64, 2048  # minimum and maximum number of positions of a label in a picture
_STREAM = 5
_FLOOR = 0.3  # minimum power relative to the mean over channels, so that inactive channels are not amplified


def texture_distance(found: list[Tensor], targets: list[Tensor], labels: npt.NDArray[np.integer], seeds: Sequence[Sequence[int]]) -> Tensor:
    """Return the mean over layers of :func:`label_distance`.

    Args:
        found: Features of B fakes by layer, [B, C, h, w].
        targets: Features of their photographs, of the same shapes.
        labels: Label maps of the pictures, [B, H, W].
        seeds: Seed of every picture, for its slicing directions and the subset of positions of large labels.
    """
    randoms = [np.random.default_rng((*seed, 0, _STREAM)) for seed in seeds]
    layers = list(zip(found, targets, strict=True))[:_TAPS]
    return torch.stack([label_distance(ours, theirs, labels, randoms) for ours, theirs in layers]).mean()


def label_distance(found: Tensor, target: Tensor, labels: npt.NDArray[np.integer], randoms: Sequence[np.random.Generator]) -> Tensor:
    """Return the sliced Wasserstein distance of features [B, C, h, w] within each label of each picture.

    Channels are divided by their root mean square in the target and projected on random directions, drawn for each picture; sorted
    projections give the one-dimensional distances. Labels with fewer than 64 positions in a picture are left out.
    """
    channels, height, width = found.shape[1:]
    drawn = np.stack([random.standard_normal((channels, _SLICES), np.float32) for random in randoms])
    directions = F.normalize(torch.as_tensor(drawn, device=found.device), dim=1)
    power = wide(target).square().mean((0, 2, 3), keepdim=True)
    scale = torch.maximum(power, _FLOOR * power.mean()).clamp(min=1e-6).rsqrt()
    ours, theirs = (wide(torch.matmul((wide(x) * scale).permute(0, 2, 3, 1).flatten(1, 2), directions)) for x in (found, target))
    terms, count = [ours.sum() * 0], 0
    planes = resize_nearest(labels, height, width).reshape(len(labels), -1)
    for i, (plane, random) in enumerate(zip(planes, randoms, strict=True)):
        for label in np.unique(plane).tolist():
            places = np.flatnonzero(plane == label)
            if len(places) < _FEWEST:
                continue
            if len(places) > _MOST:
                places = random.choice(places, _MOST, replace=False)
            index = torch.as_tensor(places, device=found.device)
            mine, other = (x[i, index].sort(0).values for x in (ours, theirs))
            terms.append((mine - other).abs().mean(1).sum())
            count += len(places)
    return torch.stack(terms).sum() / max(count, 1)
