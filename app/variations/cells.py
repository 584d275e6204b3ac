"""Cells of a variations sheet: styles and their rendered pictures."""

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
    """Interpolation between two styles.

    Attributes:
        a: Style at ``t`` = 0.
        b: Style at ``t`` = 1.
        t: Interpolation parameter, 0 to 1.
    """

    a: Style
    b: Style
    t: float


@dataclass
class Cell:
    """One picture of a sheet.

    Attributes:
        style: Seed, style code, or mix; a mix becomes a code when rendered.
        caption: Text below the picture.
        image: Rendered picture; null until rendered.
        error: Error message; empty if there is none.
    """

    style: Style | Mix
    caption: str
    image: QImage = field(default_factory=QImage)
    error: str = ""


def is_same_style(a: Style | Mix, b: Style | Mix) -> bool:
    """Whether two styles are the same seed or equal codes."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return np.array_equal(a, b)
    return isinstance(a, int) and isinstance(b, int) and a == b


def cell_image(picture: NDArray[np.uint8]) -> QImage:
    """Return a picture, uint8 ``[h, w, 3]``, as an image scaled down to the largest cell size."""
    image = to_image(picture)
    if max(picture.shape[:2]) > _KEPT_SIDE:
        image = image.scaled(_KEPT_SIDE, _KEPT_SIDE, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
    return image


class CellModel(QAbstractListModel):
    """List model of a view's cells."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.cells: list[Cell] = []

    def set_cells(self, cells: Sequence[Cell]) -> None:
        """Replace all cells."""
        self.beginResetModel()
        self.cells = list(cells)
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - as Qt declares it
        """Return the number of cells."""
        return 0 if parent.isValid() else len(self.cells)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the cell or its displayed text."""
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
        """Signal that a cell has changed."""
        for row, one in enumerate(self.cells):
            if one is cell:
                self.dataChanged.emit(self.index(row), self.index(row))
