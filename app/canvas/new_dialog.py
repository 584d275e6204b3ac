"""Dialog for a new layout: its initial scene, size and label set."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QComboBox, QListView, QListWidget, QListWidgetItem, QWidget

from spade_studio.app.canvas.colors import UNLABELED_GREY
from spade_studio.app.canvas.size_dialog import SizeDialog
from spade_studio.app.model.label_choice import SetOffer
from spade_studio.app.model.starts import Start, start_labels
from spade_studio.app.ui.boxes import named
from spade_studio.app.ui.images import to_image
from spade_studio.app.ui.plain import plain_tip

_PICTURE = QSize(84, 56)
_SCALE = 2


class NewDialog(SizeDialog):
    """Asks for initial scene, width, height and label set.

    Attributes:
        starts: List of initial scenes.
        set_box: Choice of label sets.
    """

    created = Signal(int, int, int, object)  # width, height, index of the label set, labels uint8 [H, W]

    def __init__(self, size: tuple[int, int], offer: SetOffer, start: Start = Start.LAND, parent: QWidget | None = None) -> None:
        super().__init__("", "", size, parent=parent)
        self._offer, self._wanted = offer, start
        self.setWindowTitle(self.tr("New layout"))
        self.ok_button.setText(self.tr("Create"))
        self._names = {
            Start.LAND: self.tr("Sky over land"),
            Start.HILLS: self.tr("Hills"),
            Start.LAKE: self.tr("Lake"),
            Start.SEA: self.tr("Sea"),
            Start.EMPTY: self.tr("Empty"),
        }
        self.starts = named(QListWidget(), self.tr("Begin with"))
        self.starts.setViewMode(QListView.ViewMode.IconMode)
        self.starts.setMovement(QListView.Movement.Static)
        self.starts.setWrapping(False)
        self.starts.setIconSize(_PICTURE)
        widest = max(self.starts.fontMetrics().horizontalAdvance(name) for name in self._names.values())
        width, height = max(_PICTURE.width(), widest) + 14, _PICTURE.height() + 26
        self.starts.setGridSize(QSize(width, height))
        self.starts.setFixedSize(len(Start) * width + 6, height + 6)
        self.starts.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.starts.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.starts.itemDoubleClicked.connect(self.accept)
        self.form.insertRow(0, self.tr("&Begin with"), self.starts)
        self.set_box = QComboBox()
        for place, one in enumerate(offer.sets):
            text = self.tr("{name} (known to these weights)") if place == offer.own else "{name}"
            self.set_box.addItem(text.format(name=one.name))
        self.set_box.setCurrentIndex(offer.chosen)
        self.set_box.setAccessibleName(self.tr("Label set"))
        self.set_box.setToolTip(self.tr("Which labels it can be painted with; it can be changed later"))
        self.form.addRow(self.tr("&Labels"), self.set_box)
        QWidget.setTabOrder(self.height_box, self.set_box)
        self.chosen.connect(self._create)
        self.set_box.currentIndexChanged.connect(self._show_starts)
        self.starts.currentRowChanged.connect(self._note_start)
        self._show_starts()

    @property
    def start(self) -> Start:
        """Chosen initial scene."""
        item = self.starts.currentItem()
        return Start.EMPTY if item is None else Start(item.data(Qt.ItemDataRole.UserRole))

    def _show_starts(self) -> None:
        """List the initial scenes whose labels the label set has, each with its thumbnail."""
        wanted = self._wanted
        self.starts.clear()
        for start in Start:
            labels = self._labels(start, (_PICTURE.height() * _SCALE, _PICTURE.width() * _SCALE))
            if labels is not None:
                item = QListWidgetItem(QIcon(self._pixmap(labels)), self._names[start])
                item.setData(Qt.ItemDataRole.UserRole, start.value)
                item.setToolTip(plain_tip(self._names[start]))
                self.starts.addItem(item)
        found = [row for row in range(self.starts.count()) if self.starts.item(row).data(Qt.ItemDataRole.UserRole) == wanted.value]
        self.starts.setCurrentRow(found[0] if found else 0)
        self._wanted = wanted

    def _note_start(self, row: int) -> None:
        if row >= 0:
            self._wanted = self.start

    def _labels(self, start: Start, size: tuple[int, int]) -> np.ndarray | None:
        place = self.set_box.currentIndex()
        return start_labels(start, self._offer.sets[place], self._offer.known[place], size)

    def _pixmap(self, labels: np.ndarray) -> QPixmap:
        label_set = self._offer.sets[self.set_box.currentIndex()]
        palette = label_set.palette().copy()
        palette[label_set.unlabeled_value] = UNLABELED_GREY
        pixmap = QPixmap.fromImage(to_image(palette[labels]))
        pixmap.setDevicePixelRatio(_SCALE)
        return pixmap

    def _create(self, width: int, height: int) -> None:
        self.created.emit(width, height, self.set_box.currentIndex(), self._labels(self.start, (height, width)))
