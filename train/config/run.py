"""The configuration of a training run: one frozen tree, validated as a whole."""

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
"""Maximum size in bytes of a configuration file."""


@dataclass(frozen=True)
class ComputeConfig:
    """Device and precision.

    Attributes:
        device: auto, cpu, cuda, cuda:N or mps; with several ranks cuda is the GPU of the local rank.
        processes_per_node: Number of ranks that spade-train starts on this machine; torchrun's own number takes precedence under torchrun.
        dtype: Compute type of the networks' forward passes; parameters and losses stay float32, and float16 has gradient scaling. auto is
            bfloat16 where the device supports it natively (GPUs since Ampere, CPUs with AVX-512 BF16 or AMX), else float32.
        tf32: Whether float32 products may use TF32 on CUDA.
        channels_last: Whether activations are channels-last in memory.
        compile: Whether networks with fixed shapes are compiled by torch.
        deterministic: Whether the GPU is restricted to deterministic algorithms; otherwise a resumed run may differ in the last bits from
            an uninterrupted one. CPUs are always deterministic.
        modulation: fast computes SPADE once for each distinct neighbourhood, dense as the paper defines it; the results are equal.
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
    """Samples and metrics during training, on the averaged networks; without effect on the training.

    Attributes:
        sample_every_steps: Number of steps between sample grids; 0 for none.
        sample_rows: Number of held-out pictures in a grid.
        metrics_every_images: Number of training pictures between measurements; 0 for none.
        metric_images: Number of held-out pictures to measure on.
        frechet_network: File of the feature network of the Frechet distance; empty for no such distance.
        best_metric: Metric whose best checkpoint is kept beside the newest.
        trackers: Further destinations of scalars and grids besides the run's folder; each needs a package of its own.
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
    """The configuration of a training run.

    Attributes:
        data: Training data.
        labels: Labels of the generator.
        geometry: Preparation of training pictures.
        generator: The generator.
        encoder: The style encoder.
        discriminator: The discriminator.
        projected: Discriminator on features, besides that on pixels.
        initial: Initial weights.
        losses: Terms of the objective.
        optimizer: Optimisers and learning rates.
        schedule: Length of the training, and schedule of the learning rate.
        schedule_unit: Unit of the schedule.
        compute: Device and precision.
        batch_size: Number of pictures of a step, over all ranks and accumulated parts.
        accumulation: Number of sequential parts of a rank's share of a step; saves memory.
        average_decay: Decay of the moving average of the weights per step; 0 for no average.
        statistics_images: Number of training pictures for re-estimating batch statistics of averaged weights, and the coordinates of styles
            where losses.chance_styles is photographs, which should have several times as many as a style code has numbers.
        renormalize_after: Number of steps after which batch renormalisation sets in, over as many steps again: the generator normalises
            with its running statistics over all processes, as in rendering, instead of those of each batch; 0 for never. With small
            batches the two differ visibly.
        seed: Seed of all random numbers.
        log_every_steps: Number of steps between log entries.
        checkpoint_every_steps: Number of steps between checkpoints.
        keep_checkpoints: Number of newest checkpoints to keep.
        monitor: Samples and metrics during training.
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
        """Return the configurations of generator, encoder and discriminator, None where there is none.

        Args:
            semantic_channels: Number of channels of the layout, see :meth:`LabelsConfig.channels`.

        Raises:
            ConfigError: an invalid network, or an encoder for a generator without a style input.
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
        judged = ("adversarial_weight", "feature_matching_weight", "perceptual_weight", "texture_weight", "colour_weight", "r1_weight")
        wrong = [f"losses.{name} {getattr(losses, name)}" for name in judged if getattr(losses, name)]
        wrong += [] if losses.content.weight else ["losses.content.weight 0"]
        wrong += ["encoder.used true"] if self.encoder.used else []
        if wrong:
            expected = "a content loss above 0, no other loss and no encoder"
            raise ConfigError(f"discriminator.used is false with {wrong[0]}", expected, "Use --architecture crn")
        return None

    def rank_batch_size(self, world_size: int) -> int:
        """Return the number of pictures that each of ``world_size`` ranks computes at once.

        Raises:
            ConfigError: the batch size is not divisible.
        """
        parts = world_size * self.accumulation
        if self.batch_size % parts:
            raise ConfigError(
                f"batch_size {self.batch_size} for {world_size} processes with accumulation {self.accumulation}", f"a multiple of {parts}"
            )
        return self.batch_size // parts

    def total_steps(self, steps_per_epoch: int) -> int:
        """Return the number of steps of the training."""
        return round(self.schedule.length * (steps_per_epoch if self.schedule_unit == "epochs" else 1))

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dict, the inverse of :meth:`from_json`."""
        return plain.to_json(self)

    @classmethod
    def from_json(cls, data: object) -> TrainConfig:
        """Build from parsed JSON; missing entries have their defaults.

        Raises:
            ConfigError: not a JSON object, an unknown entry, or an invalid value.
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
            ConfigError: the file cannot be read or is not JSON, or as for :meth:`from_json`.
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
        """Return the differing values by dotted name: this configuration's and the other's."""
        mine, others = plain.flatten(self.to_json()), plain.flatten(other.to_json())
        return {name: (value, others[name]) for name, value in mine.items() if value != others[name]}
