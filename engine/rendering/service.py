"""The render thread: a one-slot mailbox of requests, and results and failures as values."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from spade_studio.engine.errors import EngineError, GaveWayError, OutOfMemoryError, RenderError
from spade_studio.engine.hardware import give_back_memory
from spade_studio.engine.rendering.frame_sizes import FrameTimes, Size, SizeWish, smaller_size, takes_long
from spade_studio.engine.rendering.live_details import LiveDetails
from spade_studio.engine.rendering.values import (
    Delivery,
    DetailPostponed,
    DetailProgress,
    JobDone,
    RendererReady,
    RenderFailure,
    RenderJob,
    RenderRequest,
    RenderResult,
)

if TYPE_CHECKING:
    from spade_studio.engine.rendering.renderer import LayoutReport, Renderer

__all__ = [
    "Delivery",
    "DetailPostponed",
    "DetailProgress",
    "JobDone",
    "RenderFailure",
    "RenderJob",
    "RenderRequest",
    "RenderResult",
    "RenderService",
    "RendererReady",
]

SECONDS_BETWEEN_FRAMES = 1.0
"""Seconds since the last shown frame within which a running render gives way to a newer request."""


class RenderService:
    """A thread that renders the newest request.

    Before frames that take longer than :data:`~spade_studio.engine.rendering.frame_sizes.PATIENCE_SECONDS` a smaller one is rendered; the
    full size follows at once if the hand rests, else with the request after the stroke.

    Args:
        load: Factory of the renderer, called once on the thread.
        deliver: Callback for all results and events, in order, on the thread; must not block for long.
        prepare: Function that completes a request before rendering, called on the thread.
    """

    def __init__(
        self,
        load: Callable[[], Renderer],
        deliver: Callable[[Delivery], None],
        prepare: Callable[[RenderRequest], RenderRequest] | None = None,
    ) -> None:
        self._prepare = prepare
        self._load: Callable[[], Renderer] | None = load
        self._deliver = deliver
        self._changed = threading.Condition()
        self._waiting: RenderRequest | None = None
        self._jobs: deque[RenderJob] = deque()
        self._closing = False
        self._forgetting = False
        self._last_frame = -SECONDS_BETWEEN_FRAMES
        self._times = FrameTimes()
        self._asked: Size | None = None  # by the last request
        self._too_large: set[Size] = set()  # ran out of memory since that size is asked for
        self._shown: RenderRequest | None = None  # whose layout and style was shown last, at whatever size
        self._laid: tuple[Size, LayoutReport] | None = None  # what the renderer holds of the request at hand
        self._details = LiveDetails(self._say, self._should_stop, self._should_stop_refining)
        self._thread = threading.Thread(target=self._run, name="render")

    def start(self) -> None:
        """Start the thread, which loads the renderer first."""
        self._thread.start()

    def submit(self, request: RenderRequest) -> None:
        """Put a request in the mailbox, replacing one that still waits there."""
        with self._changed:
            self._waiting = request
            self._changed.notify()

    def submit_job(self, job: RenderJob) -> None:
        """Append a job to the queue, which is served while no request waits."""
        with self._changed:
            self._jobs.append(job)
            self._changed.notify()

    def forget_failures(self) -> None:
        """Let the next request retry sizes that exhausted memory."""
        self._forgetting = True

    def ask_to_stop(self) -> None:
        """Request a stop at the next block boundary, or after loading; nothing is delivered afterwards."""
        with self._changed:
            self._closing = True
            self._changed.notify()

    def close(self, patience: float | None = None) -> bool:
        """Stop at the next block boundary and join the thread; nothing is delivered afterwards.

        Args:
            patience: Timeout in seconds.

        Returns:
            Whether the thread has ended.
        """
        self.ask_to_stop()
        if self._thread.is_alive():
            self._thread.join(patience)
        return not self._thread.is_alive()

    def _should_stop(self) -> bool:
        """Whether the running render shall give way: to the end, or to a newer request if a frame was shown lately."""
        if self._closing:
            return True
        return self._waiting is not None and time.monotonic() - self._last_frame < SECONDS_BETWEEN_FRAMES

    def _should_stop_refining(self) -> bool:
        """Whether to give up the full size of what is shown small: always for a newer request, which begins with a small frame too."""
        return self._closing or self._waiting is not None

    def _say(self, delivery: Delivery) -> None:
        if not self._closing:
            self._deliver(delivery)

    def _run(self) -> None:
        self._work()
        give_back_memory()  # now that the renderer is gone

    def _work(self) -> None:
        load, self._load = self._load, None  # it may hold a renderer, which shall end with this thread whoever keeps the service
        assert load is not None
        try:
            renderer = load()
            ready = _ready(renderer)
        except EngineError as error:
            self._say(RenderFailure(-1, error))
            return
        except Exception as error:  # noqa: BLE001 - the thread's border: whatever it is has to reach the person
            self._say(RenderFailure(-1, RenderError(f"loading failed: {type(error).__name__}: {error}")))
            return
        self._say(ready)
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
        # What is said holds the error, the error this frame, and the frame the renderer: no variable here may close the circle.
        job.begin(self._should_stop_refining)
        try:
            self._say(JobDone(job, job.do(renderer)))
        except GaveWayError:
            if not job.is_cancelled:
                with self._changed:
                    self._jobs.appendleft(job)
        except EngineError as error:
            if isinstance(error, OutOfMemoryError):
                renderer.release_memory()
            self._say(JobDone(job, None, error))
        except Exception as error:  # noqa: BLE001 - one broken job must not end the thread
            self._say(JobDone(job, None, RenderError(f"rendering failed: {type(error).__name__}: {error}")))

    def _serve(self, renderer: Renderer, request: RenderRequest) -> None:
        self._laid = None
        try:
            if self._prepare is not None:
                request = self._prepare(request)
            plan, base = None, request
            if request.result is not None:
                plan = self._details.plan(renderer, request, request.result)
                base = self._details.base_request(renderer, request, plan)
            is_shown = plan is not None and self._shown is not None and _is_same(self._shown, base)
            for picture in self._results(renderer, base):
                details = None if plan is None else self._details.results(renderer, request, plan, picture, is_shown=is_shown)
                for result in (picture,) if details is None else details:
                    self._last_frame = time.monotonic()
                    self._shown = base
                    self._say(result)
        except EngineError as error:
            self._say(RenderFailure(request.revision, error))
        except Exception as error:  # noqa: BLE001 - one broken request must not end the thread
            self._say(RenderFailure(request.revision, RenderError(f"rendering failed: {type(error).__name__}: {error}")))

    def _results(self, renderer: Renderer, request: RenderRequest) -> Iterator[RenderResult]:
        """Give one picture or, where the asked size takes long, a small one and then that; none from where it gave way."""
        style = renderer.style_from_seed(request.style) if isinstance(request.style, int) and renderer.z_width else request.style
        renderer.set_style(None if isinstance(style, int) else style)
        renderer.set_texture(request.texture, request.texture_regions)
        asked = _asked_size(renderer, request)
        if asked != self._asked or self._forgetting:
            self._asked, self._forgetting = asked, False
            self._too_large.clear()
        size = self._fitting(renderer, asked)
        small = self._small_first(renderer, request, size)
        if small is not None:
            first = self._frame(renderer, request, small, self._should_stop, is_small=True)
            if first is None:
                return
            yield first
            if request.hand_moving:
                return
        is_refining = small is not None or (self._shown is not None and _is_same(self._shown, request) and takes_long(size, self._times))
        result = self._frame(renderer, request, size, self._should_stop_refining if is_refining else self._should_stop)
        if result is not None:
            yield result

    def _fitting(self, renderer: Renderer, size: Size) -> Size:
        """Return the size, or the largest half of it that is not known to be too large."""
        while size in self._too_large and (smaller := _half(renderer, size)) is not None:
            size = smaller
        return size

    def _small_first(self, renderer: Renderer, request: RenderRequest, size: Size) -> Size | None:
        """Return the smaller size to begin with; None where the full one is quick enough, or follows what was shown already."""
        if not takes_long(size, self._times):
            return None
        if request.hand_moving:
            with suppress(OutOfMemoryError):
                self._lay(renderer, request, size)
                share = renderer.preview_share()
                if share is not None and not takes_long(size, self._times, share):
                    return None
        elif self._shown is not None and _is_same(self._shown, request):
            return None
        return smaller_size(size, renderer.nearest_size, self._times, renderer.training_size)

    def _lay(self, renderer: Renderer, request: RenderRequest, size: Size) -> LayoutReport:
        """Set the request's layout at a size, unless the renderer holds just that."""
        if self._laid is None or self._laid[0] != size:
            self._laid = None
            self._laid = size, renderer.set_layout(request.labels, request.instances, size)
        return self._laid[1]

    def _frame(
        self, renderer: Renderer, request: RenderRequest, size: Size, should_stop: Callable[[], bool], *, is_small: bool = False
    ) -> RenderResult | None:
        """Render at a size, or at the largest half of it that fits in memory; None when it gave way."""
        start = time.perf_counter()
        while True:
            try:
                report = self._lay(renderer, request, size)
                picture = renderer.render_frame(preview=request.hand_moving, should_stop=should_stop)
            except OutOfMemoryError:
                renderer.release_memory()
                self._laid = None
                self._too_large.add(size)
                if (smaller := _half(renderer, size)) is None:
                    self._too_large.clear()  # not even that: the next request may find other programs gone
                    raise
                size = smaller
                continue
            if picture is None:
                return None
            seconds = time.perf_counter() - start
            if picture.quality == "exact":
                self._times.add(size, seconds)
            reduced = self._reduced(renderer)
            return RenderResult(
                request.revision,
                picture.image,
                "preview" if is_small else picture.quality,
                seconds,
                size,
                report.unknown_ids,
                _reduced_message(renderer.device, *reduced) if reduced else "",
                reduced,
                more_follows=is_small and not request.hand_moving,
                origin=report.origin,
            )

    def _reduced(self, renderer: Renderer) -> tuple[Size, Size] | None:
        asked = self._asked
        return (asked, self._fitting(renderer, asked)) if asked is not None and asked in self._too_large else None


def _ready(renderer: Renderer) -> RendererReady:
    info = renderer.info
    return RendererReady(
        info,
        renderer.device,
        renderer.dtype,
        renderer.stride,
        can_use_noise=renderer.z_width is not None,
        can_use_style_image=info.can_use_style_image,
        known_ids=info.channels.known_ids if info.channels else (),
        path=info.path,
        sha256=renderer.weights_sha256,
        z_width=renderer.z_width,
        training_size=renderer.training_size,
        smallest_side=renderer.config.smallest_side,
        largest_side=renderer.largest_side,
        has_texture=renderer.has_texture,
    )


def _reduced_message(device: str, asked: Size, fits: Size) -> str:
    return f"not enough memory on {device} for {asked[1]}x{asked[0]}: rendered at {fits[1]}x{fits[0]}"


def _asked_size(renderer: Renderer, request: RenderRequest) -> Size:
    if request.size is not None and not isinstance(request.size, SizeWish):
        return request.size
    height, width = request.labels.shape
    if request.size is None:
        return renderer.default_size(height, width)
    return request.size.size((height, width), renderer.training_size, renderer.nearest_size)


def _half(renderer: Renderer, size: Size) -> Size | None:
    """Return half a size, rounded down to what the weights can render; None where they can render nothing so small."""
    smaller = (size[0] // 2 // renderer.stride * renderer.stride, size[1] // 2 // renderer.stride * renderer.stride)
    return smaller if min(smaller) >= renderer.config.smallest_side else None


def _is_same(shown: RenderRequest, request: RenderRequest) -> bool:
    """Whether two requests are of one layout and style, whatever their size."""
    return (
        np.array_equal(shown.labels, request.labels)
        and np.array_equal(np.asarray(shown.style), np.asarray(request.style))
        and shown.texture == request.texture
        and _is_same_plane(shown.texture_regions, request.texture_regions)
        and _is_same_plane(shown.instances, request.instances)
    )


def _is_same_plane(shown: npt.NDArray[np.integer] | None, asked: npt.NDArray[np.integer] | None) -> bool:
    return shown is asked or (shown is not None and asked is not None and np.array_equal(shown, asked))
