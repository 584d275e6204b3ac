"""The status bar: position and label under the pointer, document size, zoom, device, and render time of the last picture."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QStatusBar, QToolButton, QWidget

from spade_studio.app.ui.plain import PlainLabel, plain_tip


class StatusBar(QStatusBar):
    """Texts on both sides; those on the right stay while hints show on the left. Size, detail and device open menus."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pixel, self.size_and_zoom, self.frame = (PlainLabel() for _ in range(3))
        self.render_size, self.detail, self.device, self.origin = (QToolButton() for _ in range(4))
        self._size, self._zoom = "", ""
        self.setSizeGripEnabled(False)
        self.addWidget(self.pixel, 1)
        for widget, tip in (
            (self.origin, self.tr("The photographs that the picture is made of")),
            (self.frame, self.tr("Time of the last picture, and whether every pixel of it was computed anew")),
            (self.render_size, self.tr("The size of this document's pictures")),
            (self.detail, self.tr("How what is finer than the weights' own picture is made, in larger pictures")),
            (self.device, self.tr("Where pictures are computed, and with which numbers")),
            (self.size_and_zoom, self.tr("Size of the layout in pixels, and its zoom")),
        ):
            widget.setToolTip(plain_tip(tip))
            self.addPermanentWidget(widget)
        for button in (self.render_size, self.detail, self.device, self.origin):
            button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.hide()

    def set_menus(self, size: QMenu, detail: QMenu, device: QMenu, origin: QMenu) -> None:
        """Set the menus of size, detail and device, and that of the picture's source photographs."""
        for button, menu in ((self.render_size, size), (self.detail, detail), (self.device, device), (self.origin, origin)):
            button.setMenu(menu)

    def show_pixel(self, pixel: tuple[int, int] | None, name: str) -> None:
        """Show the pixel position and label under the pointer; None while the pointer is outside."""
        self.pixel.setText(f"{name}   {pixel[0]}, {pixel[1]}" if pixel else "")

    def show_size(self, width: int, height: int) -> None:
        """Show the document's size in pixels."""
        self._size = f"{width} × {height}"
        self._show_size_and_zoom()

    def show_zoom(self, zoom: float) -> None:
        """Show the canvas zoom; 1.0 is 100 %."""
        self._zoom = f"{zoom:.0%}".replace("%", " %")
        self._show_size_and_zoom()

    def show_frame(self, seconds: float, quality: str) -> None:
        """Show the render time of the last picture in seconds, and its quality."""
        time = f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"
        words = {"preview": self.tr("preview"), "exact": self.tr("exact")}
        self.frame.setText(f"{time}  ·  {words.get(quality, quality)}")

    def show_origin(self, photographs: int | None) -> None:
        """Show the number of source photographs of the last picture; None for weights that use none."""
        if photographs is None:
            self.origin.hide()
        else:
            self._show_on(self.origin, self.tr("Made of %Ln photograph(s)", "", photographs))

    def show_render_size(self, text: str) -> None:
        """Show the chosen picture size."""
        self._show_on(self.render_size, text)

    def show_detail(self, text: str) -> None:
        """Show the chosen level of detail."""
        self._show_on(self.detail, text)

    def show_device(self, text: str) -> None:
        """Show the render device."""
        self._show_on(self.device, text)

    def _show_on(self, button: QToolButton, text: str) -> None:
        button.setText(text)
        button.setAccessibleName(f"{button.toolTip()}: {text}")
        button.show()

    def _show_size_and_zoom(self) -> None:
        self.size_and_zoom.setText(f"{self._size}  ·  {self._zoom}")
