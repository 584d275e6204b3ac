"""How fast a training goes, and how much memory it takes."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager

import torch


class Pace:
    """Counts steps, pictures and waiting since it was last restarted."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Count from now on."""
        self._begin = time.perf_counter()
        self._steps = self._images = 0
        self._waited = 0.0

    @contextmanager
    def waiting(self) -> Generator[None]:
        """Count the time inside as waiting for pictures."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self._waited += time.perf_counter() - begin

    def count(self, images: int) -> None:
        """Count a step."""
        self._steps += 1
        self._images += images

    @property
    def seconds_per_step(self) -> float:
        """Mean time of a step."""
        return (time.perf_counter() - self._begin) / max(1, self._steps)

    @property
    def images_per_second(self) -> float:
        """Pictures in a second, those of all ranks."""
        return self._images / max(1e-9, time.perf_counter() - self._begin)

    @property
    def waiting_share(self) -> float:
        """Share of the time spent waiting, 0 to 1."""
        return min(1.0, self._waited / max(1e-9, time.perf_counter() - self._begin))


def memory_mib(device: torch.device) -> int:
    """Return the most memory held so far, in MiB: on a GPU, else by this process; 0 where the system does not tell."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) >> 20
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak >> 20 if sys.platform == "darwin" else peak >> 10
