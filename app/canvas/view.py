"""The canvas: shows a document's label map and hands mouse, wheel and keys to the tools.

It knows nothing of renders, panels or files.
"""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit, QSizePolicy, QWidget

from spade_studio.app.canvas.cursors import disc_outline, draw_outline, icon_cursor
from spade_studio.app.canvas.label_image import LabelImage
from spade_studio.app.canvas.raster import Rect, disc_center
from spade_studio.app.canvas.tools import Toolbox, ToolKind
from spade_studio.app.canvas.viewport import Viewport
from spade_studio.app.document import Document

_WHEEL_NOTCH = 120
_ZOOM_PER_NOTCH = 1.2


class CanvasView(QWidget):
    """A zoomable view of the document that is painted on with the toolbox."""

    hovered = Signal(object)  # (x, y) of the pixel under the pointer, or None
    zoom_changed = Signal(float)
    first_painted = Signal()

    def __init__(self, document: Document, toolbox: Toolbox, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._toolbox = toolbox
        self._image = LabelImage(document.labels, document.label_set.palette())
        self._viewport = Viewport(self._picture_size(), QSizeF(self.size()))
        self._pointer: QPointF | None = None
        self._pan_from: QPointF | None = None
        self._stroke_button: Qt.MouseButton | None = None
        self._is_space_down = False
        self._is_painted = False
        self._drawn_outline = QRectF()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 160)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Layout canvas")
        self.setAccessibleDescription("Paint labels here; the render follows.")
        document.labels_changed.connect(self._on_labels_changed)
        document.replaced.connect(self._on_replaced)
        toolbox.kind_changed.connect(self._refresh_pointer)
        toolbox.brush_size_changed.connect(self._refresh_pointer)

    # -- zoom and pan ---------------------------------------------------------------------------------------------

    @property
    def viewport(self) -> Viewport:
        """The transform between the document's pixels and this widget."""
        return self._viewport

    def fit(self) -> None:
        """Show the whole document."""
        self._viewport.fit()
        self._on_viewport_changed()

    def zoom_by(self, factor: float) -> None:
        """Zoom around the middle."""
        self._viewport.zoom_to(self._viewport.zoom * factor)
        self._on_viewport_changed()

    def zoom_to(self, zoom: float) -> None:
        """Show a document pixel as ``zoom`` screen pixels."""
        self._viewport.zoom_to(zoom / self.devicePixelRatioF())
        self._on_viewport_changed()

    # -- the document ---------------------------------------------------------------------------------------------

    def _picture_size(self) -> QSizeF:
        height, width = self._document.size
        return QSizeF(width, height)

    def _on_labels_changed(self, rect: Rect, revision: int) -> None:
        self._image.update(rect)
        self.update(self._viewport.rect_to_view(rect).toAlignedRect().adjusted(-1, -1, 1, 1))

    def _on_replaced(self) -> None:
        self._stroke_button = None
        self._image = LabelImage(self._document.labels, self._document.label_set.palette())
        self._viewport.set_picture(self._picture_size())
        self._on_viewport_changed()

    def _on_viewport_changed(self) -> None:
        self.update()
        self.zoom_changed.emit(self._viewport.zoom * self.devicePixelRatioF())

    # -- painting -------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what of the document, and of the outline, lies in the exposed region."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), self.palette().color(QPalette.ColorRole.Mid))
        self._image.draw(painter, self._viewport, event.rect(), self.devicePixelRatioF())
        self._paint_pointer(painter)
        painter.end()
        if not self._is_painted:
            self._is_painted = True
            self.first_painted.emit()

    def _paint_pointer(self, painter: QPainter) -> None:
        if self._pointer is None or not self._shows_outline():
            return
        diameter = self._toolbox.brush_size
        position = self._viewport.to_picture(self._pointer)
        center = QPointF(*disc_center(position.x(), position.y(), diameter))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._draws_straight() and (start := self._toolbox.last_position):
            draw_outline(painter, _segment(self._viewport.to_view(QPointF(*start)), self._viewport.to_view(center)))
        painter.translate(self._viewport.to_view(center))
        painter.scale(self._viewport.zoom, self._viewport.zoom)
        draw_outline(painter, disc_outline(diameter))

    def _outline_rect(self) -> QRectF:
        if self._pointer is None or not self._shows_outline():
            return QRectF()
        reach = (self._toolbox.brush_size / 2 + 1) * self._viewport.zoom + 4
        rect = QRectF(self._pointer.x() - reach, self._pointer.y() - reach, 2 * reach, 2 * reach)
        if self._draws_straight() and (start := self._toolbox.last_position):
            position = self._viewport.to_view(QPointF(*start))
            rect = rect.united(QRectF(position.x() - 4, position.y() - 4, 8, 8))
        return rect

    # -- the pointer ----------------------------------------------------------------------------------------------

    def _modifiers(self) -> Qt.KeyboardModifier:
        return QApplication.keyboardModifiers()

    def _picks(self) -> bool:
        return self._toolbox.kind is ToolKind.PICKER or bool(self._modifiers() & Qt.KeyboardModifier.AltModifier)

    def _draws_straight(self) -> bool:
        return not self._toolbox.is_busy and bool(self._modifiers() & Qt.KeyboardModifier.ShiftModifier)

    def _shows_outline(self) -> bool:
        tool_has_size = self._toolbox.kind in (ToolKind.BRUSH, ToolKind.ERASER)
        return tool_has_size and not self._picks() and not self._is_space_down and self._pan_from is None

    def _refresh_pointer(self) -> None:
        """Set the cursor's shape and repaint the outline where it was and where it is."""
        if self._pan_from is not None:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self._is_space_down:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        elif self._picks():
            self.setCursor(icon_cursor("mdi6.eyedropper", 0.1, 0.9))
        elif self._toolbox.kind is ToolKind.FILL:
            self.setCursor(icon_cursor("mdi6.format-color-fill", 0.12, 0.6))
        else:
            # A cross marks the middle where the outline is too small to be seen.
            is_small = self._toolbox.brush_size * self._viewport.zoom < 8
            self.setCursor(Qt.CursorShape.CrossCursor if is_small else Qt.CursorShape.BlankCursor)
        outline = self._outline_rect()
        for rect in (self._drawn_outline, outline):
            if not rect.isEmpty():
                self.update(rect.toAlignedRect())
        self._drawn_outline = outline

    def _move_pointer(self, position: QPointF | None) -> None:
        self._pointer = position
        self._refresh_pointer()
        pixel = None
        if position is not None:
            at = self._viewport.to_picture(position)
            height, width = self._document.size
            if 0 <= at.x() < width and 0 <= at.y() < height:
                pixel = (math.floor(at.x()), math.floor(at.y()))
        self.hovered.emit(pixel)

    def event(self, event: QEvent) -> bool:
        """Keep Alt, which picks, from the window's menu bar, which would take the focus (F10 still moves it there)."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Alt:
            event.accept()
            return True
        return super().event(event)

    # -- events ---------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Start a pan or a stroke; further buttons are ignored while one is at work."""
        position = event.position()
        button = event.button()
        if self._stroke_button is not None or self._pan_from is not None:
            return
        if button == Qt.MouseButton.MiddleButton or (button == Qt.MouseButton.LeftButton and self._is_space_down):
            self._pan_from = position
        elif button in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            self._stroke_button = button
            at = self._viewport.to_picture(position)
            modifiers = event.modifiers()
            self._toolbox.press(
                at.x(),
                at.y(),
                erase=button == Qt.MouseButton.RightButton,
                pick=bool(modifiers & Qt.KeyboardModifier.AltModifier),
                straight=bool(modifiers & Qt.KeyboardModifier.ShiftModifier),
            )
        self._move_pointer(position)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan, draw on, or only move the outline."""
        position = event.position()
        if self._pan_from is not None:
            self._viewport.pan(position - self._pan_from)
            self._pan_from = position
            self._on_viewport_changed()
        elif self._stroke_button is not None:
            at = self._viewport.to_picture(position)
            self._toolbox.move(at.x(), at.y())
        self._move_pointer(position)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the pan or the stroke of the released button."""
        if event.button() == self._stroke_button:
            self._stroke_button = None
            self._toolbox.release()
        elif self._stroke_button is None:
            self._pan_from = None
        self._move_pointer(event.position())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer, in every tool."""
        notches = event.angleDelta().y() / _WHEEL_NOTCH
        if notches:
            self._viewport.zoom_at(event.position(), _ZOOM_PER_NOTCH**notches)
            self._on_viewport_changed()
            self._move_pointer(event.position())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space pans while held, Escape takes back the stroke under way, Alt and Shift change the pointer."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._is_space_down = True
        elif event.key() == Qt.Key.Key_Escape and self._stroke_button is not None:
            self.cancel_stroke()
        elif event.key() not in (Qt.Key.Key_Alt, Qt.Key.Key_Shift, Qt.Key.Key_Space):
            super().keyPressEvent(event)
            return
        self._refresh_pointer()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Undo what :meth:`keyPressEvent` began."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._is_space_down = False
        self._refresh_pointer()
        super().keyReleaseEvent(event)

    def cancel_stroke(self) -> bool:
        """Take back the stroke under way; False where there is none."""
        if self._stroke_button is None:
            return False
        self._stroke_button = None
        self._toolbox.cancel()
        return True

    def enterEvent(self, event: QEnterEvent) -> None:
        """Take the keyboard for Space and Alt, unless someone is typing."""
        if self.isActiveWindow() and not isinstance(QApplication.focusWidget(), (QLineEdit, QAbstractSpinBox)):
            self.setFocus(Qt.FocusReason.MouseFocusReason)
        super().enterEvent(event)

    def leaveEvent(self, event: object) -> None:
        """Hide the outline."""
        self._move_pointer(None)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Forget held keys: their release will go elsewhere."""
        self._is_space_down = False
        self._refresh_pointer()
        super().focusOutEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep a fitted document fitted."""
        self._viewport.set_view(QSizeF(event.size()))
        self._on_viewport_changed()


def _segment(start: QPointF, end: QPointF) -> QPainterPath:
    path = QPainterPath(start)
    path.lineTo(end)
    return path
