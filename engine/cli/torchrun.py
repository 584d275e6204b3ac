"""Ending under torchrun, which ends all processes when one fails: failed processes wait until all are done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

_LONGEST_WAIT = timedelta(days=30)


def report_done(environment: Mapping[str, str], *, failed: bool) -> None:
    """Announce that this process is done and, if it failed, wait for the others.

    Does nothing outside torchrun, or where torchrun's store cannot be reached.

    Args:
        environment: Environment, with torchrun's RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT and TORCHELASTIC_*.
        failed: Whether this process will end with an error.
    """
    if environment.get("TORCHELASTIC_USE_AGENT_STORE") != "True" or "RANK" not in environment:
        return
    from torch.distributed import TCPStore  # pyright: ignore[reportPrivateImportUsage]

    prefix = f"spade-render/{environment.get('TORCHELASTIC_RESTART_COUNT', '0')}"
    try:
        store = TCPStore(environment["MASTER_ADDR"], int(environment["MASTER_PORT"]), is_master=False, timeout=timedelta(seconds=60))
        store.set(f"{prefix}/{environment['RANK']}", "done")
        if failed:
            store.wait([f"{prefix}/{rank}" for rank in range(int(environment["WORLD_SIZE"]))], _LONGEST_WAIT)
    except (KeyError, ValueError, RuntimeError):  # a lost store: the others are gone
        return
