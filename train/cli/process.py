"""Process settings applied before torch is loaded: waiting policy of threads, and memory retained by malloc."""

from __future__ import annotations

import ctypes
import os
import sys

# Options of glibc's mallopt (malloc.h). Activations are freed and allocated again in every step; returned to the system, their pages
# would have to be zeroed each time.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4
_SETTINGS = ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, 2**31 - 1), (_TOP_PAD, 256 << 20))
_CHOSEN = ("MALLOC_MMAP_MAX_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_")


def prepare() -> None:
    """Apply settings that environment variables do not override."""
    # Read by torch's threads when they start: spin-waiting makes a training several times slower beside other programs.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    keep_freed_memory()


def keep_freed_memory() -> bool:
    """Make glibc's malloc keep freed memory; return whether it does, False on other systems or where the environment overrides it."""
    if sys.platform != "linux" or any(name in os.environ for name in _CHOSEN) or "glibc.malloc" in os.environ.get("GLIBC_TUNABLES", ""):
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version"):
        return False
    return all(library.mallopt(name, value) for name, value in _SETTINGS)
