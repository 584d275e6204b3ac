"""All that a training run is told: one frozen tree, to and from JSON, checked as a whole."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from spade_studio.engine.errors import ConfigError
from spade_studio.engine.files import open_regular
from spade_studio.engine.networks.config import AnyGeneratorConfig, CRNConfig, DiscriminatorConfig, EncoderConfig, SIMSConfig
from spade_studio.train.config import plain
from spade_studio.train.config.data import DataConfig, GeometryConfig, LabelsConfig
from spade_studio.train.config.losses import LossConfig, OptimizerConfig, ScheduleConfig
from spade_studio.train.config.networks import DiscriminatorOptions, EncoderOptions, GeneratorOptions, InitialConfig, ProjectedOptions
from spade_studio.train.config.plain import check_range

LARGEST_CONFIGURATION = 1_000_000
"""Bytes of a configuration's file."""


@dataclass(frozen=True)
class ComputeConfig:
    """Where and how numbers are computed.

    Attributes:
        device: auto, cpu, cuda, cuda:N or mps; with several ranks cuda is the GPU of the local rank.
        processes_per_node: Ranks that spade-train starts on this machine; torchrun's own number wins where it started us.
        dtype: Of the networks' forward passes; parameters and losses stay float32, and float16 scales its gradients. auto is bfloat16 where
            the device computes in it (GPUs since Ampere, CPUs with AVX-512 BF16 or AMX), else float32.
        tf32: Whether float32 products may use TF32 on CUDA.
        channels_last: Whether activations keep their channels together in memory.
        compile: Whether torch compiles the networks whose shapes stay.
        deterministic: Whether the GPU may only use algorithms that give the same bits every time: else a run that was interrupted
            may differ in the last bits from one that was not. A CPU gives the same bits in any case.
        modulation: fast computes SPADE once for every distinct neighbourhood, dense as the paper defines it; both give the same.
    """

    device: str = "auto"
    processes_per_node: int = 1
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "float32"
    tf32: bool = True
    channels_last: bool = True
    compile: bool = False
    modulation: Literal["fast", "dense"] = "fast"
    deterministic: bool = False

    def __post_init__(self) -> None:
        check_range("compute.processes_per_node", self.processes_per_node, 1, 1024)


TrackerName = Literal["tensorboard", "wandb"]


@dataclass(frozen=True)
class MonitorConfig:
    """What is shown and measured while training, always on the averaged networks; nothing of it changes what is trained.

    Attributes:
        sample_every_steps: Steps from one sample grid to the next; 0 for none.
        sample_rows: Held-out pictures in a grid.
        metrics_every_images: Pictures trained on from one measurement to the next; 0 for none.
        metric_images: Held-out pictures that are measured on.
        frechet_network: File of the network whose features the Frechet distance compares; empty for no such distance.
        best_metric: The metric whose best checkpoint is kept beside the newest.
        trackers: Where scalars and grids go besides the run's folder; both need packages of their own.
    """

    sample_every_steps: int = 1000
    sample_rows: int = 4
    metrics_every_images: int = 20000
    metric_images: int = 64
    frechet_network: str = ""
    best_metric: Literal["none", "reconstruction_l1", "diversity", "frechet"] = "reconstruction_l1"
    trackers: tuple[TrackerName, ...] = ()

    def __post_init__(self) -> None:
        for name in ("sample_every_steps", "metrics_every_images"):
            check_range(f"monitor.{name}", getattr(self, name), 0)
        check_range("monitor.sample_rows", self.sample_rows, 1, 64)
        check_range("monitor.metric_images", self.metric_images, 2)
        if self.best_metric == "frechet" and not self.frechet_network:
            raise ConfigError("monitor.best_metric is frechet without monitor.frechet_network", "the file of a feature network")


_RETIRED: dict[object, object] = {"fixed_statistics_after": 0}


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
        projected: What it judges beside pixels.
        initial: The weights they start from.
        losses: What is minimised.
        optimizer: How it is minimised.
        schedule: For how long, and at which share of the learning rate.
        schedule_unit: What the schedule counts.
        compute: Where and how numbers are computed.
        batch_size: Pictures of one step, those of all ranks and of all accumulated parts together.
        accumulation: Parts that a rank's share of a step is computed in, one after the other; saves memory.
        average_decay: Share of the past that the running average of the weights keeps at every step; 0 keeps no average.
        statistics_images: Training pictures over which batch statistics are estimated anew for averaged weights, and the coordinates of
            styles where losses.chance_styles is photographs: for that several times as many as a style has numbers are better.
        renormalize_after: Steps after which batch renormalisation sets in, growing over as many steps again: the generator normalises
            with its running statistics, those of all processes, as it will render, in place of those of each batch; 0 for never. With
            small batches the two differ visibly.
        seed: Of everything that is drawn by chance.
        log_every_steps: Steps from one logged step to the next.
        checkpoint_every_steps: Steps from one checkpoint to the next.
        keep_checkpoints: How many of the newest checkpoints stay.
        monitor: What is shown and measured meanwhile.
    """

    data: DataConfig = field(default_factory=DataConfig)
    labels: LabelsConfig = field(default_factory=LabelsConfig)
    geometry: GeometryConfig = field(default_factory=GeometryConfig)
    generator: GeneratorOptions = field(default_factory=GeneratorOptions)
    encoder: EncoderOptions = field(default_factory=EncoderOptions)
    discriminator: DiscriminatorOptions = field(default_factory=DiscriminatorOptions)
    projected: ProjectedOptions = field(default_factory=ProjectedOptions)
    initial: InitialConfig = field(default_factory=InitialConfig)
    losses: LossConfig = field(default_factory=LossConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    schedule: ScheduleConfig = field(default_factory=lambda: ScheduleConfig(constant=100, decay=100))
    schedule_unit: Literal["epochs", "steps"] = "epochs"
    compute: ComputeConfig = field(default_factory=ComputeConfig)
    batch_size: int = 32
    accumulation: int = 1
    average_decay: float = 0.999
    statistics_images: int = 256
    renormalize_after: int = 0
    seed: int = 0
    log_every_steps: int = 10
    checkpoint_every_steps: int = 1000
    keep_checkpoints: int = 3
    monitor: MonitorConfig = field(default_factory=MonitorConfig)

    def __post_init__(self) -> None:
        plain.check_types(self)
        check_range("batch_size", self.batch_size, 1, 65536)
        check_range("accumulation", self.accumulation, 1, self.batch_size)
        check_range("average_decay", self.average_decay, 0, 0.999999)
        check_range("seed", self.seed, 0)
        check_range("renormalize_after", self.renormalize_after, 0)
        for name in ("statistics_images", "log_every_steps", "checkpoint_every_steps", "keep_checkpoints"):
            check_range(name, getattr(self, name), 1)
        if not self.schedule.length:
            raise ConfigError("schedule.constant and schedule.decay are both 0", "some training")
        self.network_configs(1)  # an architecture that cannot be built is refused now, not when the data has been read

    def network_configs(self, semantic_channels: int) -> tuple[AnyGeneratorConfig, EncoderConfig | None, DiscriminatorConfig | None]:
        """Return the architectures of generator, encoder and discriminator, None for what there is none of.

        Args:
            semantic_channels: Channels of the layout, as :meth:`LabelsConfig.channels` tells.

        Raises:
            ConfigError: There can be no such network, or the encoder's style codes have nowhere to go.
        """
        generator = self.generator.config(semantic_channels, self.geometry)
        if self.renormalize_after and generator.norm not in ("batch", "sync_batch"):
            raise ConfigError(f"renormalize_after is {self.renormalize_after} with the norm {generator.norm}", "batch norm", "Set it to 0")
        encoder = None
        if self.encoder.used:
            if generator.style_width is None:
                raise ConfigError(
                    f"encoder.used is true with the generator {self.generator.name}, which takes no style",
                    "generator.input noise, where the architecture has it",
                    "Or set encoder.used to false",
                )
            options = plain.to_json(self.encoder)
            del options["used"]
            encoder = EncoderConfig(z_width=generator.style_width, **options)
        elif self.losses.chance_styles == "photographs":
            raise ConfigError("losses.chance_styles is photographs without an encoder", "one", "Set encoder.used to true, or take normal")
        return generator, encoder, self._discriminator(generator, semantic_channels)

    def _discriminator(self, generator: AnyGeneratorConfig, semantic_channels: int) -> DiscriminatorConfig | None:
        losses = self.losses
        if self.initial.last_modules and not isinstance(generator, CRNConfig):
            raise ConfigError(f"initial.last_modules is {self.initial.last_modules} with the generator {self.generator.name}", "0, or CRN")
        if self.discriminator.used:
            if losses.content.weight:
                found = f"losses.content.weight is {losses.content.weight} beside a discriminator"
                raise ConfigError(found, "0", "Or set discriminator.used to false, as --architecture crn does")
            if isinstance(generator, CRNConfig | SIMSConfig):
                found = f"discriminator.used is true with the generator {self.generator.name}"
                raise ConfigError(found, "false", f"Use --architecture {self.generator.name}")
            if losses.r1_weight and self.discriminator.norm in ("batch", "sync_batch"):
                found = f"losses.r1_weight is {losses.r1_weight} with discriminator.norm {self.discriminator.norm}"
                raise ConfigError(found, "instance or none: scores of one picture alone", "Or set losses.r1_weight to 0")
            options = plain.to_json(self.discriminator)
            del options["used"]
            return DiscriminatorConfig(semantic_channels=semantic_channels, **options)
        judged = ("adversarial_weight", "feature_matching_weight", "perceptual_weight", "texture_weight", "r1_weight")
        wrong = [f"losses.{name} {getattr(losses, name)}" for name in judged if getattr(losses, name)]
        wrong += [] if losses.content.weight else ["losses.content.weight 0"]
        wrong += ["encoder.used true"] if self.encoder.used else []
        if wrong:
            expected = "a content loss above 0, no other loss and no encoder"
            raise ConfigError(f"discriminator.used is false with {wrong[0]}", expected, "Use --architecture crn")
        return None

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
        if isinstance(data, dict):
            entries = cast("dict[object, object]", data)
            # What entries of before said that are no more, where it was nothing: their runs go on.
            data = {name: value for name, value in entries.items() if not (name in _RETIRED and value == _RETIRED[name])}
        return plain.from_json(cls, data)

    @classmethod
    def read(cls, path: Path) -> TrainConfig:
        """Read a JSON file.

        Raises:
            ConfigError: It cannot be read, is no JSON, or as :meth:`from_json`.
        """
        try:
            with open_regular(path) as file:
                content = file.read(LARGEST_CONFIGURATION + 1)
            if len(content) > LARGEST_CONFIGURATION:
                raise ConfigError(f"{path} is larger than {LARGEST_CONFIGURATION:,} bytes", "a training configuration")
            data: object = json.loads(content)
        except (OSError, ValueError, RecursionError) as error:
            raise ConfigError(f"{path} cannot be read as a configuration: {error}", "a JSON file such as a run's config.json") from error
        return cls.from_json(data)

    def differences(self, other: TrainConfig) -> dict[str, tuple[Any, Any]]:
        """Return what differs, by dotted name: this configuration's value and the other's."""
        mine, others = plain.flatten(self.to_json()), plain.flatten(other.to_json())
        return {name: (value, others[name]) for name, value in mine.items() if value != others[name]}
