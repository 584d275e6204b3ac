"""What a machine offers to render on, as values that a window can hold."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from dataclasses import dataclass


@dataclass(frozen=True)
class DeviceEntry:
    """One device.

    Attributes:
        name: As :meth:`Renderer.load` takes it: ``cpu``, ``cuda:0``, ``mps``.
        title: What its maker calls it; empty where that is not known.
        dtypes: The compute types it can render in, as :meth:`Renderer.load` takes them.
    """

    name: str
    title: str
    dtypes: tuple[str, ...]


def give_back_memory() -> None:
    """Give memory that was freed back to the system: glibc keeps it, in pieces between what is still used, and grows with every network."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)
