"""Opens the training window when it is first asked for and hands it what it needs of the main window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from spade_studio.app.model.document import Document
from spade_studio.app.rendering.live_renderer import LiveRenderer
from spade_studio.app.ui.settings import Settings
from spade_studio.app.ui.theme import Theme

if TYPE_CHECKING:
    from spade_studio.app.training.my_drawing import Drawing
    from spade_studio.app.training.window import TrainingWindow


class TrainingController(QObject):
    """Training, as the main window sees it.

    Attributes:
        window: None until it is asked for: pyqtgraph takes half a second to import.
    """

    def __init__(
        self, document: Document, live: LiveRenderer, use: Callable[[Path], bool], settings: Settings, theme: Theme, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._document, self._live, self._settings, self._theme, self._parent = document, live, settings, theme, parent
        self._use = use
        self.window: TrainingWindow | None = None

    def open(self) -> None:
        """Show the training window."""
        if self.window is None:
            from spade_studio.app.training.memory import TrainingMemory
            from spade_studio.app.training.window import TrainingWindow

            memory = TrainingMemory(self._settings)
            self.window = TrainingWindow(memory, self._theme, self._drawing, self.use_weights, self._parent)
        self.window.open()

    def use_weights(self, path: Path) -> bool:
        """Render with other weights once they are loaded; those in use stay where that fails."""
        return self._use(path)

    def _drawing(self) -> Drawing:
        from spade_studio.app.training.my_drawing import Drawing

        return Drawing(self._document.labels.copy(), self._document.label_set, self._live.seed)

    def close(self) -> None:
        """Close the window and end all that runs for it; trainers go on."""
        if self.window is not None:
            self.window.close_parts()
            self.window.close()
