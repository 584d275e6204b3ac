"""The networks of the paper, one part a file, named as there.

They know neither files, label sets, nor devices.
"""

from __future__ import annotations

from spade_studio.engine.config import AnyGeneratorConfig, Pix2PixHDConfig
from spade_studio.engine.networks.blocks import SPADEResBlock
from spade_studio.engine.networks.discriminator import MultiscaleDiscriminator
from spade_studio.engine.networks.encoder import Encoder
from spade_studio.engine.networks.generator import Generator
from spade_studio.engine.networks.initialize import initialize_xavier
from spade_studio.engine.networks.pix2pixhd import Pix2PixHDGenerator
from spade_studio.engine.networks.spade import SPADE

__all__ = [
    "SPADE",
    "AnyGenerator",
    "Encoder",
    "Generator",
    "MultiscaleDiscriminator",
    "Pix2PixHDGenerator",
    "SPADEResBlock",
    "build_generator",
    "initialize_xavier",
]

AnyGenerator = Generator | Pix2PixHDGenerator


def build_generator(config: AnyGeneratorConfig) -> AnyGenerator:
    """Build the generator that ``config`` describes, with torch's own random weights."""
    return Pix2PixHDGenerator(config) if isinstance(config, Pix2PixHDConfig) else Generator(config)
