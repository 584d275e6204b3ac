"""Construction of generators from their configurations."""

from __future__ import annotations

from spade_studio.engine.networks.ablations.concatenation import ConcatenationGenerator
from spade_studio.engine.networks.ablations.layered_pix2pixhd import LayeredPix2PixHDGenerator
from spade_studio.engine.networks.ablations.pix2pixhd import Pix2PixHDGenerator
from spade_studio.engine.networks.config import (
    AnyGeneratorConfig,
    ConcatenationConfig,
    CRNConfig,
    GeneratorConfig,
    LayeredPix2PixHDConfig,
    Pix2PixHDConfig,
    SIMSConfig,
)
from spade_studio.engine.networks.generator import Generator
from spade_studio.engine.networks.refinement import CRNGenerator
from spade_studio.engine.networks.semiparametric import SIMSGenerator

AnyGenerator = Generator | ConcatenationGenerator | Pix2PixHDGenerator | LayeredPix2PixHDGenerator | CRNGenerator | SIMSGenerator


def build_generator(config: AnyGeneratorConfig) -> AnyGenerator:
    """Build the generator of a configuration, with torch's default initialisation; it is called with (layout, z)."""
    match config:
        case GeneratorConfig():
            return Generator(config)
        case ConcatenationConfig():
            return ConcatenationGenerator(config)
        case Pix2PixHDConfig():
            return Pix2PixHDGenerator(config)
        case LayeredPix2PixHDConfig():
            return LayeredPix2PixHDGenerator(config)
        case CRNConfig():
            return CRNGenerator(config)
        case SIMSConfig():
            return SIMSGenerator(config)
