"""Builds any generator that can be trained: the paper's, and those that it compares with.

It does not know the names that configurations and command lines give them.
"""

from __future__ import annotations

from torch import nn

from spade_studio.engine.comparison_config import ConcatenationConfig, LayeredPix2PixHDConfig, TrainableConfig
from spade_studio.engine.networks import build_generator
from spade_studio.engine.networks.concatenation import ConcatenationGenerator
from spade_studio.engine.networks.layered_pix2pixhd import LayeredPix2PixHDGenerator


def build_trainable(config: TrainableConfig) -> nn.Module:
    """Build the generator that ``config`` describes, with torch's own random weights; it is called with (layout, z)."""
    match config:
        case ConcatenationConfig():
            return ConcatenationGenerator(config)
        case LayeredPix2PixHDConfig():
            return LayeredPix2PixHDGenerator(config)
        case _:
            return build_generator(config)
