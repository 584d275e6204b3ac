"""Layers of the canvas: labels or objects, the photograph under them, the render over them, outlines."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from spade_studio.app.canvas.colors import UNLABELED_GREY
from spade_studio.app.canvas.label_image import LabelImage, OutlineImage
from spade_studio.app.model.document import Document
from spade_studio.app.model.raster import Rect
from spade_studio.app.model.state import Underlay
from spade_studio.app.ui.images import to_image
from spade_studio.app.ui.viewport import Viewport

_HANDLE = 9.0


class Compare(StrEnum):
    """Mode of comparison between layout and render."""

    SIDE_BY_SIDE = "side_by_side"
    OVERLAY = "overlay"
    WIPE = "wipe"


class Layers(QObject):
    """Images shown on the canvas, synchronised with a document.

    Attributes:
        render: Latest render, or a null image.
    """

    changed = Signal()  # everything may look different

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._compare = Compare.SIDE_BY_SIDE
        self._render_opacity = 0.5
        self._wipe = 0.5
        self._shows_outlines = False
        self._shows_objects = False
        self._is_peeking = False
        self.render = QImage()
        self._photo = QImage()
        self._photo_of: Underlay | None = None
        self._build()
        document.underlay_changed.connect(self._on_underlay_changed)

    @property
    def compare(self) -> Compare:
        """Current mode of comparison."""
        return self._compare

    @compare.setter
    def compare(self, compare: Compare) -> None:
        self._compare = compare
        self.changed.emit()

    @property
    def render_opacity(self) -> float:
        """Opacity of the render over the labels in overlay mode, 0..1."""
        return self._render_opacity

    @render_opacity.setter
    def render_opacity(self, opacity: float) -> None:
        self._render_opacity = min(1.0, max(0.0, opacity))
        self.changed.emit()

    @property
    def wipe(self) -> float:
        """Position of the divider as a fraction of the width, 0..1: labels to its left, render to its right."""
        return self._wipe

    @wipe.setter
    def wipe(self, share: float) -> None:
        self._wipe = min(1.0, max(0.0, share))
        self.changed.emit()

    @property
    def shows_outlines(self) -> bool:
        """Whether dark outlines are drawn around regions."""
        return self._shows_outlines

    @shows_outlines.setter
    def shows_outlines(self, shows: bool) -> None:
        self._shows_outlines = shows
        self._build()
        self.changed.emit()

    @property
    def shows_objects(self) -> bool:
        """Whether each object is shown in its own colour instead of its label's."""
        return self._shows_objects

    @shows_objects.setter
    def shows_objects(self, shows: bool) -> None:
        self._shows_objects = shows
        self._build()
        self.changed.emit()

    @property
    def is_peeking(self) -> bool:
        """Whether the render alone is shown temporarily."""
        return self._is_peeking

    @is_peeking.setter
    def is_peeking(self, peeks: bool) -> None:
        if peeks != self._is_peeking:
            self._is_peeking = peeks
            self.changed.emit()

    def set_render(self, image: QImage) -> None:
        """Set the latest render."""
        self.render = image
        if self._is_peeking or self._compare is not Compare.SIDE_BY_SIDE:
            self.changed.emit()

    def rebuild(self) -> None:
        """Rebuild all images from the document, whose size may have changed."""
        self._build()

    def update(self, rect: Rect) -> Rect:
        """Update the images from a rectangle of the document, and return the rectangle to repaint, in document pixels."""
        if (self._document.instances is None) != (self._objects_seen is None):
            self._build()
            return self._document.rect
        self._labels.update(rect)
        return self._outlines.update(rect) if self._outlines else rect

    def divider(self, viewport: Viewport) -> float | None:
        """Return the x position of the wipe's divider in the view; None where there is none."""
        if self._compare is not Compare.WIPE or self._is_peeking:
            return None
        rect = viewport.picture_rect
        return rect.left() + self._wipe * rect.width()

    def draw(self, painter: QPainter, viewport: Viewport, exposed: QRect, ratio: float) -> None:
        """Draw all layers inside an exposed rectangle of the widget; arguments as in :meth:`LabelImage.draw`."""
        place = viewport.picture_rect
        self._labels.draw(painter, viewport, exposed, ratio)
        underlay = self._document.underlay
        if underlay is not None and underlay.visible:
            self._draw_image(painter, place, self._photo, underlay.opacity)
        divider = self.divider(viewport)
        if self._is_peeking:
            self._draw_image(painter, place, self.render, 1.0)
        elif divider is not None:
            painter.save()
            painter.setClipRect(QRectF(divider, place.top(), place.right() - divider, place.height()))
            self._draw_image(painter, place, self.render, 1.0)
            painter.restore()
        elif self._compare is Compare.OVERLAY:
            self._draw_image(painter, place, self.render, self._render_opacity)
        if self._outlines and not self._is_peeking:
            self._outlines.draw(painter, viewport, exposed, ratio)
        if divider is not None:
            _draw_divider(painter, divider, place)

    def _draw_image(self, painter: QPainter, place: QRectF, image: QImage, opacity: float) -> None:
        if not image.isNull() and opacity > 0:
            painter.save()
            painter.setOpacity(opacity)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(place, image)
            painter.restore()

    def _build(self) -> None:
        document = self._document
        self._objects_seen = document.instances
        objects = document.instances if self._shows_objects else None
        self._labels = LabelImage(document.labels, _palette(document), objects)
        self._outlines = OutlineImage(document.labels, document.instances) if self._shows_outlines else None

    def _on_underlay_changed(self) -> None:
        underlay = self._document.underlay
        if underlay is None:
            self._photo = QImage()
        elif self._photo_of is None or underlay.picture is not self._photo_of.picture:
            self._photo = to_image(underlay.picture)
        self._photo_of = underlay
        self.changed.emit()


def _palette(document: Document) -> NDArray[np.uint8]:
    palette = document.label_set.palette().copy()
    palette[document.unlabeled_id] = UNLABELED_GREY
    return palette


def _draw_divider(painter: QPainter, x: float, place: QRectF) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    middle = QPointF(x, place.center().y())
    for color, width in ((QColor(0, 0, 0, 150), 4.0), (QColor(255, 255, 255), 2.0)):
        painter.setPen(QPen(color, width))
        painter.drawLine(QPointF(x, place.top()), QPointF(x, place.bottom()))
    painter.setPen(QPen(QColor(0, 0, 0, 150), 1))
    painter.setBrush(Qt.GlobalColor.white)
    painter.drawEllipse(middle, _HANDLE, _HANDLE)
    painter.setPen(QPen(QColor(16, 18, 21), 1.6))
    for side in (-1, 1):
        tip, back = QPointF(side * 6, 0), QPointF(side * 3, 0)
        painter.drawLine(middle + tip, middle + back + QPointF(0, 3))
        painter.drawLine(middle + tip, middle + back - QPointF(0, 3))
    painter.restore()
