"""Renders the current document with a run's checkpoints, by command line tools in separate processes."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from spade_studio.app.documents import samples
from spade_studio.app.model.raster import LabelArray
from spade_studio.app.training.tool_run import ToolRun
from spade_studio.engine.errors import EngineError
from spade_studio.engine.labels import LabelSet
from spade_studio.train.run.directory import RunDirectory
from spade_studio.train.run.pins import pin, unpin

_FOLDER = "drawing"
_USED = "used"  # subfolder for weights in use, which are kept
_KEPT_WEIGHTS = 5
_STEP = re.compile(r"step_([0-9]{8,})\.(png|pt)")
_EXPORTED = re.compile(r"\(step ([0-9,]+)\)\s*$")


@dataclass(frozen=True, eq=False)
class Drawing:
    """Document to render.

    Attributes:
        labels: Label map, uint8 ``[H, W]``.
        label_set: Label set of the label map.
        seed: Style seed.
    """

    labels: LabelArray
    label_set: LabelSet
    seed: int


@dataclass(frozen=True)
class RenderedDrawing:
    """Drawing rendered, or still to be rendered, with one checkpoint.

    Attributes:
        step: Training step of the checkpoint.
        picture: Path of the rendered picture; missing until rendered.
        weights: Path of the exported weights; missing until exported and after newer ones replace them.
        checkpoint: Path of the checkpoint; the trainer keeps the newest and the best.
    """

    step: int
    picture: Path
    weights: Path
    checkpoint: Path

    @property
    def is_usable(self) -> bool:
        """Whether the weights, or a checkpoint to export them from, exist."""
        return self.weights.is_file() or self.checkpoint.is_file()


class MyDrawing(QObject):
    """Exports and renders one checkpoint at a time, skipping all but the newest that arrive meanwhile."""

    changed = Signal()  # entries or is_at_work
    failed = Signal(str)
    exported = Signal(int, object)  # step and Path, in response to export_weights

    def __init__(self, drawing: Callable[[], Drawing], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._drawing = drawing
        self._run: RunDirectory | None = None
        self._again = False
        self._renders = True
        self._export, self._render = ToolRun(self), ToolRun(self)
        self._step = 0
        self._pinned: Path | None = None  # checkpoint being read, which the trainer must not delete
        self._export.ended.connect(self._on_exported)
        self._render.ended.connect(self._on_rendered)

    @property
    def is_at_work(self) -> bool:
        """Whether a checkpoint is being exported or rendered."""
        return self._export.is_running or self._render.is_running

    @property
    def renders(self) -> bool:
        """Whether the current work renders a picture, as opposed to exporting weights only."""
        return self._renders

    @property
    def entries(self) -> list[RenderedDrawing]:
        """Existing pictures and checkpoints of the run, oldest first."""
        run = self._run
        if run is None:
            return []
        paths = [*self._pictures().glob("step_*.png"), *run.checkpoints_path.glob("step_*.pt")]
        steps = sorted({int(match[1]) for path in paths if (match := _STEP.fullmatch(path.name))})
        return [self._entry(run, step) for step in steps]

    def _entry(self, run: RunDirectory, step: int) -> RenderedDrawing:
        name = f"step_{step:08}"
        return RenderedDrawing(step, self._pictures() / f"{name}.png", self._weights(step), run.checkpoints_path / f"{name}.pt")

    def attach(self, run: RunDirectory | None) -> None:
        """Switch to another run, cancelling work for the previous one."""
        self.close()
        self._run = run
        self.changed.emit()

    def render_newest(self) -> None:
        """Export the run's newest checkpoint and render the drawing with it, after any current work."""
        if self.is_at_work:
            self._again = True
            return
        self._start_export(None, renders=True)

    def render(self, step: int) -> None:
        """Render the drawing with the checkpoint of a step; ignored during other work."""
        if self._run is None or self.is_at_work:
            return
        if self._weights(step).is_file():
            self._step, self._renders = step, True
            self._try(self._start_render)
        else:
            self._start_export(step, renders=True)

    def export_weights(self, step: int) -> None:
        """Export a checkpoint's weights to a permanent file and emit :attr:`exported`; ignored during other work."""
        if self._run is None or self.is_at_work:
            return
        self._step = step
        if self._weights(step).is_file():
            self._try(self._keep_weights)
        else:
            self._start_export(step, renders=False)

    def _start_export(self, step: int | None, *, renders: bool) -> None:
        """Export a checkpoint, the newest for None, then render the drawing with it or keep the weights for use."""
        if self._run is None:
            return
        self._again, self._renders = False, renders
        # On the CPU, to leave GPU memory to the trainer.
        words = ["export", str(self._run.path.absolute()), "--output", str(self._folder() / "newest.safetensors"), "--device", "cpu"]
        if step is not None:
            words += ["--step", str(step)]

        def start() -> None:
            self._pictures().mkdir(parents=True, exist_ok=True)
            if step is not None:
                self._pin(step)
            self._export.start("spade-train", words)

        self._try(start)
        self.changed.emit()

    def _pin(self, step: int) -> None:
        assert self._run is not None, self.tr("no run to draw for")
        self._pinned = self._entry(self._run, step).checkpoint
        if not pin(self._pinned):
            found = self.tr("the trainer has removed the checkpoint of step {step:,} meanwhile").format(step=step)
            raise EngineError(found, "", self.tr("Choose another one"))

    def _unpin(self) -> None:
        if self._pinned is not None:
            unpin(self._pinned)
            self._pinned = None

    def _keep_weights(self) -> None:
        used = self._folder() / _USED / self._weights(self._step).name
        if self._weights(self._step) != used:
            used.parent.mkdir(exist_ok=True)
            self._weights(self._step).replace(used)
        self.exported.emit(self._step, used)

    def _try(self, do: Callable[[], None]) -> None:
        try:
            do()
        except OSError as error:
            self._fail(
                self.tr("Nothing can be written in {folder}: {reason}.").format(folder=self._folder(), reason=error.strerror or error)
            )
        except EngineError as error:
            self._fail(str(error))

    def close(self) -> None:
        """Cancel the current work."""
        self._again = False
        self._export.cancel()
        self._render.cancel()
        self._unpin()

    def _folder(self) -> Path:
        assert self._run is not None, self.tr("no run to draw for")
        return self._run.path.absolute() / _FOLDER

    def _pictures(self) -> Path:
        return self._folder() / "pictures"

    def _weights(self, step: int) -> Path:
        name = f"step_{step:08}.safetensors"
        used = self._folder() / _USED / name
        return used if used.is_file() else self._folder() / name

    def _on_exported(self, code: int, output: str, errors: str) -> None:
        self._unpin()
        found = _EXPORTED.search(output)
        if code or found is None:
            self._fail(errors or self.tr("The export ended and said nothing."))
            return
        self._step = int(found[1].replace(",", ""))

        def go_on() -> None:
            (self._folder() / "newest.safetensors").replace(self._weights(self._step))
            (self._start_render if self._renders else self._keep_weights)()

        self._try(go_on)
        if not self._renders:
            self._end()

    def _start_render(self) -> None:
        assert self._run is not None, self.tr("no run to draw for")
        drawing, folder = self._drawing(), self._folder()
        # The picture is named after the layout, so it is rendered into a separate folder and then moved atomically.
        layout, labels = folder / "layout.png", folder / "label_set.json"
        samples.write_labels(layout, drawing.labels, drawing.label_set)
        labels.write_text(json.dumps(drawing.label_set.to_json()), encoding="utf-8")
        words = [str(layout), "--weights", str(self._weights(self._step)), "--output", str(folder / "new"), "--label-set", str(labels)]
        words += ["--overwrite", "--quiet", "--device", "cpu"]
        if self._run.config().network_configs(1)[0].style_width is not None:
            words += ["--seed", str(drawing.seed)]
        self._render.start("spade-render", words)
        self.changed.emit()

    def _on_rendered(self, code: int, output: str, errors: str) -> None:
        del output
        if code:
            self._fail(errors or self.tr("The rendering ended and said nothing."))
            return

        def tidy() -> None:
            (self._folder() / "new" / "layout.png").replace(self._pictures() / f"step_{self._step:08}.png")
            shutil.rmtree(self._folder() / "new", ignore_errors=True)
            for old in sorted(self._folder().glob("step_*.safetensors"))[:-_KEPT_WEIGHTS]:
                old.unlink()

        self._try(tidy)
        self._end()

    def _end(self) -> None:
        """Mark the work as finished and start on a checkpoint that arrived meanwhile."""
        self.changed.emit()
        if self._again:
            self.render_newest()

    def _fail(self, words: str) -> None:
        self._again = False
        self._unpin()
        self.failed.emit(words)
        self.changed.emit()
