"""Makes one picture on the window's render thread and writes it on another."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from spade_studio.app.export import picture
from spade_studio.app.export.order import PaintedLayout
from spade_studio.app.export.picture import PictureOrder
from spade_studio.app.rendering.live_renderer import LiveRenderer
from spade_studio.app.ui.worker import Worker
from spade_studio.engine.batch.plan import Style
from spade_studio.engine.errors import EngineError
from spade_studio.engine.labels.label_set import LabelSet
from spade_studio.engine.rendering.service import RenderJob

if TYPE_CHECKING:
    from spade_studio.engine.batch.picture import DescribedPicture


class PictureExporter(QObject):
    """One picture at a time."""

    progressed = Signal(float)  # which part of the details is done, from 0 to 1; emitted on the render thread
    written = Signal(object)  # PictureOrder
    failed = Signal(object)  # EngineError

    def __init__(self, live: LiveRenderer, parent: QObject) -> None:
        super().__init__(parent)
        self._live = live
        self._worker = Worker(self, "save")
        self._job: RenderJob | None = None
        self._is_given_up = threading.Event()

    @property
    def is_at_work(self) -> bool:
        """Whether a picture is being made or written."""
        return self._job is not None or self._worker.is_busy

    def start(self, order: PictureOrder, layout: PaintedLayout, label_set: LabelSet, style: Style) -> None:
        """Make a picture.

        Args:
            order: What is wanted.
            layout: Labels and objects.
            label_set: Of the layout.
            style: A seed or a code.
        """
        self.cancel()
        self._is_given_up = given_up = threading.Event()
        self._job = self._live.work(
            lambda renderer: picture.render(renderer, layout, label_set, order, style, self.progressed.emit, given_up.is_set),
            lambda made: self._write(order, made),
            self._fail,
        )

    def cancel(self) -> None:
        """Give up what is being made; a file that is being written is finished."""
        self._is_given_up.set()
        job, self._job = self._job, None
        if job is not None:
            job.cancel()

    def close(self) -> None:
        """Leave nothing running."""
        self.cancel()
        self._worker.wait()

    def _write(self, order: PictureOrder, made: DescribedPicture) -> None:
        self._job = None
        self._worker.run(lambda _job: picture.write(order, made), lambda _none: self.written.emit(order), self.failed.emit)

    def _fail(self, error: EngineError) -> None:
        self._job = None
        self.failed.emit(error)
