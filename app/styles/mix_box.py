"""The controls of a mix of two styles: two ends that accept dropped styles, and the slider between them."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QIcon, QImage
from PySide6.QtWidgets import QSlider, QToolButton, QWidget

from spade_studio.app.styles.carried import MIME_TYPE, read_carried
from spade_studio.app.styles.controller import StylesController
from spade_studio.app.styles.names import name_of
from spade_studio.app.styles.tiles import picture_icon
from spade_studio.app.ui.boxes import column, named, row
from spade_studio.app.ui.plain import plain_tip


class EndButton(QToolButton):
    """An end of a mix, shown as its picture, or as its letter until it is chosen."""

    dropped = Signal(object, QImage)  # Choice, its picture

    def __init__(self, letter: str, name: str, tip: str, size: QSize, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tip = tip
        self.setText(letter)
        self.setAccessibleName(name)
        self.setToolTip(plain_tip(tip))
        self.setIconSize(size)
        self.setFixedSize(size.width() + 12, size.height() + 12)
        self.setObjectName("mix_end")
        self.setAcceptDrops(True)

    def show_end(self, image: QImage, name: str) -> None:
        """Show the picture and name of the chosen style."""
        self.setIcon(picture_icon(image) if not image.isNull() else QIcon())
        self.setToolTip(plain_tip(f"{name}\n{self._tip}" if name else self._tip))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept styles."""
        self._accept(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Accept a drag that was accepted when it entered."""
        self._accept(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Use the dropped style as this end."""
        self._accept(event)
        if (found := read_carried(event.mimeData())) is not None:
            self.dropped.emit(*found)

    def _accept(self, event: QDropEvent) -> None:
        event.setAccepted(event.mimeData().hasFormat(MIME_TYPE))
        if event.isAccepted():
            event.setDropAction(Qt.DropAction.CopyAction)


class MixBox(QWidget):
    """Two ends with the slider between them, or below them where the box is narrow.

    Attributes:
        ends: Buttons of the two ends.
        share: Slider of the fraction of the second style, in percent.
    """

    def __init__(self, controller: StylesController, *, is_narrow: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._styles = controller
        tip = self.tr("Click to put the style in use at this end, or drop a style here")
        size = QSize(36, 27) if is_narrow else QSize(56, 42)
        self.ends = (
            EndButton("A", self.tr("First style of the mix"), tip, size),
            EndButton("B", self.tr("Second style of the mix"), tip, size),
        )
        for index, button in enumerate(self.ends):
            button.clicked.connect(lambda _checked=False, index=index: controller.set_end(index))
            button.dropped.connect(lambda choice, image, index=index: controller.put_end(index, choice, image))
        self.share = named(QSlider(Qt.Orientation.Horizontal), self.tr("Share of the second style in the mix"))
        self.share.setRange(0, 100)
        self.share.setPageStep(10)
        self.share.setValue(50)
        self.share.setToolTip(self.tr("Mix of the styles A and B"))
        self.share.valueChanged.connect(lambda value: controller.mix(value / 100))
        if is_narrow:
            whole = column(self, spacing=2)
            line = row(spacing=6)
            line.addWidget(self.ends[0])
            line.addWidget(self.ends[1])
            whole.addLayout(line)
            whole.addWidget(self.share)
        else:
            line = row(self, spacing=8)
            line.addWidget(self.ends[0])
            line.addWidget(self.share, 1)
            line.addWidget(self.ends[1])
        controller.mix_changed.connect(self.refresh)
        controller.weights_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the present state of the controller."""
        styles = self._styles
        usable = not styles.why_no_style
        for button, end in zip(self.ends, styles.ends, strict=True):
            button.show_end(end.image if end else QImage(), name_of(end.style) if end else "")
            button.setEnabled(usable)
        with QSignalBlocker(self.share):
            self.share.setValue(round(styles.share * 100))
        self.share.setEnabled(usable and all(end is not None for end in styles.ends))
