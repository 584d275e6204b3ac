"""Fréchet distance between real and generated pictures (torchmetrics), with cached statistics of the real ones."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from spade_studio.engine.errors import WeightsError
from spade_studio.engine.files import atomic_writer
from spade_studio.engine.weights.safetensors_file import load_safetensors
from spade_studio.engine.weights.safetensors_header import read_safetensors_header
from spade_studio.train.metrics.errors import MetricError
from spade_studio.train.pretrained.feature_network import FeatureNetwork

if TYPE_CHECKING:
    from torchmetrics.image.fid import FrechetInceptionDistance

# One entry, since the safetensors library writes several in random order.
_METADATA_KEY: Final = "spade-studio-statistics"
_FORMAT_VERSION: Final = 1  # version of file format and preprocessing


@dataclass(frozen=True, eq=False)
class FeatureStatistics:
    """Feature statistics of a set of pictures for a Fréchet distance; as sums, they are additive over parts of a set.

    Attributes:
        total: Sum of the features, float64 [D].
        products: Sum of the outer products of the features, float64 [D, D].
        count: Number of pictures.
    """

    total: Tensor
    products: Tensor
    count: int

    def __add__(self, other: FeatureStatistics) -> FeatureStatistics:
        return FeatureStatistics(self.total + other.total, self.products + other.products, self.count + other.count)

    def write(self, path: Path, key: str) -> None:
        """Write the statistics with an identifying key atomically; equal statistics give equal bytes, missing folders are created.

        Raises:
            OSError: The file cannot be written; an existing one is unchanged.
        """
        tensors = {"total": self.total, "products": self.products, "count": torch.tensor(self.count)}
        content = safetensors.torch.save(tensors, {_METADATA_KEY: key})
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_writer(path) as file:
            file.write(content)

    @classmethod
    def read(cls, path: Path, key: str, width: int) -> FeatureStatistics | None:
        """Read statistics of ``width`` features; None where the file is missing or damaged or has another key."""
        try:
            if read_safetensors_header(path).metadata.get(_METADATA_KEY) != key:
                return None
            tensors = load_safetensors(path)
            # Copied, since they are modified in place and the file may be replaced.
            total, products, count = (tensors[name].clone() for name in ("total", "products", "count"))
        except (OSError, WeightsError, SafetensorError, KeyError):
            return None
        sound = (
            total.shape == (width,)
            and products.shape == (width, width)
            and total.dtype == products.dtype == torch.float64
            and count.dtype == torch.int64
            and count.shape == ()
            and bool(total.isfinite().all() and products.isfinite().all() and count > 1)
        )
        return cls(total, products, int(count)) if sound else None


@dataclass(frozen=True)
class RealCache:
    """Cache file for the statistics of real pictures.

    Attributes:
        path: Path of the file, usually ``*.safetensors``.
        data: Identifier of the pictures: data set, selection and cropping.
        height, width: Size of the pictures in pixels.
    """

    path: Path
    data: str
    height: int
    width: int

    def key(self, features: FeatureNetwork) -> str:
        """Return the key of the statistics: format, size, feature network and data."""
        parts = (f"format {_FORMAT_VERSION}", f"{self.width} x {self.height}", f"{features.distance} {features.digest}", self.data)
        return "\n".join(parts)


class _Given(nn.Module):
    """Feature network for torchmetrics that passes on precomputed features."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features

    def forward(self, features: Tensor) -> Tensor:
        return features


class FrechetDistance:
    """Fréchet distance between normal distributions fitted to the features of real and generated pictures (Heusel et al., NeurIPS 2017).

    Features are computed on the network's device, statistics in float64 on the CPU. Processes are not synchronised: those that share a
    set add up their :attr:`fake`.

    With few pictures the distance is biased upwards: compare equal numbers of pictures only; fewer than 300 say little.

    Args:
        features: Feature network.
    """

    def __init__(self, features: FeatureNetwork) -> None:
        # Imported here, since it imports transformers where installed, which takes a second.
        from torchmetrics.image.fid import FrechetInceptionDistance

        self.features = features
        given = _Given(features.num_features)
        # The metric would otherwise synchronise all ranks in compute().
        self._metric: FrechetInceptionDistance = FrechetInceptionDistance(given, reset_real_features=False, sync_on_compute=False)

    @property
    def name(self) -> str:
        """Name of the distance: ``fid`` for the Inception network, otherwise after the network."""
        return self.features.distance

    @property
    def real(self) -> FeatureStatistics:
        """Accumulated statistics of the real pictures."""
        metric = self._metric  # adds to its tensors in place
        total, products, count = metric.real_features_sum, metric.real_features_cov_sum, metric.real_features_num_samples
        return FeatureStatistics(total.clone(), products.clone(), int(count))

    @property
    def fake(self) -> FeatureStatistics:
        """Accumulated statistics of the generated pictures."""
        metric = self._metric
        total, products, count = metric.fake_features_sum, metric.fake_features_cov_sum, metric.fake_features_num_samples
        return FeatureStatistics(total.clone(), products.clone(), int(count))

    def update_real(self, pictures: Tensor) -> None:
        """Add real pictures [B, 3, H, W], uint8 or floating-point in [-1, 1]."""
        self._update(pictures, real=True)

    def update_fake(self, pictures: Tensor) -> None:
        """Add generated pictures [B, 3, H, W], uint8 or floating-point in [-1, 1]."""
        self._update(pictures, real=False)

    def reset(self) -> None:
        """Reset the statistics of the generated pictures."""
        self._metric.reset()

    def use_real(self, photos: Iterable[Tensor], cache: RealCache | None = None) -> bool:
        """Load the statistics of the real pictures from a cache file, or compute them and write it.

        Args:
            photos: Batches of photographs [B, 3, H, W], uint8 or floating-point in [-1, 1]; not read where the file is valid.
            cache: Cache file; None for none.

        Returns:
            Whether the statistics were loaded from the file.

        Raises:
            MetricError: There are fewer than two pictures.
            OSError: The file cannot be written; the statistics are set nevertheless.
        """
        kept = None if cache is None else FeatureStatistics.read(cache.path, cache.key(self.features), self.features.num_features)
        if kept is not None:
            self._set_real(kept)
            return True
        width = self.features.num_features
        self._set_real(FeatureStatistics(torch.zeros(width).double(), torch.zeros(width, width).double(), 0))
        for batch in photos:
            self.update_real(batch)
        self._check("real", self.real)
        if cache is not None:
            self.real.write(cache.path, cache.key(self.features))
        return False

    def compute(self) -> float:
        """Return the distance, at least 0; NaN for non-finite features.

        Raises:
            MetricError: There are fewer than two real or fewer than two generated pictures.
        """
        for kind, statistics in (("real", self.real), ("generated", self.fake)):
            self._check(kind, statistics)
            if not bool(statistics.products.isfinite().all()):
                return math.nan
        # The statistics may have been loaded: an empty update makes the metric recompute.
        self._metric.update(torch.zeros(0, self.features.num_features, dtype=torch.float64), real=False)  # pyright: ignore[reportUnknownMemberType]
        value: Tensor = self._metric.compute()  # pyright: ignore[reportUnknownMemberType]
        return max(float(value), 0.0)  # rounding makes the distance of equal sets slightly negative

    def _update(self, pictures: Tensor, *, real: bool) -> None:
        if pictures.shape[0]:
            self._metric.update(self.features(pictures).cpu().double(), real)  # pyright: ignore[reportUnknownMemberType]

    def _set_real(self, statistics: FeatureStatistics) -> None:
        self._metric.real_features_sum = statistics.total
        self._metric.real_features_cov_sum = statistics.products
        self._metric.real_features_num_samples = torch.tensor(statistics.count)

    def _check(self, kind: str, statistics: FeatureStatistics) -> None:
        if statistics.count < 2:
            found = f"{self.name} of {statistics.count} {kind} picture{'' if statistics.count == 1 else 's'}"
            raise MetricError(found, "two at least, and hundreds for a figure that means much", "Give it more pictures")
