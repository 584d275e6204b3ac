"""The choice of the user's own upscaler in place of the bundled one, for the level of detail ``full``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from spade_studio.app.rendering.live_renderer import LiveRenderer, RendererReplacedError
from spade_studio.app.ui import messages
from spade_studio.app.ui.settings import Settings
from spade_studio.engine.errors import EngineError

if TYPE_CHECKING:
    from spade_studio.engine.rendering.renderer import Renderer


class OwnUpscaler(QObject):
    """Two entries at the end of the detail menu, with their commands.

    Args:
        window: Parent of message boxes.
        live: The live renderer that uses the upscaler.
        settings: Settings that store the choice.
        menu: The menu of detail.

    Attributes:
        name: Name stored in the upscaler; empty for the bundled one.
    """

    changed = Signal()  # another upscaler is in use
    chosen = Signal()  # by the user, as opposed to a remembered choice

    def __init__(self, window: QWidget, live: LiveRenderer, settings: Settings, menu: QMenu) -> None:
        super().__init__(window)
        self._window, self._live, self._settings = window, live, settings
        self.name = ""
        self._choice: object = None  # token of the user's pending choice
        self._is_remembered_wanted = False  # by a renderer loaded during a pending choice, if that choice fails
        self._add(menu, self.tr("&Upscaler from a file…"), self.ask)
        self._included = self._add(menu, self.tr("Use the &included upscaler"), lambda: self.use(None))
        self._included.setEnabled(False)
        live.ready.connect(lambda _ready: self._use_remembered())

    def _add(self, menu: QMenu, text: str, do: Callable[[], object]) -> QAction:
        action = QAction(text, menu)
        action.triggered.connect(lambda _checked=False: do())
        menu.addAction(action)
        return action

    def ask(self) -> None:
        """Open a file dialog and use the chosen upscaler."""
        own = self._settings.upscaler
        kinds = self.tr("Upscalers of the ESRGAN family (*.safetensors *.pth)")
        name, _ = QFileDialog.getOpenFileName(self._window, self.tr("Upscaler"), str(own.parent) if own else "", kinds)
        if name:
            self.use(Path(name))

    def use(self, path: Path | None) -> None:
        """Load and use an upscaler from a file, or the bundled one for None; on failure a message says why and nothing changes."""
        self._use(path, object())

    def _use(self, path: Path | None, choice: object) -> None:
        self._choice = choice

        def done(name: str) -> None:
            self._end(choice)
            self._settings.upscaler = path
            self._show(name)
            self.chosen.emit()
            self._live.try_again()

        def failed(error: EngineError) -> None:
            if isinstance(error, RendererReplacedError):
                self._use(path, choice)
            else:
                if self._end(choice):
                    self._use_remembered()
                headline = self.tr("{name} cannot be used as an upscaler").format(name=path.name if path else "")
                messages.show_error(self._window, headline, error)

        self._live.work(lambda renderer: _replace(renderer, path), done, failed)

    def _end(self, choice: object) -> bool:
        """End a pending choice; return whether the remembered upscaler must now be applied. False if a later choice is pending."""
        if choice is not self._choice:
            return False
        self._choice, is_wanted, self._is_remembered_wanted = None, self._is_remembered_wanted, False
        return is_wanted

    def _use_remembered(self) -> None:
        """Apply the remembered upscaler to a newly loaded renderer; if its file is missing, the bundled upscaler is used."""
        path = self._settings.upscaler
        self._is_remembered_wanted = self._choice is not None
        if path is None or self._is_remembered_wanted:
            return

        def done(name: str) -> None:
            self._show(name)
            self._live.try_again()

        def failed(error: EngineError) -> None:
            if not isinstance(error, RendererReplacedError):  # otherwise the next renderer is ready soon
                self._show("")

        self._live.work(lambda renderer: _replace(renderer, path), done, failed)

    def _show(self, name: str) -> None:
        self.name = name
        self._included.setEnabled(bool(name))
        self.changed.emit()


def _replace(renderer: Renderer, path: Path | None) -> str:
    """Replace the renderer's upscaler, on the render thread, and return its name; empty for the bundled one."""
    upscaler = renderer.finisher.replace("full", path)
    return "" if path is None or upscaler is None else upscaler.info.name or path.stem
