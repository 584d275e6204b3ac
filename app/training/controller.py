"""Controller that creates the training window on demand and connects it to the main window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from spade_studio.app.rendering.workspace import Workspace

if TYPE_CHECKING:
    from spade_studio.app.training.my_drawing import Drawing
    from spade_studio.app.training.window import TrainingWindow


class TrainingController(QObject):
    """Interface of the training window to the main window.

    Attributes:
        window: Training window; None until first opened, since importing pyqtgraph takes half a second.
    """

    def __init__(self, workspace: Workspace, use: Callable[[Path], bool]) -> None:
        super().__init__(workspace.window)
        self._workspace = workspace
        self._use = use
        self.window: TrainingWindow | None = None

    def open(self) -> None:
        """Show the training window."""
        if self.window is None:
            from spade_studio.app.training.memory import TrainingMemory
            from spade_studio.app.training.window import TrainingWindow

            space = self._workspace
            self.window = TrainingWindow(TrainingMemory(space.settings), space.theme, self._drawing, self.use_weights, space.window)
        self.window.open()

    def use_weights(self, path: Path) -> bool:
        """Load weights and render with them; on failure the current weights stay in use."""
        return self._use(path)

    def _drawing(self) -> Drawing:
        from spade_studio.app.training.my_drawing import Drawing

        document = self._workspace.document
        return Drawing(document.labels.copy(), document.label_set, self._workspace.live.seed)

    def close(self) -> None:
        """Close the window and stop its background work; trainers keep running."""
        if self.window is not None:
            self.window.close_parts()
            self.window.close()
