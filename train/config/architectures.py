"""The paper's generators by name, each with its training recipe (paper, tables 3 to 5)."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from spade_studio.engine.errors import ConfigError
from spade_studio.engine.networks.config import (
    AnyGeneratorConfig,
    ConcatenationConfig,
    CRNConfig,
    GeneratorConfig,
    LayeredPix2PixHDConfig,
    Pix2PixHDConfig,
    SIMSConfig,
)
from spade_studio.train.config.losses import AdversarialKind

GeneratorClass = type[AnyGeneratorConfig]


@dataclass(frozen=True)
class Architecture:
    """A row of the paper's tables.

    Attributes:
        name: Name in configurations.
        summary: Description, one line.
        network: Configuration class of the network.
        options: Differences from the defaults of that class.
        millions: Number of parameters in the paper, in millions, with ADE20K's 151 channels; None where not given.
        adversarial: Adversarial loss of its training.
        two_time_scales: Whether its training uses TTUR.
        discriminator_spectral_norm: Whether its discriminator has spectral norm.
        encoder: Whether styles come from an encoder instead of the prior, for generators with a style input.
        recipe: Name of its further recipe (:data:`spade_studio.train.config.baselines.RECIPES`); may be empty.
    """

    name: str
    summary: str
    network: GeneratorClass
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    millions: int | None = None
    adversarial: AdversarialKind = "hinge"
    two_time_scales: bool = True
    discriminator_spectral_norm: bool = True
    encoder: bool = True
    recipe: str = ""

    def config(self, semantic_channels: int, **options: Any) -> AnyGeneratorConfig:
        """Return the generator's configuration.

        Args:
            semantic_channels: Number of channels of the layout.
            **options: Fields of any generator's configuration, such as ``crop_size``, which override this row's. Fields that this network
                lacks are ignored.

        Raises:
            ConfigError: an invalid value, or a field that no generator has.
        """
        own = {entry.name for entry in dataclasses.fields(self.network)}
        if unknown := sorted(set(options) - _all_fields()):
            raise ConfigError(f"the generator option {unknown[0]}", f"one of {', '.join(sorted(_all_fields()))}")
        values = {**self.options, **{name: value for name, value in options.items() if name in own}}
        return self.network(semantic_channels=semantic_channels, **values)


def _all_fields() -> set[str]:
    classes: tuple[GeneratorClass, ...] = (
        GeneratorConfig,
        Pix2PixHDConfig,
        ConcatenationConfig,
        LayeredPix2PixHDConfig,
        CRNConfig,
        SIMSConfig,
    )
    return {entry.name for kind in classes for entry in dataclasses.fields(kind)} - {"semantic_channels"}


_PLUS = {"norm": "sync_batch", "spectral_norm": True}
_ROWS = (
    Architecture("spade", "SPADE, as in the paper", GeneratorConfig, {}, 96),
    Architecture("spade-compact", "SPADE with three quarters of the widths", GeneratorConfig, {"base_channels": 48}, 61),
    Architecture("spade-wide", "SPADE with five quarters of the widths", GeneratorConfig, {"base_channels": 80}, 141),
    Architecture("spade-noise", "SPADE that begins with a style code, an encoder's", GeneratorConfig, {"input": "noise"}),
    Architecture(
        "spade-textured",
        "SPADE with noise, a style in every block and a first layer that reads layout and style",
        GeneratorConfig,
        {
            "input": "layout_and_style",
            "noise_injection": True,
            "style_modulation": True,
            "upsampling_filter": "bilinear",
            "wide_last_block": True,
            "padding": "replicate",
        },
    ),
    Architecture("spade-random-input", "SPADE that begins with noise, no encoder", GeneratorConfig, {"input": "noise"}, encoder=False),
    Architecture("spade-no-perceptual", "SPADE without the perceptual loss", GeneratorConfig, recipe="no-perceptual"),
    Architecture("spade-no-feature-matching", "SPADE without feature matching", GeneratorConfig, recipe="no-feature-matching"),
    Architecture("spade-deeper-discriminator", "SPADE judged by one layer more", GeneratorConfig, recipe="deeper-discriminator"),
    Architecture("spade-1x1", "SPADE that sees no neighbours of a pixel's label", GeneratorConfig, {"kernel_size": 1}),
    Architecture("spade-5x5", "SPADE that sees further around", GeneratorConfig, {"kernel_size": 5}),
    Architecture("spade-batch-norm", "SPADE with each rank's own batch statistics", GeneratorConfig, {"norm": "batch"}),
    Architecture("spade-instance-norm", "SPADE over instance norm", GeneratorConfig, {"norm": "instance"}),
    Architecture("concatenation", "the same decoder, the layout concatenated at every layer", ConcatenationConfig, {}, 79),
    Architecture("pix2pixhd++", "pix2pixHD with spectral norm, synchronised batch norm, hinge and TTUR", Pix2PixHDConfig, _PLUS, 183),
    Architecture("pix2pixhd++-compact", "the same with three quarters of the widths", Pix2PixHDConfig, {**_PLUS, "base_channels": 48}, 103),
    Architecture("pix2pixhd++-spade", "pix2pixHD++ with SPADE layers", LayeredPix2PixHDConfig, {"layout": "spade"}, 237),
    Architecture(
        "pix2pixhd++-concatenation",
        "pix2pixHD++ with the layout concatenated in every residual block",
        LayeredPix2PixHDConfig,
        {"layout": "concatenation"},
        195,
    ),
    Architecture(
        "pix2pixhd++-batch-norm", "pix2pixHD++ with each rank's own batch statistics", Pix2PixHDConfig, {**_PLUS, "norm": "batch"}
    ),
    Architecture(
        "pix2pixhd++-batch-norm-no-spectral",
        "the same without spectral norm",
        Pix2PixHDConfig,
        {"norm": "batch", "spectral_norm": False},
        discriminator_spectral_norm=False,
    ),
    Architecture(
        "pix2pixhd",
        "pix2pixHD as published: instance norm, least squares, one learning rate, batches of one, weights from N(0, 0.02)",
        Pix2PixHDConfig,
        {"norm": "instance", "spectral_norm": False},
        183,
        adversarial="least_squares",
        two_time_scales=False,
        discriminator_spectral_norm=False,
        recipe="pix2pixhd",
    ),
    Architecture("crn", "CRN: cascaded refinement, no discriminator", CRNConfig, recipe="crn"),
    Architecture("crn-diverse", "CRN that makes nine pictures of a layout", CRNConfig, {"pictures": 9}, recipe="crn"),
    Architecture("sims", "SIMS: completes pieces of photographs from a memory bank (data.bank)", SIMSConfig, recipe="sims"),
)
ARCHITECTURES: Mapping[str, Architecture] = {row.name: row for row in _ROWS}


def architecture(name: str) -> Architecture:
    """Return an architecture by name.

    Raises:
        ConfigError: an unknown name.
    """
    if name not in ARCHITECTURES:
        near = difflib.get_close_matches(name, ARCHITECTURES, 1)
        raise ConfigError(f"the architecture {name!r}", f"one of {', '.join(ARCHITECTURES)}", f"Did you mean {near[0]!r}?" if near else "")
    return ARCHITECTURES[name]
