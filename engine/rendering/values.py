"""What goes into the render thread and comes out of it: values that never change once they are handed over.

They know neither Qt nor torch, and nothing of the thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from spade_studio.engine.bank.photographs import Origin
from spade_studio.engine.errors import EngineError
from spade_studio.engine.rendering.frame_sizes import Size, SizeWish

if TYPE_CHECKING:
    from spade_studio.engine.rendering.renderer import Renderer
    from spade_studio.engine.weights import WeightsInfo


@dataclass(frozen=True, eq=False)
class RenderRequest:
    """All that one picture needs.

    Attributes:
        revision: Of the document; results carry it back.
        labels: uint8 [H, W] dataset ids, never modified after submission.
        style: A style code [z], a seed, or None for weights without noise input.
        size: (height, width) to render at, or what decides it; the renderer's default size for the map where None.
        instances: Instance ids [H, W].
        hand_moving: Whether a stroke is under way, so that a preview is enough.
        texture: Seed of the noise, or seeds int32 [H, W] of every pixel.
    """

    revision: int
    labels: npt.NDArray[np.uint8]
    style: npt.NDArray[np.float32] | int | None
    size: Size | SizeWish | None = None
    instances: npt.NDArray[np.integer] | None = None
    hand_moving: bool = False
    texture: int | npt.NDArray[np.int32] = 0


@dataclass(frozen=True, eq=False)
class RenderResult:
    """A picture.

    Attributes:
        revision: Of the request.
        image: uint8 [H, W, 3].
        quality: ``preview`` where only what an edit touched was recomputed, or where it is smaller than what was asked for because
            that takes long; ``exact`` otherwise.
        seconds: From the start of the work to the picture.
        size: (height, width) of the picture.
        unknown_ids: Dataset ids that the weights do not know, with their pixels.
        message: What a person should know, or empty.
        reduced: (height, width) that was asked for and that memory suffices for, where these differ.
        more_follows: Whether the picture at full size follows without another request.
        origin: The photographs that it is made of, for weights that complete pieces of photographs.
    """

    revision: int
    image: npt.NDArray[np.uint8]
    quality: Literal["preview", "exact"]
    seconds: float
    size: tuple[int, int]
    unknown_ids: dict[int, int]
    message: str = ""
    reduced: tuple[Size, Size] | None = None
    more_follows: bool = False
    origin: Origin | None = None


@dataclass(frozen=True)
class RenderFailure:
    """A request that gave no picture; ``revision`` is -1 where the weights could not be loaded."""

    revision: int
    error: EngineError


@dataclass(frozen=True)
class RendererReady:
    """What was loaded, told before the first picture.

    Attributes:
        info: What the weights are.
        device: Where it renders, resolved: ``cpu``, ``cuda:0``.
        dtype: The compute type, resolved: ``float32``.
        stride: Sides of pictures are multiples of this.
        can_use_noise: Whether a style changes the picture.
        can_use_style_image: Whether a photograph can give the style.
        known_ids: Dataset ids that the weights know.
        path: Of the weights.
        sha256: Of the weights; see :class:`~spade_studio.engine.weights.info.LoadedWeights`.
        z_width: Length of a style code; None for weights without noise input.
        training_size: (height, width) of the pictures it was trained on.
        smallest_side, largest_side: Limits of the sides of pictures; ``info.generator.nearest_size`` rounds within them.
    """

    info: WeightsInfo
    device: str
    dtype: str
    stride: int
    can_use_noise: bool
    can_use_style_image: bool
    known_ids: tuple[int, ...]
    path: Path
    sha256: str
    z_width: int | None
    training_size: tuple[int, int]
    smallest_side: int
    largest_side: int

    def size_of(self, wish: SizeWish, layout: Size) -> Size:
        """Return the (height, width) that a layout's pictures get."""
        generator, largest = self.info.generator, self.largest_side
        if generator is None:
            return layout
        return wish.size(layout, self.training_size, lambda h, w: generator.nearest_size(min(h, largest), min(w, largest)))


class RenderJob:
    """Work in the background on the loaded renderer, such as one picture of a sheet: it runs while no request waits.

    Args:
        do: Called on the render thread with the renderer. It must be short, since a new stroke waits for its end.
    """

    def __init__(self, do: Callable[[Renderer], object]) -> None:
        self.do = do
        self._is_cancelled = threading.Event()

    @property
    def is_cancelled(self) -> bool:
        """Whether nobody waits for it any more; long work may look."""
        return self._is_cancelled.is_set()

    def cancel(self) -> None:
        """Take it back: it does not begin any more, and its end is not told."""
        self._is_cancelled.set()


@dataclass(frozen=True, eq=False)
class JobDone:
    """A job's end: what it returned, or the error that ended it."""

    job: RenderJob
    value: object
    error: EngineError | None = None


Delivery = RendererReady | RenderResult | RenderFailure | JobDone
