"""Which size a live picture is rendered at: what is wanted, and what comes first where that takes long."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Size = tuple[int, int]
"""(height, width) in pixels."""

PATIENCE_SECONDS = 0.5
"""A frame that takes longer comes after a small one."""

UNMEASURED_PIXELS = 256 * 256
"""Before anything was measured, larger pictures begin with a small one, which is measured."""

SAME_ASPECT = 0.02
"""Layouts whose aspect differs from that of training by no more count as made for it."""

_WEIGHT = 0.4
"""Of the newest frame in the mean of those at its size."""


@dataclass(frozen=True)
class SizeWish:
    """How large pictures are wanted, whatever layout and weights come; their aspect is the layout's, unless both sides are said.

    Attributes:
        kind: ``training``: as many pixels as the pictures have that the weights were trained on; ``automatic``: as
            :func:`~spade_studio.engine.rendering.result_plan.automatic_size` says, and as ``training`` for what the generator renders by
            itself; ``layout``: as large as the layout; ``side``: as ``longer_side`` says; ``exact``: as ``exact`` says.
        longer_side: In pixels.
        exact: (height, width) in pixels.
    """

    kind: Literal["training", "automatic", "layout", "side", "exact"] = "training"
    longer_side: int = 0
    exact: Size = (0, 0)

    def size(self, layout: Size, training: Size, nearest: Callable[[int, int], Size]) -> Size:
        """Return the (height, width) to render a layout at.

        Args:
            layout: (height, width) of the layout.
            training: (height, width) of the pictures the weights were trained on.
            nearest: The size nearest to a height and width that the weights can render.
        """
        if self.kind == "exact":
            return nearest(*self.exact)
        height, width = layout
        if self.kind in ("training", "automatic"):
            if abs(height * training[1] / (width * training[0]) - 1) <= SAME_ASPECT:
                return nearest(*training)
            scale = math.sqrt(math.prod(training) / math.prod(layout))
        else:
            scale = self.longer_side / max(layout) if self.kind == "side" else 1.0
        return nearest(round(height * scale), round(width * scale))


class FrameTimes:
    """Seconds that exact frames take, by size.

    The first frame at a size holds what happens once (memory, choice of algorithms): the second takes its place, later ones are averaged.
    """

    def __init__(self) -> None:
        self._seconds: dict[Size, float] = {}
        self._counts: dict[Size, int] = {}

    def add(self, size: Size, seconds: float) -> None:
        """Note what one exact frame took."""
        count = self._counts[size] = self._counts.get(size, 0) + 1
        before = self._seconds.get(size, seconds)
        self._seconds[size] = seconds if count <= 2 else before + _WEIGHT * (seconds - before)

    def expected(self, size: Size) -> float | None:
        """Return the seconds of an exact frame, in proportion to the pixels of the nearest size measured; None before the first."""
        if not self._seconds:
            return None
        pixels = math.prod(size)
        nearest = min(self._seconds, key=lambda other: (other != size, abs(math.log(math.prod(other) / pixels))))
        return self._seconds[nearest] * pixels / math.prod(nearest)


def smaller_size(size: Size, nearest: Callable[[int, int], Size], times: FrameTimes, training: Size) -> Size | None:
    """Return the largest of a half, a quarter and an eighth of a size that is quick enough, or the smallest of them that is no ruin.

    Args:
        size: What is wanted in the end.
        nearest: The size nearest to a height and width that the weights can render.
        times: What is known of frames.
        training: (height, width) of the pictures the weights were trained on: at less than half of it they give no likeness.

    Returns:
        None where the weights can render nothing smaller that is of use.
    """
    found: Size | None = None
    for divisor in (2, 4, 8):
        candidate = nearest(size[0] // divisor, size[1] // divisor)
        if math.prod(candidate) >= math.prod(found or size) or 2 * min(candidate) < min(training):
            break
        found = candidate
        expected = times.expected(candidate)
        if math.prod(candidate) <= UNMEASURED_PIXELS if expected is None else expected <= PATIENCE_SECONDS:
            break
    return found


def takes_long(size: Size, times: FrameTimes, share: float | None = None) -> bool:
    """Say whether a frame will not come within :data:`PATIENCE_SECONDS`.

    Args:
        size: Of the frame.
        times: What is known of frames.
        share: Of an exact frame's work, where only a part is computed anew.
    """
    expected = times.expected(size)
    if expected is None:
        return math.prod(size) > UNMEASURED_PIXELS
    return expected * (1.0 if share is None else share) > PATIENCE_SECONDS
