"""No tensor of the render path is made on the wrong device, and nothing in it waits for the GPU: checked without one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.timeout(600)
def test_walk_for_a_gpu_that_is_not_there() -> None:
    walk = Path(__file__).with_name("device_walk.py")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(walk.parents[3]), str(walk)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    print(done.stdout, done.stderr)  # noqa: T201 - pytest shows it where the walk fails
    assert done.returncode == 0
