"""Renders in a thread of its own: a one-slot mailbox in, results and failures out as values.

It knows neither Qt nor torch: the renderer comes from a function that the thread calls, and torch is first imported there.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from spade_studio.engine.errors import EngineError, OutOfMemoryError, RenderError

if TYPE_CHECKING:
    from spade_studio.engine.renderer import Renderer
    from spade_studio.engine.weights import WeightsInfo

SECONDS_BETWEEN_FRAMES = 1.0
"""A running render gives way to a newer request only if a frame was shown within this time (DESIGN.md, flow A)."""


@dataclass(frozen=True, eq=False)
class RenderRequest:
    """All that one picture needs.

    Attributes:
        revision: Of the document; results carry it back.
        labels: uint8 [H, W] dataset ids, never modified after submission.
        style: A style code [z], a seed, or None for weights without noise input.
        size: (height, width) to render at; the renderer's default size for the map where None.
        instances: Instance ids [H, W].
        hand_moving: Whether a stroke is under way, so that a preview is enough.
    """

    revision: int
    labels: npt.NDArray[np.uint8]
    style: npt.NDArray[np.float32] | int | None
    size: tuple[int, int] | None = None
    instances: npt.NDArray[np.integer] | None = None
    hand_moving: bool = False


@dataclass(frozen=True, eq=False)
class RenderResult:
    """A picture.

    Attributes:
        revision: Of the request.
        image: uint8 [H, W, 3].
        quality: ``preview`` where only what an edit touched was recomputed.
        seconds: From the start of the work to the picture.
        size: (height, width) of the picture.
        unknown_ids: Dataset ids that the weights do not know, with their pixels.
        message: What a person should know, or empty.
    """

    revision: int
    image: npt.NDArray[np.uint8]
    quality: Literal["preview", "exact"]
    seconds: float
    size: tuple[int, int]
    unknown_ids: dict[int, int]
    message: str = ""


@dataclass(frozen=True)
class RenderFailure:
    """A request that gave no picture; ``revision`` is -1 where the weights could not be loaded."""

    revision: int
    error: EngineError


@dataclass(frozen=True)
class RendererReady:
    """What was loaded, told before the first picture."""

    info: WeightsInfo
    device: str
    dtype: str
    stride: int
    can_use_noise: bool
    can_use_style_image: bool
    known_ids: tuple[int, ...]


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


class RenderService:
    """One thread that renders the newest request.

    Args:
        load: Makes the renderer; called once, on the thread.
        deliver: Takes everything that happens, in order, on the thread; it must not block for long.
    """

    def __init__(self, load: Callable[[], Renderer], deliver: Callable[[Delivery], None]) -> None:
        self._load = load
        self._deliver = deliver
        self._changed = threading.Condition()
        self._waiting: RenderRequest | None = None
        self._jobs: deque[RenderJob] = deque()
        self._closing = False
        self._last_frame = -SECONDS_BETWEEN_FRAMES
        self._thread = threading.Thread(target=self._run, name="render")

    def start(self) -> None:
        """Start the thread; it loads the renderer first."""
        self._thread.start()

    def submit(self, request: RenderRequest) -> None:
        """Put a request in the mailbox; one that still waits there is dropped."""
        with self._changed:
            self._waiting = request
            self._changed.notify()

    def submit_job(self, job: RenderJob) -> None:
        """Put a job at the end of the queue, which is served while no request waits."""
        with self._changed:
            self._jobs.append(job)
            self._changed.notify()

    def close(self) -> None:
        """Stop at the next block boundary and join the thread; nothing is delivered afterwards."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join()

    def _should_stop(self) -> bool:
        """Whether the running render shall give way: to the end, or to a newer request if a frame was shown lately."""
        if self._closing:
            return True
        return self._waiting is not None and time.monotonic() - self._last_frame < SECONDS_BETWEEN_FRAMES

    def _say(self, delivery: Delivery) -> None:
        if not self._closing:
            self._deliver(delivery)

    def _run(self) -> None:
        try:
            renderer = self._load()
        except EngineError as error:
            self._say(RenderFailure(-1, error))
            return
        except Exception as error:  # noqa: BLE001 - the thread's border: whatever it is has to reach the person
            self._say(RenderFailure(-1, RenderError(f"loading failed: {type(error).__name__}: {error}")))
            return
        self._say(
            RendererReady(
                renderer.info,
                renderer.device,
                renderer.dtype,
                renderer.stride,
                renderer.z_width is not None,
                renderer.info.can_use_style_image,
                renderer.info.channels.known_ids if renderer.info.channels else (),
            )
        )
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closing or self._waiting is not None or bool(self._jobs))
                if self._closing:
                    return
                request, self._waiting = self._waiting, None
                job = self._jobs.popleft() if request is None else None
            if request is not None:
                self._serve(renderer, request)
            elif job is not None and not job.is_cancelled:
                self._do(renderer, job)

    def _do(self, renderer: Renderer, job: RenderJob) -> None:
        try:
            done = JobDone(job, job.do(renderer))
        except EngineError as error:
            done = JobDone(job, None, error)
        except Exception as error:  # noqa: BLE001 - one broken job must not end the thread
            done = JobDone(job, None, RenderError(f"rendering failed: {type(error).__name__}: {error}"))
        self._say(done)

    def _serve(self, renderer: Renderer, request: RenderRequest) -> None:
        try:
            result = self._render(renderer, request)
        except EngineError as error:
            self._say(RenderFailure(request.revision, error))
        except Exception as error:  # noqa: BLE001 - one broken request must not end the thread
            self._say(RenderFailure(request.revision, RenderError(f"rendering failed: {type(error).__name__}: {error}")))
        else:
            if result is not None:
                self._last_frame = time.monotonic()
                self._say(result)

    def _render(self, renderer: Renderer, request: RenderRequest) -> RenderResult | None:
        """Render at the asked size, or at the largest half of it that fits in memory; None when it gave way."""
        start = time.perf_counter()
        style = renderer.style_from_seed(request.style) if isinstance(request.style, int) and renderer.z_width else request.style
        renderer.set_style(None if isinstance(style, int) else style)
        size = request.size or renderer.default_size(*request.labels.shape)
        message = ""
        while True:
            try:
                report = renderer.set_layout(request.labels, request.instances, size)
                picture = renderer.render_frame(preview=request.hand_moving, should_stop=self._should_stop)
            except OutOfMemoryError as error:
                renderer.release_memory()
                smaller = tuple(side // 2 // renderer.stride * renderer.stride for side in size)
                if min(smaller) < renderer.config.smallest_side:
                    raise
                size = (smaller[0], smaller[1])
                message = f"{error.found}: rendered at {size[1]}x{size[0]}"
                continue
            if picture is None:
                return None
            seconds = time.perf_counter() - start
            return RenderResult(request.revision, picture.image, picture.quality, seconds, size, report.unknown_ids, message)
