"""What can be told of a weights file before any of its numbers is read, as values that a window puts into words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from spade_studio.engine.weights.info import WeightsInfo


@dataclass(frozen=True)
class WeightsFacts:
    """A file or folder as its headers describe it.

    Attributes:
        info: What it holds.
        files: The files that belong to it, each with its size in bytes.
        numbers: How many numbers are stored in each type (``F32``, ``F16`` ...), of generator and encoder together, or of what there is.
        generator_parameters: Numbers that the generator learned; None without one.
        encoder_parameters: Likewise of the encoder.
        card: The text of the model card beside it, or "".
    """

    info: WeightsInfo
    files: tuple[tuple[Path, int], ...]
    numbers: Mapping[str, int] = field(default_factory=dict[str, int])
    generator_parameters: int | None = None
    encoder_parameters: int | None = None
    card: str = ""

    @property
    def bytes(self) -> int:
        """Size of all files together."""
        return sum(size for _, size in self.files)
