"""Carries out an export: pictures are rendered on the render thread between the window's frames, files are read and written in others."""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QElapsedTimer, QObject, Qt, Signal

from spade_studio.app.documents.errors import save_error
from spade_studio.app.export import export_files
from spade_studio.app.export.export_files import Prepared, Written
from spade_studio.app.export.manifest import Manifest
from spade_studio.app.export.pace import Pace
from spade_studio.app.export.plan import ExportPlan, FileLayout, Layout, PaintedLayout, PlannedPicture
from spade_studio.app.export.rendering import render_layout
from spade_studio.app.rendering.live_renderer import LiveRenderer, RendererReplacedError
from spade_studio.engine.errors import EngineError, RenderError
from spade_studio.engine.rendering.service import RenderJob

if TYPE_CHECKING:
    from spade_studio.engine.batch.picture import DescribedPicture
    from spade_studio.engine.rendering.renderer import Renderer

_WRITERS = 3
_WRITE_BEHIND = 4
_MANIFEST_MILLISECONDS = 1000
_NOTHING_CAN_BE_WRITTEN = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.ENOENT}


class State(Enum):
    """Where an export stands."""

    IDLE = "idle"
    STARTING = "starting"
    ASKING = "asking"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    ENDING = "ending"
    ENDED = "ended"


class BatchExporter(QObject):
    """One export at a time.

    Attributes:
        manifest: Of the present or last export.
        error: Why the last one stopped before its end; None where it did not.
        pace: Of the pictures.
    """

    changed = Signal()  # state or progress
    conflict = Signal(int)  # so many files would be replaced, or an export that is not finished (manifest.lost): confirm() or cancel()

    _told = Signal()  # something in the background has ended

    def __init__(self, live: LiveRenderer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._live = live
        self.manifest: Manifest | None = None
        self.error: EngineError | None = None
        self.pace = Pace()
        self._state = State.IDLE
        self._plan: ExportPlan | None = None
        self._folder = Path()
        self._waiting: deque[PlannedPicture] = deque()
        self._job: RenderJob | None = None
        self._writing = 0
        self._reading = False
        self._loaded: tuple[Layout, PaintedLayout] | None = None
        self._saving = False
        self._since_saved = QElapsedTimer()
        self._pool: ThreadPoolExecutor | None = None
        self._results: deque[Callable[[], object]] = deque()  # what its end means, to be called on this thread
        self._told.connect(self._take_results, Qt.ConnectionType.QueuedConnection)

    @property
    def state(self) -> State:
        """Where it stands."""
        return self._state

    @property
    def is_at_work(self) -> bool:
        """Whether an export has begun and not ended; a paused one has not."""
        return self._state not in (State.IDLE, State.ENDED)

    @property
    def is_running(self) -> bool:
        """Whether pictures are being made: neither paused nor waiting for an answer."""
        return self._state in (State.STARTING, State.RUNNING, State.PAUSING)

    @property
    def counts(self) -> tuple[int, int, int]:
        """Pictures that are done, that failed, and all."""
        if self.manifest is None:
            return 0, 0, 0 if self._plan is None else self._plan.count
        states = [entry.state for entry in self.manifest.entries]
        return states.count("done"), states.count("failed"), len(states)

    def start(self, plan: ExportPlan, folder: Path) -> None:
        """Begin an export, or go on with one: what its manifest in the folder calls done is not rendered again.

        Raises:
            EngineError: the pattern gives no usable names.
        """
        assert not self.is_at_work, "one export at a time"
        plan.check()
        self._plan, self._folder = plan, folder
        self.manifest, self.error, self._loaded = None, None, None
        self._set(State.STARTING)
        self._job = self._live.work(lambda renderer: renderer.weights_sha256, self._begin, self._stop)

    def confirm(self) -> None:
        """Replace the files that :attr:`conflict` told of."""
        if self._state is State.ASKING:
            self._run()

    def pause(self) -> None:
        """Stop after the picture that is being rendered."""
        if self._state is State.RUNNING:
            self._set(State.PAUSING)
            self._settle()

    def resume(self) -> None:
        """Go on after a pause."""
        if self._state in (State.PAUSING, State.PAUSED):
            self._run()

    def cancel(self) -> None:
        """End it; what is written stays, and the same export into the same folder goes on there."""
        if not self.is_at_work:
            return
        self._drop_job()
        if self._state in (State.STARTING, State.ASKING):
            self.manifest = None  # what lies in the folder is left as it is
        self._waiting.clear()
        self._set(State.ENDING)
        self._settle()

    def close(self) -> None:
        """Cancel, and wait for files that are being written."""
        self.cancel()
        if self._pool is not None:
            self._pool.shutdown(wait=True)
            self._take_results()

    # -- beginning -------------------------------------------------------------------------------------------------

    def _begin(self, weights_sha256: str) -> None:
        self._job = None
        plan, folder = self._plan, self._folder
        assert plan is not None
        self._reading = True
        self._in_background(lambda: export_files.prepare(folder, plan, weights_sha256), self._on_prepared)

    def _on_prepared(self, prepared: Prepared | EngineError) -> None:
        self._reading = False
        if self._state is not State.STARTING:
            self._settle()
        elif isinstance(prepared, EngineError):
            self._stop(prepared)
        else:
            self.manifest, self._waiting = prepared.manifest, deque(prepared.waiting)
            self.manifest.set_waiting(prepared.waiting)
            if prepared.existing or any(prepared.manifest.lost):
                self._set(State.ASKING)
                self.conflict.emit(prepared.existing)
            else:
                self._run()

    def _run(self) -> None:
        self.pace.restart()
        if self._state in (State.STARTING, State.ASKING):
            self._save()
        self._set(State.RUNNING)
        self._pump()

    # -- one picture after the other ---------------------------------------------------------------------------------

    def _pump(self) -> None:
        """Have the next picture rendered, unless one is being rendered or too many wait to be written."""
        if self._state is not State.RUNNING or self._job is not None or self._reading or self._writing >= _WRITE_BEHIND:
            return
        if not self._waiting:
            self._settle()
            return
        picture = self._waiting[0]
        layout = self._layout_of(picture.layout)
        if layout is None:
            return
        self._waiting.popleft()
        assert self._plan is not None
        source = self._plan.label_set

        def render(renderer: Renderer) -> DescribedPicture:
            return render_layout(renderer, layout, source, picture.size, picture.style)

        self._job = self._live.work(
            render, lambda made: self._on_rendered(picture, made), lambda error: self._on_render_failed(picture, error)
        )

    def _layout_of(self, layout: Layout) -> PaintedLayout | None:
        """Return a layout in memory; None where it has to be read first, which is begun."""
        if isinstance(layout, PaintedLayout):
            return layout
        if self._loaded is not None and self._loaded[0] is layout:
            return self._loaded[1]
        self._reading = True
        assert self._plan is not None
        label_set = self._plan.label_set
        self._in_background(lambda: export_files.read_layout(layout, label_set), lambda result: self._on_read(layout, result))
        return None

    def _on_read(self, layout: FileLayout, result: PaintedLayout | EngineError) -> None:
        self._reading = False
        if isinstance(result, PaintedLayout):
            self._loaded = layout, result
        else:
            while self._waiting and self._waiting[0].layout is layout:
                self._fail(self._waiting.popleft(), result)
        self._pump()
        self._settle()

    def _on_rendered(self, picture: PlannedPicture, made: DescribedPicture) -> None:
        self._job = None
        assert self.manifest is not None
        if made.about.weights_sha256 != self.manifest.weights_sha256:
            self._stop(_other_weights())
            return
        self._writing += 1
        path, quality = self._folder / picture.file, self.manifest.plan.quality
        self._in_background(lambda: export_files.write(path, picture, made, quality), self._on_written)
        self._pump()
        self._settle()

    def _on_render_failed(self, picture: PlannedPicture, error: EngineError) -> None:
        """Find out whether it was the picture that failed, or the renderer that is gone."""
        assert self.manifest is not None
        expected = self.manifest.weights_sha256

        def go_on(found: str) -> None:
            self._job = None
            if found != expected:
                self._waiting.appendleft(picture)
                self._stop(_other_weights())
                return
            if isinstance(error, RendererReplacedError):  # by the same weights on another device
                self._waiting.appendleft(picture)
            else:
                self._fail(picture, error)
            self._pump()
            self._settle()

        def give_up(failure: EngineError) -> None:
            if isinstance(failure, RendererReplacedError):
                self._on_render_failed(picture, error)
            else:
                self._stop(failure)

        self._job = self._live.work(lambda renderer: renderer.weights_sha256, go_on, give_up)

    def _on_written(self, result: Written) -> None:
        self._writing -= 1
        assert self.manifest is not None
        if result.about is not None:
            self.manifest.set_done(result.picture, result.about)
            self.pace.count()
            self.changed.emit()
        elif isinstance(result.error, OSError) and result.error.errno in _NOTHING_CAN_BE_WRITTEN:
            self._stop(save_error(self._folder / result.picture.file, result.error, export_files.SAVE_ACTION))
            return
        else:
            self._fail(result.picture, result.error)
        self._save(only_if_old=True)
        self._pump()
        self._settle()

    def _fail(self, picture: PlannedPicture, error: Exception | None) -> None:
        assert self.manifest is not None
        self.manifest.set_failed(picture, str(error) or type(error).__name__)
        self.changed.emit()

    # -- ends ----------------------------------------------------------------------------------------------------------

    def _stop(self, error: EngineError) -> None:
        """End because nothing more can be done; the rest stays waiting."""
        self.error = self.error or error
        self._drop_job()
        self._waiting.clear()
        self._set(State.ENDING)
        self._settle()

    def _drop_job(self) -> None:
        """Take back what the render thread was given: nothing will be told of it."""
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def _settle(self) -> None:
        """Say that it is paused or ended once nothing is under way any more."""
        if self._job is not None or self._writing or self._reading:
            return
        if self._state is State.PAUSING:
            self._save()
            self._set(State.PAUSED)
        elif self._state is State.ENDING or (self._state is State.RUNNING and not self._waiting):
            if self._saving:
                return
            self._save_now()
            self._loaded = None
            if self._pool is not None:
                self._pool.shutdown(wait=True)
                self._pool = None
            self._set(State.ENDED)

    def _save(self, *, only_if_old: bool = False) -> None:
        """Have the manifest written, unless it is just being written, or will be at the end."""
        if self._saving or self.manifest is None or self._state in (State.ENDING, State.ENDED):
            return
        if only_if_old and self._since_saved.isValid() and self._since_saved.elapsed() < _MANIFEST_MILLISECONDS:
            return
        self._since_saved.start()
        self._saving = True
        folder, manifest = self._folder, self.manifest.copy()
        self._in_background(lambda: export_files.save(folder, manifest), self._on_saved)

    def _on_saved(self, error: OSError | None) -> None:
        self._saving = False
        if error is not None:
            self._stop(save_error(self._folder, error, export_files.SAVE_ACTION))
            return
        self._settle()

    def _save_now(self) -> None:
        if self.manifest is not None and (error := export_files.save(self._folder, self.manifest)) is not None:
            self.error = self.error or save_error(self._folder, error, export_files.SAVE_ACTION)

    def _set(self, state: State) -> None:
        self._state = state
        self.changed.emit()

    def _in_background(self, do: Callable[[], Any], done: Callable[[Any], None]) -> None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(_WRITERS, "export")
        future = self._pool.submit(do)

        def tell(future: Future[Any]) -> None:
            self._results.append(lambda: done(future.result()))
            self._told.emit()

        future.add_done_callback(tell)

    def _take_results(self) -> None:
        while self._results:
            self._results.popleft()()


def _other_weights() -> RenderError:
    return RenderError("the weights were replaced during the export", action="Load the former ones and start again: it goes on from here")
