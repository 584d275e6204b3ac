"""The size of live pictures: the requested size, and a smaller one first where that takes long."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Size = tuple[int, int]
"""(height, width) in pixels."""

PATIENCE_SECONDS = 0.5
"""Seconds of a frame above which a smaller one is rendered first."""

UNMEASURED_PIXELS = 256 * 256
"""Number of pixels above which, before any measurement, a smaller frame is rendered first."""

SAME_ASPECT = 0.02
"""Maximum relative difference from the training aspect ratio at which a layout is rendered at the training size."""

_WEIGHT = 0.4
"""Weight of the newest frame in the moving average of its size."""


@dataclass(frozen=True)
class SizeWish:
    """A requested picture size, independent of layout and weights, in the layout's aspect ratio unless exact.

    Attributes:
        kind: ``training``: as many pixels as the training pictures of the weights; ``automatic``: see
            :func:`~spade_studio.engine.rendering.result_plan.automatic_size`, and ``training`` for the generator's own pictures;
            ``layout``: the size of the layout; ``side``: a longer side of ``longer_side``; ``exact``: ``exact``.
        longer_side: Longer side in pixels.
        exact: (height, width) in pixels.
    """

    kind: Literal["training", "automatic", "layout", "side", "exact"] = "training"
    longer_side: int = 0
    exact: Size = (0, 0)

    def size(self, layout: Size, training: Size, nearest: Callable[[int, int], Size]) -> Size:
        """Return the (height, width) at which to render a layout.

        Args:
            layout: (height, width) of the layout.
            training: (height, width) of the training pictures.
            nearest: Function from a height and width to the nearest size that the weights can render.
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
    """Moving averages of the time of exact frames, by size.

    The first frame at a size includes one-time work (allocation, choice of algorithms); the second replaces it.
    """

    def __init__(self) -> None:
        self._seconds: dict[Size, float] = {}
        self._counts: dict[Size, int] = {}

    def add(self, size: Size, seconds: float) -> None:
        """Add the time of one exact frame."""
        count = self._counts[size] = self._counts.get(size, 0) + 1
        before = self._seconds.get(size, seconds)
        self._seconds[size] = seconds if count <= 2 else before + _WEIGHT * (seconds - before)

    def expected(self, size: Size) -> float | None:
        """Return the expected seconds of an exact frame, in proportion to pixels from the nearest measured size; None without one."""
        if not self._seconds:
            return None
        pixels = math.prod(size)
        nearest = min(self._seconds, key=lambda other: (other != size, abs(math.log(math.prod(other) / pixels))))
        return self._seconds[nearest] * pixels / math.prod(nearest)


def smaller_size(size: Size, nearest: Callable[[int, int], Size], times: FrameTimes, training: Size) -> Size | None:
    """Return the largest of 1/2, 1/4 and 1/8 of a size that is fast enough, else the smallest of acceptable quality.

    Args:
        size: Final size.
        nearest: Function from a height and width to the nearest size that the weights can render.
        times: Measured times.
        training: (height, width) of the training pictures; pictures below half of it are too poor.

    Returns:
        (height, width), or None where there is no acceptable smaller size.
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
    """Return whether a frame is expected to take longer than :data:`PATIENCE_SECONDS`.

    Args:
        size: (height, width) of the frame.
        times: Measured times.
        share: Fraction of an exact frame's work, for previews.
    """
    expected = times.expected(size)
    if expected is None:
        return math.prod(size) > UNMEASURED_PIXELS
    return expected * (1.0 if share is None else share) > PATIENCE_SECONDS
