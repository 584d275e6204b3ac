"""Lists of styles as pictures, and the button that holds one end of a mix.

They know images and names; what a style is they do not know.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QListView, QListWidget, QListWidgetItem, QStyle, QToolButton, QWidget

from spade_studio.app.styles.pictures import THUMBNAIL
from spade_studio.app.ui.plain import plain_tip


def picture_icon(image: QImage) -> QIcon:
    """Return an image as an icon that the style does not tint."""
    pixmap = QPixmap.fromImage(image)
    icon = QIcon(pixmap)
    for mode in (QIcon.Mode.Selected, QIcon.Mode.Active):
        icon.addPixmap(pixmap, mode)
    return icon


class Tiles(QListWidget):
    """Pictures with names below them; a click or Return takes one."""

    taken = Signal(int)  # row

    def __init__(self, name: str, hint: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._hint = hint
        self.setAccessibleName(name)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setDragDropMode(QListWidget.DragDropMode.NoDragDrop)
        self.setIconSize(THUMBNAIL)
        self.setGridSize(QSize(THUMBNAIL.width() + 14, THUMBNAIL.height() + 32))
        self.setUniformItemSizes(True)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setWordWrap(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumHeight(THUMBNAIL.height() + 40)
        self.itemClicked.connect(lambda item: self.taken.emit(self.row(item)))
        self.itemActivated.connect(self._on_activated)

    def show_tiles(self, tiles: Sequence[tuple[QImage, str, str]], current: int = -1) -> None:
        """Show pictures with names and tips; ``current`` is the row of the one in use, or -1."""
        for index, (image, name, tip) in enumerate(tiles):
            item = self.item(index)
            if item is None:
                item = QListWidgetItem()
                item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom)
                self.addItem(item)
            if item.data(Qt.ItemDataRole.UserRole) != image.cacheKey():
                item.setData(Qt.ItemDataRole.UserRole, image.cacheKey())
                item.setIcon(picture_icon(image))
            item.setText(name)
            item.setToolTip(plain_tip(tip))
        while self.count() > len(tiles):
            self.takeItem(self.count() - 1)
        if current < 0:
            self.clearSelection()
        elif not self.item(current).isSelected():
            self.setCurrentRow(current)

    def set_hint(self, hint: str) -> None:
        """Say in the list itself why it is empty."""
        self._hint = hint
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt names its event handlers
        """Paint the tiles, or the hint where there are none."""
        super().paintEvent(event)
        if self.count() or not self._hint:
            return
        painter = QPainter(self.viewport())
        painter.setPen(self.palette().placeholderText().color())
        area: QRect = self.viewport().rect().adjusted(14, 10, -14, -10)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._hint)
        painter.end()

    def _on_activated(self, item: QListWidgetItem) -> None:
        # Where one click activates, it has been told already.
        if not self.style().styleHint(QStyle.StyleHint.SH_ItemView_ActivateItemOnSingleClick, None, self):
            self.taken.emit(self.row(item))


class EndButton(QToolButton):
    """One end of a mix: its picture once it is chosen, its letter before."""

    def __init__(self, letter: str, name: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tip = tip
        self.setText(letter)
        self.setAccessibleName(name)
        self.setToolTip(plain_tip(tip))
        self.setIconSize(QSize(56, 42))
        self.setFixedSize(68, 54)
        self.setObjectName("mix_end")

    def show_end(self, image: QImage, name: str) -> None:
        """Show what was chosen."""
        self.setIcon(picture_icon(image) if not image.isNull() else QIcon())
        self.setToolTip(plain_tip(f"{name}\n{self._tip}" if name else self._tip))
