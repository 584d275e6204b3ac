"""The content loss of networks without a discriminator (Chen and Koltun, 2017; Qi et al., 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from spade_studio.engine.errors import ConfigError
from spade_studio.train.config.plain import check_range

ContentKind = Literal["vgg19", "vgg16", "hed_vgg16"]
ContentScale = Literal["activation", "relative"]

ContentInput = Literal["normalized", "pixels"]
Published = Literal["crn_256", "crn_512", "sims"]
Factors = tuple[float, float, float, float, float, float]

_LARGE: Factors = (1.0, 1 / 2.6, 1 / 4.8, 1 / 3.7, 1 / 5.6, 10 / 1.5)
PUBLISHED_FACTORS: dict[Published, Factors] = {
    "crn_256": (1.0, 1 / 1.6, 1 / 2.3, 1 / 1.8, 1 / 2.8, 10 / 0.8),
    "crn_512": _LARGE,
    "sims": _LARGE,
}
"""Factors of the picture and of relu1_2 to relu5_2 of the original VGG-19, with which all levels have about equal weight."""


@dataclass(frozen=True)
class ContentConfig:
    """The content loss of CRN and SIMS, in place of a discriminator's: L1 between pictures and activations of a network, class by class.

    Attributes:
        weight: Factor on it; 0 for none. It needs discriminator.used false.
        network: Which network the file holds; with hed_vgg16, whose file ends there, relu5_1 stands in for relu5_2.
        file: Its path; with vgg19 or vgg16 empty means torchvision's file, downloaded once.
        input: What the network of a vgg file takes: normalized as torchvision's, or pixels, 0..255 less the mean, as the original ones.
        scale: relative: L1 of each level divided by the mean magnitude of the photograph's level, so that all levels have about equal
            weight with any network; activation: plain L1, whose published factors are for the original VGG-19 (input pixels).
        factors: Factors of the picture in 0..255, then of relu1_2, relu2_2, relu3_2, relu4_2 and relu5_2; where not given, 1 each with
            scale relative and the published ones with activation.
        published: Origin of the published factors: CRN at 256 pixels of height, at 512 and 1024, or SIMS.
        diversity: Weight of the best of several pictures for each class; the rest is that of their mean.
        label_weight: Factor on the cross entropy of the label scores of SIMS's network.
    """

    weight: float = 0.0
    network: ContentKind = "vgg19"
    file: str = ""
    input: ContentInput = "normalized"
    scale: ContentScale = "relative"
    factors: Factors | None = None
    published: Published = "crn_256"
    diversity: float = 0.999
    label_weight: float = 10.0

    def __post_init__(self) -> None:
        for name in ("weight", "label_weight"):
            check_range(f"losses.content.{name}", getattr(self, name), 0)
        check_range("losses.content.diversity", self.diversity, 0, 1)
        choices_of = {"network": ContentKind, "scale": ContentScale, "input": ContentInput, "published": Published}
        for name, choices in ((name, get_args(kind)) for name, kind in choices_of.items()):
            if getattr(self, name) not in choices:
                raise ConfigError(f"losses.content.{name} is {getattr(self, name)!r}", f"one of {', '.join(map(repr, choices))}")
        factors = self.level_factors
        if len(factors) != 6 or not any(factors):
            raise ConfigError(f"losses.content.factors are {factors}", "six numbers, for the picture and five levels, not all 0")
        for factor in factors:
            check_range("losses.content.factors", factor, 0)
        if self.weight and not self.network.startswith("vgg") and not self.file:
            raise ConfigError(f"the content network {self.network} without a file", "the path of its .safetensors file")

    @property
    def level_factors(self) -> Factors:
        """Effective factors of the levels."""
        if self.factors is not None:
            return self.factors
        return PUBLISHED_FACTORS[self.published] if self.scale == "activation" else (1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
