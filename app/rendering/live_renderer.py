"""The bridge between the document and the render thread: changes go out as render requests, pictures come back as Qt signals."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, QTimer, Signal

from spade_studio.app.model.document import Document
from spade_studio.app.model.raster import InstanceArray, LabelArray, Rect
from spade_studio.app.model.surroundings import filled
from spade_studio.app.rendering.rendered_document import RenderedDocument
from spade_studio.engine.detail.levels import DetailLevel
from spade_studio.engine.errors import EngineError, RenderError
from spade_studio.engine.rendering.frame_sizes import SizeWish
from spade_studio.engine.rendering.result_plan import ResultWish
from spade_studio.engine.rendering.service import (
    Delivery,
    DetailPostponed,
    DetailProgress,
    JobDone,
    RendererReady,
    RenderFailure,
    RenderJob,
    RenderRequest,
    RenderResult,
    RenderService,
)

if TYPE_CHECKING:
    from spade_studio.engine.rendering.renderer import Renderer

_T = TypeVar("_T")

RETIRING_SECONDS = 0.2
"""Seconds to wait for a replaced renderer's thread; after that it finishes its last frame in the background."""

PATIENCE_SECONDS = 2.0
"""Longest estimated time in seconds for which full detail is computed automatically when painting pauses; above it, on demand only."""

REST_MILLISECONDS = 350
"""Milliseconds without pointer movement after which a stroke in progress counts as paused and gets the exact picture."""

OBJECT_OFFSET = 256
"""Number added to object ids in instance planes, so that they differ from the labels where there is no object."""


class RendererReplacedError(RenderError):
    """A job was queued or running when its renderer was replaced; it may be submitted again."""


def object_borders(labels: LabelArray, objects: InstanceArray) -> InstanceArray:
    """Return the instance plane for weights with an edge channel, uint16 ``[H, W]``: labels, and object ids plus :data:`OBJECT_OFFSET`."""
    return np.where(objects, np.minimum(objects, 0xFFFF - OBJECT_OFFSET) + np.uint16(OBJECT_OFFSET), labels.astype(np.uint16))


@dataclass(frozen=True)
class _Waiting:
    """The callbacks of a submitted job."""

    done: Callable[[Any], object]
    failed: Callable[[EngineError], object] | None


class _Numbered(NamedTuple):
    """A render service and the number that identifies its deliveries."""

    number: int
    service: RenderService


@dataclass(frozen=True, eq=False, kw_only=True)
class _Request(RenderRequest):
    """A render request with the label value that means "unlabeled"."""

    unlabeled: int
    objects: InstanceArray | None


def _without_holes(request: RenderRequest) -> RenderRequest:
    """Fill unlabeled pixels from their surroundings, since unlabeled areas render as implausible texture."""
    if not isinstance(request, _Request):
        return request
    hole = request.labels == request.unlabeled
    if not hole.any():
        return request
    labels = filled(request.labels, hole, request.unlabeled)
    return replace(request, labels=labels, instances=None if request.objects is None else object_borders(labels, request.objects))


class LiveRenderer(QObject):
    """Keeps the rendered picture of the document up to date.

    Requests have numbers of their own, independent of the document's revision: a new style, or the exact picture after a preview,
    supersedes the shown picture although no label changed.

    Attributes:
        shown: Number of the request whose picture is shown.
        info: Facts about the loaded renderer; None until one is loaded.
    """

    ready = Signal(object)  # RendererReady
    rendered = Signal(object)  # RenderResult
    failed = Signal(object)  # RenderFailure
    detail_told = Signal(object)  # DetailProgress or DetailPostponed
    texture_changed = Signal()  # its seed

    _delivered = Signal(int, object)  # number of the service, delivery

    def __init__(
        self, document: Document | RenderedDocument, load: Callable[[], Renderer], seed: int, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._style: int | NDArray[np.float32] = seed
        self._texture = 0
        self._seed = seed
        self._size = SizeWish()
        self._detail: DetailLevel = "none"
        self._is_wanted_whatever_it_takes = False  # full detail of the shown picture, regardless of PATIENCE_SECONDS
        self._newest = 0
        self.shown = 0
        self._more_follows = False  # a larger picture than the shown one, or one of more detail, follows
        self.info: RendererReady | None = None
        self._jobs: dict[RenderJob, _Waiting] = {}
        self._load_error: EngineError | None = None  # set while there is no renderer and none is being loaded
        # The signal is emitted on the render thread and must be received on this one.
        self._delivered.connect(self._on_delivered, Qt.ConnectionType.QueuedConnection)
        self._services = 0
        self._number, self._service = self._make_service(load)
        self._next: _Numbered | None = None
        self._retiring: list[RenderService] = []
        self._is_started = self._is_closed = False
        # Zero milliseconds: fires after all pending events, so that a burst of them makes one request and one copy.
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._submit)
        self._at_rest = QTimer(self, singleShot=True, interval=REST_MILLISECONDS)
        self._at_rest.timeout.connect(self._submit_exact)
        document.labels_changed.connect(self._on_labels_changed)
        document.replaced.connect(self._schedule)
        document.stroke_ended.connect(self._schedule)
        document.texture_changed.connect(self._on_texture_changed)

    @property
    def seed(self) -> int:
        """The seed of the style; while a style code is in use, the last seed used."""
        return self._seed

    @seed.setter
    def seed(self, seed: int) -> None:
        self.style = seed

    @property
    def style(self) -> int | NDArray[np.float32]:
        """The style in use: a seed, or a style code, float32 ``[z]``, which is never modified."""
        return self._style

    @style.setter
    def style(self, style: int | NDArray[np.float32]) -> None:
        if isinstance(style, int) == isinstance(self._style, int) and np.array_equal(style, self._style):
            return
        if isinstance(style, int):
            self._seed = style
        self._style = style
        self._schedule()

    @property
    def texture(self) -> int:
        """The seed of the texture noise, for weights with noise inputs."""
        return self._texture

    @texture.setter
    def texture(self, seed: int) -> None:
        if seed != self._texture:
            self._texture = seed
            self._on_texture_changed()
            self.texture_changed.emit()

    @property
    def size(self) -> SizeWish:
        """The requested size of rendered pictures."""
        return self._size

    @size.setter
    def size(self, size: SizeWish) -> None:
        if size != self._size:
            self._size = size
            if self._is_started:
                self._schedule()

    @property
    def detail(self) -> DetailLevel:
        """The level of detail of pictures larger than the weights' training size; it has no effect on smaller ones."""
        return self._detail

    @detail.setter
    def detail(self, detail: DetailLevel) -> None:
        if detail != self._detail:
            self._detail = detail
            if self._is_started:
                self._schedule()

    def refine(self) -> None:
        """Compute the full detail of the shown picture, however long it takes; the next change cancels it."""
        self._is_wanted_whatever_it_takes = True
        self._request(hand_moving=False)

    @property
    def is_up_to_date(self) -> bool:
        """Whether the shown picture is the final one for the present layout and style."""
        return not self._soon.isActive() and not self._more_follows and self.shown == self._newest > 0

    @property
    def is_loading(self) -> bool:
        """Whether weights are being loaded, at startup or to replace those in use."""
        return self._next is not None or (self._is_started and self.info is None and self._load_error is None)

    @property
    def is_replacing(self) -> bool:
        """Whether a replacement renderer is being loaded; the one it replaces may itself still be loading."""
        return self._next is not None

    def try_again(self) -> None:
        """Render again, including at sizes that previously ran out of memory."""
        self._service.forget_failures()
        self._schedule()

    def start(self) -> None:
        """Start the render thread and request the first picture."""
        self._is_started = True
        self._service.start()
        self._submit()

    def close(self) -> None:
        """Stop and join the render thread; no signal is emitted afterwards. Closing twice is harmless."""
        if self._is_closed:
            return
        self._is_closed = True
        self._soon.stop()
        self._at_rest.stop()
        self._jobs.clear()
        self._delivered.disconnect(self._on_delivered)
        services = [*self._retiring, *([self._next.service] if self._next else []), *([self._service] if self._is_started else [])]
        self._retiring, self._next, self._is_started = [], None, False
        for service in services:  # stop all before joining, so that the total wait is that of the slowest
            service.ask_to_stop()
        for service in services:
            service.close()

    def replace_renderer(self, load: Callable[[], Renderer]) -> bool:
        """Load another renderer in parallel with the present one and switch to it once it is ready; on failure the present one stays.

        Returns:
            False if another replacement is being loaded already.
        """
        if self._next is not None:
            return False
        if not self._is_started:
            self._number, self._service = self._make_service(load)
            for job in self._jobs:
                self._service.submit_job(job)
            return True
        self._next = self._make_service(load)
        self._next.service.start()
        return True

    def work(
        self, do: Callable[[Renderer], _T], done: Callable[[_T], object], failed: Callable[[EngineError], object] | None = None
    ) -> RenderJob:
        """Run a job on the render thread with the loaded renderer, between frames, in first-in first-out order.

        Args:
            do: Called on the render thread; at most one picture per job, since live rendering waits for its end.
            done: Called on the calling thread with the return value of ``do``.
            failed: Called on the calling thread with the error that ended the job; a :class:`RendererReplacedError` if the renderer was
                replaced in the meantime.

        Returns:
            The job; after ``cancel()`` neither callback is called.
        """
        job = RenderJob(do)
        self._jobs[job] = _Waiting(done, failed)
        if self._load_error is None:
            self._service.submit_job(job)
        else:
            QTimer.singleShot(0, self, lambda error=self._load_error: self._on_job_done(JobDone(job, None, error)))
        return job

    def _on_job_done(self, delivery: JobDone) -> None:
        waiting = self._jobs.pop(delivery.job, None)
        if waiting is None or delivery.job.is_cancelled:
            return
        if delivery.error is None:
            waiting.done(delivery.value)
        elif waiting.failed is not None:
            waiting.failed(delivery.error)

    def _fail_jobs(self, error: EngineError) -> None:
        for job in list(self._jobs):
            self._on_job_done(JobDone(job, None, error))

    def _make_service(self, load: Callable[[], Renderer]) -> _Numbered:
        self._services += 1
        number = self._services
        return _Numbered(number, RenderService(load, lambda delivery: self._delivered.emit(number, delivery), _without_holes))

    def _on_delivered(self, number: int, delivery: Delivery) -> None:
        if isinstance(delivery, JobDone):
            self._on_job_done(delivery)
        elif isinstance(delivery, (DetailProgress, DetailPostponed)):
            if number == self._number:
                self.detail_told.emit(delivery)
        elif number == self._number:
            self._receive(delivery)
        elif self._next is not None and number == self._next.number:
            after, self._next = self._next, None
            if isinstance(delivery, RenderFailure):
                after.service.close()
                self.failed.emit(delivery)
                return
            self._retire(self._service)
            self._number, self._service = after
            self._fail_jobs(RendererReplacedError("the weights were replaced before this was rendered", action="Ask for it again"))
            self._receive(delivery)
            self._submit()

    def _retire(self, service: RenderService) -> None:
        """Shut down a replaced render service; a frame that cannot be interrupted, or a job, may keep it busy for seconds."""
        self._retiring = [other for other in (*self._retiring, service) if not other.close(RETIRING_SECONDS if other is service else 0)]

    def _on_labels_changed(self, rect: Rect, revision: int) -> None:
        self._schedule()
        if self._document.stroke is not None:
            self._at_rest.start()

    def _on_texture_changed(self) -> None:
        if self.info is None or self.info.has_texture:
            self._schedule()

    def _schedule(self) -> None:
        self._at_rest.stop()
        self._soon.start()

    def _submit(self) -> None:
        self._request(hand_moving=self._document.stroke is not None)

    def _submit_exact(self) -> None:
        self._request(hand_moving=False)

    def _request(self, *, hand_moving: bool) -> None:
        if self._is_started:
            self._newest += 1
            labels, objects = self._document.labels.copy(), self._document.instances
            instances = None if objects is None else object_borders(labels, objects)
            request = _Request(
                self._newest,
                labels,
                self._style,
                self._size,
                instances,
                hand_moving,
                self._texture,
                ResultWish(self._size, self._detail),
                math.inf if self._is_wanted_whatever_it_takes else PATIENCE_SECONDS,
                self._document.texture_regions if self.info is None or self.info.has_texture else None,
                unlabeled=self._document.unlabeled_id,
                objects=None if objects is None else objects.copy(),
            )
            self._is_wanted_whatever_it_takes = False
            self._service.submit(request)

    def _receive(self, delivery: RendererReady | RenderResult | RenderFailure) -> None:
        if isinstance(delivery, RendererReady):
            self.info, self._load_error = delivery, None
            self.ready.emit(delivery)
        elif isinstance(delivery, RenderFailure):
            if delivery.revision < 0:
                self._load_error = delivery.error
                self._fail_jobs(delivery.error)
            elif delivery.revision >= self.shown:
                self._more_follows = False
            self.failed.emit(delivery)
        elif delivery.revision >= self.shown:
            self.shown, self._more_follows = delivery.revision, delivery.more_follows
            self.rendered.emit(delivery)
