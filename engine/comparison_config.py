"""Configurations of the generators that the paper compares SPADE with, beside pix2pixHD itself (paper, tables 3 and 5).

Nothing here knows torch; the networks are built from these in :mod:`spade_studio.engine.networks.comparison`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from spade_studio.engine.config import (
    AnyGeneratorConfig,
    GeneratorConfig,
    GeneratorInput,
    NetworkConfig,
    Pix2PixHDConfig,
    SpadeNorm,
    Upsampling,
    generator_config_from_json,
)


@dataclass(frozen=True)
class ConcatenationConfig(NetworkConfig):
    """The SPADE generator's decoder with the layout concatenated to the input of every convolution in place of SPADE layers.

    Attributes:
        semantic_channels, base_channels, spectral_norm, upsampling, input, z_width, crop_size, aspect_ratio: As of
            :class:`~spade_studio.engine.config.GeneratorConfig`.
        norm: Normalisation in place of the SPADE layers; the batch kinds learn a scale and a shift for every channel.
    """

    kind: ClassVar[str] = "concatenation"

    semantic_channels: int
    base_channels: int = 64
    norm: SpadeNorm = "sync_batch"
    spectral_norm: bool = True
    upsampling: Upsampling = "normal"
    input: GeneratorInput = "layout"
    z_width: int = 256
    crop_size: int = 256
    aspect_ratio: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = self.decoder  # refuses what no decoder can be built from

    @property
    def decoder(self) -> GeneratorConfig:
        """The SPADE generator of the same widths, grid and blocks."""
        return GeneratorConfig(
            self.semantic_channels,
            self.base_channels,
            upsampling=self.upsampling,
            input=self.input,
            z_width=self.z_width,
            crop_size=self.crop_size,
            aspect_ratio=self.aspect_ratio,
        )

    @property
    def stride(self) -> int:
        """Sides of a picture must be multiples of this."""
        return self.decoder.stride

    @property
    def picture_size(self) -> tuple[int, int]:
        """(height, width) in pixels of the pictures it was built for."""
        return self.decoder.picture_size


@dataclass(frozen=True)
class LayeredPix2PixHDConfig(NetworkConfig):
    """The pix2pixHD generator with the layout given to its inner layers too.

    Attributes:
        semantic_channels, base_channels, downsamplings, blocks, spectral_norm, crop_size, aspect_ratio: As of
            :class:`~spade_studio.engine.config.Pix2PixHDConfig`.
        layout: ``spade``: a SPADE layer in place of every normalisation; ``concatenation``: the layout concatenated to the input
            of every residual block. Both are what the parameter counts of the paper's table 3 (237M, 195M) allow.
        hidden_width: Width of ``mlp_shared`` inside every SPADE layer.
        kernel_size: Side of the convolutions inside SPADE layers.
        norm: The normalisation, under ``spade`` without parameters.
    """

    kind: ClassVar[str] = "layered_pix2pixhd"

    semantic_channels: int
    layout: Literal["spade", "concatenation"] = "spade"
    base_channels: int = 64
    downsamplings: int = 4
    blocks: int = 9
    hidden_width: int = 128
    kernel_size: Literal[1, 3, 5] = 3
    norm: SpadeNorm = "sync_batch"
    spectral_norm: bool = True
    crop_size: int = 256
    aspect_ratio: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = self.plain

    @property
    def plain(self) -> Pix2PixHDConfig:
        """The pix2pixHD generator that it extends."""
        return Pix2PixHDConfig(
            self.semantic_channels,
            self.base_channels,
            self.downsamplings,
            self.blocks,
            norm=self.norm,
            spectral_norm=self.spectral_norm,
            crop_size=self.crop_size,
            aspect_ratio=self.aspect_ratio,
        )

    @property
    def stride(self) -> int:
        """Sides of a picture must be multiples of this."""
        return self.plain.stride

    @property
    def picture_size(self) -> tuple[int, int]:
        """(height, width) in pixels of the pictures it was built for."""
        return self.plain.picture_size


TrainableConfig = AnyGeneratorConfig | ConcatenationConfig | LayeredPix2PixHDConfig


def trainable_config_from_json(data: object) -> TrainableConfig:
    """Build the configuration of any generator from JSON.

    Raises:
        ConfigError: As :func:`~spade_studio.engine.config.generator_config_from_json`.
    """
    kind: object = data.get("kind") if isinstance(data, Mapping) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    for own in (ConcatenationConfig, LayeredPix2PixHDConfig):
        if kind == own.kind:
            return own.from_json(data)  # pyright: ignore[reportUnknownArgumentType]
    return generator_config_from_json(data)  # pyright: ignore[reportUnknownArgumentType]
