"""The injected noise of one output size, cached until its seeds change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from spade_studio.engine.networks.noise import Texture, TextureNoise

_MOST_KEPT = 1 << 22
"""Numbers of a product of field and strengths that is kept: adding it is ten times faster than computing it in bfloat16."""


class InjectedNoise:
    """The noise added to the activations of one layer.

    Args:
        layer: Number of the noise field.
        size: (height, width) of the grid.
        strength: Strength of each channel, [C].
    """

    def __init__(self, layer: int, size: tuple[int, int], strength: Tensor) -> None:
        self._layer, self._strength = layer, strength
        self._field = strength.new_empty(1, *size, 1)
        self._product = strength.new_empty(1, *size, len(strength)) if self._field.numel() * len(strength) <= _MOST_KEPT else None

    @property
    def device(self) -> torch.device:
        """Device of the activations."""
        return self._field.device

    def draw(self, noise: TextureNoise) -> None:
        """Set other seeds, in place."""
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
        """Add the noise at flat positions [n] to their activations [n, C] in place."""
        rows.addcmul_(self._field.view(-1, 1).index_select(0, places), self._strength)


class NoiseFields:
    """The noise of one output size: of the first block's input, and of the outputs of conv_0 and of each block.

    Args:
        first: (height, width) and strengths [C] at the first block's input.
        blocks: (height, width) and both strengths [C] of each block.
    """

    def __init__(self, first: tuple[tuple[int, int], Tensor], blocks: Sequence[tuple[tuple[int, int], tuple[Tensor, Tensor]]]) -> None:
        self._texture: Texture | None = None
        self.first = InjectedNoise(0, *first)
        self.blocks = [
            (InjectedNoise(2 * i + 1, size, middle), InjectedNoise(2 * i + 2, size, end)) for i, (size, (middle, end)) in enumerate(blocks)
        ]

    def draw(self, texture: Texture) -> None:
        """Set other seeds, in place; equal ones are ignored."""
        if self._texture is None or not same_texture(self._texture, texture):
            noise = TextureNoise.of(texture, self.first.device)
            for place in (self.first, *(place for block in self.blocks for place in block)):
                place.draw(noise)
            self._texture = texture


def same_texture(one: Texture, other: Texture) -> bool:
    """Whether two textures have equal seeds."""
    return one is other or np.array_equal(one, other)
