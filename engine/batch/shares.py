"""The division of a command's pictures among processes: by ``--shard``, under torchrun, or both."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from spade_studio.engine.errors import EngineError


@dataclass(frozen=True)
class Share:
    """One process's share of the work.

    Attributes:
        index: Index of the share, from 0.
        count: Number of shares.
    """

    index: int = 0
    count: int = 1

    def __post_init__(self) -> None:
        if self.count < 1 or not 0 <= self.index < self.count:
            raise EngineError(f"there is no share {self.index}/{self.count}", f"I/N with I from 0 to {max(self.count, 1) - 1}")

    @classmethod
    def parse(cls, text: str) -> Share:
        """Read ``I/N``.

        Raises:
            EngineError: another format, or I is not from 0 to N - 1.
        """
        match = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)
        if match is None:
            raise EngineError(f"the share is {text!r}", "I/N, for example 0/4 to 3/4 for four processes")
        return cls(int(match[1]), int(match[2]))

    def split(self, inner: Share) -> Share:
        """Return share ``inner`` of this share, as for a job array of torchrun launches."""
        return Share(self.index * inner.count + inner.index, self.count * inner.count)

    def slice_of(self, total: int) -> range:
        """Return the indices of this share among ``total``: contiguous, so that variations of a map stay together."""
        return range(total * self.index // self.count, total * (self.index + 1) // self.count)


@dataclass(frozen=True)
class Process:
    """One process of a torchrun launch.

    Attributes:
        share: Share by RANK and WORLD_SIZE; 0/1 outside torchrun.
        local_rank: LOCAL_RANK, which selects the GPU; None outside torchrun.
    """

    share: Share
    local_rank: int | None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Process:
        """Read RANK, WORLD_SIZE and LOCAL_RANK.

        Raises:
            EngineError: they are set but are no usable numbers.
        """
        if "RANK" not in environment or "WORLD_SIZE" not in environment:
            return cls(Share(), None)
        names = ("RANK", "WORLD_SIZE", "LOCAL_RANK")
        try:
            rank, world_size, local_rank = (int(environment.get(name, environment["RANK"])) for name in names)
        except ValueError:
            given = ", ".join(f"{name}={environment.get(name, '')!r}" for name in names)
            raise EngineError(f"the environment has {given}", "numbers, as torchrun sets them", "Unset them outside torchrun") from None
        return cls(Share(rank, world_size), local_rank)

    def device(self, asked: str, gpus: int) -> str:
        """Return the device of this process: under torchrun the GPU of its local rank, unless ``asked`` names one.

        Args:
            asked: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
            gpus: Number of CUDA devices of this machine.
        """
        if self.local_rank is None or asked not in ("auto", "cuda") or gpus == 0:
            return asked
        return f"cuda:{self.local_rank % gpus}"
