"""Photographs that a picture is made of, and where the bank of their pieces lies, as values that windows and files share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SUFFIX: Final = ".bank"
"""Of the files of memory banks."""


def bank_beside(weights: Path) -> Path:
    """Return where the bank of weights is looked for: beside them, with their name."""
    return weights.with_suffix(SUFFIX)


@dataclass(frozen=True)
class Photograph:
    """Where pieces come from.

    Attributes:
        name: In its data set.
        credit: Author, licence and address where these are known of this photograph, or "".
    """

    name: str
    credit: str = ""


@dataclass(frozen=True)
class UsedPhotograph:
    """A photograph that a picture is made of.

    Attributes:
        photograph: Which.
        labels: Ids of the segments that its pieces stand for.
        share: Of the picture's pixels that the canvas has from it.
    """

    photograph: Photograph
    labels: tuple[int, ...]
    share: float


@dataclass(frozen=True)
class Origin:
    """What a picture is made of.

    Attributes:
        photographs: The largest share first.
        licence: Under which terms all of them may be used.
        source: Where they come from.
    """

    photographs: tuple[UsedPhotograph, ...]
    licence: str
    source: str

    def lines(self) -> list[str]:
        """Return a line for each photograph, then source and licence."""
        ends = (("Source", self.source), ("Licence", self.licence))
        return [*credit_lines(self.photographs), *(f"{name}: {text}" for name, text in ends if text)]


def credit_lines(photographs: Sequence[UsedPhotograph]) -> list[str]:
    """Return a line for each photograph: its share of the picture, its name, and its credit where there is one."""
    return [f"{100 * used.share:.0f} % {': '.join(filter(None, (used.photograph.name, used.photograph.credit)))}" for used in photographs]
