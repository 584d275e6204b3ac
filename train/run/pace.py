"""Speed and memory of a training."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager

import torch


class Pace:
    """Counter of steps, pictures and waiting time."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Reset the counters."""
        self._begin = time.perf_counter()
        self._steps = self._images = 0
        self._waited = 0.0

    @contextmanager
    def waiting(self) -> Generator[None]:
        """Count the time in the block as waiting for pictures."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self._waited += time.perf_counter() - begin

    def count(self, images: int) -> None:
        """Count a step of a number of pictures."""
        self._steps += 1
        self._images += images

    @property
    def seconds_per_step(self) -> float:
        """Mean time per step in seconds."""
        return (time.perf_counter() - self._begin) / max(1, self._steps)

    @property
    def images_per_second(self) -> float:
        """Number of pictures per second, over all ranks."""
        return self._images / max(1e-9, time.perf_counter() - self._begin)

    @property
    def waiting_share(self) -> float:
        """Share of time spent waiting for pictures, 0 to 1."""
        return min(1.0, self._waited / max(1e-9, time.perf_counter() - self._begin))


def memory_mib(device: torch.device) -> int:
    """Return the peak memory in MiB, of the GPU or else of this process; 0 where unknown."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) >> 20
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak >> 20 if sys.platform == "darwin" else peak >> 10
