"""The facts about a weights file that its headers hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from spade_studio.engine.weights.info import WeightsInfo


@dataclass(frozen=True)
class WeightsFacts:
    """A weights file or folder, as described by its headers.

    Attributes:
        info: Contents.
        files: Files that belong to it, with their sizes in bytes.
        numbers: Number of stored values by type (``F32``, ``F16`` ...), over generator and encoder.
        generator_parameters: Number of learned parameters of the generator; None without one.
        encoder_parameters: Number of learned parameters of the encoder; None without one.
        card: Text of the model card beside it; may be empty.
    """

    info: WeightsInfo
    files: tuple[tuple[Path, int], ...]
    numbers: Mapping[str, int] = field(default_factory=dict[str, int])
    generator_parameters: int | None = None
    encoder_parameters: int | None = None
    card: str = ""

    @property
    def bytes(self) -> int:
        """Total size of all files."""
        return sum(size for _, size in self.files)
