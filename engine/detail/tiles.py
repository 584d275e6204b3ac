"""The division of a large picture into overlapping tiles."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True)
class Span:
    """The extent of one tile along one axis, in input pixels.

    Attributes:
        start, stop: Range that the network reads.
        first, last: Range that is kept of its output; these ranges partition the axis.
    """

    start: int
    stop: int
    first: int
    last: int


def divide(length: int, most: int, margin: int) -> list[Span]:
    """Divide an axis into spans of about equal length.

    Args:
        length: Length of the axis in pixels.
        most: Maximum length that the network reads at a time.
        margin: Overlap: pixels read beyond the kept range, inside the picture.
    """
    inner = most - 2 * margin
    count = 1 if length <= most else ceil(length / inner)
    edges = [length * i // count for i in range(count + 1)]
    return [Span(max(0, a - margin), min(length, b + margin), a, b) for a, b in itertools.pairwise(edges)]
