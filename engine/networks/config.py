"""Configurations of the networks: frozen, validated, convertible to and from JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar, Literal, cast

from spade_studio.engine.errors import ConfigError
from spade_studio.engine.networks.base_config import BaseGeneratorConfig, NetworkConfig

Upsampling = Literal["normal", "more", "most"]
SpadeNorm = Literal["batch", "sync_batch", "instance"]
GeneratorInput = Literal["layout", "noise", "layout_and_style"]
UpsamplingFilter = Literal["nearest", "bilinear"]
Padding = Literal["zeros", "replicate"]
ConvNorm = Literal["none", "batch", "sync_batch", "instance"]

_STRIDES: dict[Upsampling, int] = {"normal": 32, "more": 64, "most": 128}


@dataclass(frozen=True)
class DecoderConfig(BaseGeneratorConfig):
    """Base class of generators that repeatedly double a small grid (paper, appendix A).

    Attributes:
        base_channels: Width f of the last block; the first has 16 f.
        norm: Normalisation of the residual blocks.
        spectral_norm: Whether the convolutions of the residual blocks have spectral norm.
        upsampling: ``normal`` has total stride 32, ``more`` 64, ``most`` 128 and one more block.
        input: Input of the first layer: the layout; a style code z (``noise``), mapped to a grid of fixed size; or both, at any size.
        z_width: Length of z, where there is one.
    """

    _: KW_ONLY
    norm: SpadeNorm = "sync_batch"
    spectral_norm: bool = True
    upsampling: Upsampling = "normal"
    input: GeneratorInput = "layout"
    z_width: int = 256

    def _check(self) -> None:
        given = f"with upsampling {self.upsampling!r}"
        if self.upsampling == "most" and self.base_channels % 2:
            raise ConfigError(f"{self.kind} base_channels is {self.base_channels} {given}", "an even number")
        if self.crop_size % self.stride:
            raise ConfigError(f"{self.kind} crop_size is {self.crop_size} {given}", f"a multiple of {self.stride}")
        super()._check()

    @property
    def stride(self) -> int:
        """Number of output pixels per cell of the first grid: 32, 64 or 128."""
        return _STRIDES[self.upsampling]

    def nearest_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the nearest (height, width) that the network can generate."""
        size = super().nearest_size(height, width)
        # Instance norm takes statistics of every grid, and a single cell has none.
        return (self.stride, 2 * self.stride) if self.norm == "instance" and size == (self.stride, self.stride) else size

    @property
    def style_width(self) -> int | None:
        """Length of the style code; None with layout input."""
        return None if self.input == "layout" else self.z_width

    @property
    def first_grid(self) -> tuple[int, int]:
        """(height, width) of the first grid at the nominal size."""
        height, width = self.picture_size
        return height // self.stride, width // self.stride

    @property
    def final_channels(self) -> int:
        """Number of input channels of ``conv_img``: f, or f / 2 with ``most``."""
        return self.base_channels // 2 if self.upsampling == "most" else self.base_channels

    @property
    def block_plan(self) -> tuple[tuple[str, int, int, bool], ...]:
        """Residual blocks in order: (name, input channels, output channels, whether an x2 upsampling precedes it)."""
        f = self.base_channels
        plan = [
            ("head_0", 16 * f, 16 * f, False),
            ("G_middle_0", 16 * f, 16 * f, True),
            ("G_middle_1", 16 * f, 16 * f, self.upsampling != "normal"),
            ("up_0", 16 * f, 8 * f, True),
            ("up_1", 8 * f, 4 * f, True),
            ("up_2", 4 * f, 2 * f, True),
            ("up_3", 2 * f, f, True),
        ]
        if self.upsampling == "most":
            plan.append(("up_4", f, f // 2, True))
        return tuple(plan)


@dataclass(frozen=True)
class GeneratorConfig(DecoderConfig):
    """The SPADE generator. ``norm`` has no parameters: SPADE modulates it. For other attributes see the base classes.

    Attributes:
        hidden_width: Width of ``mlp_shared`` in each SPADE layer; 128 in published weights.
        kernel_size: Kernel size of the convolutions in SPADE layers: 1, 3 or 5.
        noise_injection: Whether noise is added after each convolution, with a learned strength per channel (StyleGAN, section 3.2).
        style_modulation: Whether the style code also scales and shifts the channels between the convolutions of each block.
        upsampling_filter: Filter of the x2 upsampling: nearest, as published, or bilinear.
        wide_last_block: Whether the inner width of the last block is its input width instead of its output width.
        padding: Padding of the convolutions. Zeros, as published, make positions of a coarse grid distinguishable, so that pictures share
            a structure regardless of their layout; replicate avoids that.
    """

    kind: ClassVar[str] = "spade"

    hidden_width: int = 128
    kernel_size: Literal[1, 3, 5] = 3
    _: KW_ONLY
    noise_injection: bool = False
    style_modulation: bool = False
    upsampling_filter: UpsamplingFilter = "nearest"
    wide_last_block: bool = False
    padding: Padding = "zeros"

    def _check(self) -> None:
        super()._check()
        if self.style_modulation and self.style_width is None:
            raise ConfigError(f"{self.kind} style_modulation is on with layout input", "an input with a style code")

    @property
    def replicates_layout(self) -> bool:
        """Whether layouts go on beyond the picture as at its edge."""
        return self.padding == "replicate"

    def middle_channels(self, name: str) -> int:
        """Return the number of channels between the two convolutions of a block of the plan."""
        widths = {block: (inputs, outputs) for block, inputs, outputs, _ in self.block_plan}[name]
        return max(widths) if self.wide_last_block and name == self.block_plan[-1][0] else min(widths)


@dataclass(frozen=True)
class ConcatenationConfig(DecoderConfig):
    """The same decoder with the layout concatenated to the input of each convolution (paper, table 3); batch norms are affine."""

    kind: ClassVar[str] = "concatenation"

    def _check(self) -> None:
        super()._check()
        if self.input == "layout_and_style":
            raise ConfigError(f"{self.kind} input is {self.input!r}", "'layout' or 'noise'")


@dataclass(frozen=True)
class EncoderDecoderConfig(BaseGeneratorConfig):
    """Base class of generators of pix2pixHD's form: downsampling, residual blocks, upsampling; without a style code.

    Attributes:
        base_channels: Width after the first convolution.
        downsamplings: Number n of stride-2 convolutions, each of which doubles the width.
        blocks: Number m of residual blocks.
        spectral_norm: Whether all convolutions but the last have spectral norm.
    """

    downsamplings: int = 4
    blocks: int = 9
    _: KW_ONLY
    spectral_norm: bool = True

    def _check(self) -> None:
        if self.downsamplings > 8:
            raise ConfigError(f"{self.kind} downsamplings is {self.downsamplings}", "at most 8")
        super()._check()

    @property
    def stride(self) -> int:
        """Sides of a picture must be multiples of this."""
        return 2**self.downsamplings

    @property
    def kernels(self) -> tuple[int, int]:
        """Kernel sizes of the first and last convolution, and of those in the residual blocks."""
        return 7, 3

    @property
    def smallest_side(self) -> int:
        """Minimum height and width in pixels: reflection padding must be smaller than the side."""
        outer, inner = (side // 2 + 1 for side in self.kernels)
        return max(inner, math.ceil(outer / self.stride)) * self.stride


@dataclass(frozen=True)
class Pix2PixHDConfig(EncoderDecoderConfig):
    """The pix2pixHD generator of the paper's comparisons. For other attributes see the base classes.

    Attributes:
        kernel_size: Kernel size of the residual blocks' convolutions.
        initial_kernel_size: Kernel size of the first and the last convolution.
        norm: Normalisation after all convolutions but the last; only the batch kinds have parameters.
    """

    kind: ClassVar[str] = "pix2pixhd"

    _: KW_ONLY
    kernel_size: Literal[3, 5, 7] = 3
    initial_kernel_size: Literal[3, 5, 7] = 7
    norm: ConvNorm = "instance"

    @property
    def kernels(self) -> tuple[int, int]:
        """Kernel sizes of the first and last convolution, and of those in the residual blocks."""
        return self.initial_kernel_size, self.kernel_size


@dataclass(frozen=True)
class LayeredPix2PixHDConfig(EncoderDecoderConfig):
    """The pix2pixHD generator with the layout in its inner layers too (paper, tables 3 and 5).

    Attributes:
        layout: ``spade``: a SPADE layer in place of each normalisation; ``concatenation``: the layout concatenated to the input of each
            residual block. Both agree with the parameter counts of the paper's table 3 (237M, 195M).
        hidden_width: Width of ``mlp_shared`` in each SPADE layer.
        kernel_size: Kernel size of the convolutions in SPADE layers.
        norm: Normalisation; parameter-free under ``spade``.
    """

    kind: ClassVar[str] = "layered_pix2pixhd"

    _: KW_ONLY
    layout: Literal["spade", "concatenation"] = "spade"
    hidden_width: int = 128
    kernel_size: Literal[1, 3, 5] = 3
    norm: SpadeNorm = "sync_batch"


@dataclass(frozen=True)
class CRNConfig(BaseGeneratorConfig):
    """The cascaded refinement network (Chen and Koltun, 2017): modules at heights 4, 8, ... up to the picture's height.

    Attributes:
        base_channels: Width of the modules up to height 64; a half at 128 and 256, an eighth at 512, a 32nd from 1024 on.
        pictures: Number of different pictures it generates at once, of which the style code selects one.
    """

    kind: ClassVar[str] = "crn"
    norm: ClassVar[str] = "layer"
    spectral_norm: ClassVar[bool] = False

    base_channels: int = 1024
    _: KW_ONLY
    pictures: int = 1

    def _check(self) -> None:
        height = round(self.crop_size / self.aspect_ratio)
        if height < 16 or height & (height - 1) or self.crop_size % (height // 4):
            expected = "a height of 16, 32, ... and a width in multiples of a quarter of it"
            raise ConfigError(f"crn pictures are {self.crop_size} x {height} pixels", expected)
        if self.pictures > 256:
            raise ConfigError(f"crn pictures is {self.pictures}", "at most 256")
        super()._check()

    @property
    def stride(self) -> int:
        """Number of pixels per cell of the first module's grid: a quarter of the nominal height."""
        return round(self.crop_size / self.aspect_ratio) // 4

    @property
    def widths(self) -> tuple[int, ...]:
        """Widths of the modules, from height 4 up."""
        heights = [4 << place for place in range(self.stride.bit_length())]
        return tuple(
            max(1, self.base_channels // (1 if height <= 64 else 2 if height <= 256 else 8 if height <= 512 else 32)) for height in heights
        )

    @property
    def style_width(self) -> int | None:
        """Length of the style code, one number for each picture; None for a single picture."""
        return self.pictures if self.pictures > 1 else None


@dataclass(frozen=True)
class SIMSConfig(BaseGeneratorConfig):
    """The synthesis network of SIMS (Qi et al., 2018), which completes a canvas of photograph segments.

    Attributes:
        base_channels: Width f of the encoder's first block.
    """

    kind: ClassVar[str] = "sims"
    norm: ClassVar[str] = "layer"
    spectral_norm: ClassVar[bool] = False

    @property
    def stride(self) -> int:
        """Number of pixels that the sides of pictures must be multiples of: the decoder starts at 1/64 of the size."""
        return 64

    @property
    def encoder_plan(self) -> tuple[tuple[int, int], ...]:
        """(Number of convolutions, width) of the encoder's blocks, from full size down."""
        f = self.base_channels
        return (2, f), (2, 2 * f), (3, 4 * f), (3, 8 * f), (3, 8 * f), (3, 8 * f)

    @property
    def decoder_widths(self) -> tuple[int, ...]:
        """Widths of the decoder's scales, from the smallest up."""
        f = self.base_channels
        return (*(5 * (8 * f,)), 4 * f, 4 * f)


@dataclass(frozen=True)
class EncoderConfig(NetworkConfig):
    """The style encoder (paper, appendix A): from a photograph to the posterior (mu, logvar) of z.

    Attributes:
        base_channels: Width f of the first layer.
        layers: Number of stride-2 convolutions, 5 or 6; the input is resized to a square of side 4 * 2**layers.
        z_width: Length of mu and logvar.
        spectral_norm: Whether its convolutions have spectral norm.
    """

    kind: ClassVar[str] = "encoder"

    base_channels: int = 64
    layers: Literal[5, 6] = 6
    z_width: int = 256
    spectral_norm: bool = True

    @property
    def input_size(self) -> int:
        """Side in pixels that photographs are resized to in the network: 256 for six layers."""
        return 4 * 2**self.layers


@dataclass(frozen=True)
class DiscriminatorConfig(NetworkConfig):
    """The multi-scale PatchGAN discriminator.

    Attributes:
        semantic_channels: Number of channels of the one-hot layout, edge channel included.
        base_channels: Width d of the first layer; widths double up to 512.
        layers: Number of convolutions of each scale before the final one-channel convolution.
        scales: Number of copies, on successively halved pictures.
        image_channels: Number of channels of the picture.
        spectral_norm: Whether the inner convolutions have spectral norm.
        norm: Normalisation after the inner convolutions.
    """

    kind: ClassVar[str] = "discriminator"

    semantic_channels: int
    base_channels: int = 64
    layers: int = 4
    scales: int = 2
    image_channels: int = 3
    spectral_norm: bool = True
    norm: ConvNorm = "instance"

    def _check(self) -> None:
        if self.layers > 8 or self.scales > 8:
            raise ConfigError(f"discriminator has {self.layers} layers and {self.scales} scales", "at most 8 of each")


AnyGeneratorConfig = GeneratorConfig | ConcatenationConfig | Pix2PixHDConfig | LayeredPix2PixHDConfig | CRNConfig | SIMSConfig
_GENERATORS: tuple[type[AnyGeneratorConfig], ...] = (
    GeneratorConfig,
    ConcatenationConfig,
    Pix2PixHDConfig,
    LayeredPix2PixHDConfig,
    CRNConfig,
    SIMSConfig,
)


def generator_config_from_json(data: object) -> AnyGeneratorConfig:
    """Build the generator configuration of kind ``data['kind']``, SPADE's if absent.

    Raises:
        ConfigError: as for :meth:`NetworkConfig.from_json`, or the kind is unknown.
    """
    kind = cast("Mapping[object, object]", data).get("kind", GeneratorConfig.kind) if isinstance(data, Mapping) else GeneratorConfig.kind
    for network in _GENERATORS:
        if kind == network.kind:
            return network.from_json(cast("object", data))
    raise ConfigError(f"a generator of kind {kind!r:.80}", f"one of {', '.join(network.kind for network in _GENERATORS)}")
