"""The memory bank that weights require, opened and checked against them."""

from __future__ import annotations

from pathlib import Path

from spade_studio.engine.bank.file import MemoryBank
from spade_studio.engine.bank.photographs import bank_beside
from spade_studio.engine.errors import BankError
from spade_studio.engine.networks.config import SIMSConfig
from spade_studio.engine.weights.info import WeightsInfo


def open_bank_of(info: WeightsInfo, path: Path | None = None) -> MemoryBank | None:
    """Open the bank that weights require; return None for weights without one.

    Args:
        info: The weights.
        path: Path of the bank; the default path where None.

    Raises:
        BankError: the bank is missing or damaged, or its labels differ from those of the weights.
    """
    if not isinstance(info.generator, SIMSConfig):
        if path is not None:
            raise BankError(f"{info.name} takes no memory bank", "weights of SIMS", "Leave the bank out")
        return None
    place = path or bank_beside(info.path)
    if not place.is_file():
        raise BankError(
            f"{info.path.name} completes pieces of photographs, and {place} is not there",
            "its memory bank",
            f"Copy it there, named {place.name}, or make it anew (spade-train bank)",
        )
    bank = MemoryBank.open(place)
    if info.channels is not None:
        bank.check_labels(info.channels, info.path.name)
    return bank
