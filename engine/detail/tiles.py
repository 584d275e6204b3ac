"""How a large picture is divided into overlapping tiles."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True)
class Span:
    """One tile along one side, in pixels of the picture that goes in.

    Attributes:
        start, stop: What the network reads.
        first, last: What is kept of its result; the spans of a side together keep every pixel once.
    """

    start: int
    stop: int
    first: int
    last: int


def divide(length: int, most: int, margin: int) -> list[Span]:
    """Divide a side into spans of about equal length.

    Args:
        length: Of the side.
        most: The length of what a network reads at a time.
        margin: What it reads beyond what is kept, where the picture goes on.
    """
    inner = most - 2 * margin
    count = 1 if length <= most else ceil(length / inner)
    edges = [length * i // count for i in range(count + 1)]
    return [Span(max(0, a - margin), min(length, b + margin), a, b) for a, b in itertools.pairwise(edges)]
