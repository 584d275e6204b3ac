"""The networks of the paper, one part a file, named as there.

They know neither files, label sets, nor devices.
"""

from __future__ import annotations

from spade_studio.engine.config import AnyGeneratorConfig, ConcatenationConfig, GeneratorConfig, LayeredPix2PixHDConfig, Pix2PixHDConfig
from spade_studio.engine.networks.blocks import SPADEResBlock
from spade_studio.engine.networks.concatenation import ConcatenationGenerator
from spade_studio.engine.networks.discriminator import MultiscaleDiscriminator
from spade_studio.engine.networks.encoder import Encoder
from spade_studio.engine.networks.generator import Generator
from spade_studio.engine.networks.initialize import initialize_xavier
from spade_studio.engine.networks.layered_pix2pixhd import LayeredPix2PixHDGenerator
from spade_studio.engine.networks.pix2pixhd import Pix2PixHDGenerator
from spade_studio.engine.networks.spade import SPADE

__all__ = [
    "SPADE",
    "AnyGenerator",
    "ConcatenationGenerator",
    "Encoder",
    "Generator",
    "LayeredPix2PixHDGenerator",
    "MultiscaleDiscriminator",
    "Pix2PixHDGenerator",
    "SPADEResBlock",
    "build_generator",
    "initialize_xavier",
]

AnyGenerator = Generator | ConcatenationGenerator | Pix2PixHDGenerator | LayeredPix2PixHDGenerator


def build_generator(config: AnyGeneratorConfig) -> AnyGenerator:
    """Build the generator that ``config`` describes, with torch's own random weights; it is called with (layout, z)."""
    match config:
        case GeneratorConfig():
            return Generator(config)
        case ConcatenationConfig():
            return ConcatenationGenerator(config)
        case Pix2PixHDConfig():
            return Pix2PixHDGenerator(config)
        case LayeredPix2PixHDConfig():
            return LayeredPix2PixHDGenerator(config)
