"""The current and the previous label, on a button that swaps them."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from functools import lru_cache

import qtawesome
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from spade_studio.app.ui.plain import plain_tip

_HEIGHT = 30
_CURRENT = 20
_PREVIOUS = 14


def draw_swatch(painter: QPainter, rect: QRectF, color: QColor, radius: float = 4, icon: str = "") -> None:
    """Draw a label's colour as a rounded square whose outline is visible on light and dark backgrounds, with a qtawesome icon in it."""
    rim = QColor(0, 0, 0, 70) if color.lightness() > 60 else QColor(255, 255, 255, 90)
    painter.setPen(QPen(rim, 1))
    painter.setBrush(color)
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
    if icon:
        inset = rect.width() * 0.12
        draw_icon(painter, rect.adjusted(inset, inset, -inset, -inset), icon, _ink_on(color))


def draw_icon(painter: QPainter, rect: QRectF, icon: str, color: QColor) -> None:
    """Draw a qtawesome icon in a colour."""
    _icon(icon, color.name()).paint(painter, rect.toAlignedRect())


@lru_cache(maxsize=512)
def _icon(name: str, color: str) -> QIcon:
    return qtawesome.icon(name, color=color)


def _ink_on(color: QColor) -> QColor:
    """Return near black or near white, whichever has more contrast with a colour."""
    parts = color.redF(), color.greenF(), color.blueF()
    channels = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    luminance = sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), channels, strict=True))
    return QColor(24, 27, 31) if luminance > 0.2 else QColor(250, 251, 252)


class Swatches(QAbstractButton):
    """Shows the label that the brush paints; a click swaps it with the previous one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._color = "", QColor()
        self._previous_color = QColor()
        self._swap_icon = QIcon()
        self._icons = "", ""
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFixedHeight(_HEIGHT)

    def show_labels(self, name: str, color: QColor, previous_name: str, previous_color: QColor, icons: tuple[str, str] = ("", "")) -> None:
        """Show the current and the previous label with their qtawesome icons; an empty icon name for none."""
        self._icons = icons
        self._name, self._color = name, color
        self._previous_color = previous_color
        self.setToolTip(plain_tip(self.tr("Painting {name}. Click to swap with {previous} (X)").format(name=name, previous=previous_name)))
        self.setAccessibleName(self.tr("Painting {name}, swap with {previous}").format(name=name, previous=previous_name))
        self.update()

    def set_icon(self, icon: QIcon) -> None:
        """Set the swap icon."""
        self._swap_icon = icon
        self.update()

    def sizeHint(self) -> QSize:
        """Return the preferred size, wide enough for typical label names."""
        return QSize(170, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw both swatches with the name between them."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        lit = self.underMouse() or self.hasFocus()
        painter.setPen(QPen(palette.color(QPalette.ColorRole.Accent if self.hasFocus() else QPalette.ColorRole.Midlight), 1))
        painter.setBrush(palette.color(QPalette.ColorRole.Base) if lit else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(rect, 6, 6)
        middle = rect.center().y()
        draw_swatch(painter, QRectF(rect.left() + 6, middle - _CURRENT / 2, _CURRENT, _CURRENT), self._color, icon=self._icons[0])
        previous = QRectF(rect.right() - 8 - _PREVIOUS, middle - _PREVIOUS / 2, _PREVIOUS, _PREVIOUS)
        draw_swatch(painter, previous, self._previous_color, 3)
        icon = QRectF(previous.left() - 20, middle - 8, 16, 16)
        self._swap_icon.paint(painter, icon.toRect())
        painter.setPen(palette.color(QPalette.ColorRole.Text))
        text = QRectF(rect.left() + _CURRENT + 14, rect.top(), icon.left() - rect.left() - _CURRENT - 18, rect.height())
        elided = painter.fontMetrics().elidedText(self._name, Qt.TextElideMode.ElideRight, int(text.width()))
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, elided)
        painter.end()
