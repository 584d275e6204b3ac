"""The memory bank that weights need: where it lies, and whether it fits them."""

from __future__ import annotations

from pathlib import Path

from spade_studio.engine.bank.file import MemoryBank
from spade_studio.engine.bank.photographs import bank_beside
from spade_studio.engine.errors import BankError
from spade_studio.engine.networks.config import SIMSConfig
from spade_studio.engine.weights.info import WeightsInfo


def open_bank_of(info: WeightsInfo, path: Path | None = None) -> MemoryBank | None:
    """Open the bank that weights need; None for weights that need none.

    Args:
        info: The weights.
        path: The bank; that beside them where None.

    Raises:
        BankError: It is missing or damaged, or its labels are others.
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
