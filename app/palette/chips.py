"""Label chips, each a coloured swatch with an icon and the label's name, and the view that arranges them in rows."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QGuiApplication, QPainter, QPalette, QPen
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from spade_studio.app.palette.label_hands import LabelHands
from spade_studio.app.ui.label_items import Role
from spade_studio.app.ui.swatches import draw_icon, draw_swatch

CHIP_HEIGHT = 30
CHIP_SPACING = 2
_SWATCH = 20
_STAR = 12
_DIMMED = 0.45
_Index = QModelIndex | QPersistentModelIndex


class ChipDelegate(QStyledItemDelegate):
    """Draws labels as chips, framed for the chosen label and pale for labels that the weights do not know."""

    width = 100

    def fit(self, names: Sequence[str], metrics: QFontMetrics) -> None:
        """Set the common width of all chips so that most names fit; a regular grid is easier to scan."""
        widths = sorted(metrics.horizontalAdvance(name) for name in names)
        usual = widths[int(0.95 * (len(widths) - 1))] if widths else 0
        self.width = max(84, usual + _SWATCH + 32)

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """Return the common size of all chips."""
        return QSize(self.width, CHIP_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Draw a chip."""
        palette = QGuiApplication.palette()  # the option has the view's palette, whose background is transparent
        state: QStyle.StateFlag = option.state  # pyright: ignore[reportAttributeAccessIssue]
        rect = QRectF(option.rect).adjusted(1.5, 1.5, -1.5, -1.5)  # pyright: ignore[reportAttributeAccessIssue]
        accent = palette.color(QPalette.ColorRole.Accent)
        is_chosen = bool(state & QStyle.StateFlag.State_Selected)
        has_focus = bool(state & QStyle.StateFlag.State_HasFocus)
        is_lit = is_chosen or bool(state & QStyle.StateFlag.State_MouseOver)
        is_unknown = bool(index.data(Role.UNKNOWN))
        fill = QColor(accent) if is_chosen else palette.color(QPalette.ColorRole.Base)
        fill.setAlphaF(0.16 if is_chosen else 0.4 if is_unknown else 1.0)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(accent if is_lit else palette.color(QPalette.ColorRole.Midlight), 2.0 if has_focus else 1.2)
        pen.setStyle(Qt.PenStyle.DashLine if is_unknown else Qt.PenStyle.SolidLine)
        painter.setPen(pen)
        painter.setBrush(fill)
        painter.drawRoundedRect(rect, 6, 6)
        swatch = QRectF(rect.left() + 5, rect.center().y() - _SWATCH / 2, _SWATCH, _SWATCH)
        color: QColor = index.data(Qt.ItemDataRole.DecorationRole)
        painter.setOpacity(_DIMMED if is_unknown else 1.0)
        draw_swatch(painter, swatch, color, icon="" if index.data(Role.LOCKED) else str(index.data(Role.ICON) or ""))
        painter.setOpacity(1.0)
        if index.data(Role.LOCKED):
            _draw_lock(painter, swatch)
        right = rect.right() - 5
        if index.data(Role.FAVOURITE):
            star = QRectF(right - _STAR, rect.center().y() - _STAR / 2, _STAR, _STAR)
            draw_icon(painter, star, "mdi6.star", accent)
            right = star.left() - 2
        painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText if is_unknown else QPalette.ColorRole.Text))
        text = QRectF(swatch.right() + 6, rect.top(), right - swatch.right() - 6, rect.height())
        name = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, int(text.width()))
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, name)
        painter.restore()


def _draw_lock(painter: QPainter, swatch: QRectF) -> None:
    """Draw a padlock in the swatch, dark with a light rim, which is visible on every colour."""
    center = swatch.center()
    body = QRectF(center.x() - 4, center.y() - 0.5, 8, 5.5)
    bow = QRectF(center.x() - 2.5, center.y() - 5, 5, 8)
    for color, width in ((QColor(255, 255, 255), 3.4), (QColor(16, 18, 21), 1.5)):
        painter.setPen(QPen(color, width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawArc(bow, 0, 180 * 16)
        painter.setBrush(QColor(16, 18, 21))
        painter.drawRoundedRect(body, 1, 1)


class ChipView(LabelHands, QListView):
    """View of chips in rows."""

    def __init__(self) -> None:
        super().__init__()
        self.setUniformItemSizes(True)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setSpacing(CHIP_SPACING)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Labels"))
        self.setItemDelegate(ChipDelegate(self))
