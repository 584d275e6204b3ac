"""The bundled icons."""

from __future__ import annotations

from importlib import resources

from PySide6.QtGui import QIcon, QPixmap


def application_icon() -> QIcon:
    """Return the application icon in all sizes."""
    icon = QIcon()
    folder = resources.files("spade_studio.resources") / "icons"
    for size in (32, 64, 128, 256):
        pixmap = QPixmap()
        pixmap.loadFromData((folder / f"spade-studio-{size}.png").read_bytes())
        icon.addPixmap(pixmap)
    return icon
