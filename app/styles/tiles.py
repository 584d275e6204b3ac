"""Lists of style thumbnails with favourites and drag and drop."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import qtawesome
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QDrag, QIcon, QImage, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from spade_studio.app.styles.carried import carried
from spade_studio.app.styles.pictures import THUMBNAIL
from spade_studio.app.styles.shelf import Choice
from spade_studio.app.ui.plain import plain_tip

_STAR = 18


@dataclass(frozen=True)
class Tile:
    """A style in a list.

    Attributes:
        image: Thumbnail.
        name: Display name.
        tip: Tooltip; where empty, the name is used.
        choice: Style, reference or built-in style of the tile.
        star: Whether the style is a favourite; None where it cannot be one.
    """

    image: QImage
    name: str
    choice: Choice
    tip: str = ""
    star: bool | None = None


def picture_icon(image: QImage) -> QIcon:
    """Return an image as an icon without the widget style's tint for selected or hovered items."""
    pixmap = QPixmap.fromImage(image)
    icon = QIcon(pixmap)
    for mode in (QIcon.Mode.Selected, QIcon.Mode.Active):
        icon.addPixmap(pixmap, mode)
    return icon


class _StarDelegate(QStyledItemDelegate):
    """Draws the star in a tile's corner: always for favourites, otherwise under the pointer only."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """Draw the tile and its star."""
        super().paint(painter, option, index)
        view = self.parent()
        if not isinstance(view, Tiles) or (tile := view.tile(index.row())) is None or tile.star is None:
            return
        is_under = bool(option.state & QStyle.StateFlag.State_MouseOver)  # pyright: ignore[reportAttributeAccessIssue] - missing in the stubs
        if tile.star or is_under:
            rect = view.star_rect(option.rect)  # pyright: ignore[reportAttributeAccessIssue] - missing in the stubs
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(12, 14, 17, 150))
            painter.drawEllipse(rect)
            icon = "mdi6.star" if tile.star else "mdi6.star-outline"
            qtawesome.icon(icon, color="#ffd75e" if tile.star else "#ffffff").paint(painter, rect.adjusted(2, 2, -2, -2))
            painter.restore()


class Tiles(QListWidget):
    """A list of thumbnails with names below them; a click or Return chooses a style."""

    taken = Signal(int)  # row
    starred = Signal(int)  # the star of this row was clicked
    menu_wanted = Signal(int, QPoint)  # row, global position

    def __init__(self, name: str, hint: str = "", size: QSize = THUMBNAIL, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._hint = hint
        self._tiles: list[Tile] = []
        self._is_on_star = False
        self._pressed = -1
        self.setAccessibleName(name)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setDragDropMode(QListWidget.DragDropMode.DragOnly)
        self.setIconSize(size)
        self.setGridSize(QSize(size.width() + 16, size.height() + 32))
        self.setUniformItemSizes(True)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setWordWrap(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMinimumHeight(size.height() + 40)
        self.setMouseTracking(True)
        self.setItemDelegate(_StarDelegate(self))
        self.itemClicked.connect(self._on_clicked)
        self.itemActivated.connect(self._on_activated)

    def show_tiles(self, tiles: Sequence[Tile], current: int = -1) -> None:
        """Show styles; ``current`` is the row of the style in use, or -1."""
        self._tiles = list(tiles)
        for index, tile in enumerate(tiles):
            item = self.item(index)
            if item is None:
                item = QListWidgetItem()
                item.setSizeHint(QSize(self.gridSize().width(), self.iconSize().height() + self.fontMetrics().height() + 6))
                item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom)
                self.addItem(item)
            if item.data(Qt.ItemDataRole.UserRole) != tile.image.cacheKey():
                item.setData(Qt.ItemDataRole.UserRole, tile.image.cacheKey())
                item.setIcon(picture_icon(tile.image))
            item.setText(tile.name)
            item.setToolTip(plain_tip(tile.tip or tile.name))
        while self.count() > len(tiles):
            self.takeItem(self.count() - 1)
        if current < 0:
            self.clearSelection()
        elif not self.item(current).isSelected():
            self.setCurrentRow(current)
        self.viewport().update()

    def tile(self, row: int) -> Tile | None:
        """Return the tile of a row; None where there is none."""
        return self._tiles[row] if 0 <= row < len(self._tiles) else None

    def star_rect(self, tile: QRect) -> QRect:
        """Return the rectangle of a tile's star, in the corner of its thumbnail."""
        return QRect(tile.center().x() + self.iconSize().width() // 2 - _STAR - 2, tile.top() + 6, _STAR, _STAR)

    def set_hint(self, hint: str) -> None:
        """Set the text shown while the list is empty."""
        self._hint = hint
        self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Track a press on a star, which does not choose the style."""
        index = self.indexAt(event.position().toPoint())
        tile = self.tile(index.row())
        at = event.position().toPoint()
        self._pressed = index.row()
        self._is_on_star = tile is not None and tile.star is not None and self.star_rect(self.visualRect(index)).contains(at)
        if not self._is_on_star:
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Toggle the star that was pressed."""
        if not self._is_on_star:
            super().mouseReleaseEvent(event)
            return
        self._is_on_star = False
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and self.star_rect(self.visualRect(index)).contains(event.position().toPoint()):
            self.starred.emit(index.row())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Request the context menu of a tile."""
        row = self.indexAt(event.pos()).row() if event.reason() == QContextMenuEvent.Reason.Mouse else self.currentRow()
        if row >= 0:
            at = event.globalPos() if event.reason() == QContextMenuEvent.Reason.Mouse else self._middle(row)
            self.menu_wanted.emit(row, at)

    def startDrag(self, supportedActions: Qt.DropAction) -> None:  # noqa: N803 - Qt names it
        """Start a drag of a style."""
        tile = self.tile(self._pressed)
        if tile is not None:
            drag = QDrag(self)
            drag.setMimeData(carried(tile.choice, tile.image))
            pixmap = QPixmap.fromImage(tile.image)
            drag.setPixmap(pixmap)
            drag.setHotSpot(QPoint(THUMBNAIL.width() // 2, THUMBNAIL.height() // 2))
            drag.exec(Qt.DropAction.CopyAction)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the tiles, or the hint where there are none."""
        super().paintEvent(event)
        if self.count() or not self._hint:
            return
        painter = QPainter(self.viewport())
        painter.setPen(self.palette().placeholderText().color())
        area: QRect = self.viewport().rect().adjusted(14, 10, -14, -10)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._hint)
        painter.end()

    def _middle(self, row: int) -> QPoint:
        return self.viewport().mapToGlobal(self.visualItemRect(self.item(row)).center())

    def _on_clicked(self, item: QListWidgetItem) -> None:
        self.taken.emit(self.row(item))

    def _on_activated(self, item: QListWidgetItem) -> None:
        # With single-click activation the signal was emitted already.
        if not self.style().styleHint(QStyle.StyleHint.SH_ItemView_ActivateItemOnSingleClick, None, self):
            self.taken.emit(self.row(item))
