"""Canvas view: shows a document's layers and passes mouse, stylus, wheel and keys to the tools."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPointingDevice, QTabletEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from spade_studio.app.canvas.brush_drag import BrushDrag
from spade_studio.app.canvas.cursors import GRIP, tool_cursor
from spade_studio.app.canvas.layers import Layers
from spade_studio.app.canvas.overlay import Overlay
from spade_studio.app.canvas.tool_kinds import ToolKind
from spade_studio.app.canvas.tools import Toolbox
from spade_studio.app.model.document import Document
from spade_studio.app.model.raster import Rect
from spade_studio.app.ui.zoom_view import ZoomView

_GRIP = 8  # reach of the wipe's divider, in logical pixels
_ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_ALT = Qt.KeyboardModifier.AltModifier
_CONTROL = Qt.KeyboardModifier.ControlModifier


class CanvasView(ZoomView):
    """A zoomable view of the document, painted on with the toolbox."""

    hovered = Signal(object)  # (x, y) of the pixel under the pointer, or None
    first_painted = Signal()

    def __init__(self, document: Document, toolbox: Toolbox, parent: QWidget | None = None) -> None:
        super().__init__(_size_of(document), parent)
        self._document = document
        self._toolbox = toolbox
        self.layers = Layers(document, self)
        self._overlay = Overlay(document, toolbox, self._viewport)
        self._pointer: QPointF | None = None
        self._resizing: BrushDrag | None = None
        self._stroke_button: Qt.MouseButton | None = None
        self._is_wiping = False
        self._is_painted = False
        self._drawn_outline = QRectF()
        self._drawn_figure = QRectF()
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Layout canvas"))
        self.setAccessibleDescription(self.tr("Paint labels here; the render follows."))
        document.labels_changed.connect(self._on_labels_changed)
        document.replaced.connect(self._on_replaced)
        self.layers.changed.connect(self.update)
        document.selection_changed.connect(self.update)
        toolbox.outline_changed.connect(self._refresh_figure)
        toolbox.options_changed.connect(self.update)
        for signal in (toolbox.options_changed, toolbox.kind_changed, toolbox.brush_size_changed):
            signal.connect(self._refresh_pointer)

    # -- zoom and pan ---------------------------------------------------------------------------------------------

    def zoom_by(self, factor: float) -> None:
        """Multiply the zoom by a factor, around the view's centre."""
        self._viewport.zoom_to(self._viewport.zoom * factor)
        self._on_viewport_changed()

    def zoom_to(self, zoom: float) -> None:
        """Set the zoom, in screen pixels per document pixel."""
        self._viewport.zoom_to(zoom / self.devicePixelRatioF())
        self._on_viewport_changed()

    def _on_labels_changed(self, rect: Rect, revision: int) -> None:
        rect = self.layers.update(rect)
        self.update(self._viewport.rect_to_view(rect).toAlignedRect().adjusted(-1, -1, 1, 1))
        self._tell_hovered()

    def _on_replaced(self) -> None:
        self._stroke_button = None
        self.layers.rebuild()
        self._viewport.set_picture(_size_of(self._document))
        self._on_viewport_changed()

    def _on_viewport_changed(self) -> None:
        super()._on_viewport_changed()
        self._tell_hovered()

    # -- painting -------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the parts of the document and of the outlines inside the exposed region."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), self.palette().color(QPalette.ColorRole.Mid))
        self.layers.draw(painter, self._viewport, event.rect(), self.devicePixelRatioF())
        self._overlay.draw_mirrors(painter)
        self._overlay.draw_selection(painter, QRectF(event.rect()))
        self._overlay.draw_figure(painter)
        self._paint_pointer(painter)
        painter.end()
        if not self._is_painted:
            self._is_painted = True
            self.first_painted.emit()

    def _paint_pointer(self, painter: QPainter) -> None:
        if self._pointer is not None and self._shows_outline():
            start = self._toolbox.last_position if self._draws_straight() else None
            self._overlay.draw_brush(painter, self._pointer, self._viewport.to_view(QPointF(*start)) if start else None)

    def _outline_rect(self) -> QRectF:
        if self._pointer is None or not self._shows_outline():
            return QRectF()
        reach = (self._toolbox.brush_size / 2 + 1) * self._viewport.zoom + 4
        rect = QRectF(self._pointer.x() - reach, self._pointer.y() - reach, 2 * reach, 2 * reach)
        if self._draws_straight() and (start := self._toolbox.last_position):
            position = self._viewport.to_view(QPointF(*start))
            rect = rect.united(QRectF(position.x() - 4, position.y() - 4, 8, 8))
        return rect

    def _refresh_figure(self) -> None:
        """Repaint the old and the new area of a polygon, lasso or frame outline."""
        figure = self._overlay.figure_rect()
        for rect in (self._drawn_figure, figure):
            if not rect.isEmpty():
                self.update(rect.toAlignedRect())
        self._drawn_figure = figure

    # -- the pointer ----------------------------------------------------------------------------------------------

    def _picks(self) -> bool:
        kind = self._toolbox.kind
        return kind is ToolKind.PICKER or (kind is not ToolKind.SELECT and bool(QApplication.keyboardModifiers() & _ALT))

    def _draws_straight(self) -> bool:
        is_freehand = self._toolbox.kind in (ToolKind.BRUSH, ToolKind.ERASER)
        return is_freehand and not self._toolbox.is_busy and bool(QApplication.keyboardModifiers() & _SHIFT)

    def _shows_outline(self) -> bool:
        return self._toolbox.kind.has_size and not self._picks() and not self._is_space_down and self._pan_from is None

    def _refresh_pointer(self) -> None:
        """Set the cursor's shape and repaint the old and the new area of the brush's outline."""
        if self._pan_from is not None:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self._is_wiping or self._is_on_divider():
            self.setCursor(Qt.CursorShape.SplitHCursor)
        elif self._is_space_down:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            at = self._viewport.to_picture(self._pointer) if self._pointer else None
            self.setCursor(tool_cursor(self._toolbox, at, self._viewport.zoom, picks=self._picks()))
        outline = self._outline_rect()
        for rect in (self._drawn_outline, outline):
            if not rect.isEmpty():
                self.update(rect.toAlignedRect())
        self._drawn_outline = outline

    def _is_on_divider(self) -> bool:
        divider = self.layers.divider(self._viewport)
        is_free = not self._toolbox.is_busy and self._pointer is not None
        return divider is not None and is_free and self._pointer is not None and abs(self._pointer.x() - divider) < _GRIP

    def _move_pointer(self, position: QPointF | None) -> None:
        self._pointer = position
        self._refresh_pointer()
        self._tell_hovered()

    def _tell_hovered(self) -> None:
        pixel = None
        if self._pointer is not None:
            at = self._viewport.to_picture(self._pointer)
            height, width = self._document.size
            if 0 <= at.x() < width and 0 <= at.y() < height:
                pixel = (math.floor(at.x()), math.floor(at.y()))
        self.hovered.emit(pixel)

    def event(self, event: QEvent) -> bool:
        """End a stroke when a dialog blocks the window, and reserve Alt for picking; F10 still opens the menu bar."""
        if event.type() == QEvent.Type.WindowBlocked:  # the dialog receives the release, and the pointer has left
            self._lift(None, self._stroke_button or Qt.MouseButton.NoButton)
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Alt:
            event.accept()
            return True
        return super().event(event)

    # -- events ---------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Start a pan, a wipe or a stroke; other buttons are ignored until its end."""
        self._press(event.position(), event.button(), event.modifiers())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan, wipe, continue the stroke, or move the brush's outline; a release that another window received is made up for."""
        held = self._stroke_button
        if not event.buttons() & held if held is not None else self._is_dragging and event.buttons() == Qt.MouseButton.NoButton:
            self._lift(event.position(), held or Qt.MouseButton.NoButton)
        self._drag(event.position(), event.modifiers())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the pan, wipe or stroke of the released button."""
        self._lift(event.position(), event.button())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Close an unfinished polygon, or select a label with the select tool; other tools treat it as a second press."""
        if self._toolbox.kind is ToolKind.POLYGON and self._toolbox.is_open and event.button() == Qt.MouseButton.LeftButton:
            self._toolbox.commit()
        elif self._toolbox.kind is ToolKind.SELECT and event.button() == Qt.MouseButton.LeftButton and not self._is_space_down:
            at, keys = self._viewport.to_picture(event.position()).toTuple(), event.modifiers()
            self._toolbox.selecting.take_at(*at, add=bool(keys & _SHIFT), subtract=bool(keys & _CONTROL))
        else:
            self.mousePressEvent(event)

    def tabletEvent(self, event: QTabletEvent) -> None:
        """Paint with a stylus as with the mouse; light pressure makes the brush smaller, and the eraser end erases."""
        position, modifiers = event.position(), event.modifiers()
        match event.type():
            case QEvent.Type.TabletPress:
                is_eraser = event.pointerType() == QPointingDevice.PointerType.Eraser
                button = Qt.MouseButton.RightButton if is_eraser else event.button()
                self._press(position, button, modifiers, event.pressure())
            case QEvent.Type.TabletMove:
                if self._is_dragging and event.buttons() == Qt.MouseButton.NoButton:
                    self._lift(position, self._stroke_button or Qt.MouseButton.NoButton)
                self._drag(position, modifiers, event.pressure())
            case QEvent.Type.TabletRelease:
                self._lift(position, self._stroke_button or event.button())
            case _:
                pass
        event.accept()

    @property
    def _is_dragging(self) -> bool:
        return self._stroke_button is not None or self._pan_from is not None or self._is_wiping or self._resizing is not None

    def _press(self, position: QPointF, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier, pressure: float = 1.0) -> None:
        if self._is_dragging:
            return
        self._pointer = position
        if self._pans(button):
            self._pan_from = position
        elif button == Qt.MouseButton.LeftButton and self._is_on_divider():
            self._is_wiping = True
        elif button == Qt.MouseButton.LeftButton and modifiers & _SHIFT and self._toolbox.kind in (ToolKind.BRUSH, ToolKind.ERASER):
            self._resizing = BrushDrag(position, self._toolbox.brush_size, pressure)
        elif button == Qt.MouseButton.LeftButton or (button == Qt.MouseButton.RightButton and self._toolbox.kind is not ToolKind.SELECT):
            self._stroke_button = button
            at = self._viewport.to_picture(position)
            self._toolbox.press(
                at.x(),
                at.y(),
                erase=button == Qt.MouseButton.RightButton,
                pick=bool(modifiers & _ALT),
                straight=bool(modifiers & _SHIFT),
                subtract=bool(modifiers & _CONTROL),
                pressure=pressure,
                grip=GRIP / self._viewport.zoom,
            )
        self._move_pointer(position)

    def _drag(self, position: QPointF, modifiers: Qt.KeyboardModifier, pressure: float = 1.0) -> None:
        if self._pan_from is not None:
            self._pan_to(position, self._pan_from)
        elif self._is_wiping:
            rect = self._viewport.picture_rect
            self.layers.wipe = (position.x() - rect.left()) / rect.width()
        elif self._resizing is not None:
            self._resizing.move(position, self._viewport.zoom, self._toolbox)
            position = self._resizing.start
        elif self._stroke_button is not None or self._toolbox.is_open:
            at = self._viewport.to_picture(position)
            self._toolbox.move(at.x(), at.y(), constrain=bool(modifiers & _SHIFT), pressure=pressure)
        self._move_pointer(position)

    def _lift(self, position: QPointF | None, button: Qt.MouseButton) -> None:
        if self._resizing is not None and button in (Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton):
            drag, self._resizing = self._resizing, None
            if not drag.has_moved and position is not None:
                at = self._viewport.to_picture(drag.start)
                self._toolbox.press(at.x(), at.y(), straight=True, pressure=drag.pressure)
                self._toolbox.release()
        elif button == self._stroke_button:
            self._stroke_button = None
            self._toolbox.release()
        elif self._stroke_button is None:
            self._pan_from = None
            self._is_wiping = False
        self._move_pointer(position)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom around the pointer, with every tool."""
        super().wheelEvent(event)
        self._move_pointer(event.position())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Handle Space (pan), V (peek), Escape and Return (cancel, confirm), arrows and Delete (selection), Alt and Shift (pointer)."""
        toolbox = self._toolbox
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._is_space_down = True
        elif event.key() == Qt.Key.Key_Escape and (self._stroke_button is not None or toolbox.is_open):
            self._stroke_button = None
            toolbox.cancel()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and toolbox.is_open and not toolbox.is_busy:
            toolbox.commit()
        elif event.key() == Qt.Key.Key_V and not event.isAutoRepeat() and not event.modifiers():
            self.layers.is_peeking = True
        elif event.key() == Qt.Key.Key_Escape and self._document.selection is not None and toolbox.kind is ToolKind.SELECT:
            toolbox.selecting.select(None)
        elif event.key() in _ARROWS and toolbox.selecting.frame is not None:
            step = 10 if event.modifiers() & _SHIFT else 1
            dx, dy = _ARROWS[Qt.Key(event.key())]
            toolbox.selecting.nudge(dx * step, dy * step)
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self._document.selection is not None:
            toolbox.selecting.clear()
        elif event.key() not in (Qt.Key.Key_Alt, Qt.Key.Key_Shift, Qt.Key.Key_Space):
            super().keyPressEvent(event)
            return
        self._refresh_pointer()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """End the effect of a held key."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._is_space_down = False
        elif event.key() == Qt.Key.Key_V and not event.isAutoRepeat():
            self.layers.is_peeking = False
        self._refresh_pointer()
        super().keyReleaseEvent(event)

    def cancel_stroke(self) -> bool:
        """Cancel the stroke in progress, or remove the last corner of a polygon; False where there is neither."""
        self._stroke_button = None
        return self._toolbox.step_back()

    def leaveEvent(self, event: object) -> None:
        """Hide the brush's outline."""
        self._move_pointer(None)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Forget held keys, since another widget will receive their release."""
        self.layers.is_peeking = False
        super().focusOutEvent(event)


def _size_of(document: Document) -> QSizeF:
    height, width = document.size
    return QSizeF(width, height)
