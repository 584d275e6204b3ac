"""What goes into the render thread and comes out of it: values that never change once they are handed over."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from spade_studio.engine.bank.photographs import Origin
from spade_studio.engine.detail.levels import DetailLevel
from spade_studio.engine.errors import EngineError
from spade_studio.engine.rendering.frame_sizes import Size, SizeWish
from spade_studio.engine.rendering.result_plan import ResultWish, plan_result

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
        texture: Seed of the noise.
        texture_regions: Where the noise has other seeds, uint16 [H, W], see :meth:`Renderer.set_texture`; never modified.
        result: What is wanted of the picture: then the generator renders near its trained size, and details bring it to the result's;
            ``size`` is without effect. None for what the generator renders at ``size``.
        patience: The level ``full`` is given up as soon as it shows that it takes more seconds, which :class:`DetailPostponed` tells.
    """

    revision: int
    labels: npt.NDArray[np.uint8]
    style: npt.NDArray[np.float32] | int | None
    size: Size | SizeWish | None = None
    instances: npt.NDArray[np.integer] | None = None
    hand_moving: bool = False
    texture: int = 0
    result: ResultWish | None = None
    patience: float = math.inf
    texture_regions: npt.NDArray[np.uint16] | None = None


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
        origin: The photographs that it is made of, for weights that complete pieces of photographs.
        more_follows: Whether the picture at full size, or with full detail, follows without another request.
        detail: The level of detail that made it.
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
    detail: DetailLevel = "none"


@dataclass(frozen=True)
class DetailProgress:
    """How far the full detail of a picture is that is shown without it, from 0 to 1."""

    revision: int
    part: float


@dataclass(frozen=True)
class DetailPostponed:
    """The full detail of a picture that is shown without it takes more ``seconds`` than the request's patience; nothing follows."""

    revision: int
    seconds: float


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
        has_texture: Whether a texture changes the picture.
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
    has_texture: bool = False

    def size_of(self, wish: SizeWish, layout: Size) -> Size:
        """Return the (height, width) that a layout's pictures get."""
        generator, largest = self.info.generator, self.largest_side
        if generator is None:
            return layout

        def nearest(height: int, width: int) -> Size:
            return generator.nearest_size(min(height, largest), min(width, largest))

        return plan_result(layout, ResultWish(wish), self.training_size, nearest, self.stride).result


class RenderJob:
    """Work in the background on the loaded renderer, such as one picture of a sheet: it runs while no request waits.

    Args:
        do: Called on the render thread with the renderer. It must be short, since a new stroke waits for its end, or ask
            :meth:`should_give_way` and raise GaveWayError: then it is called again when no request waits.
    """

    def __init__(self, do: Callable[[Renderer], object]) -> None:
        self.do = do
        self._is_cancelled = threading.Event()
        self._has_request: Callable[[], bool] | None = None

    @property
    def is_cancelled(self) -> bool:
        """Whether nobody waits for it any more; long work may look."""
        return self._is_cancelled.is_set()

    def begin(self, has_request: Callable[[], bool]) -> None:
        """Note, on the render thread, how to ask whether a request waits."""
        self._has_request = has_request

    def should_give_way(self) -> bool:
        """Whether a request waits, or nobody waits for the job any more."""
        return self.is_cancelled or (self._has_request is not None and self._has_request())

    def cancel(self) -> None:
        """Take it back: it does not begin any more, and its end is not told."""
        self._is_cancelled.set()


@dataclass(frozen=True, eq=False)
class JobDone:
    """A job's end: what it returned, or the error that ended it."""

    job: RenderJob
    value: object
    error: EngineError | None = None


Delivery = RendererReady | RenderResult | RenderFailure | JobDone | DetailProgress | DetailPostponed
