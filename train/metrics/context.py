"""Inputs of metrics: generator, held-out pictures, evaluation networks, and the rendered pictures of each batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol

import numpy as np
import torch
from torch import Tensor

from spade_studio.engine.networks.layout import Layout
from spade_studio.train.metrics.errors import MetricError
from spade_studio.train.metrics.frechet import FrechetDistance
from spade_studio.train.pretrained.vgg import PerceptualDistance

_STREAM: Final = 0x3E7A  # separates the styles from other random streams


class MetricBatch(Protocol):
    """Batch of a measurement, on the networks' device, such as :class:`spade_studio.train.datasets.loading.Batch`."""

    @property
    def photos(self) -> Tensor:
        """Photographs, float32 [B, 3, H, W] in [-1, 1]."""
        ...

    @property
    def layout(self) -> Layout:
        """Layouts of the B pictures."""
        ...

    @property
    def indices(self) -> tuple[int, ...]:
        """Indices of the samples in their data set, which seed their random styles independently of batches."""
        ...


@dataclass(frozen=True, eq=False)
class MetricContext:
    """Inputs of a measurement; metrics whose requirements are None are left out.

    Attributes:
        render: Function from B layouts and styles [B, z_width] (None without style input) to pictures [B, 3, H, W] in [-1, 1].
        batches: Batches of held-out pictures, iterated once per measurement.
        encode: Function from photographs [B, 3, H, W] in [-1, 1] to style means (mu) [B, z_width]; None without an encoder.
        z_width: Length of style codes; None for generators without style input.
        perceptual: Perceptual distance on the networks' device; its crop and share of the batch are ignored.
        frechet: Fréchet distance with statistics of real pictures.
        seed: Seed of the random styles.
        styles: Number of random styles per layout, at least two.
    """

    render: Callable[[Layout, Tensor | None], Tensor]
    batches: Iterable[MetricBatch]
    encode: Callable[[Tensor], Tensor | None] | None = None
    z_width: int | None = None
    perceptual: PerceptualDistance | None = None
    frechet: FrechetDistance | None = None
    seed: int = 0
    styles: int = 3

    def __post_init__(self) -> None:
        if self.styles < 2:
            raise MetricError(f"random styles of a layout: {self.styles}", "two at least, since they are compared")

    def random_styles(self, indices: Sequence[int]) -> Tensor:
        """Return standard normal styles, float32 [B, styles, z_width] on the CPU; more styles leave the first ones unchanged."""
        assert self.z_width is not None
        shape = (self.styles, self.z_width)
        codes = [np.random.default_rng((self.seed, _STREAM, index)).standard_normal(shape, np.float32) for index in indices]
        return torch.as_tensor(np.stack(codes))


class Renders:
    """A batch and its generated pictures, rendered on first use and cached.

    Args:
        context: Inputs of the measurement.
        batch: Batch of layouts and photographs.
    """

    def __init__(self, context: MetricContext, batch: MetricBatch) -> None:
        self.photos = batch.photos
        self._context, self._batch = context, batch
        self._styled: dict[int, Tensor] = {}

    def __len__(self) -> int:
        """Number of pictures, B."""
        return self.photos.shape[0]

    @cached_property
    def reconstruction(self) -> Tensor:
        """Pictures [B, 3, H, W] in [-1, 1] in the photographs' styles, or without style for generators without style input."""
        context = self._context
        if context.z_width is None:
            return self.styled(0)
        assert context.encode is not None
        mu = context.encode(self.photos)
        assert mu is not None  # encode is None where there is no encoder
        return context.render(self._batch.layout, mu)

    def styled(self, number: int) -> Tensor:
        """Return pictures [B, 3, H, W] in [-1, 1] in a random style, numbered from 0; without style input, the only ones."""
        if self._context.z_width is None:
            number = 0
        if number not in self._styled:
            z = None if self._codes is None else self._codes[:, number].to(self.photos.device)
            self._styled[number] = self._context.render(self._batch.layout, z)
        return self._styled[number]

    @cached_property
    def _codes(self) -> Tensor | None:
        return None if self._context.z_width is None else self._context.random_styles(self._batch.indices)
