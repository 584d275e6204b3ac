"""Process settings before torch is loaded: waiting of threads, and caching of the allocator."""

from __future__ import annotations

import ctypes
import os
import sys

# Of glibc's mallopt (malloc.h). Activations are freed and asked for anew in every step: given back to the system, their pages would be
# zeroed again each time.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4
_SETTINGS = ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, 2**31 - 1), (_TOP_PAD, 256 << 20))
_CHOSEN = ("MALLOC_MMAP_MAX_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_")


def prepare() -> None:
    """Apply the settings that environment variables leave open."""
    # Read by torch's threads when they begin: spinning while they wait, they make a training several times slower beside other programs.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    keep_freed_memory()


def keep_freed_memory() -> bool:
    """Let glibc's malloc keep freed memory; return whether it does: not on other systems, nor where the environment says otherwise."""
    if sys.platform != "linux" or any(name in os.environ for name in _CHOSEN) or "glibc.malloc" in os.environ.get("GLIBC_TUNABLES", ""):
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version"):
        return False
    return all(library.mallopt(name, value) for name, value in _SETTINGS)
