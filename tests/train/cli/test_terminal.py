"""A training in a real (pseudo) terminal: live lines, interruption from the keyboard, and the terminal as it was before."""

from __future__ import annotations

import io
import os
import re
import select
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from spade_studio.train.cli.main import main
from spade_studio.train.learning.trainer import Trainer
from spade_studio.train.run.checkpoints import CheckpointStore
from spade_studio.train.run.directory import RunDirectory, list_runs
from spade_studio.train.run.launch import word_on_interruption

PATIENCE = 120  # seconds


def at_terminal(arguments: list[str], interrupt_after: str) -> tuple[int, str]:
    """Run spade-train in a terminal of 80 x 24, press Ctrl+C when a text appears, and return exit code and output."""
    fcntl, pty, termios = (pytest.importorskip(name, reason="there are no pseudo terminals here") for name in ("fcntl", "pty", "termios"))

    pid, terminal = pty.fork()
    if pid == 0:
        environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
        environment |= {"TERM": "xterm-256color", "OMP_NUM_THREADS": "1"}
        os.execve(sys.executable, [sys.executable, "-m", "spade_studio.train.cli", *arguments], environment)
    output, waiting, end = b"", True, time.monotonic() + PATIENCE
    try:
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        while time.monotonic() < end:
            ready, _, _ = select.select([terminal], [], [], 1)
            try:
                new = os.read(terminal, 65536) if ready else None
            except OSError:  # Linux's word for the end
                break
            if new == b"":
                break
            output += new or b""
            if waiting and interrupt_after.encode() in output:
                os.write(terminal, b"\x03")
                waiting = False
        else:
            os.kill(pid, 9)
            pytest.fail(f"spade-train did not end: {output[-2000:].decode(errors='replace')}")
    finally:
        os.close(terminal)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return code, output.decode()


@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_training_saves_and_leaves_the_terminal_clean(data: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    code, output = at_terminal(["new", str(data), "--preset", "tiny", "--steps", "100000", "--runs", str(runs)], "images/s,")
    (run,) = list_runs(runs)
    assert code == 0, output
    live = re.sub(r"\x1b\[[?\d;]*[A-Za-z]", "", output)
    assert re.search(r"\d+/100000 [━╸╺ ]+ epoch \d+\.\d\d, \d+\.\d\d images/s, ", live)
    assert "G.feature_matching" in live
    assert output.rindex("\x1b[?25h") > output.rindex("\x1b[?25l")  # the cursor is visible
    last = output.rstrip().splitlines()[-1]
    step = int(re.search(r"Stopped after step ([\d,]+): Go on with: spade-train resume ", last)[1].replace(",", ""))  # pyright: ignore[reportOptionalSubscript]
    checkpoint, _ = CheckpointStore(run.checkpoints_path, 3).read_newest()
    assert checkpoint is not None
    assert checkpoint.step == step


def test_a_training_in_the_background_says_what_does_the_work_of_an_interruption(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path / "00000-run")
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell does with `spade-train new ... &`
    try:
        assert f"spade-train stop {run.path}" in word_on_interruption(run)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        assert not word_on_interruption(run)
    finally:
        signal.signal(signal.SIGINT, before)


class Terminal(io.StringIO):
    """Takes what is written, and says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_second_interruption_ends_at_once_and_clean_too(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*given: Any) -> None:
        raise KeyboardInterrupt  # as StopSignals does at the second one

    screen = Terminal()
    monkeypatch.setattr(Trainer, "train_step", interrupted)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert main(["new", str(data), "--preset", "tiny", "--runs", str(tmp_path / "runs")]) == 130
    output = screen.getvalue()
    assert output.rindex("\x1b[?25h") > output.rindex("\x1b[?25l")
    last = "Failed after step 0\nInterrupted. The last checkpoint is whole; spade-train resume goes on from there.\n"
    assert re.sub(r"\x1b\[[?\d;]*[A-Za-z]", "", output).endswith(last)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_processes_wait_without_spinning_and_keep_memory_unless_told_otherwise() -> None:
    code = """
import os, sys
from spade_studio.train.cli import process
from spade_studio.train.cli.main import main
sys.argv = ["spade-train", "--version"]
try:
    main()
finally:
    print(os.environ["OMP_WAIT_POLICY"], "torch" in sys.modules, process.keep_freed_memory())
"""
    own = ("OMP_WAIT_POLICY", "GLIBC_TUNABLES", "MALLOC_TOP_PAD_")
    for given, expected in (
        ({}, "passive False True"),
        ({"OMP_WAIT_POLICY": "active", "MALLOC_TOP_PAD_": "1000"}, "active False False"),
        ({"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}, "passive False False"),
    ):
        environment = {name: value for name, value in os.environ.items() if name not in own} | given
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
        assert done.stdout.splitlines()[-1] == expected, done.stderr
