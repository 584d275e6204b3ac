"""The tour: a sequence of hints that point at parts of the window, which stays usable meanwhile."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from spade_studio.app.ui.boxes import column, row
from spade_studio.app.ui.plain import PlainLabel

_WIDTH = 440
_ARROW = 10
_GAP = 6
_EDGE = 8
_RADIUS = 10


@dataclass(frozen=True)
class Hint:
    """One stop of the tour.

    Attributes:
        place: Function that returns the target rectangle in window pixels when the hint is shown; None skips the hint.
        title: Heading of a few words.
        text: Text of one or two sentences.
    """

    place: Callable[[], QRect | None]
    title: str
    text: str


class Tour(QWidget):
    """A bubble with an arrow, and a ring around the target; Escape ends the tour, Enter and the arrow keys change the hint."""

    ended = Signal()

    def __init__(self, window: QWidget, hints: Sequence[Hint]) -> None:
        super().__init__(window)
        self._window = window
        self._hints = [hint for hint in hints if hint.place() is not None]
        self._index = 0
        self._arrow = QPoint()  # tip of the arrow in widget coordinates
        self._before: QWidget | None = None
        self._ring = _Ring(window)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.title = PlainLabel(role="heading")
        self.text = PlainLabel(wraps=True)
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.count = PlainLabel(role="caption")
        self.skip = _button(self.tr("&Skip"))
        self.back = _button(self.tr("&Back"))
        self.next = _button("")
        self.next.setDefault(True)
        self._whole = column(self, spacing=8, margins=(16, 14, 16, 12))
        self._whole.addWidget(self.title)
        self._whole.addWidget(self.text)
        self._whole.addLayout(self._button_row())
        self.skip.clicked.connect(self.end)
        self.back.clicked.connect(lambda: self.go_to(self._index - 1))
        self.next.clicked.connect(lambda: self.go_to(self._index + 1))
        window.installEventFilter(self)
        self.hide()

    def _button_row(self) -> QHBoxLayout:
        below = row(spacing=6)
        below.addWidget(self.count)
        below.addStretch(1)
        for button in (self.skip, self.back, self.next):
            below.addWidget(button)
        return below

    @property
    def index(self) -> int:
        """Index of the current hint."""
        return self._index

    def start(self) -> None:
        """Show the first hint and take keyboard focus."""
        self._before = self._window.focusWidget()
        self.go_to(0)
        self.setFocus()

    def go_to(self, index: int) -> None:
        """Show a hint; an index past the last one ends the tour."""
        if index >= len(self._hints):
            self.end()
            return
        self._index = max(index, 0)
        hint, last = self._hints[self._index], len(self._hints) - 1
        self.title.setText(hint.title)
        self.text.setText(hint.text)
        self.count.setText(self.tr("{number} of {count}").format(number=self._index + 1, count=last + 1))
        self.back.setVisible(self._index > 0)
        self.skip.setVisible(self._index < last)
        self.next.setText(self.tr("&Done") if self._index == last else self.tr("&Next"))
        self.setAccessibleName(f"{hint.title}: {hint.text}")
        self._place()
        self._ring.show()
        self.show()
        self._ring.raise_()
        self.raise_()

    def end(self) -> None:
        """Close the tour and restore the keyboard focus."""
        had_focus = self.isAncestorOf(self._window.focusWidget() or self._window) or self._window.focusWidget() is self
        self._window.removeEventFilter(self)
        self.hide()
        self._ring.hide()
        if had_focus and self._before is not None:
            self._before.setFocus()
        self._ring.deleteLater()
        self.deleteLater()
        self.ended.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Change the hint, or end the tour."""
        match event.key():
            case Qt.Key.Key_Escape:
                self.end()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter | Qt.Key.Key_Right | Qt.Key.Key_Space:
                self.go_to(self._index + 1)
            case Qt.Key.Key_Left:
                self.go_to(self._index - 1)
            case _:
                super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the target when the window is resized."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest) and self.isVisible():
            self._place()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bubble with its arrow."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        body = QRectF(self.rect()).adjusted(_ARROW, _ARROW, -_ARROW, -_ARROW)
        path = QPainterPath()
        path.addRoundedRect(body, _RADIUS, _RADIUS)
        tip = QPointF(self._arrow)
        along = QPointF(_ARROW, 0) if tip.y() <= body.top() or tip.y() >= body.bottom() else QPointF(0, _ARROW)
        base = QPointF(min(max(tip.x(), body.left() + 1), body.right() - 1), min(max(tip.y(), body.top() + 1), body.bottom() - 1))
        arrow = QPainterPath(tip)
        arrow.lineTo(base + along)
        arrow.lineTo(base - along)
        arrow.closeSubpath()
        palette = self.palette()
        painter.setPen(QPen(palette.color(QPalette.ColorRole.Accent), 1.5))
        painter.setBrush(palette.color(QPalette.ColorRole.Base))
        painter.drawPath(path.united(arrow))
        painter.end()

    def _place(self) -> None:
        around = self._hints[self._index].place()
        if around is None:
            return
        self._ring.surround(around.adjusted(-2, -2, 2, 2).intersected(self._window.rect()))
        self._whole.setContentsMargins(*(side + _ARROW for side in (16, 14, 16, 12)))
        inner = _WIDTH - 2 * _ARROW - 32
        self.text.setFixedHeight(self.text.heightForWidth(inner))
        size = QSize(_WIDTH, self._whole.totalMinimumSize().height())
        corner, tip = place_beside(around, size, self._window.rect())
        self._arrow = tip - corner
        self.setGeometry(QRect(corner, size))
        self.update()


def place_beside(target: QRect, size: QSize, window: QRect) -> tuple[QPoint, QPoint]:
    """Return the upper left corner of a bubble and the tip of its arrow.

    The bubble is placed above, below, right or left of the target, in the first place with room for it; otherwise inside the target.
    """
    middle = target.center()
    spots = (
        (QPoint(middle.x() - size.width() // 2, target.top() - size.height() - _GAP), QPoint(middle.x(), target.top() - _GAP)),
        (QPoint(middle.x() - size.width() // 2, target.bottom() + _GAP), QPoint(middle.x(), target.bottom() + _GAP)),
        (QPoint(target.right() + _GAP, middle.y() - size.height() // 2), QPoint(target.right() + _GAP, middle.y())),
        (QPoint(target.left() - size.width() - _GAP, middle.y() - size.height() // 2), QPoint(target.left() - _GAP, middle.y())),
    )
    space = window.adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE)
    for corner, tip in spots:
        bubble = QRect(corner, size)
        if tip.x() == middle.x() and space.top() <= bubble.top() and bubble.bottom() <= space.bottom():
            x = max(space.left(), min(corner.x(), space.right() - size.width()))
            reach = _ARROW + _RADIUS + _ARROW
            return QPoint(x, corner.y()), QPoint(max(x + reach, min(tip.x(), x + size.width() - reach)), tip.y())
        if tip.y() == middle.y() and space.left() <= bubble.left() and bubble.right() <= space.right():
            y = max(space.top(), min(corner.y(), space.bottom() - size.height()))
            return QPoint(corner.x(), y), tip
    inside = QPoint(middle.x() - size.width() // 2, target.bottom() - size.height() - 24)
    return inside, QPoint(middle.x(), inside.y())


class _Ring(QWidget):
    """A ring around the target, transparent to mouse events."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def surround(self, rect: QRect) -> None:
        self.setGeometry(rect)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        color = QColor(self.palette().color(QPalette.ColorRole.Accent))
        painter.setPen(QPen(color, 2))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
        painter.end()


def _button(text: str) -> QPushButton:
    button = QPushButton(text)
    button.setMinimumWidth(0)
    return button


def place_of(widget: QWidget, part: QRect | None = None) -> QRect | None:
    """Return the rectangle of a widget, or of a part of it, in window pixels; None where it is not visible."""
    if not widget.isVisible():
        return None
    part = part or widget.rect()
    return QRect(widget.mapTo(widget.window(), part.topLeft()), part.size())
