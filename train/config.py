"""All that a training run is told: one frozen tree, to and from JSON, checked as a whole.

Nothing here knows torch or data; a command line with its help can be derived from these classes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from spade_studio.engine.comparison_config import ConcatenationConfig, TrainableConfig
from spade_studio.engine.config import ConvNorm, DiscriminatorConfig, EncoderConfig, GeneratorConfig, GeneratorInput, Upsampling
from spade_studio.engine.errors import ConfigError
from spade_studio.engine.labels import LabelChannels, LabelSet, load_label_set
from spade_studio.train import plain
from spade_studio.train.plain import check_range
from spade_studio.train.recipe import LossConfig, OptimizerConfig, ScheduleConfig
from spade_studio.train.registry import architecture

GeometryMode = Literal[
    "resize_and_crop",
    "crop",
    "scale_width",
    "scale_width_and_crop",
    "scale_shortside",
    "scale_shortside_and_crop",
    "fixed",
    "none",
]

_LARGEST_CONFIGURATION = 1_000_000  # bytes of JSON


@dataclass(frozen=True)
class DataConfig:
    """What to train on.

    Attributes:
        path: A data set's folder, or a zip of a plain folder with images/ and labels/.
        kind: What the folder is: auto, or the name of a reader.
        workers: Processes beside each rank that read pictures; 0 reads them in the rank itself.
    """

    path: str = ""
    kind: str = "auto"
    workers: int = 2

    def __post_init__(self) -> None:
        check_range("data.workers", self.workers, 0, 256)


@dataclass(frozen=True)
class LabelsConfig:
    """Which labels the generator shall know, and so the channels of its layout (REFERENCE.md, section 2).

    Attributes:
        label_set: coco_stuff, ade20k, cityscapes or a JSON file; empty for the one that comes with the data.
        ids: The ids that get a channel, in channel order; empty for all of the set. Other ids count as unlabeled.
        unlabeled: Where the channel of unlabeled pixels stands among those of the labels; none for no such channel.
        edges: Whether the last channel marks borders of instances (of labels, where the data has no instances).
    """

    label_set: str = ""
    ids: tuple[int, ...] = ()
    unlabeled: Literal["first", "last", "none"] = "last"
    edges: bool = True

    def channels(self, own: LabelSet | None = None) -> LabelChannels:
        """Return which channel every id sets.

        Args:
            own: The label set that comes with the data.

        Raises:
            LabelError: The label set cannot be read, or lacks one of the ids.
            ConfigError: ``label_set`` is empty and the data brings none.
        """
        label_set = load_label_set(self.label_set) if self.label_set else own
        if label_set is None:
            raise ConfigError("labels.label_set is empty and the data brings no label set", "coco_stuff, ade20k, cityscapes or a JSON file")
        if not self.ids and self.unlabeled == "none" and self.edges and label_set == load_label_set("cityscapes"):
            return LabelChannels.cityscapes()  # published weights have one channel more than there are labels
        ids = self.ids or tuple(label.id for label in label_set.labels if label.id != label_set.unlabeled_id)
        return LabelChannels.from_label_set(label_set, ids, None if self.unlabeled == "none" else self.unlabeled, self.edges)


@dataclass(frozen=True)
class GeometryConfig:
    """How a photograph and its map become a training picture (REFERENCE.md, section 3).

    Attributes:
        mode: The steps in order. resize: to a square of load_size, aspect lost. scale_width, scale_shortside: that side to
            load_size, aspect kept. crop: a random square of crop_size. fixed: to crop_size x crop_size / aspect_ratio.
            none: sides to the nearest multiple of 32.
        load_size: Pixels that a picture is resized to before it is cropped.
        crop_size: Width in pixels of what the networks see.
        aspect_ratio: Width / height with fixed; 1 elsewhere.
        flip: Whether half of the pictures, by chance, are mirrored.
    """

    mode: GeometryMode = "resize_and_crop"
    load_size: int = 286
    crop_size: int = 256
    aspect_ratio: float = 1.0
    flip: bool = True

    def __post_init__(self) -> None:
        check_range("geometry.load_size", self.load_size, 1, 65536)
        check_range("geometry.crop_size", self.crop_size, 1, 65536)
        check_range("geometry.aspect_ratio", self.aspect_ratio, 0.01, 100)
        if self.mode.endswith("_and_crop") and self.load_size < self.crop_size:
            raise ConfigError(f"geometry.load_size is {self.load_size} with crop_size {self.crop_size}", "at least the crop_size")
        if self.mode != "fixed" and self.aspect_ratio != 1:
            raise ConfigError(f"geometry.aspect_ratio is {self.aspect_ratio} with mode {self.mode}", "1", "Or use mode fixed")


@dataclass(frozen=True)
class GeneratorOptions:
    """The network that makes pictures; data and geometry add what they decide. Where an option is None the architecture's own holds.

    Attributes:
        name: Its architecture: one of the names of :mod:`spade_studio.train.registry`.
        base_channels: Width of SPADE's last block, whose first is 16 times as wide, or of pix2pixHD's first layer.
        hidden_width: Width of the hidden map inside every SPADE layer.
        kernel_size: Side of the convolutions inside SPADE layers, or of pix2pixHD's residual blocks.
        norm: The normalisation; sync_batch takes its statistics over all ranks.
        spectral_norm: Whether its convolutions are spectrally normalised.
        upsampling: SPADE's total stride: normal 32, more 64, most 128.
        input: What SPADE's first layer reads: the layout, or a style code (noise).
        z_width: Width of the style code.
        downsamplings: How often pix2pixHD halves the picture.
        blocks: Residual blocks of pix2pixHD.
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
    downsamplings: int | None = None
    blocks: int | None = None

    def config(self, semantic_channels: int, geometry: GeometryConfig) -> TrainableConfig:
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
        base_channels: Width of its first layer; widths double up to 512.
        layers: Layers of each scale before the last, which gives the scores.
        scales: How many copies look at successively halved pictures.
        spectral_norm: Whether its inner convolutions are spectrally normalised.
        norm: Normalisation after its inner convolutions.
    """

    base_channels: int = 64
    layers: int = 4
    scales: int = 2
    spectral_norm: bool = True
    norm: ConvNorm = "instance"


@dataclass(frozen=True)
class InitialConfig:
    """The weights that networks start from: Xavier's normal distribution, biases 0.

    Attributes:
        gain: Factor on its standard deviation; 0.02 in the published code.
        modulation_gain: The same for the convolutions inside SPADE layers.
    """

    gain: float = 0.02
    modulation_gain: float = 0.02

    def __post_init__(self) -> None:
        check_range("initial.gain", self.gain, 0, 100)
        check_range("initial.modulation_gain", self.modulation_gain, 0, 100)


@dataclass(frozen=True)
class ComputeConfig:
    """Where and how numbers are computed.

    Attributes:
        device: auto, cpu, cuda, cuda:N or mps; with several ranks cuda is the GPU of the local rank.
        dtype: Of the networks' forward passes; parameters and losses stay float32, and float16 scales its gradients.
        tf32: Whether float32 products may use TF32 on CUDA.
        channels_last: Whether activations keep their channels together in memory.
        compile: Whether torch compiles the networks whose shapes stay.
        modulation: fast computes SPADE once for every distinct neighbourhood, dense as the paper defines it; both give the same.
    """

    device: str = "auto"
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    tf32: bool = True
    channels_last: bool = True
    compile: bool = False
    modulation: Literal["fast", "dense"] = "fast"


@dataclass(frozen=True)
class TrainConfig:
    """All of a training run.

    Attributes:
        data: What to train on.
        labels: Which labels the generator shall know.
        geometry: How a photograph becomes a training picture.
        generator: The network that makes pictures.
        encoder: The network that reads the style of a photograph.
        discriminator: The network that judges pictures.
        initial: The weights they start from.
        losses: What is minimised.
        optimizer: How it is minimised.
        schedule: For how long, and at which share of the learning rate.
        schedule_unit: What the schedule counts.
        compute: Where and how numbers are computed.
        batch_size: Pictures of one step, those of all ranks and of all accumulated parts together.
        accumulation: Parts that a rank's share of a step is computed in, one after the other; saves memory.
        average_decay: Share of the past that the running average of the weights keeps at every step; 0 keeps no average.
        seed: Of everything that is drawn by chance.
        log_every_steps: Steps from one logged step to the next.
        checkpoint_every_steps: Steps from one checkpoint to the next.
        keep_checkpoints: How many of the newest checkpoints stay.
    """

    data: DataConfig = field(default_factory=DataConfig)
    labels: LabelsConfig = field(default_factory=LabelsConfig)
    geometry: GeometryConfig = field(default_factory=GeometryConfig)
    generator: GeneratorOptions = field(default_factory=GeneratorOptions)
    encoder: EncoderOptions = field(default_factory=EncoderOptions)
    discriminator: DiscriminatorOptions = field(default_factory=DiscriminatorOptions)
    initial: InitialConfig = field(default_factory=InitialConfig)
    losses: LossConfig = field(default_factory=LossConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    schedule: ScheduleConfig = field(default_factory=lambda: ScheduleConfig(constant=100, decay=100))
    schedule_unit: Literal["epochs", "steps"] = "epochs"
    compute: ComputeConfig = field(default_factory=ComputeConfig)
    batch_size: int = 32
    accumulation: int = 1
    average_decay: float = 0.999
    seed: int = 0
    log_every_steps: int = 10
    checkpoint_every_steps: int = 1000
    keep_checkpoints: int = 3

    def __post_init__(self) -> None:
        plain.check_types(self)
        check_range("batch_size", self.batch_size, 1, 65536)
        check_range("accumulation", self.accumulation, 1, self.batch_size)
        check_range("average_decay", self.average_decay, 0, 0.999999)
        check_range("seed", self.seed, 0)
        for name in ("log_every_steps", "checkpoint_every_steps", "keep_checkpoints"):
            check_range(name, getattr(self, name), 1)
        if not self.schedule.length:
            raise ConfigError("schedule.constant and schedule.decay are both 0", "some training")
        self.network_configs(1)  # an architecture that cannot be built is refused now, not when the data has been read

    def network_configs(self, semantic_channels: int) -> tuple[TrainableConfig, EncoderConfig | None, DiscriminatorConfig]:
        """Return the architectures of generator, encoder and discriminator.

        Args:
            semantic_channels: Channels of the layout, as :meth:`LabelsConfig.channels` tells.

        Raises:
            ConfigError: There can be no such network, or the encoder's style codes have nowhere to go.
        """
        generator = self.generator.config(semantic_channels, self.geometry)
        encoder = None
        if self.encoder.used:
            if not isinstance(generator, (GeneratorConfig, ConcatenationConfig)) or generator.input != "noise":
                raise ConfigError(
                    f"encoder.used is true with the generator {self.generator.name}, which takes no style",
                    "generator.input noise, where the architecture has it",
                    "Or set encoder.used to false",
                )
            options = plain.to_json(self.encoder)
            del options["used"]
            encoder = EncoderConfig(z_width=generator.z_width, **options)
        return generator, encoder, DiscriminatorConfig(semantic_channels=semantic_channels, **plain.to_json(self.discriminator))

    def rank_batch_size(self, world_size: int) -> int:
        """Return how many pictures one rank computes at once, of ``world_size`` ranks.

        Raises:
            ConfigError: The batch cannot be dealt out evenly.
        """
        parts = world_size * self.accumulation
        if self.batch_size % parts:
            raise ConfigError(
                f"batch_size {self.batch_size} for {world_size} processes with accumulation {self.accumulation}", f"a multiple of {parts}"
            )
        return self.batch_size // parts

    def total_steps(self, steps_per_epoch: int) -> int:
        """Return how many steps the training has."""
        return round(self.schedule.length * (steps_per_epoch if self.schedule_unit == "epochs" else 1))

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dict; :meth:`from_json` gives an equal configuration back."""
        return plain.to_json(self)

    @classmethod
    def from_json(cls, data: object) -> TrainConfig:
        """Build from parsed JSON. Entries that are missing take their defaults.

        Raises:
            ConfigError: ``data`` or a part of it is no JSON object, an entry is unknown, or a value is invalid.
        """
        return plain.from_json(cls, data)

    @classmethod
    def read(cls, path: Path) -> TrainConfig:
        """Read a JSON file.

        Raises:
            ConfigError: It cannot be read, is no JSON, or as :meth:`from_json`.
        """
        try:
            with path.open("rb") as file:
                content = file.read(_LARGEST_CONFIGURATION + 1)
            if len(content) > _LARGEST_CONFIGURATION:
                raise ConfigError(f"{path} is larger than {_LARGEST_CONFIGURATION:,} bytes", "a training configuration")
            data: object = json.loads(content)
        except (OSError, ValueError, RecursionError) as error:
            raise ConfigError(f"{path} cannot be read as a configuration: {error}", "a JSON file such as a run's config.json") from error
        return cls.from_json(data)

    def differences(self, other: TrainConfig) -> dict[str, tuple[Any, Any]]:
        """Return what differs, by dotted name: this configuration's value and the other's."""
        mine, others = plain.flatten(self.to_json()), plain.flatten(other.to_json())
        return {name: (value, others[name]) for name, value in mine.items() if value != others[name]}
