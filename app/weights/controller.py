"""Controller that connects the weights manager to the main window: command, status bar button and file drops."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize
from PySide6.QtWidgets import QToolButton

from spade_studio.app.documents.drops import FileDrops
from spade_studio.app.rendering.controller import RenderingController
from spade_studio.app.rendering.live_renderer import object_borders
from spade_studio.app.rendering.workspace import Workspace
from spade_studio.app.ui.boxes import named
from spade_studio.app.ui.status import StatusBar
from spade_studio.app.weights.shelf import Shelf
from spade_studio.engine.errors import AmbiguousWeightsError
from spade_studio.engine.file_kinds import kind_of
from spade_studio.engine.rendering.service import RendererReady, RenderFailure

if TYPE_CHECKING:
    from spade_studio.app.weights.jobs import Scene
    from spade_studio.app.weights.report import Painted
    from spade_studio.app.weights.window import WeightsWindow

_SUFFIXES = (".safetensors", ".pth", ".pt", ".ckpt")
_NETWORK = re.compile(r"(latest|[0-9]{1,9})_net_[GED]\.pth")
_LOOKED_AT = 2000
_SHOWN_NAME = 28


class WeightsController(QObject):
    """Interface of the weights manager to the main window.

    Attributes:
        window: Weights window; None until first opened.
        button: Button with the name of the weights in use; a click opens the window.
        shelf: List of used weights.
    """

    def __init__(self, workspace: Workspace, rendering: RenderingController, drops: FileDrops, status: StatusBar) -> None:
        live = workspace.live
        super().__init__(workspace.window)
        self._main, self._document, self._live, self._rendering = workspace.window, workspace.document, live, rendering
        self._theme = workspace.theme
        self.shelf = Shelf(workspace.settings.state_folder / "weights.json")
        self.window: WeightsWindow | None = None
        self.button = named(QToolButton(), tip=self.tr("The weights in use; click to choose others"))
        self.button.setIconSize(QSize(14, 14))
        self.button.clicked.connect(lambda: self.open())
        self.button.hide()
        status.insertPermanentWidget(1, self.button)  # right of the label under the pointer
        workspace.actions.on("weights", self.open)
        drops.register(can_take, lambda paths: self.open(paths[0]))
        live.ready.connect(self._on_ready)
        live.failed.connect(self._on_failed)
        rendering.changed.connect(self._on_changed)

    def open(self, path: Path | None = None) -> None:
        """Show the window and, if a path is given, a report on that file or folder."""
        if self.window is None:
            from spade_studio.app.weights.bench import WindowParts
            from spade_studio.app.weights.window import WeightsWindow

            parts = WindowParts(self._live, self._rendering, self._theme, self._painted, self._scene)
            self.window = WeightsWindow(parts, self.shelf, self._main)
        if path is not None:
            self.window.look_at(path)
        self.window.open()

    def use(self, path: Path) -> bool:
        """Use weights from a trusted source, such as a local training run; on failure the current weights stay in use."""
        return self._rendering.use_weights(path)

    def close(self) -> None:
        """Close the window and stop its background work."""
        if self.window is not None:
            self.window.close_parts()
            self.window.close()

    def _on_ready(self, ready: RendererReady) -> None:
        name = ready.info.name or ready.path.name
        text = name if len(name) <= _SHOWN_NAME else f"{name[: _SHOWN_NAME - 1]}…"
        self.button.setText(text.replace("&", "&&"))
        self.button.setAccessibleName(self.tr("Weights in use: {name}").format(name=name))
        self.button.show()
        if self._rendering.options.weights is not None:
            self.shelf.mark_used(self._rendering.options.weights.absolute(), name)
        if self.window is not None:
            self.window.bench.on_ready()
            self.window.refresh()

    def _on_failed(self, failure: RenderFailure) -> None:
        weights = self._rendering.options.weights
        if failure.revision < 0 and isinstance(failure.error, AmbiguousWeightsError) and self._live.info is None and weights:
            self.open(weights)  # weights from the command line that need answers
        if self.window is not None and failure.revision < 0:
            self.window.bench.on_not_loaded(failure.error)

    def _on_changed(self) -> None:
        if self.window is not None:
            self.window.bench.on_changed()

    def _painted(self) -> Painted:
        from spade_studio.app.weights.report import Painted

        return Painted.of(self._document.labels, self._document.label_set)

    def _scene(self) -> Scene:
        from spade_studio.app.weights.jobs import Scene

        labels, objects = self._document.labels.copy(), self._document.instances
        borders = None if objects is None else object_borders(labels, objects)
        live, regions = self._live, self._document.texture_regions
        return Scene(labels, borders, self._document.label_set, live.style, live.seed, live.texture, regions)


def can_take(path: Path) -> bool:
    """Whether a file or folder looks like weights, judged by its file type and names."""
    if not path.is_dir():
        return kind_of(path) == "weights" or path.suffix.lower() in _SUFFIXES
    try:
        return any(_NETWORK.fullmatch(entry.name) for entry, _ in zip(path.iterdir(), range(_LOOKED_AT), strict=False))
    except OSError:
        return False
