"""The noise of one output size, computed once and kept while its seeds stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor

from spade_studio.engine.networks.noise import Texture, TextureNoise


@dataclass
class NoiseFields:
    """The noise of one output size: fields [1, h, w, 1] that enter the first block, and follow conv_0 and the end of every block."""

    texture: Texture
    first: Tensor
    blocks: list[tuple[Tensor, Tensor]]

    @classmethod
    def of(
        cls, texture: Texture, first: tuple[int, int], blocks: Sequence[tuple[int, int]], device: torch.device, dtype: torch.dtype
    ) -> Self:
        """Compute the fields of grids (height, width): of the first layer, and of every block."""
        noise = TextureNoise.of(texture, device)

        def field(layer: int, height: int, width: int) -> Tensor:
            return noise.field(layer, height, width, dtype).view(1, height, width, 1)

        return cls(texture, field(0, *first), [(field(2 * i + 1, *size), field(2 * i + 2, *size)) for i, size in enumerate(blocks)])


def same_texture(one: Texture, other: Texture) -> bool:
    """Whether two textures are the same seeds."""
    return one is other or np.array_equal(one, other)
