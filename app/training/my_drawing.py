"""The current document as the checkpoints of a run render it: exported and rendered by our command line tools, in processes of their own.

It knows folders of runs and which tool does what; it knows no widgets and no weights.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from spade_studio.app import document_io
from spade_studio.app.canvas.raster import LabelArray
from spade_studio.app.training.tool_run import ToolRun
from spade_studio.engine.errors import EngineError
from spade_studio.engine.labels import LabelSet
from spade_studio.train.run_directory import RunDirectory

_FOLDER = "drawing"
_KEPT_WEIGHTS = 5
_STEP = re.compile(r"step_([0-9]{8,})\.png")
_EXPORTED = re.compile(r"\(step ([0-9,]+)\)\s*$")


@dataclass(frozen=True, eq=False)
class Drawing:
    """What is rendered.

    Attributes:
        labels: uint8 ``[H, W]``.
        label_set: What its ids mean.
        seed: Of the style.
    """

    labels: LabelArray
    label_set: LabelSet
    seed: int


@dataclass(frozen=True)
class RenderedDrawing:
    """The drawing as one checkpoint renders it.

    Attributes:
        step: Of the checkpoint.
        picture: Its file.
        weights: The exported checkpoint; gone where newer ones took its place.
    """

    step: int
    picture: Path
    weights: Path


class MyDrawing(QObject):
    """Exports and renders one checkpoint at a time; of those that come meanwhile the newest counts."""

    changed = Signal()  # entries, or whether it is at work
    failed = Signal(str)

    def __init__(self, drawing: Callable[[], Drawing], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._drawing = drawing
        self._run: RunDirectory | None = None
        self._again = False
        self._export, self._render = ToolRun(self), ToolRun(self)
        self._step = 0
        self._export.ended.connect(self._on_exported)
        self._render.ended.connect(self._on_rendered)

    @property
    def is_at_work(self) -> bool:
        """Whether a checkpoint is being exported or rendered."""
        return self._export.is_running or self._render.is_running

    @property
    def entries(self) -> list[RenderedDrawing]:
        """What there is of this run, the oldest first, from whenever it was."""
        if self._run is None:
            return []
        found = []
        for path in sorted(self._pictures().glob("step_*.png")):
            if match := _STEP.fullmatch(path.name):
                found.append(RenderedDrawing(int(match[1]), path, self._weights(int(match[1]))))
        return found

    def attach(self, run: RunDirectory | None) -> None:
        """Look at another run; what is at work for the one before is given up."""
        self.close()
        self._run = run
        self.changed.emit()

    def render_newest(self) -> None:
        """Export the run's newest checkpoint and render the drawing with it, once what is at work is done."""
        if self._run is None:
            return
        if self.is_at_work:
            self._again = True
            return
        self._again = False
        try:
            self._pictures().mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self.failed.emit(
                self.tr("Nothing can be written in {folder}: {reason}.").format(folder=self._folder(), reason=error.strerror or error)
            )
            return
        # On the CPU: a GPU's memory is the trainer's.
        words = ["export", str(self._run.path.absolute()), "--output", str(self._folder() / "newest.safetensors"), "--device", "cpu"]
        self._export.start("spade-train", words)
        self.changed.emit()

    def close(self) -> None:
        """Give up what is at work."""
        self._again = False
        self._export.cancel()
        self._render.cancel()

    def _folder(self) -> Path:
        assert self._run is not None, self.tr("no run to draw for")
        return self._run.path.absolute() / _FOLDER

    def _pictures(self) -> Path:
        return self._folder() / "pictures"

    def _weights(self, step: int) -> Path:
        return self._folder() / f"step_{step:08}.safetensors"

    def _on_exported(self, code: int, output: str, errors: str) -> None:
        found = _EXPORTED.search(output)
        if code or found is None:
            self._fail(errors or self.tr("The export ended and said nothing."))
            return
        self._step = int(found[1].replace(",", ""))
        try:
            (self._folder() / "newest.safetensors").replace(self._weights(self._step))
            self._start_render()
        except OSError as error:
            self._fail(
                self.tr("Nothing can be written in {folder}: {reason}.").format(folder=self._folder(), reason=error.strerror or error)
            )
        except EngineError as error:
            self._fail(str(error))

    def _start_render(self) -> None:
        assert self._run is not None, self.tr("no run to draw for")
        drawing, folder = self._drawing(), self._folder()
        # The picture takes its name from the layout's: render in a place of its own, then put it among the others at once.
        layout, labels = folder / "layout.png", folder / "label_set.json"
        document_io.write_labels(layout, drawing.labels, drawing.label_set)
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
        try:
            (self._folder() / "new" / "layout.png").replace(self._pictures() / f"step_{self._step:08}.png")
            shutil.rmtree(self._folder() / "new", ignore_errors=True)
            for old in sorted(self._folder().glob("step_*.safetensors"))[:-_KEPT_WEIGHTS]:
                old.unlink()
        except OSError as error:
            self._fail(
                self.tr("Nothing can be written in {folder}: {reason}.").format(folder=self._folder(), reason=error.strerror or error)
            )
            return
        self.changed.emit()
        if self._again:
            self.render_newest()

    def _fail(self, words: str) -> None:
        self._again = False
        self.failed.emit(words)
        self.changed.emit()
