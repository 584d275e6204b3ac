"""From the requested size of a picture to the generator's size, level of detail and result."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from spade_studio.engine.detail.levels import DetailLevel, automatic_level, available_levels
from spade_studio.engine.rendering.frame_sizes import SAME_ASPECT, Size, SizeWish

IntegerT = TypeVar("IntegerT", bound=np.integer)
Fit = Literal["stretch", "crop"]

MAX_RESULT_SIDE: Final = 8192

_SAME_SHAPE: Final = 0.51
"""Deviation in pixels from the layout's aspect ratio that counts as rounding."""

AUTOMATIC_SHORT_SIDE: Final = 512
"""Short side in pixels of results of size ``automatic``."""

LARGEST_RAW_FACTOR: Final = 1.5
"""Short side relative to the training size above which a generator's pictures lose their global structure."""


@dataclass(frozen=True)
class ResultWish:
    """A requested picture, independent of layout and weights.

    Attributes:
        size: (height, width) of the picture, or a wish for it; the training size in the layout's aspect ratio where None.
        detail: Level of detail; ``auto`` is ``none`` up to a short side of 256 pixels or that of the generator's picture, and above it
            ``full``, or ``fast`` where the size is ``automatic`` without an upscaler file.
        fit: Treatment of layouts of another aspect ratio: ``stretch``, or ``crop`` equally on both sides.
        upscaler: Upscaler file in place of the level's; None for the bundled one.
    """

    size: Size | SizeWish | None = None
    detail: DetailLevel | Literal["auto"] = "none"
    fit: Fit = "stretch"
    upscaler: Path | None = None


@dataclass(frozen=True)
class ResultPlan:
    """The steps from a layout to a picture; all sizes are (height, width).

    Attributes:
        part: (top, left, height, width) of the part of the layout that is used.
        base: Size of the generator's picture, near the training size, in the result's aspect ratio.
        rendered: Size that the generator renders: ``base`` padded to sides that it supports by repeating the layout's edges.
        result: Size of the result.
        detail: Level of detail.
        stretch: Aspect ratio of the result relative to that of ``part``; 1 where it is kept.
        upscaler: Upscaler file in place of the level's.
    """

    part: tuple[int, int, int, int]
    base: Size
    rendered: Size
    result: Size
    detail: DetailLevel
    stretch: float
    upscaler: Path | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the generator's picture is the result."""
        return self.detail == "none" and self.result == self.base

    @property
    def place(self) -> tuple[int, int]:
        """(top, left) of ``base`` in ``rendered``."""
        return (self.rendered[0] - self.base[0]) // 2, (self.rendered[1] - self.base[1]) // 2

    def padded(self, plane: npt.NDArray[IntegerT]) -> npt.NDArray[IntegerT]:
        """Pad a plane of size ``base`` to ``rendered`` by repeating its edges."""
        (top, left), (height, width) = self.place, self.base
        return np.pad(plane, ((top, self.rendered[0] - height - top), (left, self.rendered[1] - width - left)), mode="edge")

    def cropped(self, picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Crop a picture [H, W, 3] of size ``rendered``, at any scale, to ``base``."""
        vertical, horizontal = picture.shape[0] / self.rendered[0], picture.shape[1] / self.rendered[1]
        (top, left), (height, width) = self.place, self.base
        rows = slice(round(top * vertical), round((top + height) * vertical))
        return picture[rows, round(left * horizontal) : round((left + width) * horizontal)]


def plan_result(layout: Size, wish: ResultWish, training: Size, nearest: Callable[[int, int], Size], stride: int) -> ResultPlan:
    """Plan a picture of a layout.

    Args:
        layout: Size of the layout.
        wish: The requested picture.
        training: Size of the training pictures.
        nearest: Function from a height and width to the nearest size that the weights can render.
        stride: Number of pixels that rendered sides are multiples of.
    """
    size, is_automatic = wish.size, False
    if isinstance(size, SizeWish):
        is_automatic = size.kind == "automatic"
        asked = None if size.kind == "training" else size.size(layout, training, _within)
        size = automatic_size(layout, training) if is_automatic else asked
    part = (0, 0, *layout) if size is None or wish.fit == "stretch" else _part_of_aspect(layout, size)
    base = _base_size(part[2:] if size is None or is_automatic else size, training, nearest)
    result = size or base
    detail = automatic_level(result, base) if wish.detail == "auto" else wish.detail
    if is_automatic and wish.detail == "auto" and wish.upscaler is None and detail == "full":
        detail = "fast"  # which that size is for: many such pictures come as the window shows them, and soon
    return ResultPlan(
        part,
        base,
        rendered_size(base, nearest, stride),
        result,
        detail,
        result[1] * part[2] / (result[0] * part[3]),
        wish.upscaler,
    )


def automatic_size(layout: Size, training: Size) -> Size | None:
    """Return the size of a layout's pictures where nobody chose one: a short side of :data:`AUTOMATIC_SHORT_SIDE`.

    None for the trained size, where that is no smaller or less than half of it, or the detail that follows a stroke is not installed.

    Args:
        layout: Size of the layout.
        training: Size of the training pictures.
    """
    if not min(training) < AUTOMATIC_SHORT_SIDE <= 2 * min(training) or "fast" not in available_levels():
        return None
    height, width = training if _is_trained_aspect(layout, training) else layout
    factor = AUTOMATIC_SHORT_SIDE / min(height, width)
    return _within(height * factor, width * factor)


def rendered_size(base: Size, nearest: Callable[[int, int], Size], stride: int) -> Size:
    """Return the smallest size that contains ``base`` and that the weights can render."""
    return nearest(math.ceil(base[0] / stride) * stride, math.ceil(base[1] / stride) * stride)


def raw_plan(layout: Size, size: Size) -> ResultPlan:
    """Return the plan of a picture rendered by the generator alone at full size, with the layout stretched to it."""
    return ResultPlan((0, 0, *layout), size, size, size, "none", size[1] * layout[0] / (size[0] * layout[1]))


def _base_size(asked: Size, training: Size, nearest: Callable[[int, int], Size]) -> Size:
    if _is_trained_aspect(asked, training):
        return nearest(*training)
    height, width = asked
    factor = min(training) / min(asked)
    return _within(height * factor, width * factor)


def _is_trained_aspect(size: Size, training: Size) -> bool:
    return abs(size[0] * training[1] / (size[1] * training[0]) - 1) <= SAME_ASPECT


def _within(height: float, width: float) -> Size:
    """Return whole sides of at least 1, the longer at most :data:`MAX_RESULT_SIDE`."""
    factor = min(1.0, MAX_RESULT_SIDE / max(height, width))
    return max(1, round(height * factor)), max(1, round(width * factor))


def _part_of_aspect(layout: Size, size: Size) -> tuple[int, int, int, int]:
    height, width = layout
    rows = min(height, max(1, round(width * size[0] / size[1])))
    columns = min(width, max(1, round(height * size[1] / size[0])))
    return (height - rows) // 2, (width - columns) // 2, rows, columns


def is_same_shape(size: Size, layout: Size) -> bool:
    """Return whether a result has the aspect ratio of a layout, up to rounding to whole pixels."""
    return abs(size[0] - size[1] * layout[0] / layout[1]) < _SAME_SHAPE or abs(size[1] - size[0] * layout[1] / layout[0]) < _SAME_SHAPE


def raw_factor(size: Size, training: Size) -> float:
    """Return the short side of a picture relative to that of the training pictures."""
    return min(size) / min(training)
