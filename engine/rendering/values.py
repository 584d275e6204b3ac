"""Immutable messages to and from the render thread."""

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
    """A request for one picture.

    Attributes:
        revision: Revision of the document, returned with results.
        labels: Dataset ids, uint8 [H, W], never modified after submission.
        style: Style code [z], seed, or None for weights without noise input.
        size: (height, width) to render at, or a wish for it; the renderer's default size for the map where None.
        instances: Instance ids [H, W].
        hand_moving: Whether a stroke is in progress, so that a preview suffices.
        texture: Seed of the noise.
        texture_regions: Regions with noise seeds of their own, uint16 [H, W], see :meth:`Renderer.set_texture`; never modified.
        result: Requested result: the generator renders near its training size, upscaled to the result, and ``size`` is ignored. None for
            the generator's picture at ``size``.
        patience: Maximum seconds of the level ``full``; beyond that it is abandoned with :class:`DetailPostponed`.
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
    """A rendered picture.

    Attributes:
        revision: Revision of the request.
        image: RGB, uint8 [H, W, 3].
        quality: ``preview`` where only edited regions were recomputed, or where it is smaller or has less detail than requested to save
            time; ``exact`` otherwise.
        seconds: Render time.
        size: (height, width) of the picture.
        unknown_ids: Number of pixels by dataset id, for ids that the weights lack.
        message: Message for the user; may be empty.
        reduced: (height, width) requested, and that which memory suffices for, where these differ.
        origin: Photographs that the picture is composed of, for weights with a memory bank.
        more_follows: Whether the picture at full size, or with full detail, follows without another request.
        detail: Level of detail of the picture.
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
    """Completed fraction, from 0 to 1, of the full detail of a picture that is shown without it."""

    revision: int
    part: float


@dataclass(frozen=True)
class DetailPostponed:
    """Notice that full detail would take ``seconds``, beyond the request's patience; nothing follows."""

    revision: int
    seconds: float


@dataclass(frozen=True)
class RenderFailure:
    """A failed request; ``revision`` is -1 where the weights could not be loaded."""

    revision: int
    error: EngineError


@dataclass(frozen=True)
class RendererReady:
    """The loaded renderer, announced before the first picture.

    Attributes:
        info: Description of the weights.
        device: Resolved device: ``cpu``, ``cuda:0``.
        dtype: Resolved compute type: ``float32``.
        stride: Number of pixels that the sides of pictures are multiples of.
        can_use_noise: Whether pictures depend on a style.
        can_use_style_image: Whether a photograph can give the style.
        known_ids: Dataset ids that the weights have labels for.
        path: Path of the weights.
        sha256: SHA-256 of the weights; see :class:`~spade_studio.engine.weights.info.LoadedWeights`.
        z_width: Length of a style code; None for weights without noise input.
        training_size: (height, width) of the training pictures.
        smallest_side, largest_side: Limits of the sides of pictures in pixels; ``info.generator.nearest_size`` rounds within them.
        has_texture: Whether pictures depend on a texture seed.
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
        """Return the (height, width) of a layout's pictures."""
        generator, largest = self.info.generator, self.largest_side
        if generator is None:
            return layout

        def nearest(height: int, width: int) -> Size:
            return generator.nearest_size(min(height, largest), min(width, largest))

        return plan_result(layout, ResultWish(wish), self.training_size, nearest, self.stride).result


class RenderJob:
    """Background work on the loaded renderer, such as one picture of a sheet; runs while no request waits.

    Args:
        do: Function of the renderer, called on the render thread. It must be short, since strokes wait for its end, or poll
            :meth:`should_give_way` and raise GaveWayError, after which it is called again when no request waits.
    """

    def __init__(self, do: Callable[[Renderer], object]) -> None:
        self.do = do
        self._is_cancelled = threading.Event()
        self._has_request: Callable[[], bool] | None = None

    @property
    def is_cancelled(self) -> bool:
        """Whether the job was cancelled; long jobs may poll it."""
        return self._is_cancelled.is_set()

    def begin(self, has_request: Callable[[], bool]) -> None:
        """Start the job, on the render thread; ``has_request`` returns whether a request waits."""
        self._has_request = has_request

    def should_give_way(self) -> bool:
        """Whether a request waits or the job was cancelled."""
        return self.is_cancelled or (self._has_request is not None and self._has_request())

    def cancel(self) -> None:
        """Cancel the job: it does not start any more, and where it gives way it is neither announced nor called again."""
        self._is_cancelled.set()


@dataclass(frozen=True, eq=False)
class JobDone:
    """The end of a job: its return value, or its error."""

    job: RenderJob
    value: object
    error: EngineError | None = None


Delivery = RendererReady | RenderResult | RenderFailure | JobDone | DetailProgress | DetailPostponed
