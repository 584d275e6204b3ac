"""Which networks a run trains and what they start from: parts of a TrainConfig."""

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
    """The network that makes pictures; data and geometry add what they decide. Where an option is None the architecture's own holds.

    Attributes:
        name: Its architecture, by its name in the registry (listed by spade-train new --help).
        base_channels: Width of SPADE's last block, whose first is 16 times as wide, or of pix2pixHD's first layer.
        hidden_width: Width of the hidden map inside every SPADE layer.
        kernel_size: Side of the convolutions inside SPADE layers, or of pix2pixHD's residual blocks.
        norm: The normalisation; sync_batch takes its statistics over all ranks.
        spectral_norm: Whether its convolutions are spectrally normalised.
        upsampling: SPADE's total stride: normal 32, more 64, most 128.
        input: What SPADE's first layer reads: the layout, a style code (noise), or both.
        z_width: Width of the style code.
        noise_injection: Whether noise is added after SPADE's convolutions, its strength learned by channel.
        style_modulation: Whether the style code also scales and shifts channels inside SPADE's blocks.
        upsampling_filter: How SPADE enlarges activations: nearest, as in the paper, or bilinear.
        wide_last_block: Whether SPADE's last block is as wide inside as where it is entered.
        padding: What SPADE's convolutions see beyond the edge: zeros, as in the paper, or replicate, which lets no structure be shared by
            all pictures.
        downsamplings: How often pix2pixHD halves the picture.
        blocks: Residual blocks of pix2pixHD.
        pictures: How many different pictures CRN makes at once; a style code chooses among them.
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
        """Return the architecture for a number of label channels and the pictures that ``geometry`` makes.

        Raises:
            ConfigError: There is no such architecture, or none with such options.
        """
        options = {name: value for name, value in plain.to_json(self).items() if value is not None and name != "name"}
        size = {"crop_size": geometry.crop_size, "aspect_ratio": geometry.aspect_ratio}
        return architecture(self.name).config(semantic_channels, **options, **size)


@dataclass(frozen=True)
class EncoderOptions:
    """The network that reads the style of a photograph.

    Attributes:
        used: Whether there is one; it needs a generator with noise input.
        base_channels: Width of its first layer.
        layers: Its stride-2 convolutions; pictures are resized to 256 pixels for six, 128 for five.
        spectral_norm: Whether its convolutions are spectrally normalised.
    """

    used: bool = False
    base_channels: int = 64
    layers: Literal[5, 6] = 6
    spectral_norm: bool = True


@dataclass(frozen=True)
class DiscriminatorOptions:
    """The network that judges pictures.

    Attributes:
        used: Whether there is one; without it losses.content.weight must be above 0, as for CRN and SIMS.
        base_channels: Width of its first layer; widths double up to 512.
        layers: Layers of each scale before the last, which gives the scores.
        scales: How many copies look at successively halved pictures.
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
    """Judging in the features of a network trained on photographs as well (Projected GANs): it converges many times faster.

    Attributes:
        file: EfficientNet-Lite0's file; empty for none. Frechet distances of the same network flatter weights trained so.
        mixed_channels: Channels that each level of its features is mixed to, by fixed random convolutions.
        width: Channels of the heads that judge the levels.
        side: Pictures are resized to this short side first; 0 takes them as they are.
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
    """The weights that networks start from: drawn by chance with biases 0, or those of a file.

    Attributes:
        weights: A bundle, a published folder or a .pth file to start from; what it lacks is drawn by chance. Its labels are carried
            over by name. Empty for none.
        gain: Factor on Xavier's standard deviation, 0.02 in the published code; with normal the standard deviation itself.
        modulation_gain: The same for the convolutions inside SPADE layers.
        distribution: xavier: Xavier's normal distribution; normal: one standard deviation for all layers, as pix2pixHD has it, with
            the scales of batch norms drawn around 1.
        last_modules: Of CRN, only so many of the last modules learn, with its last layer, and the others stay as they start; 0 for all.
            CRN at 1024 trains two upon a network of 512.
        label_set: coco_stuff, ade20k, cityscapes or a JSON file: the labels, in channel order, of weights that name none; without it their
            channels are carried over by number.
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
