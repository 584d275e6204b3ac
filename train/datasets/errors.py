"""What can be wrong with training data, each kind with a name that a report can sort by."""

from __future__ import annotations

from typing import Literal

from spade_studio.engine.errors import EngineError

ProblemKind = Literal[
    "data set",
    "no image",
    "missing partner",
    "two of a name",
    "sizes differ",
    "no known label",
    "unknown id",
    "unreadable",
    "not a label map",
    "batch",
]


class DataError(EngineError):
    """A data set, or one of its files, is not usable.

    Args:
        found, expected, action: See :class:`EngineError`; ``found`` names the file.
        kind: What is wrong, in the words of a report's headings.
    """

    def __init__(self, found: str, expected: str = "", action: str = "", kind: ProblemKind = "data set") -> None:
        super().__init__(found, expected, action)
        self.kind: ProblemKind = kind
