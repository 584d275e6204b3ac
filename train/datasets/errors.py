"""Errors in training data, by kind."""

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
    """An unusable data set or file of one.

    Args:
        found, expected, action: See :class:`EngineError`; ``found`` names the file.
        kind: Kind of problem, a heading of reports.
    """

    def __init__(self, found: str, expected: str = "", action: str = "", kind: ProblemKind = "data set") -> None:
        super().__init__(found, expected, action)
        self.kind: ProblemKind = kind
