"""Worker processes that read samples, ended by the training process only."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing import connection, resource_tracker
from multiprocessing.context import BaseContext
from typing import Any, Final

import torch

# What asks a run to stop reaches all processes of its group: reading goes on until the training process has saved.
_LEFT_TO_THE_TRAINER: Final = tuple(
    number for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGBREAK") if (number := getattr(signal, name, None)) is not None
)

if sys.platform != "win32":
    from multiprocessing import forkserver
    from multiprocessing.context import ForkServerContext, ForkServerProcess

    class _Worker(ForkServerProcess):
        """A process that ignores SIGTERM, so its parent ends it by SIGKILL."""

        @staticmethod
        def _Popen(process_obj: Any) -> Any:  # noqa: N802
            process: Any = ForkServerProcess._Popen(process_obj)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType, reportUnknownMemberType]
            process.terminate = process.kill
            return process

    class _WorkerContext(ForkServerContext):
        Process = _Worker  # pyright: ignore[reportAssignmentType]

    def _fork_server() -> ForkServerContext:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _LEFT_TO_THE_TRAINER)
        try:
            resource_tracker.ensure_running()  # The server needs it. Starting it unblocks some of the signals here.
            signal.pthread_sigmask(signal.SIG_BLOCK, _LEFT_TO_THE_TRAINER)
            forkserver.ensure_running()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return _WorkerContext()


_MOST = 16, 2  # workers of a rank that computes on a GPU, and of one that computes on the cores that they read with


def worker_count(wanted: int | None, processes: int, *, on_cpu: bool) -> int:
    """Return the number of workers of a rank.

    Args:
        wanted: Requested number; None for as many as the cores allow.
        processes: Number of ranks that share the cores.
        on_cpu: Whether the ranks compute on the CPU.
    """
    if wanted is not None:
        return wanted
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    share = cores // max(1, processes)
    return min(_MOST[1], max(1, share // 2)) if on_cpu else min(_MOST[0], max(1, share - 1))


def worker_context() -> BaseContext:
    """Return the multiprocessing context of workers, with a running fork server where workers are forked.

    Forking the training process itself may deadlock, since torch has running threads. The server and its children block the signals that
    stop a run, since ending workers would count as dead; signal masks survive exec and fork.
    """
    return multiprocessing.get_context() if sys.platform == "win32" else _fork_server()


def start_worker(_: int) -> None:
    """Initialise a worker, which yields processors and signals to the training process and ends with it (``worker_init_fn``)."""
    torch.set_num_threads(1)
    for number in _LEFT_TO_THE_TRAINER:
        signal.signal(number, signal.SIG_IGN)
    # Torch's own watch looks at the parent's id, which is the fork server's, and that lives as long as a worker does.
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None, "workers are processes of their own"
    connection.wait([parent.sentinel])
    os._exit(1)
