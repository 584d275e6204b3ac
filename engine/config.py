"""Configurations of the networks: frozen, validated, to and from JSON.

Nothing here knows torch; the networks are built from these in :mod:`spade_studio.engine.networks`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self, cast, get_args, get_type_hints

from spade_studio.engine.errors import ConfigError

Upsampling = Literal["normal", "more", "most"]
SpadeNorm = Literal["batch", "sync_batch", "instance"]
GeneratorInput = Literal["layout", "noise"]
ConvNorm = Literal["none", "batch", "sync_batch", "instance"]

_STRIDES: dict[Upsampling, int] = {"normal": 32, "more": 64, "most": 128}
_MAX_CHANNELS = 65536


@dataclass(frozen=True)
class NetworkConfig:
    """What all network configurations share: validation and JSON."""

    kind: ClassVar[str] = ""

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self))
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            hint = hints[field.name]
            choices = get_args(hint)
            if choices:
                if value not in choices or type(value) not in {type(choice) for choice in choices}:
                    raise ConfigError(f"{self.kind} {field.name} is {value!r}", f"one of {', '.join(map(repr, choices))}")
            elif hint is bool:
                if not isinstance(value, bool):
                    raise ConfigError(f"{self.kind} {field.name} is {value!r}", "true or false")
            elif hint is int:
                if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MAX_CHANNELS:
                    raise ConfigError(f"{self.kind} {field.name} is {value!r}", f"a whole number from 1 to {_MAX_CHANNELS}")
            elif isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value <= 0:
                raise ConfigError(f"{self.kind} {field.name} is {value!r}", "a number above 0")

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dict; ``from_json`` gives the same configuration back."""
        return {"kind": self.kind, **dataclasses.asdict(self)}

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Build from what :meth:`to_json` returned.

        Raises:
            ConfigError: ``data`` is no mapping, is of another kind, has unknown keys, lacks one, or a value is invalid.
        """
        if not isinstance(data, Mapping):
            raise ConfigError(f"the {cls.kind} configuration is {type(data).__name__}", "a JSON object")
        values: dict[str, Any] = {str(key): value for key, value in data.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        kind = values.pop("kind", cls.kind)
        if kind != cls.kind:
            raise ConfigError(f"a configuration of kind {kind!r}", f"kind {cls.kind!r}")
        names = {field.name for field in dataclasses.fields(cls)}
        if unknown := sorted(set(values) - names):
            raise ConfigError(f"the {cls.kind} configuration has unknown entries {', '.join(unknown)}", f"only {', '.join(sorted(names))}")
        try:
            return cls(**values)
        except TypeError as error:
            raise ConfigError(f"the {cls.kind} configuration is incomplete: {error}") from error


@dataclass(frozen=True)
class GeneratorConfig(NetworkConfig):
    """The SPADE generator (paper, appendix A; REFERENCE.md, section 1).

    Attributes:
        semantic_channels: Channels of the one-hot layout, unlabeled and edge channel included (S).
        base_channels: Width f of the last block; the first is 16 f.
        hidden_width: Width of ``mlp_shared`` inside every SPADE layer; 128 in published weights.
        kernel_size: Side of the convolutions inside SPADE layers: 1, 3 or 5.
        norm: The parameter-free normalisation that SPADE modulates.
        spectral_norm: Whether the convolutions of the residual blocks are spectrally normalised.
        upsampling: ``normal`` has total stride 32, ``more`` 64, ``most`` 128 and one more block.
        input: What the first layer reads: the layout itself, or a style code z.
        z_width: Width of z (used with ``noise`` input).
        crop_size: Width in pixels of the pictures it was built for.
        aspect_ratio: Width / height of those pictures.
    """

    kind: ClassVar[str] = "spade"

    semantic_channels: int
    base_channels: int = 64
    hidden_width: int = 128
    kernel_size: Literal[1, 3, 5] = 3
    norm: SpadeNorm = "sync_batch"
    spectral_norm: bool = True
    upsampling: Upsampling = "normal"
    input: GeneratorInput = "layout"
    z_width: int = 256
    crop_size: int = 256
    aspect_ratio: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.upsampling == "most" and self.base_channels % 2:
            raise ConfigError(f"spade base_channels is {self.base_channels} with upsampling 'most'", "an even number")
        if self.crop_size % self.stride:
            raise ConfigError(f"spade crop_size is {self.crop_size} with upsampling {self.upsampling!r}", f"a multiple of {self.stride}")
        if self.first_grid[0] < 1:
            raise ConfigError(
                f"spade aspect_ratio is {self.aspect_ratio} at crop_size {self.crop_size}", "a picture at least one first-grid cell high"
            )

    @property
    def stride(self) -> int:
        """Output pixels per cell of the first grid: 32, 64 or 128."""
        return _STRIDES[self.upsampling]

    @property
    def first_grid(self) -> tuple[int, int]:
        """(height, width) of the first grid at the built-for size."""
        width = self.crop_size // self.stride
        return round(width / self.aspect_ratio), width

    @property
    def picture_size(self) -> tuple[int, int]:
        """(height, width) in pixels of the pictures it was built for."""
        height, width = self.first_grid
        return height * self.stride, width * self.stride

    @property
    def final_channels(self) -> int:
        """Channels that enter ``conv_img``: f, or f / 2 with ``most``."""
        return self.base_channels // 2 if self.upsampling == "most" else self.base_channels

    @property
    def block_plan(self) -> tuple[tuple[str, int, int, bool], ...]:
        """The residual blocks in order: (name, in channels, out channels, whether an x2 up-sampling stands before it)."""
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
class Pix2PixHDConfig(NetworkConfig):
    """The pix2pixHD generator of the paper's comparisons (REFERENCE.md, section 1).

    Attributes:
        semantic_channels: Channels of the one-hot layout, unlabeled and edge channel included.
        base_channels: Width after the first 7x7 convolution.
        downsamplings: How often the width doubles (n).
        blocks: Residual blocks in the middle (m).
        kernel_size: Side of the residual blocks' convolutions.
        initial_kernel_size: Side of the first and the last convolution.
        norm: Normalisation without parameters after every convolution but the last.
        spectral_norm: Whether every convolution but the last is spectrally normalised.
        crop_size: Width in pixels of the pictures it was built for.
        aspect_ratio: Width / height of those pictures.
    """

    kind: ClassVar[str] = "pix2pixhd"

    semantic_channels: int
    base_channels: int = 64
    downsamplings: int = 4
    blocks: int = 9
    kernel_size: Literal[3, 5, 7] = 3
    initial_kernel_size: Literal[3, 5, 7] = 7
    norm: ConvNorm = "instance"
    spectral_norm: bool = True
    crop_size: int = 256
    aspect_ratio: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.downsamplings > 8:
            raise ConfigError(f"pix2pixhd downsamplings is {self.downsamplings}", "at most 8")

    @property
    def stride(self) -> int:
        """Sides of a picture must be multiples of this."""
        return 2**self.downsamplings

    @property
    def picture_size(self) -> tuple[int, int]:
        """(height, width) in pixels of the pictures it was built for."""
        height = round(self.crop_size / self.aspect_ratio / self.stride) * self.stride
        return height, self.crop_size


@dataclass(frozen=True)
class EncoderConfig(NetworkConfig):
    """The style encoder (paper, appendix A): a photograph to the posterior (mu, logvar) of z.

    Attributes:
        base_channels: Width f of the first layer.
        layers: Stride-2 convolutions, 5 or 6; the input is resized to 4 * 2**layers squared.
        z_width: Width of mu and logvar.
        spectral_norm: Whether its convolutions are spectrally normalised.
    """

    kind: ClassVar[str] = "encoder"

    base_channels: int = 64
    layers: Literal[5, 6] = 6
    z_width: int = 256
    spectral_norm: bool = True

    @property
    def input_size(self) -> int:
        """Side in pixels that photographs are resized to inside the network: 256 for six layers."""
        return 4 * 2**self.layers


@dataclass(frozen=True)
class DiscriminatorConfig(NetworkConfig):
    """The multi-scale PatchGAN discriminator (REFERENCE.md, section 1).

    Attributes:
        semantic_channels: Channels of the one-hot layout it sees beside the picture, edge channel included.
        base_channels: Width d of the first layer; widths double up to 512.
        layers: Strided or widening layers of each scale; the final 1-channel convolution is one more.
        scales: How many copies look at successively halved pictures.
        image_channels: Channels of the picture.
        spectral_norm: Whether the inner convolutions are spectrally normalised.
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

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.layers > 8 or self.scales > 8:
            raise ConfigError(f"discriminator has {self.layers} layers and {self.scales} scales", "at most 8 of each")


AnyGeneratorConfig = GeneratorConfig | Pix2PixHDConfig


def generator_config_from_json(data: object) -> AnyGeneratorConfig:
    """Build the generator configuration that ``data['kind']`` names.

    Raises:
        ConfigError: as :meth:`NetworkConfig.from_json`, or the kind is unknown.
    """
    kind = cast("Mapping[object, object]", data).get("kind") if isinstance(data, Mapping) else None
    if kind == Pix2PixHDConfig.kind:
        return Pix2PixHDConfig.from_json(cast("object", data))
    return GeneratorConfig.from_json(cast("object", data))
