"""The devices that a machine offers for rendering."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from dataclasses import dataclass


@dataclass(frozen=True)
class DeviceEntry:
    """One device.

    Attributes:
        name: Name for :meth:`Renderer.load`: ``cpu``, ``cuda:0``, ``mps``.
        title: Product name; empty where unknown.
        dtypes: Supported compute types, as for :meth:`Renderer.load`.
    """

    name: str
    title: str
    dtypes: tuple[str, ...]


def give_back_memory() -> None:
    """Return freed memory to the system; glibc otherwise keeps it, and the process grows with each network."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)
