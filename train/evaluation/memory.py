"""Peak memory of a block of code, on a CUDA device or of the process (Linux only)."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import torch

_STATUS: Final = Path("/proc/self/status")
_RESET: Final = Path("/proc/self/clear_refs")


class Peak:
    """Result of :func:`peak_memory`.

    Attributes:
        bytes: Peak memory of the block in bytes; None where unknown.
    """

    def __init__(self) -> None:
        self.bytes: int | None = None


@contextmanager
def peak_memory(device: str) -> Generator[Peak]:
    """Measure the peak memory of a block.

    Args:
        device: Compute device: memory that torch allocates on a CUDA device, otherwise the resident memory of the process.
    """
    peak = Peak()
    if device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats(device)
        yield peak
        peak.bytes = torch.cuda.max_memory_allocated(device)
        return
    try:
        _RESET.write_text("5")  # resets the peak of the process
        watched = True
    except OSError:
        watched = False
    yield peak
    if watched and (line := re.search(r"^VmHWM:\s+([0-9]+) kB$", _STATUS.read_text(), re.MULTILINE)):
        peak.bytes = int(line[1]) * 1024
