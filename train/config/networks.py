"""Configuration of the trained networks and of their initial weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from spade_studio.engine.networks.config import AnyGeneratorConfig, ConvNorm, GeneratorInput, Padding, Upsampling, UpsamplingFilter
from spade_studio.train.config import plain
from spade_studio.train.config.architectures import architecture
from spade_studio.train.config.data import GeometryConfig
from spade_studio.train.config.plain import check_range

Distribution = Literal["xavier", "normal"]


@dataclass(frozen=True)
class GeneratorOptions:
    """The generator; data and geometry determine the rest. Options that are None take the architecture's own value.

    Attributes:
        name: Name of the architecture (listed by spade-train new --help).
        base_channels: Width of SPADE's last block, whose first is 16 times as wide, or of pix2pixHD's first layer.
        hidden_width: Width of the hidden map inside every SPADE layer.
        kernel_size: Side of the convolutions inside SPADE layers, or of pix2pixHD's residual blocks.
        norm: Normalisation; sync_batch has statistics over all ranks.
        spectral_norm: Whether its convolutions are spectrally normalised.
        upsampling: SPADE's total stride: normal 32, more 64, most 128.
        input: What SPADE's first layer reads: the layout, a style code (noise), or both.
        z_width: Width of the style code.
        noise_injection: Whether noise is added after SPADE's convolutions, its strength learned by channel.
        style_modulation: Whether the style code also scales and shifts channels inside SPADE's blocks.
        upsampling_filter: Upsampling filter of SPADE: nearest, as in the paper, or bilinear.
        wide_last_block: Whether the inner width of SPADE's last block is its input width.
        padding: Padding of SPADE's convolutions: zeros, as in the paper, or replicate, which avoids structure common to all pictures.
        downsamplings: Number of times that pix2pixHD halves the picture.
        blocks: Number of residual blocks of pix2pixHD.
        pictures: Number of different pictures that CRN generates at once, of which a style code selects one.
    """

    name: str = "spade"
    base_channels: int | None = None
    hidden_width: int | None = None
    kernel_size: Literal[1, 3, 5, 7] | None = None
    norm: ConvNorm | None = None
    spectral_norm: bool | None = None
    upsampling: Upsampling | None = None
    input: GeneratorInput | None = None
    z_width: int | None = None
    noise_injection: bool | None = None
    style_modulation: bool | None = None
    upsampling_filter: UpsamplingFilter | None = None
    wide_last_block: bool | None = None
    padding: Padding | None = None
    downsamplings: int | None = None
    blocks: int | None = None
    pictures: int | None = None

    def config(self, semantic_channels: int, geometry: GeometryConfig) -> AnyGeneratorConfig:
        """Return the generator's configuration for a number of layout channels and the picture size of ``geometry``.

        Raises:
            ConfigError: an unknown architecture, or invalid options.
        """
        options = {name: value for name, value in plain.to_json(self).items() if value is not None and name != "name"}
        size = {"crop_size": geometry.crop_size, "aspect_ratio": geometry.aspect_ratio}
        return architecture(self.name).config(semantic_channels, **options, **size)


@dataclass(frozen=True)
class EncoderOptions:
    """The style encoder.

    Attributes:
        used: Whether there is one; it needs a generator with noise input.
        base_channels: Width of its first layer.
        layers: Number of stride-2 convolutions; pictures are resized to 256 pixels for six, 128 for five.
        spectral_norm: Whether its convolutions are spectrally normalised.
    """

    used: bool = False
    base_channels: int = 64
    layers: Literal[5, 6] = 6
    spectral_norm: bool = True


@dataclass(frozen=True)
class DiscriminatorOptions:
    """The discriminator.

    Attributes:
        used: Whether there is one; without it losses.content.weight must be above 0, as for CRN and SIMS.
        base_channels: Width of its first layer; widths double up to 512.
        layers: Number of layers of each scale before the last, which gives the scores.
        scales: Number of copies, on successively halved pictures.
        spectral_norm: Whether its inner convolutions are spectrally normalised.
        norm: Normalisation after its inner convolutions.
    """

    used: bool = True
    base_channels: int = 64
    layers: int = 4
    scales: int = 2
    spectral_norm: bool = True
    norm: ConvNorm = "instance"


@dataclass(frozen=True)
class ProjectedOptions:
    """A further discriminator on features of a network trained on photographs (Projected GANs), for much faster convergence.

    Attributes:
        file: EfficientNet-Lite0's file; empty for none. Frechet distances of the same network flatter weights trained so.
        mixed_channels: Number of channels that each feature level is mixed to by fixed random convolutions.
        width: Number of channels of the heads that judge the levels.
        side: Short side in pixels that pictures are resized to first; 0 for none.
    """

    file: str = ""
    mixed_channels: int = 64
    width: int = 128
    side: int = 0

    def __post_init__(self) -> None:
        for name in ("mixed_channels", "width"):
            check_range(f"projected.{name}", getattr(self, name), 1, 1024)
        check_range("projected.side", self.side, 0, 1024)


@dataclass(frozen=True)
class InitialConfig:
    """The initial weights: random with biases 0, or those of a file.

    Attributes:
        weights: A bundle, a published folder or a .pth file to start from; missing tensors are initialised randomly. Labels are transferred
            by name. Empty for none.
        gain: Factor on Xavier's standard deviation, 0.02 in the published code; with normal the standard deviation itself.
        modulation_gain: Likewise for the convolutions inside SPADE layers.
        distribution: xavier: Xavier's normal distribution; normal: one standard deviation for all layers, as in pix2pixHD, with the scales
            of batch norms drawn around 1.
        last_modules: Number of last modules of CRN that are trained, with its output layer; 0 for all. CRN at 1024 trains two on top of a
            network of 512.
        label_set: coco_stuff, ade20k, cityscapes or a JSON file: the labels, in channel order, of weights that name none; without it their
            channels are transferred by number.
    """

    weights: str = ""
    gain: float = 0.02
    modulation_gain: float = 0.02
    distribution: Distribution = "xavier"
    last_modules: int = 0
    label_set: str = ""

    def __post_init__(self) -> None:
        check_range("initial.gain", self.gain, 0, 100)
        check_range("initial.modulation_gain", self.modulation_gain, 0, 100)
        check_range("initial.last_modules", self.last_modules, 0, 16)
