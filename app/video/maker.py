"""Video worker: renders frames on the render thread and writes them in order on another thread."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from spade_studio.app.documents.errors import save_error
from spade_studio.app.export.pace import Pace
from spade_studio.app.export.rendering import render_layout
from spade_studio.app.rendering.live_renderer import LiveRenderer, RendererReplacedError
from spade_studio.app.ui.worker import Worker
from spade_studio.app.variations.cells import Mix
from spade_studio.app.variations.sheet_renderer import SheetLayout, mixed
from spade_studio.app.video.plan import FilmPlan
from spade_studio.app.video.writer import Frame, FramesWriter, FrameWriter, Mp4Writer, VideoError
from spade_studio.engine.detail.levels import DetailLevel, automatic_level, available_levels
from spade_studio.engine.errors import EngineError, RenderError
from spade_studio.engine.rendering.result_plan import ResultPlan, ResultWish
from spade_studio.engine.rendering.service import RenderJob

if TYPE_CHECKING:
    from spade_studio.engine.batch.picture import DescribedPicture
    from spade_studio.engine.rendering.renderer import Renderer

_WRITE_BEHIND = 8
_SAVE_ACTION = "Make room there or choose another folder, and make it again"


class FilmMaker(QObject):
    """Makes one video at a time.

    Attributes:
        plan: Plan of the current or last video.
        done: Number of rendered frames.
        result: Finished file or folder of frames; None until finished.
        error: Error that stopped the video, or None.
        fell_back: Whether numbered frames were written because MP4 writing failed.
        pace: Rendering rate of the frames.
    """

    changed = Signal()

    def __init__(self, live: LiveRenderer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._live = live
        self.plan: FilmPlan | None = None
        self.done = 0
        self.result: Path | None = None
        self.error: EngineError | None = None
        self.fell_back = False
        self.pace = Pace()
        self._path = Path()
        self._layout: SheetLayout | None = None
        self._weights = ""
        self._writer: FrameWriter | None = None
        self._worker = Worker(self, "video")
        self._job: RenderJob | None = None
        self._writing = 0

    @property
    def is_at_work(self) -> bool:
        """Whether a video is being made."""
        return self._writer is not None

    def start(self, plan: FilmPlan, layout: SheetLayout, path: Path, *, as_frames: bool = False) -> None:
        """Start a video.

        Args:
            plan: Plan of the video.
            layout: Layout to render.
            path: Output ``.mp4`` file; frames go into a folder of that name without the suffix.
            as_frames: Whether to write numbered frames.
        """
        assert not self.is_at_work, "one video at a time"
        self.plan, self._layout, self._path = plan, layout, path
        self.done, self.result, self.error, self.fell_back, self._weights = 0, None, None, False, ""
        self._writer = FramesWriter(path.with_suffix("")) if as_frames else Mp4Writer(path, plan.fps)
        self.pace.restart()
        self._next()
        self.changed.emit()

    def cancel(self) -> None:
        """Cancel the video and delete its partial output, unless it is just being finished."""
        if self.is_at_work:
            self._end()

    def close(self) -> None:
        """Cancel a video in progress."""
        self.cancel()

    def _next(self) -> None:
        plan, layout = self.plan, self._layout
        if self._writer is None or self._job is not None or self._writing >= _WRITE_BEHIND or plan is None or layout is None:
            return
        if self.done == plan.frames:
            if not self._writing:
                self._finish()
            return
        style = plan.frame(self.done)

        def render(renderer: Renderer) -> DescribedPicture:
            code = mixed(renderer, style) if isinstance(style, Mix) else style
            height, width = layout.layout.labels.shape
            level = quick_level(renderer.plan((height, width), ResultWish(plan.size)))
            return render_layout(renderer, layout.layout, layout.label_set, ResultWish(plan.size, level), code)

        self._job = self._live.work(render, self._on_rendered, self._on_render_failed)

    def _on_rendered(self, made: DescribedPicture) -> None:
        self._job = None
        self._weights = self._weights or made.about.weights_sha256
        if made.about.weights_sha256 != self._weights:
            self._fail(RenderError("the weights were replaced while the video was made", action="Start it again"))
            return
        self.done += 1
        self.pace.count()
        self._writing += 1
        self._worker.run(lambda _job: self._write(made.image), self._on_written, self._fail)
        self._next()
        self.changed.emit()

    def _on_render_failed(self, error: EngineError) -> None:
        self._job = None
        if isinstance(error, RendererReplacedError):  # same weights on another device, else the next frame detects it
            self._next()
        else:
            self._fail(error)

    def _write(self, frame: Frame) -> None:
        """Write a frame; called on the worker thread."""
        assert self._writer is not None
        try:
            try:
                self._writer.write(frame)
            except VideoError:
                if self.fell_back or self.done > _WRITE_BEHIND or not isinstance(self._writer, Mp4Writer):
                    raise
                self.fell_back = True
                self._writer = FramesWriter(self._path.with_suffix(""))
                self._writer.write(frame)
        except OSError as error:
            raise save_error(self._path, error, _SAVE_ACTION) from error

    def _on_written(self, _none: None) -> None:
        self._writing -= 1
        self._next()

    def _finish(self) -> None:
        def finish(_job: object) -> None:
            assert self._writer is not None
            try:
                self.result = self._writer.finish()
            except OSError as error:
                raise save_error(self._path, error, _SAVE_ACTION) from error

        self._writing += 1
        self._worker.run(finish, lambda _none: self._end(), self._fail)

    def _fail(self, error: EngineError) -> None:
        self.error = self.error or error
        self._end()

    def _end(self) -> None:
        """Wait for pending writes and delete incomplete output."""
        if self._job is not None:
            self._job.cancel()
            self._job = None
        self._worker.close()
        self._writing = 0
        if self._writer is not None:
            self._writer.discard()
            self._writer = None
        self.changed.emit()


def quick_level(plan: ResultPlan) -> DetailLevel:
    """Return the level of detail for video frames: ``fast``, or ``none`` if the size needs no detail or ``fast`` is unavailable."""
    return "none" if automatic_level(plan.result, plan.base) == "none" or "fast" not in available_levels() else "fast"
