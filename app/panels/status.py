"""The status line: what is under the pointer, and size, zoom, device and time of the last picture.

It knows numbers and texts only.
"""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QStatusBar, QWidget


class StatusBar(QStatusBar):
    """Texts left and right; the right ones stay while hints show on the left."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pixel, self.size_and_zoom, self.frame, self.device = (QLabel() for _ in range(4))
        self._size, self._zoom = "", ""
        self.setSizeGripEnabled(False)
        self.addWidget(self.pixel, 1)
        for label, tip in (
            (self.frame, "Time of the last picture, its size, and whether every pixel of it was computed anew"),
            (self.device, "Where pictures are computed, and with which numbers"),
            (self.size_and_zoom, "Size of the layout in pixels, and its zoom"),
        ):
            label.setToolTip(tip)
            self.addPermanentWidget(label)

    def show_pixel(self, pixel: tuple[int, int] | None, name: str) -> None:
        """Show position and label under the pointer."""
        self.pixel.setText(f"{name}   {pixel[0]}, {pixel[1]}" if pixel else "")

    def show_size(self, width: int, height: int) -> None:
        """Show the document's size."""
        self._size = f"{width} × {height}"
        self._show_size_and_zoom()

    def show_zoom(self, zoom: float) -> None:
        """Show the canvas's zoom."""
        self._zoom = f"{zoom:.0%}".replace("%", " %")
        self._show_size_and_zoom()

    def show_frame(self, seconds: float, quality: str, size: tuple[int, int]) -> None:
        """Show what the last picture took."""
        time = f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"
        self.frame.setText(f"{time}  ·  {quality}  ·  {size[1]} × {size[0]}")

    def show_device(self, device: str, dtype: str) -> None:
        """Show where pictures are computed."""
        self.device.setText(f"{device}, {dtype}")

    def _show_size_and_zoom(self) -> None:
        self.size_and_zoom.setText(f"{self._size}  ·  {self._zoom}")
