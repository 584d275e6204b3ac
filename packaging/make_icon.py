"""Renders resources/icons/spade-studio.svg to the application icon's PNGs (run with QT_QPA_PLATFORM=offscreen)."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtSvg import QSvgRenderer

FOLDER = Path(__file__).parents[1] / "resources" / "icons"
SIZES = (32, 64, 128, 256)


def main() -> None:
    """Write the icon in every size."""
    application = QGuiApplication([])
    drawing = QSvgRenderer(str(FOLDER / "spade-studio.svg"))
    # Qt supports SVG Tiny, which has no clipping, so the drawing's two clips are applied here.
    tile = QPainterPath()
    tile.addRoundedRect(QRectF(12, 12, 232, 232), 52, 52)
    photo = QPainterPath()
    photo.addPolygon(QPolygonF([QPointF(256, 0), QPointF(256, 256), QPointF(92, 256), QPointF(148, 0)]))
    for size in SIZES:
        # Supersampled four times, since clips are not antialiased.
        image = QImage(size * 4, size * 4, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(size / 64, size / 64)
        painter.setClipPath(tile)
        drawing.render(painter, "flat", QRectF(0, 0, 256, 256))
        painter.setClipPath(photo, Qt.ClipOperation.IntersectClip)
        drawing.render(painter, "photo", QRectF(0, 0, 256, 256))
        painter.setClipPath(tile)
        painter.setPen(QPen(Qt.GlobalColor.white, 7))
        painter.drawLine(QPointF(148, 0), QPointF(92, 256))
        painter.end()
        mode = Qt.TransformationMode.SmoothTransformation
        image.scaled(size, size, Qt.AspectRatioMode.KeepAspectRatio, mode).save(str(FOLDER / f"spade-studio-{size}.png"))
    del application


if __name__ == "__main__":
    main()
