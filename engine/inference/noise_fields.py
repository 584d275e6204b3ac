"""The noise of one output size, computed once and kept while its seeds stay."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from spade_studio.engine.networks.noise import Texture, TextureNoise

_MOST_KEPT = 1 << 22
"""Numbers of a product of field and strengths that is kept: adding it is ten times faster than computing it in bfloat16."""


class InjectedNoise:
    """What one place adds to its activations.

    Args:
        layer: Number of the field.
        size: (height, width) of the grid.
        strength: By channel, [C].
    """

    def __init__(self, layer: int, size: tuple[int, int], strength: Tensor) -> None:
        self._layer, self._strength = layer, strength
        self._field = strength.new_empty(1, *size, 1)
        self._product = strength.new_empty(1, *size, len(strength)) if self._field.numel() * len(strength) <= _MOST_KEPT else None

    @property
    def device(self) -> torch.device:
        """Where the activations are."""
        return self._field.device

    def draw(self, noise: TextureNoise) -> None:
        """Take other seeds; the memory stays the same."""
        _, height, width, _ = self._field.shape
        self._field.copy_(noise.field(self._layer, height, width, self._field.dtype).view_as(self._field))
        if self._product is not None:
            torch.mul(self._field, self._strength, out=self._product)

    def add_to(self, x: Tensor) -> None:
        """Add the noise to x [1, h, w, C] in place."""
        if self._product is None:
            x.addcmul_(self._field, self._strength)
        else:
            x.add_(self._product)

    def add_at(self, rows: Tensor, places: Tensor) -> None:
        """Add the noise of flat places [n] to their activations [n, C] in place."""
        rows.addcmul_(self._field.view(-1, 1).index_select(0, places), self._strength)


class NoiseFields:
    """The noise of one output size: of what enters the first block, and of what leaves conv_0 and the end of every block.

    Args:
        first: (height, width) and strengths [C] of the first.
        blocks: The same of every block, with strengths of both.
    """

    def __init__(self, first: tuple[tuple[int, int], Tensor], blocks: Sequence[tuple[tuple[int, int], tuple[Tensor, Tensor]]]) -> None:
        self._texture: Texture | None = None
        self.first = InjectedNoise(0, *first)
        self.blocks = [
            (InjectedNoise(2 * i + 1, size, middle), InjectedNoise(2 * i + 2, size, end)) for i, (size, (middle, end)) in enumerate(blocks)
        ]

    def draw(self, texture: Texture) -> None:
        """Take other seeds, unless they are the same; the memory stays the same."""
        if self._texture is None or not same_texture(self._texture, texture):
            noise = TextureNoise.of(texture, self.first.device)
            for place in (self.first, *(place for block in self.blocks for place in block)):
                place.draw(noise)
            self._texture = texture


def same_texture(one: Texture, other: Texture) -> bool:
    """Whether two textures are the same seeds."""
    return one is other or np.array_equal(one, other)
