"""Distances between pictures: reconstruction error and diversity over styles."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import torch
from torch import Tensor

from spade_studio.train.metrics.errors import MetricError
from spade_studio.train.pretrained.vgg import PerceptualDistance


def reconstruction_l1(fakes: Tensor, photos: Tensor) -> Tensor:
    """Return the mean absolute difference of every picture, [B], in 0..2.

    Args:
        fakes: Generated pictures [B, 3, H, W] in [-1, 1].
        photos: Photographs [B, 3, H, W] in [-1, 1].
    """
    if fakes.shape != photos.shape:
        raise MetricError(f"pictures of shape {list(fakes.shape)} beside photographs of shape {list(photos.shape)}", "equal shapes")
    return (fakes.float() - photos.float()).abs().mean((1, 2, 3))


def whole_pictures(distance: PerceptualDistance) -> PerceptualDistance:
    """Return the distance without crop and for all pictures of a batch; the network is shared."""
    return PerceptualDistance(distance.features, replace(distance.config, crop_size=0, batch_share=1.0))


@torch.no_grad()
def diversity(pictures: Tensor, distance: PerceptualDistance) -> float:
    """Return the mean distance over all pairs of pictures of a layout; features are computed once.

    Args:
        pictures: Pictures of the layout in S styles, [S, 3, H, W] in [-1, 1].
        distance: Distance of whole pictures; with relative tap scales it is normalised by the later picture of a pair.

    Raises:
        MetricError: There are fewer than two styles.
    """
    pairs = list(combinations([distance.features(pictures[i : i + 1]) for i in range(pictures.shape[0])], 2))
    if not pairs:
        raise MetricError(f"{pictures.shape[0]} style of a layout", "two at least")
    return sum(float(distance.between(one, other)) for one, other in pairs) / len(pairs)
