"""Grid or row view of cells, with mouse and keyboard selection."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

import math
from collections.abc import Callable
from typing import cast

from PySide6.QtCore import QEvent, QItemSelection, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from spade_studio.app.ui.theme import Colors
from spade_studio.app.variations.cells import CELL, Cell, CellModel

_GAP = 5
_CAPTION = 20
_LEAST = 72
_ROUND = 5
_Index = QModelIndex | QPersistentModelIndex


class CellDelegate(QStyledItemDelegate):
    """Paints a cell's picture and caption, marking selected, current and in-use cells."""

    def __init__(self, colors: Colors, is_in_use: Callable[[Cell], bool], parent: QWidget) -> None:
        super().__init__(parent)
        self.colors = colors
        self._is_in_use = is_in_use
        self.size = QSize()
        self.aspect = 1.0

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """Return the cell size."""
        return self.size

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Paint one cell."""
        cell, colors = cast("Cell", index.data(CELL)), self.colors
        state = option.state  # pyright: ignore[reportAttributeAccessIssue]
        area = QRect(option.rect)  # pyright: ignore[reportAttributeAccessIssue]
        picture = QRectF(area.adjusted(_GAP, _GAP, -_GAP, -_CAPTION))
        spare = picture.width() - picture.height() * self.aspect
        picture.adjust(spare / 2, 0, -spare / 2, 0)
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        if cell.image.isNull():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colors.surround))
            painter.drawRoundedRect(picture, _ROUND, _ROUND)
            painter.setPen(QColor(colors.muted))
            text = self.tr("failed") if cell.error else "…"
            painter.drawText(picture, Qt.AlignmentFlag.AlignCenter, text)
        else:
            painter.drawImage(picture, cell.image)
        if state & QStyle.StateFlag.State_Selected:
            _frame(painter, picture, colors.accent, 3)
        elif state & QStyle.StateFlag.State_HasFocus:
            _frame(painter, picture, colors.text, 1.5)
        elif state & QStyle.StateFlag.State_MouseOver:
            _frame(painter, picture, colors.muted, 1.5)
        if state & QStyle.StateFlag.State_HasFocus and state & QStyle.StateFlag.State_Selected:
            _frame(painter, picture.adjusted(3.5, 3.5, -3.5, -3.5), colors.field, 1)
        self._draw_caption(painter, cell, QRectF(area.left(), picture.bottom(), area.width(), _CAPTION))
        painter.restore()

    def _draw_caption(self, painter: QPainter, cell: Cell, area: QRectF) -> None:
        in_use = self._is_in_use(cell)
        font = painter.font()
        font.setBold(in_use)
        painter.setFont(font)
        painter.setPen(QColor(self.colors.text if in_use else self.colors.muted))
        text = self.tr("{} (in use)").format(cell.caption) if in_use else cell.caption
        text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(area.width()))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)


def _frame(painter: QPainter, area: QRectF, color: str, width: float) -> None:
    pen = QPen(QColor(color), width)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inset = width / 2
    painter.drawRect(area.adjusted(inset, inset, -inset, -inset))


class CellView(QListView):
    """View filled by its cells, in a grid as square as the pictures allow or in one row.

    A click or Enter adopts a style; Ctrl or Shift with the mouse or arrow keys, and Space, change the selection.
    """

    adopted = Signal(object)  # Cell

    def __init__(self, model: CellModel, colors: Colors, is_in_use: Callable[[Cell], bool], name: str, *, one_row: bool = False) -> None:
        super().__init__()
        self.cells = model
        self.aspect = 1.0
        self._one_row = one_row
        self._anchor = 0
        self.setModel(model)
        self.delegate = CellDelegate(colors, is_in_use, self)
        self.setItemDelegate(self.delegate)
        self.setAccessibleName(name)
        # A row is a one-line grid filled from top to bottom: without wrapping, Qt would overlap the cells.
        self.setFlow(QListView.Flow.TopToBottom if one_row else QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded if one_row else Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        if one_row:
            self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        model.modelReset.connect(self.fit)

    @property
    def selected(self) -> list[Cell]:
        """Selected cells in view order."""
        return [self.cells.cells[row] for row in sorted(index.row() for index in self.selectedIndexes())]

    def fit(self) -> None:
        """Set the largest cell size at which all cells are visible, if possible."""
        self.delegate.aspect = self.aspect
        count = max(1, len(self.cells.cells))
        extra = _GAP + _CAPTION
        if self._one_row:
            side = max(24, int((self.height() - extra - self._scrollbar) * self.aspect))
            self._set_grid(side + 2 * _GAP, int(side / self.aspect) + extra)
            return
        width, height = self.width() - 1, self.height() - 1
        best, columns = 0.0, 1
        for tried in range(1, count + 1):
            rows = math.ceil(count / tried)
            side = min(width / tried - 2 * _GAP, (height / rows - extra) * self.aspect)
            if side > best:
                best, columns = side, tried
        scrolls = best < _LEAST
        if scrolls:
            width -= self._scrollbar
            columns = max(1, int(width / (_LEAST + 2 * _GAP)))
            best = width / columns - 2 * _GAP
        off, on = Qt.ScrollBarPolicy.ScrollBarAlwaysOff, Qt.ScrollBarPolicy.ScrollBarAlwaysOn
        self.setVerticalScrollBarPolicy(on if scrolls else off)
        # Columns share the width evenly; with narrower ones, more would fit than counted.
        self._set_grid(width // columns, int(best / self.aspect) + extra)

    @property
    def _scrollbar(self) -> int:
        return self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)

    def _set_grid(self, width: int, height: int) -> None:
        size = QSize(max(24, width), max(24, height))
        if size != self.gridSize():
            self.delegate.size = size
            self.setGridSize(size)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the cells to the new size."""
        super().resizeEvent(event)
        self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Adopt the current style on Enter and toggle its selection on Space; other keys have Qt's behaviour."""
        index = self.currentIndex()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and index.isValid():
            self.adopted.emit(index.data(CELL))
        elif event.key() == Qt.Key.Key_Space and index.isValid():
            self.selectionModel().select(index, self.selectionModel().SelectionFlag.Toggle)
        else:
            super().keyPressEvent(event)
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and self.currentIndex() != index:
                self._select_from_anchor(self.currentIndex())
            else:
                self._set_anchor()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select the range from the last clicked cell on Shift-click, in cell order; Qt would select the rectangle between them."""
        index = self.indexAt(event.position().toPoint())
        is_shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.button() == Qt.MouseButton.LeftButton and is_shift and index.isValid():
            self._select_from_anchor(index)
            return
        super().mousePressEvent(event)
        self._set_anchor()

    def _set_anchor(self) -> None:
        self._anchor = max(0, self.currentIndex().row())

    def _select_from_anchor(self, index: QModelIndex) -> None:
        low, high = sorted((min(self._anchor, len(self.cells.cells) - 1), index.row()))
        flag = self.selectionModel().SelectionFlag
        self.selectionModel().setCurrentIndex(index, flag.NoUpdate)
        self.selectionModel().select(QItemSelection(self.cells.index(low), self.cells.index(high)), flag.ClearAndSelect)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Adopt the clicked style, unless Ctrl or Shift is held to select it."""
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and not event.modifiers() and index.isValid() and index == self.currentIndex():
            self.adopted.emit(index.data(CELL))

    def changeEvent(self, event: QEvent) -> None:
        """Fit the cells again after a font change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.fit()
