"""Bridges the document and the render thread: every change goes out as a request, pictures come back as signals."""

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
"""A renderer that others replace is waited for so long; then it ends its last frame behind the window's back."""

PATIENCE_SECONDS = 2.0
"""Full detail follows a hand at rest where it takes no longer; else it is made on demand."""

REST_MILLISECONDS = 350
"""A hand that has not moved for so long rests, although the button is down: it gets the exact picture."""


class RendererReplacedError(RenderError):
    """A job waited, or was at work, when another renderer took the place of its own: it may be asked for again."""


def object_borders(labels: LabelArray, objects: InstanceArray) -> InstanceArray:
    """Return a plane, ``[H, W]``, that differs wherever weights with an edge channel shall see a border: labels, and objects over them."""
    return np.where(objects, np.minimum(objects, 0xFFFF - 256) + np.uint16(256), labels.astype(np.uint16))


@dataclass(frozen=True)
class _Waiting:
    """Who waits for a job's end."""

    done: Callable[[Any], object]
    failed: Callable[[EngineError], object] | None


class _Numbered(NamedTuple):
    """A render thread, and the number by which its deliveries are known."""

    number: int
    service: RenderService


@dataclass(frozen=True, eq=False, kw_only=True)
class _Request(RenderRequest):
    """A request that says which value of its labels means that there is none."""

    unlabeled: int
    objects: InstanceArray | None


def _without_holes(request: RenderRequest) -> RenderRequest:
    """Fill what has no label from what lies around it: weights render it like nothing that was ever photographed."""
    if not isinstance(request, _Request):
        return request
    hole = request.labels == request.unlabeled
    if not hole.any():
        return request
    labels = filled(request.labels, hole, request.unlabeled)
    return replace(request, labels=labels, instances=None if request.objects is None else object_borders(labels, request.objects))


class LiveRenderer(QObject):
    """Keeps a picture of the document up to date.

    Requests are numbered by themselves, not by the document's revision: a new style, and the exact picture after a preview, are
    newer than what is shown although no label changed.

    Attributes:
        shown: Number of the request whose picture was shown last.
        info: What is loaded; None until it is.
    """

    ready = Signal(object)  # RendererReady
    rendered = Signal(object)  # RenderResult
    failed = Signal(object)  # RenderFailure
    detail_told = Signal(object)  # DetailProgress or DetailPostponed
    texture_changed = Signal()  # its seed

    _delivered = Signal(int, object)  # number of the service, what it says

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
        self._is_wanted_whatever_it_takes = False  # the full detail of what is shown
        self._newest = 0
        self.shown = 0
        self._more_follows = False  # what is shown is smaller than what was asked for
        self.info: RendererReady | None = None
        self._jobs: dict[RenderJob, _Waiting] = {}
        self._load_error: EngineError | None = None  # there is no renderer, and will be none before another one is loaded
        # The signal is emitted on the render thread and must be received on this one.
        self._delivered.connect(self._on_delivered, Qt.ConnectionType.QueuedConnection)
        self._services = 0
        self._number, self._service = self._make_service(load)
        self._next: _Numbered | None = None
        self._retiring: list[RenderService] = []
        self._is_started = self._is_closed = False
        # Zero milliseconds: once all waiting events are handled, so that a burst of them makes one request, one copy.
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
        """The seed of the style; where a code is rendered, the seed that was rendered last."""
        return self._seed

    @seed.setter
    def seed(self, seed: int) -> None:
        self.style = seed

    @property
    def style(self) -> int | NDArray[np.float32]:
        """The style that is rendered: a seed, or a style code [z], which is never modified."""
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
        """The seed of the noise, for weights with textures."""
        return self._texture

    @texture.setter
    def texture(self, seed: int) -> None:
        if seed != self._texture:
            self._texture = seed
            self._on_texture_changed()
            self.texture_changed.emit()

    @property
    def size(self) -> SizeWish:
        """How large pictures are rendered."""
        return self._size

    @size.setter
    def size(self, size: SizeWish) -> None:
        if size != self._size:
            self._size = size
            if self._is_started:
                self._schedule()

    @property
    def detail(self) -> DetailLevel:
        """The level of detail of pictures that are larger than what the weights were trained at; others need none."""
        return self._detail

    @detail.setter
    def detail(self, detail: DetailLevel) -> None:
        if detail != self._detail:
            self._detail = detail
            if self._is_started:
                self._schedule()

    def refine(self) -> None:
        """Make the full detail of what is shown, however long it takes; the next change gives it up."""
        self._is_wanted_whatever_it_takes = True
        self._request(hand_moving=False)

    @property
    def is_up_to_date(self) -> bool:
        """Whether the shown picture belongs to the present layout and style, and no larger one of them is on its way."""
        return not self._soon.isActive() and not self._more_follows and self.shown == self._newest > 0

    @property
    def is_loading(self) -> bool:
        """Whether weights are being loaded, at the start or in place of those in use."""
        return self._next is not None or (self._is_started and self.info is None and self._load_error is None)

    @property
    def is_replacing(self) -> bool:
        """Whether a renderer is being loaded in place of another one, which may itself not be loaded yet."""
        return self._next is not None

    def try_again(self) -> None:
        """Render once more, also at sizes for which memory did not suffice."""
        self._service.forget_failures()
        self._schedule()

    def start(self) -> None:
        """Start the render thread and ask for the first picture."""
        self._is_started = True
        self._service.start()
        self._submit()

    def close(self) -> None:
        """Stop and join the render thread; nothing is signalled afterwards. Closing twice is fine."""
        if self._is_closed:
            return
        self._is_closed = True
        self._soon.stop()
        self._at_rest.stop()
        self._jobs.clear()
        self._delivered.disconnect(self._on_delivered)
        services = [*self._retiring, *([self._next.service] if self._next else []), *([self._service] if self._is_started else [])]
        self._retiring, self._next, self._is_started = [], None, False
        for service in services:  # all at once, so that the slowest is all there is to wait for
            service.ask_to_stop()
        for service in services:
            service.close()

    def replace_renderer(self, load: Callable[[], Renderer]) -> bool:
        """Load another renderer beside the present one: it takes its place once it is ready, and where it fails the present one stays.

        Returns:
            False where another one is being loaded already.
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
        """Have something done with the loaded renderer, between frames, in the order of the calls.

        Args:
            do: Called on the render thread; it must be short, since painting waits for its end: one picture a job.
            done: Called on this thread with what it returned.
            failed: Called on this thread with the error that ended it; a :class:`RendererReplacedError` where other weights, or the same on
                another device, took their place meanwhile.

        Returns:
            The job; after its ``cancel()`` neither is called.
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
        """End what was replaced; a frame that cannot give way, or a job, may keep it busy for seconds."""
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
