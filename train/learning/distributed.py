"""The processes (ranks) that train together, by RANK and WORLD_SIZE: what they agree on, and how they add up gradients."""

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
"""How long a rank waits for the others before it takes them for lost."""

_FIRST_LOOK, _LONGEST_LOOK = 0.01, 0.5  # seconds between two looks whether the first rank is done
_BUCKET_BYTES = 32 << 20
_stores: dict[str, Store] = {}  # by address: of this process, made at its first joining; they must outlive all groups
_joined = 0  # how often this process has joined the others

ValueT = TypeVar("ValueT")


class RankError(EngineError):
    """Ranks cannot find each other, or one of them does not answer."""


@dataclass(eq=False)
class Ranks:
    """The processes that train together, as one of them sees them; every rank must call the methods, in the same order.

    Attributes:
        rank: The number of this process, from 0.
        world_size: How many there are; with 1 nothing is ever sent and no process group is needed.
        device: What this process computes on.
        control: A group of its own for what is agreed on the CPU, where the first group is one of GPUs; else None.
        store: Where ranks leave notes for each other; None with one rank.
    """

    rank: int
    world_size: int
    device: torch.device
    control: dist.ProcessGroup | None = None
    store: Store | None = None
    _waits: int = field(default=0, init=False)

    @property
    def is_first(self) -> bool:
        """Whether this is the rank that writes files and talks to people."""
        return self.rank == 0

    def any_of(self, flags: Sequence[bool]) -> tuple[bool, ...]:
        """Return for each flag whether any rank has it set: all ranks get the same answer."""
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
        """Return every rank's value, in their order, on the first rank; an empty list on the others.

        The values travel as pickles, which is safe between processes of one program only.
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
        """Return on every rank what ``work`` returns on the first one; the others wait for it without a time limit.

        Raises:
            RankError: On the other ranks, where the work failed or the first rank is gone.
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
        """Return when every rank has come here.

        Raises:
            RankError: One has not within ``wait``; the first rank's message says which.
        """
        if self.world_size > 1:
            with answering(self.rank, self.world_size):
                dist.monitored_barrier(self.control, wait, wait_all_ranks=True)  # pyright: ignore[reportUnknownMemberType]

    def average(self, tensors: Iterable[Tensor]) -> None:
        """Replace tensors, such as gradients, by their means over all ranks; in few messages, whatever their number.

        Args:
            tensors: On :attr:`device`; of the same shapes in the same order on every rank.
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
        """Give every rank the first one's parameters and buffers."""
        if self.world_size == 1:
            return
        with torch.no_grad(), answering(self.rank, self.world_size):
            for network in networks:
                for tensor in (*network.parameters(), *network.buffers()):
                    held = tensor.detach().contiguous()
                    dist.broadcast(held, 0)  # pyright: ignore[reportUnknownMemberType]
                    tensor.copy_(held)


def processes_here(world_size: int) -> int:
    """Return how many of the ranks are on this machine, as torchrun says."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", world_size))


@contextmanager
def answering(rank: int, world_size: int) -> Generator[None]:
    """Say in words that another rank is gone, where torch says it in its own.

    Args:
        rank: The number of this process.
        world_size: How many there are.

    Raises:
        RankError: One of the others does not answer in the block.
    """
    try:
        yield
    except RuntimeError as error:
        found = f"rank {rank} of {world_size} lost touch with the others: {str(error).strip().splitlines()[0]}"
        raise RankError(found, "", "Look for the first error among the ranks") from error


def _buckets(tensors: Iterable[Tensor]) -> list[list[Tensor]]:
    """Put tensors of one type together up to some size, in an order that all ranks share."""
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
    """Join the other ranks for the length of the block; one process that nobody started beside others needs no group and makes none.

    Who they are is read from RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and MASTER_PORT, which torchrun sets.

    Args:
        device: auto, cpu, cuda, cuda:N or mps; with several ranks auto and cuda are the GPU of the local rank.
        wait: How long ranks wait for each other before they give up.

    Raises:
        RankError: The others cannot be reached.
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
            raise  # destroying the group would wait for ranks that wait for this one; the end of the process ends it
        _leave(ranks)
        raise
    _leave(ranks)


def _leave(ranks: Ranks) -> None:
    ranks.control = None  # a group that somebody still holds keeps its threads, and these end the process with an error
    dist.destroy_process_group()


def _meeting_place(rank: int, world_size: int, wait: timedelta) -> Store:
    """Return where ranks leave each other their addresses: a new page for every joining.

    torchrun keeps one store for all its restarts, and a process that joins twice one for both: ranks would find the addresses of
    those that are gone. On several nodes its counts of restarts may differ, so there TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 must make it
    keep one for each.
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
    """Notes that the system asks this process to end, so that all ranks can agree on it after the step at hand.

    The first signal is noted; a second interruption from the keyboard ends the process as usual. Use it as a context, in the main thread.

    Attributes:
        received: Name of the signal, such as SIGTERM; empty while there was none.
    """

    # SIGUSR1 is what Slurm is told to send ahead of the time limit.
    names = ("SIGINT", "SIGTERM", "SIGUSR1", "SIGHUP", "SIGBREAK")

    def __init__(self) -> None:
        self.received = ""
        self._before: dict[int, Any] = {}

    def __enter__(self) -> StopSignals:
        if threading.current_thread() is not threading.main_thread():
            return self
        for name in self.names:
            # What is ignored already, as SIGHUP is under nohup, stays ignored.
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
