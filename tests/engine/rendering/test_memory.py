"""What a renderer took is the system's again once its thread has ended."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

_SWITCH = textwrap.dedent("""
    import sys
    from types import SimpleNamespace
    import numpy as np
    from spade_studio.engine.errors import RenderError
    from spade_studio.engine.rendering.service import RenderService

    def resident():
        with open("/proc/self/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024

    class Large:
        def __init__(self):
            # Pieces below the size that gets memory of its own, each followed by a small one that stays, as other threads leave them.
            self.pieces, keep = [], []
            for _ in range(4000):
                self.pieces.append(np.ones(100_000, np.uint8))
                keep.append(np.ones(2_000, np.uint8))
            kept.append(keep)
            self.info = None  # which ends loading with an error

    kept = []
    before = resident()
    held = []
    def load():
        renderer = Large()
        held.append(resident())
        del renderer
        raise RenderError("no network in it")
    service = RenderService(load, lambda delivery: None)
    service.start()
    service._thread.join()
    print(before, held[0], resident())
""")


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_memory_between_pieces_that_stay_goes_back_to_the_system() -> None:
    done = subprocess.run([sys.executable, "-c", _SWITCH], capture_output=True, text=True, timeout=200, check=True)
    before, held, after = map(float, done.stdout.split())
    assert held - before > 300
    assert after - before < 100
