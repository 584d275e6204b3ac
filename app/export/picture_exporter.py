"""Background export of a single picture: rendered on the render thread, written on another."""

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
    """Exports one picture at a time."""

    progressed = Signal(float)  # detail rendering progress, 0 to 1; emitted on the render thread
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
        """Whether a picture is being rendered or written."""
        return self._job is not None or self._worker.is_busy

    def start(self, order: PictureOrder, layout: PaintedLayout, label_set: LabelSet, style: Style) -> None:
        """Start exporting a picture.

        Args:
            order: Specification of the picture.
            layout: Labels and objects.
            label_set: Label set of the layout.
            style: Seed or style code.
        """
        self.cancel()
        self._is_given_up = given_up = threading.Event()
        self._job = self._live.work(
            lambda renderer: picture.render(renderer, layout, label_set, order, style, self.progressed.emit, given_up.is_set),
            lambda made: self._write(order, made),
            self._fail,
        )

    def cancel(self) -> None:
        """Cancel the rendering; a file that is being written is completed."""
        self._is_given_up.set()
        job, self._job = self._job, None
        if job is not None:
            job.cancel()

    def close(self) -> None:
        """Cancel and wait for pending work."""
        self.cancel()
        self._worker.wait()

    def _write(self, order: PictureOrder, made: DescribedPicture) -> None:
        self._job = None
        self._worker.run(lambda _job: picture.write(order, made), lambda _none: self.written.emit(order), self.failed.emit)

    def _fail(self, error: EngineError) -> None:
        self._job = None
        self.failed.emit(error)
