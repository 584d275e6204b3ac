"""The Frechet distance between real photographs, a lower bound for the same number of generated pictures."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from spade_studio.train.evaluation.parts import Part
from spade_studio.train.metrics import FrechetDistance
from spade_studio.train.pretrained.feature_network import FeatureNetwork


@dataclass(frozen=True)
class RealFloor:
    """The Frechet distance between real photographs.

    Attributes:
        between: others: the photographs of the data and as many random others. halves: two random halves of the data, for want of others;
            with half as many pictures it is above the bound for all.
        pictures: Number of pictures on each side, the smaller one where some could not be read.
        distances: Distances by name; None where undefined.
    """

    between: Literal["others", "halves"]
    pictures: int
    distances: Mapping[str, float | None]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dict."""
        return {"between": self.between, "pictures": self.pictures, **self.distances}

    @property
    def words(self) -> str:
        """Description of the two sets."""
        return f"{self.pictures} and {self.pictures} {'other real photographs' if self.between == 'others' else 'of the real photographs'}"


def real_floor(names: Sequence[str], photographs: Sequence[Part], others: Sequence[Part]) -> RealFloor | None:
    """Measure the distance.

    Args:
        names: Names of the distances.
        photographs: Parts of the photographs of the data.
        others: Parts of the others; may be empty.

    Returns:
        The distance, or None without names.
    """
    if not names:
        return None
    sides: dict[str, tuple[Tensor, Tensor]] = {}
    for name in names:
        real = features_of(name, photographs)
        if others:
            sides[name] = real, features_of(name, others)
        else:
            order = random.Random(0).sample(range(len(real)), len(real))  # neighbours are often alike
            half = len(order) // 2
            sides[name] = real[order[:half]], real[order[half : 2 * half]]
    return RealFloor(
        "others" if others else "halves",
        min(len(side) for side in sides[names[0]]),
        {name: frechet(name, *both) for name, both in sides.items()},
    )


def features_of(name: str, parts: Sequence[Part]) -> Tensor:
    """Return the features of all pictures, float32 [N, D]."""
    return torch.cat([part.features[name] for part in parts])


def frechet(name: str, real: Tensor, fake: Tensor) -> float | None:
    """Return the Frechet distance between features [N, D] and [M, D]; None for fewer than two, or where some are not finite."""
    if min(len(real), len(fake)) < 2:
        return None
    distance = FrechetDistance(_ready_made(name, real.shape[1]))
    distance.use_real([real])
    distance.update_fake(fake)
    value = distance.compute()
    return value if math.isfinite(value) else None


def _ready_made(name: str, width: int) -> FeatureNetwork:
    """Return what stands in a network's place where features are there already."""

    class ReadyMade(FeatureNetwork):
        kind: ClassVar[str] = name
        distance: ClassVar[str] = name
        num_features: ClassVar[int] = width

        def embed(self, values: Tensor) -> Tensor:
            return values

        def forward(self, pictures: Tensor) -> Tensor:
            return pictures

    return ReadyMade()
