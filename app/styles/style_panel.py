"""The compact panel of the style in use."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QAction, QIcon, QImage, QPixmap
from PySide6.QtWidgets import QSizePolicy, QSpinBox, QToolButton, QWidget

from spade_studio.app.styles.style import MAX_SEED
from spade_studio.app.ui.boxes import column, named, padded, row
from spade_studio.app.ui.plain import PlainLabel, plain_tip

_PICTURE = QSize(58, 44)
_NAME_WIDTH = 72


class StylePanel(QWidget):
    """A thumbnail that opens the style panel, a seed field, and buttons for dice, new texture, favourite and lock."""

    seed_changed = Signal(int)  # typed, or confirmed again
    gallery_wanted = Signal()
    done = Signal()  # the number was confirmed: focus may return to the canvas

    def __init__(self, seed: int, dice: QAction, texture: QAction, lock: QAction, star: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.spin = padded(QSpinBox())
        self.spin.setRange(0, MAX_SEED)
        self.spin.setValue(seed)
        self.spin.setKeyboardTracking(False)
        self.spin.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.spin.setAccessibleName(self.tr("Style seed"))
        self.spin.setToolTip(self.tr("The number that the style is drawn from: the same number gives the same look"))
        self.spin.setFixedWidth(68)
        self.spin.valueChanged.connect(self.seed_changed)
        self.spin.lineEdit().returnPressed.connect(self._enter)
        self._dice, self._texture, self._lock, self._star = dice, texture, lock, star
        self.picture_button = named(QToolButton(), self.tr("Styles"))
        self.picture_button.setIconSize(_PICTURE)
        self.picture_button.setFixedSize(_PICTURE.width() + 10, _PICTURE.height() + 10)
        self.picture_button.clicked.connect(self.gallery_wanted)
        self.name = PlainLabel(self.tr("&Style"))
        self.name.setBuddy(self.spin)
        self.name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        above, below = row(spacing=2), row(spacing=2)
        above.addWidget(self.name, 1)
        below.addWidget(self.spin)
        below.addSpacing(4)
        names = self.tr("New style"), self.tr("New texture"), self.tr("Favourite style"), self.tr("Lock the style")
        lines = below, below, above, above
        for action, name, line in zip((dice, texture, star, lock), names, lines, strict=True):
            button = named(QToolButton(), name)
            button.setDefaultAction(action)
            button.setIconSize(QSize(20, 20))
            line.addWidget(button)
        right = column(spacing=1)
        right.addStretch(1)
        right.addLayout(above)
        right.addLayout(below)
        right.addStretch(1)
        layout = row(self, spacing=8)
        layout.addWidget(self.picture_button)
        layout.addLayout(right)
        self.set_usable(True)

    @property
    def seed(self) -> int:
        """The seed shown."""
        return self.spin.value()

    def show_style(self, name: str, seed: int | None, image: QImage) -> None:
        """Show the style in use; with ``seed`` None the seed field is empty."""
        shown = self.name.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, _NAME_WIDTH)
        self.name.setText(shown.replace("&", "&&"))
        self.name.setToolTip(plain_tip(name))
        if seed is not None and 0 <= seed <= MAX_SEED:
            with QSignalBlocker(self.spin):
                self.spin.setValue(seed)
        elif not self.spin.hasFocus():
            self.spin.lineEdit().clear()  # the style has no seed
        if not image.isNull():
            pixmap = QPixmap.fromImage(image)
            icon = QIcon(pixmap)
            icon.addPixmap(pixmap, QIcon.Mode.Disabled)
            self.picture_button.setIcon(icon)

    def set_usable(self, usable: bool, reason: str = "") -> None:
        """Enable or disable the controls, with the reason; the thumbnail stays enabled, since the style panel shows the reason."""
        for child in (self.spin, self.name):
            child.setEnabled(usable)
        self._dice.setEnabled(usable)
        self._lock.setEnabled(usable)
        self._star.setEnabled(usable)
        self.setToolTip(plain_tip(reason))
        self.picture_button.setToolTip(plain_tip(reason or self.tr("Show the styles: built-in ones, references, the last ones, and mixes")))

    def set_textured(self, textured: bool) -> None:
        """Set whether new textures are available."""
        self._texture.setEnabled(textured)

    def _enter(self) -> None:
        self.seed_changed.emit(self.spin.value())  # also if the number is unchanged, since the style may differ
        self.done.emit()
