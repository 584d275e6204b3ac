"""What the canvas draws: small repaints match large ones to the pixel, at every zoom."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRect, QSizeF
from PySide6.QtGui import QImage, QPainter

from spade_studio.app.canvas.label_image import LabelImage
from spade_studio.app.model.raster import Rect
from spade_studio.app.ui.viewport import Viewport

VIEW = 300
PALETTE = np.random.default_rng(1).integers(0, 256, (256, 3), dtype=np.uint8)


def noise() -> np.ndarray:
    return np.random.default_rng(2).integers(0, 256, (70, 90), dtype=np.uint8)


def drawn(image: LabelImage, viewport: Viewport, parts: list[QRect], ratio: float) -> np.ndarray:
    side = round(VIEW * ratio)
    target = QImage(side, side, QImage.Format.Format_RGB32)
    target.fill(0)
    target.setDevicePixelRatio(ratio)
    painter = QPainter(target)
    for part in parts:
        painter.setClipRect(part)
        image.draw(painter, viewport, part, ratio)
    painter.end()
    return np.frombuffer(target.constBits(), np.uint32).reshape(side, side).copy()


@pytest.mark.parametrize("ratio", [1.0, 2.0])
@pytest.mark.parametrize("zoom", [1.0, 1.37, 2.0, 3.0813, 17.3])
def test_a_picture_drawn_in_parts_is_the_picture_drawn_whole(qapp, zoom, ratio):
    viewport = Viewport(QSizeF(90, 70), QSizeF(VIEW, VIEW))
    viewport.zoom_to(zoom)
    viewport.pan(QPointF(13.3, -7.8))
    image = LabelImage(noise(), PALETTE)
    whole = drawn(image, viewport, [QRect(0, 0, VIEW, VIEW)], ratio)
    edges = [0, 41, 60, 137, 200, VIEW]
    steps = list(itertools.pairwise(edges))
    parts = [QRect(x, y, x2 - x, y2 - y) for x, x2 in steps for y, y2 in steps]
    np.testing.assert_array_equal(drawn(image, viewport, parts, ratio), whole)
    for x, y in ((150, 150), (120, 170), (5, 5), (280, 20)):
        at = viewport.to_picture(QPointF((x + 0.5) / ratio, (y + 0.5) / ratio))
        inside = 0 <= at.x() < 90 and 0 <= at.y() < 70
        color = tuple(int(part) for part in PALETTE[noise()[int(at.y()), int(at.x())]]) if inside else (0, 0, 0)
        assert (whole[y, x] >> 16 & 255, whole[y, x] >> 8 & 255, whole[y, x] & 255) == color


def test_an_update_changes_its_rectangle_only(qapp):
    labels = noise()
    image = LabelImage(labels, PALETTE)
    before = image.image.copy()
    labels[:] = 5
    image.update(Rect(10, 20, 30, 25))
    five = tuple(int(part) for part in PALETTE[5])
    for x, y in ((10, 20), (29, 24)):
        color = image.image.pixelColor(x, y)
        assert (color.red(), color.green(), color.blue()) == five
    for x, y in ((9, 20), (10, 19), (30, 24), (29, 25)):
        assert image.image.pixelColor(x, y) == before.pixelColor(x, y)


def test_small_zooms_blend_neighbours(qapp):
    labels = np.zeros((1000, 1000), np.uint8)
    labels[:, ::2] = 1
    palette = np.zeros((256, 3), np.uint8)
    palette[1] = 200
    viewport = Viewport(QSizeF(1000, 1000), QSizeF(VIEW, VIEW))
    shown = drawn(LabelImage(labels, palette), viewport, [QRect(0, 0, VIEW, VIEW)], 1.0) & 255
    assert len(np.unique(shown[100:200, 100:200])) > 2
