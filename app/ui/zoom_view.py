"""The base class of canvas and picture view: zoom, pan, and keyboard focus under the pointer."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from PySide6.QtCore import QPointF, QSizeF, Qt, Signal
from PySide6.QtGui import QEnterEvent, QFocusEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit, QSizePolicy, QWidget

from spade_studio.app.ui.viewport import Place, Viewport

_WHEEL_NOTCH = 120
_ZOOM_PER_NOTCH = 1.2


class ZoomView(QWidget):
    """A widget with zoom and pan: the wheel zooms, and subclasses pan from a press that :meth:`_pans` accepts.

    Args:
        picture: Size of the content in pixels.
        parent: Qt parent.
    """

    zoom_changed = Signal(float)  # screen pixels per content pixel; also emitted when the place changes

    def __init__(self, picture: QSizeF, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewport = Viewport(picture, QSizeF(self.size()))
        self._pan_from: QPointF | None = None
        self._is_space_down = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 160)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    @property
    def viewport(self) -> Viewport:
        """The transform between content pixels and widget positions."""
        return self._viewport

    def fit(self) -> None:
        """Fit the whole content in the widget."""
        self._viewport.fit()
        self._on_viewport_changed()

    def show_place(self, place: Place) -> None:
        """Show a place of the content."""
        self._viewport.go_to(place)
        self._on_viewport_changed()

    def _on_viewport_changed(self) -> None:
        self.update()
        self.zoom_changed.emit(self._viewport.zoom * self.devicePixelRatioF())

    def _pans(self, button: Qt.MouseButton) -> bool:
        """Return whether a press pans: the middle button, or the left one while Space is held."""
        return button == Qt.MouseButton.MiddleButton or (button == Qt.MouseButton.LeftButton and self._is_space_down)

    def _pan_to(self, position: QPointF, start: QPointF) -> None:
        self._viewport.pan(position - start)
        self._pan_from = position
        self._on_viewport_changed()

    def _refresh_pointer(self) -> None:
        if self._pan_from is not None:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self._is_space_down:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.unsetCursor()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom around the pointer."""
        notches = event.angleDelta().y() / _WHEEL_NOTCH
        if notches:
            self._viewport.zoom_at(event.position(), _ZOOM_PER_NOTCH**notches)
            self._on_viewport_changed()
        event.accept()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Take keyboard focus, unless a text field has it."""
        if self.isActiveWindow() and not isinstance(QApplication.focusWidget(), (QLineEdit, QAbstractSpinBox)):
            self.setFocus(Qt.FocusReason.MouseFocusReason)
        super().enterEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Reset held keys, since their release events go to another widget."""
        self._is_space_down = False
        self._refresh_pointer()
        super().focusOutEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep a fitted picture fitted."""
        self._viewport.set_view(QSizeF(event.size()))
        self._on_viewport_changed()
