"""Bridges the document and the render thread: every change goes out as a request, pictures come back as signals.

It knows no widgets, and torch only through the function that loads the renderer, which runs on the render thread.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from spade_studio.app.canvas.raster import Rect
from spade_studio.app.document import Document
from spade_studio.engine.render_service import RendererReady, RenderFailure, RenderRequest, RenderResult, RenderService

if TYPE_CHECKING:
    from spade_studio.engine.renderer import Renderer

REST_MILLISECONDS = 350
"""A hand that has not moved for so long rests, although the button is down: it gets the exact picture."""


class LiveRenderer(QObject):
    """Keeps a picture of the document up to date.

    Requests are numbered by themselves, not by the document's revision: a new style, and the exact picture after a preview, are
    newer than what is shown although no label changed.

    Attributes:
        shown: Number of the request whose picture was shown last.
    """

    ready = Signal(object)  # RendererReady
    rendered = Signal(object)  # RenderResult
    failed = Signal(object)  # RenderFailure

    _delivered = Signal(object)

    def __init__(self, document: Document, load: Callable[[], Renderer], seed: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._seed = seed
        self._newest = 0
        self.shown = 0
        # The signal is emitted on the render thread and must be received on this one.
        self._delivered.connect(self._receive, Qt.ConnectionType.QueuedConnection)
        self._service = RenderService(load, self._delivered.emit)
        self._is_started = False
        # Zero milliseconds: once all waiting events are handled, so that a burst of them makes one request, one copy.
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._submit)
        self._at_rest = QTimer(self, singleShot=True, interval=REST_MILLISECONDS)
        self._at_rest.timeout.connect(self._submit_exact)
        document.labels_changed.connect(self._on_labels_changed)
        document.replaced.connect(self._schedule)
        document.stroke_ended.connect(self._schedule)

    @property
    def seed(self) -> int:
        """The style that is rendered."""
        return self._seed

    @seed.setter
    def seed(self, seed: int) -> None:
        if seed != self._seed:
            self._seed = seed
            self._schedule()

    @property
    def is_up_to_date(self) -> bool:
        """Whether the shown picture belongs to the present layout and style."""
        return not self._soon.isActive() and self.shown == self._newest > 0

    def start(self) -> None:
        """Start the render thread and ask for the first picture."""
        self._is_started = True
        self._service.start()
        self._submit()

    def close(self) -> None:
        """Stop and join the render thread; nothing is signalled afterwards."""
        self._soon.stop()
        self._at_rest.stop()
        self._delivered.disconnect(self._receive)
        if self._is_started:
            self._is_started = False
            self._service.close()

    def _on_labels_changed(self, rect: Rect, revision: int) -> None:
        self._schedule()
        if self._document.stroke is not None:
            self._at_rest.start()

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
            self._service.submit(RenderRequest(self._newest, self._document.labels.copy(), self._seed, hand_moving=hand_moving))

    def _receive(self, delivery: RendererReady | RenderResult | RenderFailure) -> None:
        if isinstance(delivery, RendererReady):
            self.ready.emit(delivery)
        elif isinstance(delivery, RenderFailure):
            self.failed.emit(delivery)
        elif delivery.revision >= self.shown:
            self.shown = delivery.revision
            self.rendered.emit(delivery)
