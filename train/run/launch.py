"""Starting the processes of a run: this one alone, or several through torchrun, watched so that Ctrl+C ends them in order.

It does not know what they do, only the command that every one of them executes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from types import FrameType

from spade_studio.train.run.directory import RunDirectory

_LAUNCHER = "SPADE_TRAIN_LAUNCHER"  # set for the processes that spade-train itself has started
_PATIENCE = 60.0  # seconds that processes get to end after the second interruption


def is_rank() -> bool:
    """Whether torchrun, Slurm or something like them has started this process as one of several."""
    return "RANK" in os.environ and "WORLD_SIZE" in os.environ


def is_first() -> bool:
    """Whether this process is the first of those, or the only one; it tells what all of them do."""
    return not is_rank() or os.environ["RANK"] == "0"


def has_launcher() -> bool:
    """Whether :func:`launch` has started this process: it has cleared old requests to stop, and those that are there are new."""
    return _LAUNCHER in os.environ


def word_on_interruption(run: RunDirectory) -> str:
    """Return what to use in place of Ctrl+C where a shell has this process ignore it, as jobs started with ``&``; empty elsewhere."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        return ""
    return f"Ctrl+C does nothing here, since this job was started in the background; this saves and ends it: spade-train stop {run.path}"


def torchrun_command(arguments: Sequence[str], processes: int, max_restarts: int) -> list[str]:
    """Return the command that starts ``processes`` ranks of ``spade-train`` with these arguments on this machine.

    Args:
        arguments: Of spade-train.
        processes: How many ranks.
        max_restarts: How often all ranks are started again after one has failed; they go on from the last checkpoint.
    """
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    return [*launcher, "--max-restarts", str(max_restarts), "-m", "spade_studio.train.cli", *arguments]


def launch(run: RunDirectory, arguments: Sequence[str], processes: int, max_restarts: int) -> int:
    """Train with several processes and wait for their end.

    An interruption (Ctrl+C) or SIGTERM asks the run to stop, as ``spade-train stop`` does; a second one ends the processes at once.

    Returns:
        The exit code: 0 where the run finished or was stopped.
    """
    environment = {**os.environ, _LAUNCHER: "1"}
    # torchrun's own default of one thread leaves cores idle where there are more cores than ranks.
    environment.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // processes)))
    if sys.platform == "win32":
        environment.setdefault("USE_LIBUV", "0")  # torch is built without libuv there, and its store would ask for it
    if not run.is_running():
        run.clear_requests()  # of last time; from here on a request counts, also while the processes start and when they start again
    child: subprocess.Popen[bytes] | None = None
    asked = 0

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        del number, frame
        asked += 1
        if asked == 1:
            run.request_stop()
        elif child is not None:
            child.terminate()

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        child = subprocess.Popen(torchrun_command(arguments, processes, max_restarts), env=environment, start_new_session=True)
        code = child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if child is not None and child.poll() is None:
            child.terminate()
            try:
                child.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                child.kill()
    return 1 if code else 0
