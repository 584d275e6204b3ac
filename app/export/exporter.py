"""Export worker: renders pictures on the render thread between the window's frames, and reads and writes files on other threads."""

from __future__ import annotations

from collections import deque
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QObject, Signal

from spade_studio.app.export import export_files
from spade_studio.app.export.export_files import FolderError, Prepared
from spade_studio.app.export.manifest import Manifest
from spade_studio.app.export.order import ExportOrder, ExportPicture, FileLayout, Layout, PaintedLayout
from spade_studio.app.export.pace import Pace
from spade_studio.app.export.rendering import render_layout
from spade_studio.app.rendering.live_renderer import LiveRenderer, RendererReplacedError
from spade_studio.app.ui.worker import Worker
from spade_studio.engine.errors import EngineError, RenderError
from spade_studio.engine.rendering.service import RenderJob

if TYPE_CHECKING:
    from spade_studio.engine.batch.picture import DescribedPicture
    from spade_studio.engine.pictures.provenance import Provenance
    from spade_studio.engine.rendering.renderer import Renderer

_WRITERS = 3
_WRITE_BEHIND = 4
_MANIFEST_MILLISECONDS = 1000


class State(Enum):
    """State of an export."""

    IDLE = "idle"
    STARTING = "starting"
    ASKING = "asking"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    ENDING = "ending"
    ENDED = "ended"


class BatchExporter(QObject):
    """Runs one export at a time.

    Attributes:
        manifest: Manifest of the current or last export.
        error: Error that stopped the last export early; None if there was none.
        pace: Rendering rate of the pictures.
    """

    changed = Signal()  # state or progress
    conflict = Signal(int)  # number of files to replace, or an unfinished export (manifest.lost): call confirm() or cancel()

    def __init__(self, live: LiveRenderer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._live = live
        self.manifest: Manifest | None = None
        self.error: EngineError | None = None
        self.pace = Pace()
        self._state = State.IDLE
        self._order: ExportOrder | None = None
        self._folder = Path()
        self._waiting: deque[ExportPicture] = deque()
        self._job: RenderJob | None = None
        self._writing = 0
        self._reading = False
        self._loaded: tuple[Layout, PaintedLayout] | None = None
        self._saving = False
        self._since_saved = QElapsedTimer()
        self._worker = Worker(self, "export", threads=_WRITERS)

    @property
    def state(self) -> State:
        """Current state."""
        return self._state

    @property
    def is_at_work(self) -> bool:
        """Whether an export has started and not ended; a paused export counts as started."""
        return self._state not in (State.IDLE, State.ENDED)

    @property
    def is_running(self) -> bool:
        """Whether pictures are being rendered: neither paused nor waiting for an answer."""
        return self._state in (State.STARTING, State.RUNNING, State.PAUSING)

    @property
    def counts(self) -> tuple[int, int, int]:
        """Numbers of pictures (done, failed, total)."""
        if self.manifest is None:
            return 0, 0, 0 if self._order is None else self._order.count
        states = [entry.state for entry in self.manifest.entries]
        return states.count("done"), states.count("failed"), len(states)

    def start(self, order: ExportOrder, folder: Path) -> None:
        """Start an export, or resume one: pictures that the folder's manifest marks as done are not rendered again.

        Raises:
            EngineError: The pattern yields no usable file names.
        """
        assert not self.is_at_work, "one export at a time"
        order.check()
        self._order, self._folder = order, folder
        self.manifest, self.error, self._loaded = None, None, None
        self._set(State.STARTING)
        self._job = self._live.work(lambda renderer: renderer.weights_sha256, self._begin, self._stop)

    def confirm(self) -> None:
        """Replace the files reported by :attr:`conflict`."""
        if self._state is State.ASKING:
            self._run()

    def pause(self) -> None:
        """Pause after the current picture."""
        if self._state is State.RUNNING:
            self._set(State.PAUSING)
            self._settle()

    def resume(self) -> None:
        """Resume after a pause."""
        if self._state in (State.PAUSING, State.PAUSED):
            self._run()

    def cancel(self) -> None:
        """Stop the export and keep the written files; starting it again in the same folder resumes it."""
        if not self.is_at_work:
            return
        self._drop_job()
        if self._state in (State.STARTING, State.ASKING):
            self.manifest = None  # the folder's manifest stays unchanged
        self._waiting.clear()
        self._set(State.ENDING)
        self._settle()

    def close(self) -> None:
        """Cancel the export and wait for pending writes."""
        self.cancel()
        self._worker.wait()

    # -- start -----------------------------------------------------------------------------------------------------

    def _begin(self, weights_sha256: str) -> None:
        self._job = None
        order, folder = self._order, self._folder
        assert order is not None
        self._reading = True
        self._worker.run(lambda _job: export_files.prepare(folder, order, weights_sha256), self._on_prepared, self._on_not_prepared)

    def _on_not_prepared(self, error: EngineError) -> None:
        self._reading = False
        if self._state is State.STARTING:
            self._stop(error)
        else:
            self._settle()

    def _on_prepared(self, prepared: Prepared) -> None:
        self._reading = False
        if self._state is not State.STARTING:
            self._settle()
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

    # -- rendering and writing ----------------------------------------------------------------------------------------

    def _pump(self) -> None:
        """Submit the next picture, unless one is being rendered or too many are waiting to be written."""
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
        assert self._order is not None
        source = self._order.label_set

        def render(renderer: Renderer) -> DescribedPicture:
            return render_layout(renderer, layout, source, picture.size, picture.style)

        self._job = self._live.work(
            render, lambda made: self._on_rendered(picture, made), lambda error: self._on_render_failed(picture, error)
        )

    def _layout_of(self, layout: Layout) -> PaintedLayout | None:
        """Return a layout in memory, or start reading it and return None."""
        if isinstance(layout, PaintedLayout):
            return layout
        if self._loaded is not None and self._loaded[0] is layout:
            return self._loaded[1]
        self._reading = True
        assert self._order is not None
        label_set = self._order.label_set
        self._worker.run(
            lambda _job: export_files.read_layout(layout, label_set),
            lambda painted: self._on_read(layout, painted),
            lambda error: self._on_unread(layout, error),
        )
        return None

    def _on_unread(self, layout: FileLayout, error: EngineError) -> None:
        while self._waiting and self._waiting[0].layout is layout:
            self._fail(self._waiting.popleft(), error)
        self._on_read(layout, None)

    def _on_read(self, layout: FileLayout, painted: PaintedLayout | None) -> None:
        self._reading = False
        if painted is not None:
            self._loaded = layout, painted
        self._pump()
        self._settle()

    def _on_rendered(self, picture: ExportPicture, made: DescribedPicture) -> None:
        self._job = None
        assert self.manifest is not None
        if made.about.weights_sha256 != self.manifest.weights_sha256:
            self._stop(_other_weights())
            return
        self._writing += 1
        path, quality = self._folder / picture.file, self.manifest.order.quality
        self._worker.run(
            lambda _job: export_files.write(path, made, quality),
            lambda _none: self._on_written(picture, made.about),
            lambda error: self._on_unwritten(picture, error),
        )
        self._pump()
        self._settle()

    def _on_render_failed(self, picture: ExportPicture, error: EngineError) -> None:
        """Tell a failed picture from a replaced renderer."""
        assert self.manifest is not None
        expected = self.manifest.weights_sha256

        def go_on(found: str) -> None:
            self._job = None
            if found != expected:
                self._waiting.appendleft(picture)
                self._stop(_other_weights())
                return
            if isinstance(error, RendererReplacedError):  # same weights on another device
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

    def _on_written(self, picture: ExportPicture, about: Provenance) -> None:
        assert self.manifest is not None
        self.manifest.set_done(picture, about)
        self.pace.count()
        self.changed.emit()
        self._after_writing()

    def _on_unwritten(self, picture: ExportPicture, error: EngineError) -> None:
        if isinstance(error, FolderError):
            self._writing -= 1
            self._stop(error)
        else:
            self._fail(picture, error)
            self._after_writing()

    def _after_writing(self) -> None:
        self._writing -= 1
        self._save(only_if_old=True)
        self._pump()
        self._settle()

    def _fail(self, picture: ExportPicture, error: EngineError) -> None:
        assert self.manifest is not None
        self.manifest.set_failed(picture, str(error))
        self.changed.emit()

    # -- end -----------------------------------------------------------------------------------------------------------

    def _stop(self, error: EngineError) -> None:
        """End the export on a fatal error; the remaining pictures stay waiting."""
        self.error = self.error or error
        self._drop_job()
        self._waiting.clear()
        self._set(State.ENDING)
        self._settle()

    def _drop_job(self) -> None:
        """Withdraw the job from the render thread; its callbacks are not called."""
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def _settle(self) -> None:
        """Switch to paused or ended once no work is pending."""
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
            self._set(State.ENDED)

    def _save(self, *, only_if_old: bool = False) -> None:
        """Write the manifest in the background, unless a write is pending or due at the end."""
        if self._saving or self.manifest is None or self._state in (State.ENDING, State.ENDED):
            return
        if only_if_old and self._since_saved.isValid() and self._since_saved.elapsed() < _MANIFEST_MILLISECONDS:
            return
        self._since_saved.start()
        self._saving = True
        folder, manifest = self._folder, self.manifest.copy()
        self._worker.run(lambda _job: export_files.save(folder, manifest), self._on_saved, self._on_unsaved)

    def _on_saved(self, _none: None) -> None:
        self._saving = False
        self._settle()

    def _on_unsaved(self, error: EngineError) -> None:
        self._saving = False
        self._stop(error)

    def _save_now(self) -> None:
        if self.manifest is not None:
            try:
                export_files.save(self._folder, self.manifest)
            except EngineError as error:
                self.error = self.error or error

    def _set(self, state: State) -> None:
        self._state = state
        self.changed.emit()


def _other_weights() -> RenderError:
    return RenderError("the weights were replaced during the export", action="Load the former ones and start again: it goes on from here")
