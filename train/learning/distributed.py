"""Distributed data-parallel training: ranks, collective operations and stop signals."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from types import FrameType
from typing import Any, Final, TypeVar, cast

import torch
import torch.distributed as dist
import torch.distributed.nn  # pyright: ignore[reportUnusedImport]  # optimisers import it; with a group at hand it keeps that group
from torch import Tensor, nn
from torch.distributed.distributed_c10d import PrefixStore, Store
from torch.distributed.rendezvous import rendezvous  # pyright: ignore[reportUnknownVariableType]

from spade_studio.engine.batch.shares import Process
from spade_studio.engine.device import choose_device
from spade_studio.engine.errors import EngineError

LONGEST_WAIT: Final = timedelta(minutes=30)
"""Timeout of a rank that waits for the others."""

_FIRST_LOOK, _LONGEST_LOOK = 0.01, 0.5  # first and longest interval in seconds of polling the first rank
_BUCKET_BYTES = 32 << 20
_stores: dict[str, Store] = {}  # by address; stores of this process must outlive all process groups
_joined = 0  # number of process groups this process has joined

ValueT = TypeVar("ValueT")


class RankError(EngineError):
    """Ranks cannot reach each other, or one of them does not respond."""


@dataclass(eq=False)
class Ranks:
    """The ranks of a training, seen from one of them; the methods are collective: all ranks must call them in the same order.

    Attributes:
        rank: Rank of this process, from 0.
        world_size: Number of ranks; 1 needs no process group and communicates nothing.
        device: Compute device of this rank.
        control: Gloo process group for CPU tensors and objects where the default group is NCCL; else None.
        store: Key-value store of the ranks; None with one rank.
    """

    rank: int
    world_size: int
    device: torch.device
    control: dist.ProcessGroup | None = None
    store: Store | None = None
    _waits: int = field(default=0, init=False)

    @property
    def is_first(self) -> bool:
        """Whether this is rank 0, which writes files and reports progress."""
        return self.rank == 0

    def any_of(self, flags: Sequence[bool]) -> tuple[bool, ...]:
        """Return the logical OR of each flag over all ranks."""
        if self.world_size == 1:
            return tuple(flags)
        values = torch.tensor(flags, dtype=torch.uint8)
        with answering(self.rank, self.world_size):
            dist.all_reduce(values, dist.ReduceOp.MAX, self.control)  # pyright: ignore[reportUnknownMemberType]
        return tuple(bool(value) for value in values)

    def total(self, values: Sequence[float]) -> tuple[float, ...]:
        """Return the sums over all ranks, in float64."""
        if self.world_size == 1:
            return tuple(float(value) for value in values)
        sums = torch.tensor(values, dtype=torch.float64)
        with answering(self.rank, self.world_size):
            dist.all_reduce(sums, group=self.control)  # pyright: ignore[reportUnknownMemberType]
        return tuple(float(value) for value in sums)

    def gather(self, value: ValueT) -> list[ValueT]:
        """Return the values of all ranks, in order of rank, on the first rank; an empty list on the others.

        Values are pickled, which is safe between processes of one program only.
        """
        if self.world_size == 1:
            return [value]
        values: list[Any] | None = [None] * self.world_size if self.is_first else None
        with answering(self.rank, self.world_size):
            dist.gather_object(value, values, group=self.control)  # pyright: ignore[reportUnknownMemberType]
        return cast("list[ValueT]", values or [])

    def from_first(self, value: ValueT) -> ValueT:
        """Return the first rank's value on every rank."""
        if self.world_size == 1:
            return value
        box: list[Any] = [value if self.is_first else None]
        with answering(self.rank, self.world_size):
            dist.broadcast_object_list(box, group=self.control)  # pyright: ignore[reportUnknownMemberType]
        return cast("ValueT", box[0])

    def by_first(self, work: Callable[[], ValueT]) -> ValueT:
        """Run ``work`` on the first rank and return its result on every rank; the others wait without a time limit.

        Raises:
            RankError: The work failed or the first rank is lost; raised on the other ranks.
        """
        if self.world_size == 1 or self.store is None:
            return self.from_first(work() if self.is_first else cast("ValueT", None))
        self._waits += 1
        key = f"work/{self._waits}"
        if self.is_first:
            done = "failed"
            try:
                value = work()
                done = "done"
            finally:
                self.store.set(key, done)
            return self.from_first(value)
        with answering(self.rank, self.world_size):
            pause = _FIRST_LOOK
            while not self.store.check([key]):
                time.sleep(pause)
                pause = min(2 * pause, _LONGEST_LOOK)
            failed = self.store.get(key) == b"failed"
        if failed:
            raise RankError(f"rank {self.rank} of {self.world_size} ends since the first one failed", "", "Look for its error")
        return self.from_first(cast("ValueT", None))

    def wait_for_all(self, wait: timedelta = LONGEST_WAIT) -> None:
        """Wait until all ranks have reached this call.

        Raises:
            RankError: A rank did not arrive within ``wait``; the message of the first rank names it.
        """
        if self.world_size > 1:
            with answering(self.rank, self.world_size):
                dist.monitored_barrier(self.control, wait, wait_all_ranks=True)  # pyright: ignore[reportUnknownMemberType]

    def average(self, tensors: Iterable[Tensor]) -> None:
        """Replace tensors, such as gradients, by their means over all ranks; they are sent in buckets.

        Args:
            tensors: Tensors on :attr:`device`, with the same shapes in the same order on every rank.
        """
        if self.world_size == 1:
            return
        with answering(self.rank, self.world_size):
            for bucket in _buckets(tensors):
                flat = torch.cat([tensor.reshape(-1) for tensor in bucket])
                dist.all_reduce(flat)  # pyright: ignore[reportUnknownMemberType]
                flat /= self.world_size
                begin = 0
                for tensor in bucket:
                    end = begin + tensor.numel()
                    tensor.copy_(flat[begin:end].view(tensor.shape))
                    begin = end

    def copy_from_first(self, *networks: nn.Module) -> None:
        """Broadcast the first rank's parameters and buffers."""
        if self.world_size == 1:
            return
        with torch.no_grad(), answering(self.rank, self.world_size):
            for network in networks:
                for tensor in (*network.parameters(), *network.buffers()):
                    held = tensor.detach().contiguous()
                    dist.broadcast(held, 0)  # pyright: ignore[reportUnknownMemberType]
                    tensor.copy_(held)


def processes_here(world_size: int) -> int:
    """Return the number of ranks on this machine, as set by torchrun."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", world_size))


@contextmanager
def answering(rank: int, world_size: int) -> Generator[None]:
    """Turn torch's communication errors in the block into a :class:`RankError`.

    Args:
        rank: Rank of this process.
        world_size: Number of ranks.

    Raises:
        RankError: Another rank does not respond.
    """
    try:
        yield
    except RuntimeError as error:
        found = f"rank {rank} of {world_size} lost touch with the others: {str(error).strip().splitlines()[0]}"
        raise RankError(found, "", "Look for the first error among the ranks") from error


def _buckets(tensors: Iterable[Tensor]) -> list[list[Tensor]]:
    """Group tensors of equal type into buckets of limited size, in the same order on all ranks."""
    finished: list[list[Tensor]] = []
    open_buckets: dict[torch.dtype, tuple[list[Tensor], int]] = {}
    for tensor in tensors:
        bucket, size = open_buckets.get(tensor.dtype, ([], 0))
        bucket.append(tensor)
        size += tensor.numel() * tensor.element_size()
        open_buckets[tensor.dtype] = (bucket, size)
        if size >= _BUCKET_BYTES:
            finished.append(open_buckets.pop(tensor.dtype)[0])
    return finished + [bucket for bucket, _ in open_buckets.values()]


@contextmanager
def joined_ranks(device: str = "auto", wait: timedelta = LONGEST_WAIT) -> Generator[Ranks]:
    """Initialise the process group for the length of the block; a single process needs none.

    Reads RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and MASTER_PORT, as set by torchrun.

    Args:
        device: auto, cpu, cuda, cuda:N or mps; with several ranks, auto and cuda mean the GPU of the local rank.
        wait: Timeout of ranks that wait for each other.

    Raises:
        RankError: The other ranks cannot be reached.
        EngineError: The environment or the device is not usable.
    """
    process = Process.from_environment(os.environ)
    rank, world_size = process.share.index, process.share.count
    gpus = torch.cuda.device_count()
    chosen = choose_device(process.device(device, gpus))
    if chosen.type == "cuda":
        local_size = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
        if local_size > gpus or (local_size > 1 and ":" in device):
            found = f"{local_size} processes on this machine for {device if ':' in device else f'{gpus} GPUs'}"
            raise RankError(found, "a GPU of its own for each", "Start fewer processes, with --device cuda")
        chosen = torch.device("cuda", chosen.index or 0)
        torch.cuda.set_device(chosen)
    if world_size == 1:
        yield Ranks(0, 1, chosen)
        return
    if missing := [name for name in ("MASTER_ADDR", "MASTER_PORT") if name not in os.environ]:
        raise RankError(f"WORLD_SIZE is {world_size} without {' and '.join(missing)}", "all that torchrun sets", "Start with torchrun")
    backend = "nccl" if chosen.type == "cuda" else "gloo"
    try:
        store = _meeting_place(rank, world_size, wait)
        dist.init_process_group(
            backend, store=store, rank=rank, world_size=world_size, timeout=wait, device_id=chosen if backend == "nccl" else None
        )
    except (RuntimeError, ValueError) as error:
        place = f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}"
        found = f"rank {rank} of {world_size} cannot join the others at {place}: {str(error).strip().splitlines()[0]}"
        raise RankError(found, "", "Check that all ranks were started and that the address can be reached") from error
    ranks = Ranks(rank, world_size, chosen, store=store)
    try:
        if backend == "nccl":
            ranks.control = cast("dist.ProcessGroup", dist.new_group(backend="gloo", timeout=wait))  # pyright: ignore[reportUnknownMemberType]
        yield ranks
    except BaseException:
        if backend == "nccl":
            raise  # destroying the group would wait for ranks that wait for this one; it ends with the process
        _leave(ranks)
        raise
    _leave(ranks)


def _leave(ranks: Ranks) -> None:
    ranks.control = None  # threads of a group that is still referenced end the process with an error
    dist.destroy_process_group()


def _meeting_place(rank: int, world_size: int, wait: timedelta) -> Store:
    """Return the rendezvous store, with a new key prefix for every process group.

    torchrun keeps one store for all restarts, so without a prefix ranks would find the addresses of lost ones. On several nodes restart
    counts may differ; TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 gives every restart its own store there.
    """
    global _joined
    address = f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}"
    if address not in _stores:
        _stores[address] = next(rendezvous("env://", rank, world_size, timeout=wait))[0]
    _joined += 1
    one_node = os.environ.get("GROUP_WORLD_SIZE", "1") == "1"
    attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") if one_node else "0"
    return PrefixStore(f"spade-train/{attempt}/{_joined}", _stores[address])


class StopSignals:
    """Context that records termination signals, so that all ranks can stop together after the current step.

    The first signal is recorded; a second SIGINT ends the process as usual. Outside of the main thread it does nothing.

    Attributes:
        received: Name of the signal, such as SIGTERM; empty without one.
    """

    # Slurm can send SIGUSR1 ahead of the time limit (sbatch --signal).
    names = ("SIGINT", "SIGTERM", "SIGUSR1", "SIGHUP", "SIGBREAK")

    def __init__(self) -> None:
        self.received = ""
        self._before: dict[int, Any] = {}

    def __enter__(self) -> StopSignals:
        if threading.current_thread() is not threading.main_thread():
            return self
        for name in self.names:
            # Signals that are ignored already, such as SIGHUP under nohup, stay ignored.
            if (number := getattr(signal, name, None)) is not None and signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *unused: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        self._before.clear()

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.received and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.received = signal.Signals(number).name
