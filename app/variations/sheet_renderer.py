"""Render queue for a variations sheet, working on the render thread between the window's frames."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from spade_studio.app.export.order import PaintedLayout
from spade_studio.app.export.rendering import render_layout
from spade_studio.app.rendering.live_renderer import LiveRenderer, RendererReplacedError
from spade_studio.app.variations.cells import Cell, Mix, cell_image
from spade_studio.engine.batch.plan import Style
from spade_studio.engine.errors import EngineError
from spade_studio.engine.labels.label_set import LabelSet
from spade_studio.engine.rendering.frame_sizes import SizeWish
from spade_studio.engine.rendering.service import RenderJob
from spade_studio.engine.style import interpolate_styles

if TYPE_CHECKING:
    from spade_studio.engine.batch.picture import DescribedPicture
    from spade_studio.engine.rendering.renderer import Renderer


_SIZE = SizeWish("training")
"""Size of the sheet's pictures, independent of the window's size since cells are small."""


@dataclass(frozen=True, eq=False)
class SheetLayout:
    """Layout shared by all pictures of a sheet.

    Attributes:
        layout: Label map with objects and texture.
        label_set: Label set of the label map.
        revision: Revision of the document.
    """

    layout: PaintedLayout
    label_set: LabelSet
    revision: int


class SheetRenderer(QObject):
    """Queue of cells, of which only one is submitted to the render thread, so that the rest can be cancelled at once."""

    rendered = Signal(object)  # Cell
    progressed = Signal()

    def __init__(self, live: LiveRenderer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._live = live
        self._waiting: deque[tuple[Cell, SheetLayout]] = deque()
        self._job: RenderJob | None = None
        self.done = 0
        self.total = 0

    @property
    def is_at_work(self) -> bool:
        """Whether cells are still being rendered."""
        return self._job is not None

    def add(self, cells: Iterable[Cell], layout: SheetLayout) -> None:
        """Append cells to the queue."""
        if not self.is_at_work:
            self.done = self.total = 0
        new = [(cell, layout) for cell in cells]
        self._waiting.extend(new)
        self.total += len(new)
        self._next()
        self.progressed.emit()

    def cancel(self) -> None:
        """Cancel all unfinished cells; rendered pictures are kept."""
        self._waiting.clear()
        if self._job is not None:
            self._job.cancel()
            self._job = None
        self.progressed.emit()

    def _next(self) -> None:
        if self._job is not None or not self._waiting:
            return
        cell, layout = self._waiting.popleft()

        def render(renderer: Renderer) -> DescribedPicture:
            style = cell.style
            code = mixed(renderer, style) if isinstance(style, Mix) else style
            return render_layout(renderer, layout.layout, layout.label_set, _SIZE, code)

        self._job = self._live.work(render, lambda made: self._on_rendered(cell, made), lambda error: self._on_failed(cell, layout, error))

    def _on_rendered(self, cell: Cell, made: DescribedPicture) -> None:
        cell.image, cell.error = cell_image(made.image), ""
        if isinstance(cell.style, Mix) and made.about.z is not None:
            cell.style = made.about.z
        self._end(cell)

    def _on_failed(self, cell: Cell, layout: SheetLayout, error: EngineError) -> None:
        if isinstance(error, RendererReplacedError):
            self._job = None
            self._waiting.appendleft((cell, layout))
            self._next()
            return
        cell.error = str(error)
        self._end(cell)

    def _end(self, cell: Cell) -> None:
        self._job = None
        self.done += 1
        self._next()
        self.rendered.emit(cell)
        self.progressed.emit()


def mixed(renderer: Renderer, mix: Mix) -> NDArray[np.float32]:
    """Return the style code of a mix, float32 ``[z]``; called on the render thread.

    Raises:
        EngineError: The weights have no style input, or one of another length.
    """
    return interpolate_styles(style_code(renderer, mix.a), style_code(renderer, mix.b), mix.t)


def style_code(renderer: Renderer, style: Style) -> NDArray[np.float32]:
    """Return the code of a style, float32 ``[z]``; called on the render thread.

    Raises:
        StyleError: The weights have no style input.
    """
    return renderer.style_from_seed(style) if isinstance(style, int) else style
