"""``spade-train profile``: time per operation in a few steps of a run."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import torch
from torch._C._autograd import DeviceType  # torch exports it from no other place
from torch.profiler import ProfilerActivity, profile

from spade_studio.engine.device import choose_device
from spade_studio.engine.errors import EngineError
from spade_studio.engine.files import atomic_writer
from spade_studio.engine.printable import write_line
from spade_studio.train.cli.counting import count_step, rate_of
from spade_studio.train.cli.options import Profile
from spade_studio.train.datasets import DataError
from spade_studio.train.datasets.loading import Batch
from spade_studio.train.learning.content import load_content
from spade_studio.train.learning.distributed import Ranks
from spade_studio.train.learning.trainer import Trainer, compute_type
from spade_studio.train.pretrained.vgg import load_perceptual
from spade_studio.train.run.data import open_run_data
from spade_studio.train.run.directory import RunDirectory

_WARMING: Final = 2
"""Number of warm-up steps, which select algorithms and allocate memory."""
_TIMED: Final = 3
_LINES: Final = 25


@dataclass(frozen=True)
class Operation:
    """Time of an operation within a step.

    Attributes:
        name: Name in torch, with the sizes of its inputs where these are distinguished.
        calls: Number of calls.
        seconds: Time on the compute device in seconds, without nested operations.
    """

    name: str
    calls: int
    seconds: float


def profile_run(command: Profile) -> int:
    """Profile some steps of a run on one rank, from initial weights; the state of the run is unchanged.

    A lazy R1 penalty is left out, since the few steps would hold too much of it or none.

    Returns:
        Exit code, 0.

    Raises:
        EngineError: The run cannot be trained on this machine.
    """
    run = RunDirectory.open(command.run)
    config = run.config()
    lazy = config.losses.r1_weight > 0 and config.losses.r1_every > 1
    if lazy:
        config = replace(config, losses=replace(config.losses, r1_weight=0.0))
    ranks = Ranks(0, 1, choose_device(command.device or config.compute.device))
    pictures, losses = config.rank_batch_size(config.compute.processes_per_node), config.losses
    perceptual = load_perceptual(losses.perceptual) if losses.uses_perceptual_network else None
    content = load_content(losses.content) if losses.content.weight else None
    trainer = Trainer(config, open_run_data(config, anew=False).training, ranks, perceptual, content=content)
    batches = _batches(trainer, pictures)
    for _ in range(_WARMING):
        trainer.train_step(batches)
    seconds = _seconds(lambda: trainer.train_step(batches), ranks.device)
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if ranks.device.type == "cuda" else [])]
    with profile(activities=activities, record_shapes=True) as recorded:
        trainer.train_step(batches)
        _wait(ranks.device)
    on_gpu = ranks.device.type == "cuda"
    by_name = operations(recorded.key_averages(), on_gpu=on_gpu)
    by_sizes = operations(recorded.key_averages(group_by_input_shape=True), on_gpu=on_gpu)
    count = sum(len(batch) for batch in batches)
    dtype = compute_type(config.compute.dtype, ranks.device)
    work = count * count_step(config, trainer.dataset, pictures, dtype).operations
    where = f"{ranks.device} in {dtype or torch.float32}".replace("torch.", "")
    words = step_words(count, seconds, work, rate_of(ranks.device, dtype), where)
    if lazy:
        words += f"\nThe R1 penalty of one step in {config.losses.r1_every} is left out."
    shown = f"{words}\n\n{table(by_name, _LINES)}"
    path = run.path / "profile.txt"
    with atomic_writer(path) as file:
        file.write(f"{shown}\n\nBy the sizes of their inputs:\n\n{table(by_sizes, 2 * _LINES)}\n".encode())
    write_line(sys.stdout, f"{shown}\n\nAlso by the sizes of inputs: {path}")
    return 0


def _batches(trainer: Trainer, pictures: int) -> list[Batch]:
    """Return the micro-batches of a step on one rank."""
    keys = trainer.sampler.batch(0, 0)[: pictures * trainer.config.accumulation]
    parts: list[Batch] = []
    for begin in range(0, len(keys), pictures):
        batch = trainer.collate.batch([trainer.training_set[key] for key in keys[begin : begin + pictures]])
        if isinstance(batch, DataError):
            raise batch
        parts.append(batch)
    if not parts:
        raise EngineError(f"{trainer.dataset.source.where} holds no picture", "training data")
    return parts


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _seconds(step: Callable[[], object], device: torch.device) -> float:
    """Return the mean time of a step in seconds."""
    _wait(device)
    begin = time.perf_counter()
    for _ in range(_TIMED):
        step()
    _wait(device)
    return (time.perf_counter() - begin) / _TIMED


def operations(events: Iterable[Any], *, on_gpu: bool) -> list[Operation]:
    """Return the operations with nonzero time, longest first.

    Args:
        events: Averaged events of torch's profiler, including GPU kernels.
        on_gpu: Whether to use GPU time instead of CPU time.
    """
    found: list[Operation] = []
    for event in events:
        if event.device_type != DeviceType.CPU:
            continue
        microseconds = float(event.self_device_time_total if on_gpu else event.self_cpu_time_total)
        sizes = ", ".join("x".join(map(str, shape)) for shape in event.input_shapes or () if shape)
        found.append(Operation(f"{event.key}{f' ({sizes})' if sizes else ''}", int(event.count), microseconds / 1e6))
    return sorted((one for one in found if one.seconds > 0), key=lambda one: (-one.seconds, one.name))


def step_words(pictures: int, seconds: float, work: float, rate: float, where: str) -> str:
    """Return a line on the time of a step, with its model FLOPs utilisation (MFU).

    Args:
        pictures: Number of pictures of the step.
        seconds: Time of the step in seconds.
        work: Counted floating-point operations of the step.
        rate: Rate of a convolution on the device in floating-point operations per second.
        where: Device and compute type.
    """
    return (
        f"A step of {pictures} pictures on {where}: {seconds:,.3f} s, {pictures / seconds:,.2f} images/s.\n"
        f"{work / 1e9:,.1f} GFLOP at {work / seconds / 1e9:,.1f} GFLOP/s: {work / seconds / rate:.0%} (MFU) of the {rate / 1e9:,.1f} "
        "that a convolution reaches."
    )


def table(found: Sequence[Operation], lines: int) -> str:
    """Return a table of the first operations, with the total of the others below."""
    total = sum(one.seconds for one in found)

    def line(seconds: float, calls: int, name: str) -> str:
        return f"{1000 * seconds:12,.2f} {seconds / total if total else 0:8.1%} {calls:8,}  {name}"

    rows = [line(one.seconds, one.calls, one.name) for one in found[:lines]]
    if rest := found[lines:]:
        rows.append(line(sum(one.seconds for one in rest), sum(one.calls for one in rest), f"{len(rest)} others"))
    return "\n".join([f"{'ms':>12} {'share':>8} {'calls':>8}  operation", *rows])
