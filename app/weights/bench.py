"""Trial of other weights beside those in use, with both pictures and the swap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from spade_studio.app.rendering.controller import RenderingController
from spade_studio.app.rendering.live_renderer import LiveRenderer
from spade_studio.app.ui.theme import Theme
from spade_studio.app.ui.worker import Job, Progress, Worker
from spade_studio.app.weights.comparison import Comparison
from spade_studio.app.weights.jobs import Examined, Scene, Trial, render_scene, try_out
from spade_studio.app.weights.report import Painted
from spade_studio.engine.errors import EngineError
from spade_studio.engine.rendering.service import RenderJob


@dataclass(frozen=True, eq=False)
class WindowParts:
    """Parts of the application used by the weights window.

    Attributes:
        live: Renderer of the main window.
        rendering: Controller that swaps weights.
        theme: Current theme.
        painted: Callback that counts the document's labels.
        scene: Callback that copies the scene for a trial.
    """

    live: LiveRenderer
    rendering: RenderingController
    theme: Theme
    painted: Callable[[], Painted]
    scene: Callable[[], Scene]


class Bench(QObject):
    """Loads weights for a trial and swaps them in.

    Attributes:
        comparison: Widget with both pictures.
        trial: Loaded weights awaiting a decision; None otherwise.
    """

    changed = Signal()
    """Emitted when loading starts or ends, or a trial is cancelled."""
    failed = Signal(object)  # EngineError
    progressed = Signal(object)  # Progress
    swapped = Signal()

    def __init__(self, parts: WindowParts, worker: Worker, default: Path, parent: QObject) -> None:
        super().__init__(parent)
        self._parts, self._worker, self._default = parts, worker, default
        self._job: Job | None = None
        self._old_job: RenderJob | None = None
        self._swapping: Path | None = None
        self.trial: Trial | None = None
        self.comparison = Comparison()

    @property
    def is_trying(self) -> bool:
        """Whether weights are being loaded for a trial."""
        return self._job is not None

    @property
    def is_swapping(self) -> bool:
        """Whether the trial weights are replacing those in use."""
        return self._swapping is not None

    @property
    def is_free(self) -> bool:
        """Whether a trial can start, with nothing else being loaded."""
        return self._job is None and self._swapping is None and not self._parts.live.is_loading

    def start(self, examined: Examined) -> None:
        """Start a trial: load weights beside those in use and render the layout with both."""
        assert examined.facts is not None
        self.stop()
        rendering, live, scene = self._parts.rendering, self._parts.live, self._parts.scene()
        path = None if examined.path == self._default else examined.path
        options = replace(rendering.newest_options, weights=path, published=examined.options)
        load = rendering.loader(options)
        comparison = self.comparison
        comparison.show_names(live.info.info.name if live.info else self.tr("nothing"), examined.facts.info.name)
        comparison.new.show_picture(None, self.tr("Loading…"))
        if live.info is None:
            comparison.old.show_picture(None, self.tr("No weights are loaded."))
        else:
            comparison.old.show_picture(None, self.tr("Rendering…"))
            self._old_job = live.work(
                lambda renderer: render_scene(renderer, scene),
                lambda image: comparison.old.show_picture(image),
                lambda error: comparison.old.show_picture(None, str(error)),
            )
        self._job = self._worker.run(lambda job: try_out(options, load, scene, job), self._on_tried, self._on_failed, self.progressed.emit)
        self.progressed.emit(Progress(self.tr("Loading the weights…")))
        self.changed.emit()

    def use(self) -> None:
        """Replace the weights in use with the trial weights."""
        trial = self.trial
        if trial is None or trial.renderer is None or self._swapping is not None:
            return
        renderer, trial.renderer, self.trial = trial.renderer, None, None
        self._swapping = (trial.options.weights or self._default).absolute()
        self._parts.rendering.use(trial.options, lambda: renderer)
        self.changed.emit()

    def stop(self) -> None:
        """Cancel the trial; the result of work that cannot be interrupted is discarded."""
        for job in (self._job, self._old_job):
            if job is not None:
                job.cancel()
        self._job = self._old_job = self.trial = None

    def on_ready(self) -> None:
        """Handle that weights were replaced."""
        if self._swapping is not None:
            self._swapping = None
            self.swapped.emit()

    def on_not_loaded(self, error: EngineError) -> None:
        """Handle that weights could not be loaded."""
        if self._swapping is not None:
            self._swapping = None
            self.failed.emit(error)

    def on_changed(self) -> None:
        """Cancel the trial if other weights are being loaded."""
        if self._swapping is None and self._parts.live.is_loading and (self._job is not None or self.trial is not None):
            self.stop()
        self.changed.emit()

    def _on_tried(self, trial: Trial) -> None:
        self._job, self.trial = None, trial
        self.comparison.new.show_picture(trial.image)
        self.changed.emit()

    def _on_failed(self, error: EngineError) -> None:
        self.stop()
        self.failed.emit(error)
