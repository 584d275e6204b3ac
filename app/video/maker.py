"""Makes a video: frames are rendered one by one on the window's render thread, and written in order in another."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal

from spade_studio.app.documents.errors import save_error
from spade_studio.app.export.pace import Pace
from spade_studio.app.export.rendering import render_layout
from spade_studio.app.rendering.live_renderer import LiveRenderer, RendererReplacedError
from spade_studio.app.variations.cells import Mix
from spade_studio.app.variations.sheet_renderer import SheetLayout, mixed
from spade_studio.app.video.plan import FilmPlan
from spade_studio.app.video.writer import Frame, FramesWriter, FrameWriter, Mp4Writer, VideoError
from spade_studio.engine.detail.levels import DetailLevel, available_levels
from spade_studio.engine.errors import EngineError, RenderError
from spade_studio.engine.rendering.result_plan import ResultWish
from spade_studio.engine.rendering.service import RenderJob

if TYPE_CHECKING:
    from spade_studio.engine.batch.picture import DescribedPicture
    from spade_studio.engine.rendering.renderer import Renderer

_WRITE_BEHIND = 8
_SAVE_ACTION = "Make room there or choose another folder, and make it again"


class FilmMaker(QObject):
    """One video at a time.

    Attributes:
        plan: Of the present or last video.
        done: Frames rendered.
        result: The file, or the folder of frames, once it is there.
        error: Why there is none.
        fell_back: Whether frames were written because no MP4 could be.
        pace: Of the frames.
    """

    changed = Signal()

    _told = Signal()

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
        self._pool: ThreadPoolExecutor | None = None
        self._job: RenderJob | None = None
        self._writing = 0
        self._results: deque[Callable[[], object]] = deque()
        self._told.connect(self._take_results, Qt.ConnectionType.QueuedConnection)

    @property
    def is_at_work(self) -> bool:
        """Whether a video is being made."""
        return self._pool is not None

    def start(self, plan: FilmPlan, layout: SheetLayout, path: Path, *, as_frames: bool = False) -> None:
        """Begin a video.

        Args:
            plan: What it shows.
            layout: Over what.
            path: An ``.mp4``; a folder of that name without suffix for frames.
            as_frames: Whether numbered frames are wanted.
        """
        assert not self.is_at_work, "one video at a time"
        self.plan, self._layout, self._path = plan, layout, path
        self.done, self.result, self.error, self.fell_back, self._weights = 0, None, None, False, ""
        self._writer = FramesWriter(path.with_suffix("")) if as_frames else Mp4Writer(path, plan.fps)
        self._pool = ThreadPoolExecutor(1, "video")
        self.pace.restart()
        self._next()
        self.changed.emit()

    def cancel(self) -> None:
        """Give it up; nothing is left of it, unless it is just getting its name: then it is done."""
        if self.is_at_work:
            self._end()

    def close(self) -> None:
        """Give it up, if one is being made."""
        self.cancel()

    def _next(self) -> None:
        plan, layout = self.plan, self._layout
        if self._pool is None or self._job is not None or self._writing >= _WRITE_BEHIND or plan is None or layout is None:
            return
        if self.done == plan.frames:
            if not self._writing:
                self._finish()
            return
        style = plan.frame(self.done)

        def render(renderer: Renderer) -> DescribedPicture:
            code = mixed(renderer, style) if isinstance(style, Mix) else style
            return render_layout(renderer, layout.layout, layout.label_set, ResultWish(plan.size, _quick_level()), code)

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
        self._in_background(lambda: self._write(made.image), self._on_written)
        self._next()
        self.changed.emit()

    def _on_render_failed(self, error: EngineError) -> None:
        self._job = None
        if isinstance(error, RendererReplacedError):  # by the same weights on another device, or the next frame finds out
            self._next()
        else:
            self._fail(error)

    def _write(self, frame: Frame) -> Exception | None:
        """Write a frame, in the background."""
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
        except (EngineError, OSError, MemoryError) as error:
            return error
        return None

    def _on_written(self, error: Exception | None) -> None:
        self._writing -= 1
        if error is not None:
            self._fail(error)
        else:
            self._next()

    def _finish(self) -> None:
        def finish() -> EngineError | OSError | None:
            assert self._writer is not None
            try:
                self.result = self._writer.finish()
            except (EngineError, OSError) as error:
                return error
            return None

        def finished(error: Exception | None) -> None:
            self._writing -= 1
            if error is None:
                self._end()
            else:
                self._fail(error)

        self._writing += 1
        self._in_background(finish, finished)

    def _fail(self, error: Exception) -> None:
        if isinstance(error, OSError):
            error = save_error(self._path, error, _SAVE_ACTION)
        self.error = self.error or (error if isinstance(error, EngineError) else VideoError(str(error) or type(error).__name__))
        self._end()

    def _end(self) -> None:
        """Wait for what is being written, and leave nothing that is not whole."""
        if self._job is not None:
            self._job.cancel()
            self._job = None
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)
        self._results.clear()
        self._writing = 0
        if self._writer is not None:
            self._writer.discard()
            self._writer = None
        self.changed.emit()

    def _in_background(self, do: Callable[[], Any], done: Callable[[Any], None]) -> None:
        assert self._pool is not None

        def tell(future: Future[Any]) -> None:
            if not future.cancelled():
                self._results.append(lambda: done(future.result()))
                self._told.emit()

        self._pool.submit(do).add_done_callback(tell)

    def _take_results(self) -> None:
        while self._results:
            self._results.popleft()()


def _quick_level() -> DetailLevel:
    """Return the level of detail of frames: there are hundreds of them."""
    return "fast" if "fast" in available_levels() else "none"
