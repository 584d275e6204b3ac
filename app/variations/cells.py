"""The pictures of a sheet: which style each has, and what was rendered of it so far."""

# ruff: noqa: N802 - Qt names the methods of a model

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QImage

from spade_studio.app.ui.images import to_image
from spade_studio.app.ui.plain import plain_tip
from spade_studio.engine.batch.plan import Style

CELL = Qt.ItemDataRole.UserRole
_KEPT_SIDE = 512
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, eq=False)
class Mix:
    """A style between two others.

    Attributes:
        a: The style at ``t`` = 0.
        b: The style at ``t`` = 1.
        t: From 0 to 1.
    """

    a: Style
    b: Style
    t: float


@dataclass
class Cell:
    """One picture.

    Attributes:
        style: A seed, a code, or a mix, which becomes a code when it is rendered.
        caption: Below the picture.
        image: Null until it is rendered.
        error: Why there is none.
    """

    style: Style | Mix
    caption: str
    image: QImage = field(default_factory=QImage)
    error: str = ""


def is_same_style(a: Style | Mix, b: Style | Mix) -> bool:
    """Whether two styles give the same picture, as far as that is known without rendering."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return np.array_equal(a, b)
    return isinstance(a, int) and isinstance(b, int) and a == b


def cell_image(picture: NDArray[np.uint8]) -> QImage:
    """Return a picture, uint8 ``[h, w, 3]``, as an image that is no larger than a sheet shows it."""
    image = to_image(picture)
    if max(picture.shape[:2]) > _KEPT_SIDE:
        image = image.scaled(_KEPT_SIDE, _KEPT_SIDE, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
    return image


class CellModel(QAbstractListModel):
    """The cells of one view."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.cells: list[Cell] = []

    def set_cells(self, cells: Sequence[Cell]) -> None:
        """Show others."""
        self.beginResetModel()
        self.cells = list(cells)
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - as Qt declares it
        """Return how many there are."""
        return 0 if parent.isValid() else len(self.cells)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the cell, or what it is called."""
        if not index.isValid():
            return None
        cell = self.cells[index.row()]
        if role == CELL:
            return cell
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return cell.caption
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(cell.error) or None
        return None

    def tell(self, cell: Cell) -> None:
        """Have a cell painted again."""
        for row, one in enumerate(self.cells):
            if one is cell:
                self.dataChanged.emit(self.index(row), self.index(row))
