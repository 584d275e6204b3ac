"""How much memory a piece of work takes at its highest: of a CUDA device, else of the process where the system tells (Linux)."""

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
    """Attributes: bytes, the highest memory of the block; None where the system does not tell."""

    def __init__(self) -> None:
        self.bytes: int | None = None


@contextmanager
def peak_memory(device: str) -> Generator[Peak]:
    """Watch memory during a block.

    Args:
        device: Where the work is done; for CUDA what torch holds there is counted, else all that the process has in memory.
    """
    peak = Peak()
    if device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats(device)
        yield peak
        peak.bytes = torch.cuda.max_memory_allocated(device)
        return
    try:
        _RESET.write_text("5")  # the process's peak begins anew
        watched = True
    except OSError:
        watched = False
    yield peak
    if watched and (line := re.search(r"^VmHWM:\s+([0-9]+) kB$", _STATUS.read_text(), re.MULTILINE)):
        peak.bytes = int(line[1]) * 1024
