"""Launch of a run's processes through torchrun, with an orderly end on Ctrl+C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

from spade_studio.engine.printable import write_line
from spade_studio.train.run.directory import RunDirectory

_LAUNCHER = "SPADE_TRAIN_LAUNCHER"  # variable with the folder for error messages of launched processes
_SEPARATOR = "\0"
_PATIENCE = 60.0  # seconds for processes to end after the second interruption


def is_rank() -> bool:
    """Return whether a launcher such as torchrun or Slurm started this process as one of several ranks."""
    return "RANK" in os.environ and "WORLD_SIZE" in os.environ


def is_first() -> bool:
    """Return whether this process is rank 0 or the only one, which reports for all."""
    return not is_rank() or os.environ["RANK"] == "0"


def has_launcher() -> bool:
    """Return whether :func:`launch` started this process and so has cleared old stop requests."""
    return _LAUNCHER in os.environ


def word_on_interruption(run: RunDirectory) -> str:
    """Return a hint for background jobs (``&``), in which the shell disables Ctrl+C; empty for other processes."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        return ""
    return f"Ctrl+C does nothing here, since this job was started in the background; this saves and ends it: spade-train stop {run.path}"


def tell_launcher(text: str) -> bool:
    """Pass an error message to the launching process, which removes duplicates; return False where there is none."""
    folder = os.environ.get(_LAUNCHER)
    if not folder or not is_rank():
        return False
    try:
        with (Path(folder) / f"{int(os.environ['RANK']):08}.txt").open("a", encoding="utf-8", errors="surrogatepass") as file:
            file.write(f"{text}{_SEPARATOR}")
    except (OSError, ValueError):
        return False
    return True


def _told(folder: Path) -> list[str]:
    """Return the messages of all processes without duplicates, in order of rank."""
    texts: dict[str, None] = {}
    for path in sorted(folder.glob("*.txt")):
        for text in path.read_text(encoding="utf-8", errors="surrogatepass").split(_SEPARATOR):
            if text:
                texts[text] = None
    return list(texts)


def torchrun_command(arguments: Sequence[str], processes: int, max_restarts: int) -> list[str]:
    """Return the command that starts ``processes`` ranks of ``spade-train`` with these arguments on this machine.

    Args:
        arguments: Arguments of spade-train.
        processes: Number of ranks.
        max_restarts: Maximum number of restarts of all ranks after a failure, from the last checkpoint.
    """
    launcher = [sys.executable, "-m", "spade_studio.train.run.launcher", "--standalone", "--nproc-per-node", str(processes)]
    return [*launcher, "--max-restarts", str(max_restarts), "-m", "spade_studio.train.cli", *arguments]


def launch(run: RunDirectory, arguments: Sequence[str], processes: int, max_restarts: int) -> int:
    """Train with several processes and wait until they end.

    The first Ctrl+C or SIGTERM asks the run to stop, as ``spade-train stop`` does; the second one ends the processes at once.

    Returns:
        Exit code, 0 where the run finished or was stopped.
    """
    with TemporaryDirectory(prefix="spade-train-") as folder:
        try:
            return _launch(run, torchrun_command(arguments, processes, max_restarts), {**os.environ, _LAUNCHER: folder}, processes)
        finally:
            for text in _told(Path(folder)):
                write_line(sys.stderr, text)


def _launch(run: RunDirectory, command: Sequence[str], environment: dict[str, str], processes: int) -> int:
    # The default of torchrun, one thread, leaves cores idle where there are more cores than ranks.
    environment.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // processes)))
    if sys.platform == "win32":
        environment.setdefault("USE_LIBUV", "0")  # torch for Windows is built without libuv
    if not run.is_running():
        run.clear_requests()  # old ones; new requests count from here on, also during start and restarts
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
        child = subprocess.Popen(command, env=environment, start_new_session=True)
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
