"""The render panel: the picture, and a banner for messages and failures."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from spade_studio.app.rendering.banner import Banner, Notice
from spade_studio.app.rendering.picture_view import PictureView
from spade_studio.app.ui.boxes import column

_MARGIN = 12


class RenderPanel(QWidget):
    """The picture, with the banner overlaid at its upper edge, so that the layout does not shift when the banner appears.

    Two notices share the banner: a lasting one stays until it is closed or withdrawn; a passing one belongs to the last picture and
    shows while there is no lasting one.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = PictureView()
        layout = column(self)
        layout.addWidget(self.view, 1)
        self.banner = Banner(self)
        self.banner.closed.connect(self._on_closed)
        self._passing, self._lasting = Notice(), Notice()
        self._shown = Notice()  # the notice last passed to the banner, which may have been closed since
        self._stand_in: QWidget | None = None

    def tell(self, text: str, button: str = "", act: Callable[[], object] | None = None) -> None:
        """Show a passing text in the banner; an empty one hides it. A text that the user has closed stays closed when it is repeated."""
        self._passing = Notice(text, button, act)
        self._show_notice()

    def tell_lasting(self, text: str, button: str = "", act: Callable[[], object] | None = None) -> None:
        """Show a lasting text, which new pictures do not replace; an empty one withdraws it."""
        self._lasting = Notice(text, button, act)
        self._shown = self._shown if self._shown.text != text else Notice()
        self._show_notice()

    def set_stand_in(self, widget: QWidget) -> None:
        """Set the widget that carries the banner while this panel is hidden."""
        self._stand_in = widget
        widget.installEventFilter(self)

    def _show_notice(self) -> None:
        notice = self._lasting if self._lasting.text else self._passing
        if (notice.text, notice.button) == (self._shown.text, self._shown.button):
            return
        self._shown = notice
        self.banner.tell(notice)
        self._place_banner()

    def _on_closed(self) -> None:
        if self._lasting.text:
            self._lasting = Notice()
            self._show_notice()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the banner at the stand-in's upper edge."""
        if event.type() == QEvent.Type.Resize and watched is self.banner.parent():
            self._place_banner()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the banner at the upper edge."""
        self._place_banner()

    def showEvent(self, event: QShowEvent) -> None:
        """Move the banner back to this panel."""
        self._carry_banner(self)

    def hideEvent(self, event: QHideEvent) -> None:
        """Move the banner to the stand-in, so that failures show in every view mode."""
        if self._stand_in is not None and self.isHidden():  # not if the whole window is hidden
            self._carry_banner(self._stand_in)

    def _carry_banner(self, carrier: QWidget) -> None:
        if self.banner.parent() is not carrier:
            was_hidden = self.banner.isHidden()
            self.banner.setParent(carrier)
            self.banner.setHidden(was_hidden)
        self._place_banner()

    def _place_banner(self) -> None:
        carrier = self.banner.parentWidget() or self
        width = carrier.width() - 2 * _MARGIN
        self.banner.setGeometry(_MARGIN, _MARGIN, width, max(self.banner.heightForWidth(width), self.banner.minimumSizeHint().height()))
        self.banner.raise_()
