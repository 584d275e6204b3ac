"""What metrics are computed from: a generator to be measured, held-out pictures, the networks that judge; and each batch's renders."""

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

_STREAM: Final = 0x3E7A  # keeps the styles apart from other random numbers


class MetricBatch(Protocol):
    """What metrics read of a batch, on the networks' device; :class:`spade_studio.train.datasets.loading.Batch` is one."""

    @property
    def photos(self) -> Tensor:
        """float32 [B, 3, H, W] in [-1, 1]."""
        ...

    @property
    def layout(self) -> Layout:
        """Of the B pictures."""
        ...

    @property
    def indices(self) -> tuple[int, ...]:
        """Of the samples in their data set: the same sample is shown in the same styles however it is batched."""
        ...


@dataclass(frozen=True, eq=False)
class MetricContext:
    """What is measured, and by what. Metrics whose needs are None here are left out.

    Attributes:
        render: Gives pictures [B, 3, H, W] in [-1, 1] for a layout and styles [B, z_width], None for generators that take none.
        batches: Held-out pictures; gone through once a measurement.
        encode: Gives the styles (mu) [B, z_width] of photographs [B, 3, H, W]; None without an encoder.
        z_width: Of style codes; None for generators that take none.
        perceptual: As in the loss, on the networks' device; its crop and share of the batch are not used.
        frechet: With its real pictures counted already.
        seed: Of the random styles.
        styles: How many random styles of a layout are compared, two at least.
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
        """Return standard normal styles, float32 [B, styles, z_width] on the CPU; the first ones stay with any number of styles."""
        assert self.z_width is not None
        shape = (self.styles, self.z_width)
        codes = [np.random.default_rng((self.seed, _STREAM, index)).standard_normal(shape, np.float32) for index in indices]
        return torch.as_tensor(np.stack(codes))


class Renders:
    """A batch and the pictures that the generator makes for it, each rendered when it is first asked for and once only.

    Args:
        context: What renders.
        batch: The batch.
    """

    def __init__(self, context: MetricContext, batch: MetricBatch) -> None:
        self.photos = batch.photos
        self._context, self._batch = context, batch
        self._styled: dict[int, Tensor] = {}

    def __len__(self) -> int:
        """Return B."""
        return self.photos.shape[0]

    @cached_property
    def reconstruction(self) -> Tensor:
        """Pictures [B, 3, H, W] in the photographs' own styles; for generators without style input, their only pictures."""
        context = self._context
        if context.z_width is None:
            return self.styled(0)
        assert context.encode is not None
        mu = context.encode(self.photos)
        assert mu is not None  # encode is None where there is no encoder
        return context.render(self._batch.layout, mu)

    def styled(self, number: int) -> Tensor:
        """Return pictures [B, 3, H, W] in random style 0, 1, ...; without style input, the only ones there are."""
        if self._context.z_width is None:
            number = 0
        if number not in self._styled:
            z = None if self._codes is None else self._codes[:, number].to(self.photos.device)
            self._styled[number] = self._context.render(self._batch.layout, z)
        return self._styled[number]

    @cached_property
    def _codes(self) -> Tensor | None:
        return None if self._context.z_width is None else self._context.random_styles(self._batch.indices)
