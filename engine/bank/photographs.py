"""The photographs that a picture is composed of, and the default path of a memory bank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SUFFIX: Final = ".bank"
"""File name suffix of memory banks."""


def bank_beside(weights: Path) -> Path:
    """Return the default path of the memory bank of a weights file: the same folder and name, with :data:`SUFFIX`."""
    return weights.with_suffix(SUFFIX)


@dataclass(frozen=True)
class Photograph:
    """A photograph that pieces come from.

    Attributes:
        name: Name in its data set.
        credit: Author, licence and address, as far as known; may be empty.
    """

    name: str
    credit: str = ""


@dataclass(frozen=True)
class UsedPhotograph:
    """A photograph that a picture is composed of.

    Attributes:
        photograph: The photograph.
        labels: Ids of the segments that its pieces fill.
        share: Fraction of the picture's pixels that come from it, from 0 to 1.
    """

    photograph: Photograph
    labels: tuple[int, ...]
    share: float


@dataclass(frozen=True)
class Origin:
    """All photographs that a picture is composed of.

    Attributes:
        photographs: Photographs in descending order of their shares.
        licence: Terms of use of all of them.
        source: Origin of all of them.
    """

    photographs: tuple[UsedPhotograph, ...]
    licence: str
    source: str

    def lines(self) -> list[str]:
        """Return one line a photograph, then source and licence."""
        ends = (("Source", self.source), ("Licence", self.licence))
        return [*credit_lines(self.photographs), *(f"{name}: {text}" for name, text in ends if text)]


def credit_lines(photographs: Sequence[UsedPhotograph]) -> list[str]:
    """Return one line a photograph: share of the picture, name, and credit if any."""
    return [f"{100 * used.share:.0f} % {': '.join(filter(None, (used.photograph.name, used.photograph.credit)))}" for used in photographs]
