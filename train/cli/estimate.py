"""Estimates of a training: parameters, steps, memory and time (``spade-train new --dry-run``)."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from spade_studio.engine.device import choose_device
from spade_studio.engine.networks.batch_renorm import set_renormalization
from spade_studio.engine.weights.shapes import parameter_count
from spade_studio.train.cli.counting import count_step, rate_of, seconds_by_operations
from spade_studio.train.config.run import TrainConfig
from spade_studio.train.datasets import DataError
from spade_studio.train.datasets.balance import balance
from spade_studio.train.datasets.cache import CacheFile
from spade_studio.train.datasets.check import refuse_unknown_labels
from spade_studio.train.datasets.loading import Batch
from spade_studio.train.datasets.sampler import ResumableSampler
from spade_studio.train.learning.content import ContentFeatures, ContentLoss, load_content
from spade_studio.train.learning.distributed import Ranks
from spade_studio.train.learning.step import style_noise
from spade_studio.train.learning.trainer import Trainer, compute_type, renormalization_limits
from spade_studio.train.pretrained.vgg import PerceptualDistance, load_perceptual
from spade_studio.train.run.data import RunData, open_run_data

_STATES = 3  # of every parameter: itself and Adam's two moments
_FEW = 2  # pictures; one alone would have no batch statistics where it shrinks to a pixel
_MIB = 1 << 20
_WARMING, _TIMED = 2, 4  # steps on a GPU


@dataclass(frozen=True)
class MemoryEstimate:
    """Memory of one rank in bytes, without torch's own.

    Attributes:
        state: Parameters, moments, averages, the gradients of one side at a time, and the parameters of the perceptual network.
        activations: Activations that the generator step keeps for its backward pass; the discriminator step keeps less.
    """

    state: int
    activations: int

    @property
    def total(self) -> int:
        """Total size in bytes."""
        return self.state + self.activations


def estimate_memory(trainer: Trainer, pictures: int) -> MemoryEstimate:
    """Estimate the memory of a training step: the state is counted, activations are extrapolated from two and four pictures.

    Args:
        trainer: Trainer on any device; its batch statistics change.
        pictures: Number of pictures that a rank computes at once.

    Raises:
        DataError: the first pictures cannot be read.
    """
    networks = (trainer.generator, trainer.encoder, trainer.discriminator)
    sizes = [0 if network is None else sum(p.numel() * p.element_size() for p in network.parameters()) for network in networks]
    averages = sum(sizes[:-1])
    gradients = max(sum(sizes[:-1]), sizes[-1])
    frozen = [network for network in (trainer.networks.perceptual, trainer.networks.content) if network is not None]
    judging = sum(tensor.numel() * tensor.element_size() for network in frozen for tensor in network.state_dict().values())
    numbers = sorted({min(number, pictures) for number in (_FEW, 2 * _FEW)})
    measured = [_kept_by_pictures(trainer, number) for number in numbers]
    (few, kept_by_few), (most, kept) = measured[0], measured[-1]
    slope = (kept - kept_by_few) / (most - few) if most > few else kept / most
    return MemoryEstimate(_STATES * sum(sizes) + averages + gradients + judging, round(kept + slope * (pictures - most)))


def _kept_by_pictures(trainer: Trainer, pictures: int) -> tuple[int, int]:
    """Return the size of a batch of at most ``pictures`` pictures, and the bytes that the generator step keeps for it."""
    batch = trainer.collate.batch([trainer.training_set[key] for key in trainer.sampler.batch(0, 0)[:pictures]])
    if isinstance(batch, DataError):
        raise batch
    return len(batch.indices), _kept_by_generator_step(trainer, batch.to(trainer.ranks.device))


def _kept_by_generator_step(trainer: Trainer, batch: Batch) -> int:
    width = trainer.z_width
    noise = None if width is None else style_noise(0, 0, "generator", batch.indices, width).to(trainer.ranks.device)
    networks = (trainer.generator, trainer.encoder, trainer.discriminator, trainer.networks.perceptual, trainer.networks.content)
    state = [tensor for network in networks if network is not None for tensor in (*network.parameters(), *network.buffers())]
    if after := trainer.config.renormalize_after:  # as it will be for most of the training; the next step sets its own limits
        set_renormalization(trainer.generator, *renormalization_limits(2 * after, after))
    with _what_is_here(trainer), _counting({tensor.untyped_storage().data_ptr() for tensor in state}) as kept:
        trainer.networks.generator_step(batch, noise)
    return sum(kept.values())


@contextmanager
def _what_is_here(trainer: Trainer) -> Generator[None]:
    """Disable the perceptual distance where its network would have to be downloaded."""
    losses = trainer.networks.losses
    if trainer.networks.perceptual is None:
        trainer.networks.losses = dataclasses.replace(losses, perceptual_weight=0.0, texture_weight=0.0)
    try:
        yield
    finally:
        trainer.networks.losses = losses


def seconds_per_picture(trainer: Trainer, pictures: int) -> float:
    """Return the seconds per picture of a trainer, measured in whole steps of two pictures.

    Args:
        trainer: Trainer on the device to measure; it is trained.
        pictures: Number of pictures that a rank computes at once.

    Raises:
        DataError: the first pictures cannot be read.
        torch.OutOfMemoryError: the device has too little memory.
    """
    device = trainer.ranks.device
    batch = trainer.collate.batch([trainer.training_set[key] for key in trainer.sampler.batch(0, 0)[: min(_FEW, pictures)]])
    if isinstance(batch, DataError):
        raise batch
    begin, steps = 0.0, 0
    with _what_is_here(trainer):
        for number in range(_WARMING + _TIMED if device.type == "cuda" else 1):
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            if number in (0, _WARMING):  # a GPU's first steps choose their algorithms
                begin, steps = time.perf_counter(), 0
            trainer.train_step([batch])
            steps += 1
        if device.type == "cuda":
            torch.cuda.synchronize(device)
    return (time.perf_counter() - begin) / (steps * len(batch.indices))


@contextmanager
def _counting(own: set[int]) -> Generator[dict[int, int]]:
    """Collect the sizes in bytes of storages saved for the backward pass, without parameters."""
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        yield kept


def _content(config: TrainConfig) -> ContentLoss | None:
    """Build the content loss, with random weights of equal cost where its network would have to be downloaded."""
    content = config.losses.content
    if not content.weight:
        return None
    return load_content(content) if content.file else ContentLoss(ContentFeatures(content), content)


def describe_run(config: TrainConfig, *, measure: bool = False) -> str:
    """Return the resolved configuration as JSON, followed by the estimates for the data.

    Args:
        config: Configuration of the training.
        measure: Whether to measure memory and time in real steps instead of counting operations.

    Raises:
        EngineError: the configuration does not match the data.
    """
    data = open_run_data(config)
    refuse_unknown_labels(data.training)
    channels = data.training.channels
    lines = [json.dumps(config.to_json(), indent=2), ""]
    lines += [
        f"Data:          {len(data.training):,} photographs to train on, {len(data.validation):,} held out "
        f"({data.training.kind}, labels of {data.training.label_set.name}){f'. {data.words}' if data.words else ''}",
        f"Layout:        {channels.explain()}",
    ]
    for name, network in zip(("Generator", "Encoder", "Discriminator"), config.network_configs(channels.semantic_channels), strict=True):
        if network is not None:
            lines.append(f"{name + ':':<14} {network.kind}, {parameter_count(network):,} parameters")
    processes = config.compute.processes_per_node
    per_rank = config.rank_batch_size(processes)
    sampler = ResumableSampler(
        len(data.training), config.batch_size // processes, seed=config.seed, world_size=processes, parts=config.accumulation
    )
    steps = config.total_steps(sampler.batches_per_epoch)
    epochs, rest = divmod(steps, sampler.batches_per_epoch)
    pictures = epochs * sampler.images_per_epoch + rest * config.batch_size
    lines.append(f"Steps:         {steps:,} ({sampler.batches_per_epoch:,} an epoch), {pictures:,} pictures")
    if config.data.cache:
        stride = config.network_configs(channels.semantic_channels)[0].stride
        size = CacheFile(data.training, config.geometry, stride, Path(config.data.cache)).estimated_bytes()
        lines.append(f"Cache:         about {size / _MIB:,.0f} MiB of decoded pictures in {config.data.cache}")
    if config.data.repeat_threshold:
        lines.append(balance(data.training, config.data.repeat_threshold).words)
    ranks = "1 process" if processes == 1 else f"{processes} processes"
    parts = "1 part" if config.accumulation == 1 else f"{config.accumulation} parts"
    lines.append(f"Batch:         {config.batch_size} pictures: {ranks} with {parts} of {per_rank}")
    lines += _measured(config, data, pictures) if measure else _counted(config, data, pictures)
    return "\n".join(lines)


def _counted(config: TrainConfig, data: RunData, pictures: int) -> list[str]:
    """Return lines on memory and time of a training, estimated from counted operations."""
    processes, device = config.compute.processes_per_node, choose_device(config.compute.device)
    dtype = compute_type(config.compute.dtype, device)
    counted = count_step(config, data.training, config.rank_batch_size(processes), dtype)
    rate = rate_of(device, dtype)
    seconds = seconds_by_operations(pictures * counted.operations, rate * (processes if device.type == "cuda" else 1))
    return [
        _memory_words(counted.state, counted.activations),
        f"Time:          about {time_words(seconds)} at {pictures / seconds:,.2f} images/s, by {counted.operations / 1e9:,.1f} GFLOP a "
        f"picture and {rate / 1e9:,.0f} GFLOP/s of {device} in convolutions; --measure times real steps; sample grids and metrics come on "
        "top",
    ]


def _memory_words(state: int, activations: int, without: str = "") -> str:
    return (
        f"Memory:        about {(state + activations) / _MIB:,.0f} MiB a process, {state / _MIB:,.0f} for parameters and what goes with "
        f"them and {activations / _MIB:,.0f} for activations; beside what torch itself takes{without}"
    )


def _measured(config: TrainConfig, data: RunData, pictures: int) -> list[str]:
    """Return lines on memory and time of a training, measured in real steps."""
    losses = config.losses
    perceptual = load_perceptual(losses.perceptual) if losses.uses_perceptual_network and losses.perceptual.file else None
    trainer = Trainer(config, data.training, Ranks(0, 1, choose_device("cpu")), perceptual, content=_content(config))
    memory = estimate_memory(trainer, config.rank_batch_size(config.compute.processes_per_node))
    without = " and what the perceptual network takes" if perceptual is None and losses.uses_perceptual_network else ""
    return [
        _memory_words(memory.state, memory.activations, without),
        f"Time:          {_time_words(config, data, trainer, pictures, perceptual)}",
    ]


def _time_words(config: TrainConfig, data: RunData, trainer: Trainer, pictures: int, perceptual: PerceptualDistance | None) -> str:
    """Return how long a training will take, in words.

    Args:
        config: Configuration of the training.
        data: Data of the training.
        trainer: Trainer on the CPU; its state changes.
        pictures: Number of pictures of the whole training.
        perceptual: Perceptual distance, where its file is available.
    """
    processes = config.compute.processes_per_node
    device = choose_device(config.compute.device)
    try:
        if device.type != "cpu":
            trainer = Trainer(config, data.training, Ranks(0, 1, device), perceptual, content=_content(config))
        seconds = seconds_per_picture(trainer, config.rank_batch_size(processes))
    except torch.OutOfMemoryError:
        return f"not known: {device} has no memory left to time a step"
    pace = processes / seconds
    dtype = compute_type(config.compute.dtype, device)
    operations = count_step(config, data.training, min(_FEW, config.rank_batch_size(processes)), dtype).operations
    share = operations / seconds / rate_of(device, dtype)  # model FLOPs utilisation
    without = ", the perceptual network left out" if perceptual is None and config.losses.uses_perceptual_network else ""
    return (
        f"about {time_words(pictures / pace)} at {pace:,.2f} images/s, timed with {_FEW} pictures at once on {device}"
        f"{without} ({operations / seconds / 1e9:,.0f} GFLOP/s, {share:.0%} of its convolutions' rate); sample grids and metrics "
        "come on top"
    )


def time_words(seconds: float) -> str:
    """Return a duration in words: 40 minutes, 7 hours, 12 days."""
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {unit}"
    return f"{seconds:,.0f} seconds"
