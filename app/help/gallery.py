"""The sample gallery: bundled layouts to start from, shown as pictures."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QDialog, QListWidget, QListWidgetItem, QPushButton, QWidget

from spade_studio.app.documents.samples import Sample, read_sample
from spade_studio.app.ui.boxes import column, named, row
from spade_studio.app.ui.images import to_image
from spade_studio.app.ui.plain import PlainLabel
from spade_studio.engine.labels import LabelSet

_SIDE = 160


class SampleGallery(QDialog):
    """A grid of pictures of the sample layouts."""

    chosen = Signal(object)  # Sample

    def __init__(self, samples: Sequence[Sample], label_set: LabelSet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._samples = list(samples)
        self.setWindowTitle(self.tr("Open a sample"))
        text = PlainLabel(self.tr("Layouts to paint on. Each opens with a style that suits it."), role="caption")
        self.list = named(QListWidget(), self.tr("Samples"))
        self.list.setViewMode(QListWidget.ViewMode.IconMode)
        self.list.setMovement(QListWidget.Movement.Static)
        self.list.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.list.setIconSize(QSize(_SIDE, _SIDE))
        self.list.setGridSize(QSize(_SIDE + 24, _SIDE + 44))
        self.list.setUniformItemSizes(True)
        for sample in self._samples:
            item = QListWidgetItem(_thumbnail(sample, label_set), QCoreApplication.translate("Samples", sample.name))
            item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom)
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self.open_button = QPushButton(self.tr("&Open"))
        self.open_button.setDefault(True)
        cancel = QPushButton(self.tr("&Cancel"))
        buttons = row(spacing=8)
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.open_button)
        whole = column(self, spacing=10, margins=(16, 14, 16, 14))
        whole.addWidget(text)
        whole.addWidget(self.list, 1)
        whole.addLayout(buttons)
        self.open_button.clicked.connect(self.accept)
        cancel.clicked.connect(self.reject)
        self.list.itemActivated.connect(lambda _item: self.accept())
        self.list.itemDoubleClicked.connect(lambda _item: self.accept())
        self.accepted.connect(lambda: self.chosen.emit(self._samples[self.list.currentRow()]))
        rows = -(-len(self._samples) // 4)
        self.resize(min(len(self._samples), 4) * (_SIDE + 24) + 60, min(rows, 2) * (_SIDE + 44) + 104)
        self.list.setFocus()


def _thumbnail(sample: Sample, label_set: LabelSet) -> QIcon:
    labels = read_sample(sample)
    image = to_image(label_set.palette()[labels])
    pixmap = QPixmap.fromImage(image.scaled(_SIDE, _SIDE, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.FastTransformation))
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)  # otherwise the widget style tints the selected picture
    return icon
