"""torchrun without its report on processes that have reported their errors (``python -m spade_studio.train.run.launcher``)."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Sequence

from spade_studio.engine.printable import write_line


def main(arguments: Sequence[str]) -> int:
    """Run torchrun and return its exit code: 0, or 1 where a process failed. Processes ended by a signal are reported."""
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.run import main as torchrun  # pyright: ignore[reportUnknownVariableType]

    for name in list(logging.root.manager.loggerDict):  # each logger has its own level
        if name.startswith("torch.distributed."):
            logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        torchrun(list(arguments))
    except ChildFailedError as error:
        for rank, failure in sorted(error.failures.items()):
            if failure.exitcode < 0 and -failure.exitcode != signal.SIGTERM:  # sent by torchrun to the other processes
                write_line(sys.stderr, f"Process {rank} was ended by signal {-failure.exitcode} ({_signal_name(-failure.exitcode)}).")
        return 1
    return 0


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
