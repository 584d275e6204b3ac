"""The transform between a picture and its view: zoom, pan and fit."""

from __future__ import annotations

import math
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, QSizeF

from spade_studio.app.model.raster import Rect

_MAX_ZOOM = 64.0
_MARGIN = 12.0
_KEPT_VISIBLE = 48.0


class Place(NamedTuple):
    """The visible place of a picture, independent of the view's size.

    Attributes:
        zoom: Widget pixels per picture pixel.
        center: Picture position at the centre of the view, in picture pixels.
        is_fitted: Whether the whole picture is shown as large as the view allows.
    """

    zoom: float
    center: QPointF
    is_fitted: bool


class Viewport:
    """The transform between picture pixels and widget positions (in logical pixels).

    Attributes:
        zoom: Widget pixels per picture pixel, horizontally.
        is_fitted: Whether the picture stays fitted when the widget's size changes.
    """

    def __init__(self, picture: QSizeF, view: QSizeF) -> None:
        self._picture = picture
        self._view = view
        self._stretch = 1.0
        self._origin = QPointF()
        self.zoom = 1.0
        self.is_fitted = True
        self.fit()

    def set_picture(self, picture: QSizeF, stretch: float = 1.0) -> None:
        """Set the picture's size and fit it; ``stretch`` is the height of a picture pixel divided by its width."""
        self._picture, self._stretch = QSizeF(picture.width(), picture.height() * stretch), stretch
        self.fit()

    def set_view(self, view: QSizeF) -> None:
        """Set the widget's size; a fitted picture stays fitted, otherwise the centre stays in place."""
        old, self._view = self._view, view
        if self.is_fitted:
            self.fit()
        else:
            self._origin += QPointF((view.width() - old.width()) / 2, (view.height() - old.height()) / 2)
            self._keep_visible()

    def fit(self) -> None:
        """Show the whole picture, centred."""
        self.zoom = self._fitting_zoom()
        self._origin = QPointF(
            (self._view.width() - self._picture.width() * self.zoom) / 2, (self._view.height() - self._picture.height() * self.zoom) / 2
        )
        self.is_fitted = True

    def zoom_at(self, anchor: QPointF, factor: float) -> None:
        """Zoom by a factor around ``anchor``, a widget position that stays fixed."""
        smallest = min(1.0, self._fitting_zoom()) / 2
        zoom = min(_MAX_ZOOM, max(smallest, self.zoom * factor))
        self._origin = anchor - (anchor - self._origin) * (zoom / self.zoom)
        self.zoom = zoom
        self.is_fitted = False
        self._keep_visible()

    def zoom_to(self, zoom: float) -> None:
        """Set the zoom around the centre of the view."""
        self.zoom_at(self._middle(), zoom / self.zoom)

    def pan(self, delta: QPointF) -> None:
        """Move the picture by an offset in widget pixels."""
        self._origin += delta
        self.is_fitted = False
        self._keep_visible()

    @property
    def place(self) -> Place:
        """The place shown."""
        return Place(self.zoom, self.to_picture(self._middle()), self.is_fitted)

    def go_to(self, place: Place) -> None:
        """Show a place, such as that of another view of the same picture; a fitted place fits the picture to this view."""
        if place.is_fitted:
            self.fit()
            return
        self.zoom = place.zoom
        self._origin = self._middle() - self._stretched(place.center) * self.zoom
        self.is_fitted = False
        self._keep_visible()

    def to_picture(self, position: QPointF) -> QPointF:
        """Return the picture position (in fractional pixels) at a widget position."""
        at = (position - self._origin) / self.zoom
        return QPointF(at.x(), at.y() / self._stretch)

    def to_view(self, position: QPointF) -> QPointF:
        """Return the widget position of a picture position (in fractional pixels)."""
        return self._stretched(position) * self.zoom + self._origin

    def _stretched(self, position: QPointF) -> QPointF:
        return QPointF(position.x(), position.y() * self._stretch)

    def rect_to_view(self, rect: Rect) -> QRectF:
        """Return a rectangle of picture pixels in widget coordinates."""
        return QRectF(self.to_view(QPointF(rect.left, rect.top)), self.to_view(QPointF(rect.right, rect.bottom)))

    @property
    def picture_rect(self) -> QRectF:
        """Rectangle of the picture in widget coordinates."""
        return QRectF(self._origin, self._picture * self.zoom)

    @property
    def seen(self) -> Rect:
        """Rectangle of the visible picture pixels with a small margin; empty where none are visible."""
        more = math.ceil(2 / self.zoom)
        first, last = self.to_picture(QPointF()), self.to_picture(QPointF(self._view.width(), self._view.height()))
        width, height = round(self._picture.width()), round(self._picture.height())
        left, top = max(0, math.floor(first.x()) - more), max(0, math.floor(first.y()) - more)
        return Rect(left, top, max(left, min(width, math.ceil(last.x()) + more)), max(top, min(height, math.ceil(last.y()) + more)))

    def _middle(self) -> QPointF:
        return QPointF(self._view.width() / 2, self._view.height() / 2)

    def _fitting_zoom(self) -> float:
        width, height = max(1.0, self._view.width() - 2 * _MARGIN), max(1.0, self._view.height() - 2 * _MARGIN)
        return min(width / self._picture.width(), height / self._picture.height(), _MAX_ZOOM)

    def _keep_visible(self) -> None:
        size = self._picture * self.zoom
        self._origin = QPointF(
            _clamp(self._origin.x(), _KEPT_VISIBLE - size.width(), self._view.width() - _KEPT_VISIBLE),
            _clamp(self._origin.y(), _KEPT_VISIBLE - size.height(), self._view.height() - _KEPT_VISIBLE),
        )


def _clamp(value: float, low: float, high: float) -> float:
    return (low + high) / 2 if low > high else min(high, max(low, value))
