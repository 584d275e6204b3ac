"""The trainer: networks, optimisers, averages and position in the data, with all state in one dict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from spade_studio.engine.device import allow_tf32, has_bfloat16
from spade_studio.engine.networks.batch_renorm import renormalize, set_renormalization
from spade_studio.engine.networks.build import build_generator
from spade_studio.engine.networks.encoder import Encoder
from spade_studio.engine.networks.fast_spade import accelerate
from spade_studio.engine.networks.refinement import CRNGenerator
from spade_studio.train.config.run import TrainConfig
from spade_studio.train.datasets import DataError, PairDataset
from spade_studio.train.datasets.balance import Balance, balance
from spade_studio.train.datasets.canvas_pairs import open_canvases
from spade_studio.train.datasets.loading import Batch, BatchLoader, Collate, TrainingSet, modulation_resolutions
from spade_studio.train.datasets.sampler import ResumableSampler
from spade_studio.train.datasets.transforms import output_size
from spade_studio.train.datasets.workers import worker_count
from spade_studio.train.learning.averages import AveragedNetworks, StatisticsBatches, untouched_random_state
from spade_studio.train.learning.batch_norm import synchronize_batch_norm
from spade_studio.train.learning.content import ContentLoss
from spade_studio.train.learning.distributed import Ranks, processes_here
from spade_studio.train.learning.initial_weights import load_initial_weights
from spade_studio.train.learning.optimizer import Optimizers
from spade_studio.train.learning.preparation import initialize, keep_channels_last
from spade_studio.train.learning.projected import build_discriminator
from spade_studio.train.learning.step import Phase, StepReport, TrainingNetworks, style_noise, training_step
from spade_studio.train.pretrained.vgg import PerceptualDistance

_MOST_AT_ONCE = 32  # pictures per batch for statistics, computed without gradients
_TYPES: dict[str, torch.dtype | None] = {"float32": None, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True)
class StepResult:
    """Outcome of a training step.

    Attributes:
        losses: Weighted terms of this rank's pictures by name, such as generator.kl; tensors on the device.
        finite: Whether the step was finite (:attr:`StepReport.finite`), on a GPU the previous one, to avoid synchronisation.
        images: Number of pictures on all ranks.
    """

    losses: dict[str, Tensor]
    finite: bool
    images: int


class _Verdicts:
    """Reads the flags of steps: at once on a CPU, one step late on a GPU to avoid synchronisation."""

    def __init__(self) -> None:
        self._pending: tuple[Tensor, torch.Event] | None = None

    def read(self, flag: Tensor) -> bool | None:
        """Take the flag of a step, bool [], and return the latest one available, or None."""
        if flag.device.type == "cpu":
            return bool(flag)
        told, event = torch.empty((), dtype=torch.bool, pin_memory=flag.device.type == "cuda"), torch.Event(flag.device)
        told.copy_(flag, non_blocking=True)
        event.record()
        earlier = self.wait()
        self._pending = told, event
        return earlier

    def wait(self) -> bool | None:
        """Wait for the pending flag and return it; None where there is none."""
        pending, self._pending = self._pending, None
        if pending is None:
            return None
        pending[1].synchronize()
        return bool(pending[0])


class Trainer:
    """Training of all networks, on one rank.

    Args:
        config: Configuration of the training.
        dataset: Training data with label channels.
        ranks: Ranks of the training.
        perceptual: Perceptual distance, moved to the rank's device; None where the configuration has none.
        content: Content loss, moved to the rank's device; None where the configuration has none.
        anew: Whether to initialise weights; unnecessary before :meth:`load_state_dict`.

    Raises:
        ConfigError: the configuration does not match the data or the number of ranks.
        WeightsError: unusable initial weights.
        DataError: no training data.

    Attributes:
        step: Number of steps done.
        images_seen: Number of pictures trained on, over all ranks.
        images_in_step: Number of pictures of the last step, over all ranks.
        balance: Sampling frequencies; None for uniform sampling.
        skipped: Number of consecutive steps, up to the last one, skipped for non-finite values.
        notes: Notes for the user on the initial weights.
    """

    def __init__(
        self,
        config: TrainConfig,
        dataset: PairDataset,
        ranks: Ranks,
        perceptual: PerceptualDistance | None = None,
        *,
        content: ContentLoss | None = None,
        anew: bool = True,
    ) -> None:
        self.config, self.dataset, self.ranks = config, dataset, ranks
        self.step = self.images_seen = self.images_in_step = self.skipped = 0
        self._verdicts = _Verdicts()
        compute = config.compute
        if ranks.device.type == "cuda":
            allow_tf32(compute.tf32)
            torch.backends.cudnn.deterministic = compute.deterministic
            torch.backends.cudnn.benchmark = not compute.deterministic
        self.generator_config, self.encoder_config, discriminator_config = config.network_configs(dataset.channels.semantic_channels)
        with untouched_random_state(ranks.device):
            torch.manual_seed(config.seed)  # pyright: ignore[reportUnknownMemberType]
            self.generator = self._new_generator()
            self.encoder = None if self.encoder_config is None else Encoder(self.encoder_config)
            self.discriminator = None if discriminator_config is None else build_discriminator(discriminator_config, config.projected)
            initial = config.initial
            for network in self._networks():
                initialize(network, initial.gain, initial.modulation_gain, initial.distribution)
            weights = config.initial.weights if anew else ""
            self.notes = load_initial_weights(
                weights,
                dataset.channels,
                self.generator_config,
                self.generator,
                self.encoder,
                self.discriminator,
                label_set=config.initial.label_set,
            )
            averaged = self._averaged_networks() if ranks.is_first else None
        if isinstance(self.generator, CRNGenerator):
            self.generator.train_last(config.initial.last_modules)
        for network in (*self._networks(), *(averaged or ())):
            if network is not None:
                if compute.channels_last:
                    keep_channels_last(network)
                network.to(ranks.device)
        self.averages = (
            None if averaged is None else AveragedNetworks(self.generator, averaged[0], self.encoder, averaged[1], config.average_decay)
        )
        self._prepare_batch_norms()
        ranks.copy_from_first(*self._networks())
        dtype = compute_type(compute.dtype, ranks.device)
        scale = dtype == torch.float16
        self.optimizers = Optimizers(
            self.generator, self.encoder, self.discriminator, config.optimizer, scale_gradients=scale, device=ranks.device.type
        )
        self.networks = TrainingNetworks(
            self.generator,
            self.encoder,
            self.discriminator,
            config.losses,
            perceptual=None if perceptual is None else perceptual.to(ranks.device),
            content=None if content is None else content.to(ranks.device),
            autocast=dtype,
            scaler=self.optimizers.scaler,
        )
        if compute.compile:
            self.networks.compile()
        for network in self._networks():
            network.train()
        self._prepare_data()

    def _prepare_data(self) -> None:
        config, ranks = self.config, self.ranks
        config.rank_batch_size(ranks.world_size)  # raises an error for batches that cannot be split
        self.canvases = open_canvases(config, self.generator_config, self.dataset)
        self.training_set = TrainingSet(
            self.dataset,
            config.geometry,
            config.seed,
            multiple=self.generator_config.stride,
            canvases=self.canvases,
            most_unreadable=config.data.most_unreadable,
        )
        size = output_size(config.geometry)
        fast = config.compute.modulation == "fast"
        resolutions = () if size is None or not fast else modulation_resolutions(self.generator_config, *size)
        self.collate = Collate(
            self.dataset.channels,
            resolutions,
            replicate=self.generator_config.replicates_layout,
        )
        self.balance = self._balance()
        self.sampler = ResumableSampler(
            len(self.dataset),
            config.batch_size // ranks.world_size,
            seed=config.seed,
            rank=ranks.rank,
            world_size=ranks.world_size,
            parts=config.accumulation,
            weights=None if self.balance is None else self.balance.weights,
        )
        self.steps_per_epoch = self.sampler.batches_per_epoch
        self.total_steps = config.total_steps(self.steps_per_epoch)

    def _balance(self) -> Balance | None:
        """Return sampling frequencies; the first rank reads the label maps for all."""
        threshold = self.config.data.repeat_threshold
        return self.ranks.by_first(lambda: balance(self.dataset, threshold)) if threshold else None

    @property
    def z_width(self) -> int | None:
        """Length of style codes; None for generators without style input."""
        return self.generator_config.style_width

    @property
    def epoch(self) -> float:
        """Number of epochs done, with fraction."""
        return self.sampler.epoch + self.sampler.position / self.sampler.size

    @property
    def learning_rates(self) -> tuple[float, float]:
        """Learning rates of generator and encoder, and of the discriminator, in the last step."""
        return self.optimizers.rates

    @property
    def warnings(self) -> tuple[str, ...]:
        """Notes for the user at every start."""
        if self.config.compute.dtype == "bfloat16" and self.ranks.device.type == "cpu" and not has_bfloat16(self.ranks.device):
            return ("This processor has no instructions for bfloat16: compute.dtype float32, or auto, is many times faster here.",)
        return ()

    def loader(self) -> BatchLoader:
        """Return a loader of batches from the present position in the data."""
        pin = self.ranks.device.type == "cuda"
        workers = worker_count(self.config.data.workers, processes_here(self.ranks.world_size), on_cpu=self.ranks.device.type == "cpu")
        return BatchLoader(self.training_set, self.sampler, self.collate, workers=workers, pin_memory=pin)

    def fit_averages(self) -> AveragedNetworks:
        """Prepare the averages for inference and return them; first rank only.

        Raises:
            DataError: A training picture cannot be read.
        """
        assert self.averages is not None, "only the first rank keeps averages"
        self.averages.fit(self.statistics_batches())
        return self.averages

    def statistics_batches(self, *, live: bool = False) -> StatisticsBatches:
        """Return the training pictures for estimating batch statistics, independent of the number of ranks.

        Args:
            live: Whether styles come from the encoder in training instead of its average.
        """
        config = self.config
        same_size = output_size(config.geometry) is not None
        return StatisticsBatches(
            self.training_set,
            self.collate,
            config.statistics_images,
            max(2, min(config.batch_size // config.accumulation, _MOST_AT_ONCE)) if same_size else 1,
            seed=config.seed,
            z_width=self.z_width,
            encoder=self.encoder if live else None if self.averages is None else self.averages.encoder,
            losses=config.losses,
            device=self.ranks.device,
        )

    def train_step(self, batches: Sequence[Batch]) -> StepResult:
        """Train one step on this rank's share of the batch, and advance the position in the data."""
        ranks, config = self.ranks, self.config
        if config.renormalize_after:
            set_renormalization(self.generator, *renormalization_limits(self.step, config.renormalize_after))
        images = len(self.sampler.global_batch(self.sampler.epoch, self.sampler.position))
        position = self.sampler.epoch if config.schedule_unit == "epochs" else self.step
        self.optimizers.set_factor(config.schedule.factor(position) * config.optimizer.warmup(self.step))
        moved = [batch.to(ranks.device) for batch in batches]

        def noise(phase: Phase, number: int) -> Tensor | None:
            width = self.z_width or int(getattr(self.generator, "injects_noise", False))
            if not width:
                return None
            drawn = style_noise(config.seed, self.step, phase, moved[number].indices, width)
            return drawn.to(ranks.device, non_blocking=True)

        report = training_step(
            self.networks,
            self.optimizers,
            moved,
            noise,
            average=None if ranks.world_size == 1 else ranks.average,
            seed=(config.seed, self.step),
            samples=images / ranks.world_size,
            penalized=config.losses.penalizes(self.step),
        )
        self.sampler.advance()
        self.step, self.images_seen, self.images_in_step = self.step + 1, self.images_seen + images, images
        finite = self._counted(self._verdicts.read(report.finite))
        if self.averages is not None:
            self.averages.update(self.generator, self.encoder, report.finite)
        return StepResult(_named(report), finite, images)

    def settled(self, result: StepResult) -> StepResult:
        """Return the result of the last step once its finiteness is known and counted in ``skipped``; synchronises with the device."""
        return replace(result, finite=self._counted(self._verdicts.wait()) and result.finite)

    def _counted(self, finite: bool | None) -> bool:
        if finite is not None:
            self.skipped = 0 if finite else self.skipped + 1
        return finite is not False

    def mean_losses(self, result: StepResult) -> dict[str, float]:
        """Return a step's terms averaged over all ranks; a collective call."""
        names = sorted(result.losses)
        values = self.ranks.total([float(result.losses[name]) for name in names])
        return {name: value / self.ranks.world_size for name, value in zip(names, values, strict=True)}

    def state_dict(self) -> dict[str, Any]:
        """Return the state for a checkpoint, without step and random states; first rank only."""
        return {
            "generator": self.generator.state_dict(),
            "encoder": None if self.encoder is None else self.encoder.state_dict(),
            "discriminator": None if self.discriminator is None else self.discriminator.state_dict(),
            "averages": None if self.averages is None else self.averages.state_dict(),
            "optimizers": self.optimizers.state_dict(),
            "sampler": self.sampler.state_dict(),
            "channels": self.dataset.channels.to_json(),
            "images_seen": self.images_seen,
        }

    def load_state_dict(self, step: int, state: dict[str, Any]) -> None:
        """Restore the state that :meth:`state_dict` returned after ``step`` steps.

        Raises:
            DataError: The state belongs to other data or labels.
        """
        if "channels" in state and state["channels"] != self.dataset.channels.to_json():
            found = "the label set that the run was started with has changed since"
            raise DataError(found, "the same labels", "Put it back, or start a new run from its weights")
        self.step, self.images_seen, self.skipped = step, state["images_seen"], 0
        self.generator.load_state_dict(state["generator"])
        if self.encoder is not None:
            self.encoder.load_state_dict(state["encoder"])
        if self.discriminator is not None:
            self.discriminator.load_state_dict(state["discriminator"])
        if self.averages is not None:
            self.averages.load_state_dict(state["averages"])
        self.optimizers.load_state_dict(state["optimizers"])
        self.sampler.load_state_dict(state["sampler"])

    def _networks(self) -> list[nn.Module]:
        return [network for network in (self.generator, self.encoder, self.discriminator) if network is not None]

    def _new_generator(self) -> nn.Module:
        generator = build_generator(self.generator_config)
        return accelerate(generator) if self.config.compute.modulation == "fast" else generator

    def _averaged_networks(self) -> tuple[nn.Module, Encoder | None]:
        """Build the networks that hold the averages."""
        return self._new_generator(), None if self.encoder_config is None else Encoder(self.encoder_config)

    def _prepare_batch_norms(self) -> None:
        """Use synchronised batch norm and batch renormalisation where configured; the averages are unchanged."""
        if self.config.renormalize_after:
            renormalize(self.generator)
        if self.ranks.world_size == 1:
            return
        # Renormalisation depends on running statistics, which must be equal on every rank, as one checkpoint holds them.
        if self.generator_config.norm == "sync_batch" or self.config.renormalize_after:
            synchronize_batch_norm(self.generator)
        if self.discriminator is not None and self.config.discriminator.norm == "sync_batch":
            synchronize_batch_norm(self.discriminator)


def compute_type(name: str, device: torch.device) -> torch.dtype | None:
    """Return the compute type of forward passes, None for float32; for names see :attr:`ComputeConfig.dtype`."""
    if name == "auto":
        return torch.bfloat16 if has_bfloat16(device) else None
    return _TYPES[name]


def renormalization_limits(step: int, after: int) -> tuple[float, float, float]:
    """Return r_max, d_max and the momentum of the running statistics at a step.

    As in Ioffe (Batch Renormalization, NeurIPS 2017), section 4: batch norm for ``after`` steps, then limits that grow linearly over as
    many steps to 3 and 5, while the momentum falls from torch's 0.1 to the paper's 0.01.
    """
    share = min(max(step - after, 0) / after, 1.0)
    return 1 + 2 * share, 5 * share, 0.1 - 0.09 * share


def _named(report: StepReport) -> dict[str, Tensor]:
    sides = {"generator": report.generator, "discriminator": report.discriminator}
    return {f"{side}.{name}": value for side, values in sides.items() if values is not None for name, value in values.terms.items()}
