"""Asks how to read a label map that does not simply fit: which label set, and what becomes of colours that it does not have.

It shows readings and says which was chosen; it reads no files and changes no document.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QLabel, QPushButton, QTreeWidget, QTreeWidgetItem, QWidget

from spade_studio.app.documents.archive import colored
from spade_studio.app.documents.connection import carry_over
from spade_studio.app.documents.map_import import Reading
from spade_studio.app.documents.pictures import thumbnail_of
from spade_studio.app.panels.boxes import column, row
from spade_studio.app.panels.render import to_image
from spade_studio.engine.labels import LabelSet

_SIDE = 200
_MAX_ROWS = 100


class ImportDialog(QDialog):
    """Readings to choose from, a picture of what would be imported, and what would be lost.

    Args:
        name: Of the file.
        readings: As :func:`map_import.readings` gives them; never empty.
        target: The document's label set, to which the map is carried over.
        parent: The window.
    """

    def __init__(self, name: str, readings: Sequence[Reading], target: LabelSet, parent: QWidget) -> None:
        super().__init__(parent)
        self._readings = readings
        self._target = target
        self.labels = readings[0].labels(nearest=False)
        self.setWindowTitle(f"Import {name}")
        self._picture = QLabel()
        self._picture.setFixedSize(_SIDE, _SIDE)
        self._picture.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignHCenter)
        self._picture.setAccessibleName("What will be imported")
        caption = QLabel("&Read it as")
        self.choice = QComboBox()
        self.choice.addItems([_describe(reading) for reading in readings])
        caption.setBuddy(self.choice)
        self.nearest = QCheckBox("Give &unknown colours the label of the nearest colour")
        self.unknown = QTreeWidget()
        self.unknown.setHeaderLabels(["Not in the label set", "Pixels", "Becomes"])
        self.unknown.setAccessibleName("What the label set does not have")
        self.unknown.setRootIsDecorated(False)
        self.unknown.setUniformRowHeights(True)
        self.unknown.setIconSize(QSize(14, 14))
        self.report = QLabel()
        self.report.setWordWrap(True)
        cancel, self.accept_button = QPushButton("Cancel"), QPushButton("&Import")
        self.accept_button.setDefault(True)
        cancel.clicked.connect(self.reject)
        self.accept_button.clicked.connect(self.accept)
        self.choice.currentIndexChanged.connect(self._refresh)
        self.nearest.toggled.connect(self._refresh)
        right = column(spacing=8)
        right.addWidget(caption)
        right.addWidget(self.choice)
        right.addSpacing(4)
        right.addWidget(self.unknown, 1)
        right.addWidget(self.nearest)
        right.addWidget(self.report)
        top = row(spacing=16)
        top.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        top.addLayout(right, 1)
        buttons = row(spacing=8)
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.accept_button)
        layout = column(self, spacing=14, margins=(18, 16, 18, 16))
        layout.addLayout(top, 1)
        layout.addLayout(buttons)
        self.resize(720, 420)
        self._refresh()

    def _refresh(self) -> None:
        reading = self._readings[self.choice.currentIndex()]
        unknown = reading.unknown()
        self.nearest.setEnabled(reading.by_color and bool(unknown))
        takes_nearest = self.nearest.isChecked() and self.nearest.isEnabled()
        self.unknown.clear()
        total = int(reading.counts.sum())
        for one in unknown[:_MAX_ROWS]:
            becomes = one.nearest.name if takes_nearest and one.nearest else "unlabeled"
            text = f"#{one.value:06x}" if reading.by_color else f"value {one.value}"
            item = QTreeWidgetItem([text, f"{one.pixels:,} ({one.pixels / total:.1%})", becomes])
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            if reading.by_color:
                item.setIcon(0, _swatch(one.value))
            self.unknown.addTopLevelItem(item)
        for at in range(3):
            self.unknown.resizeColumnToContents(at)
        self.labels, lost = carry_over(reading.labels(takes_nearest), reading.label_set, self._target)
        small = np.ascontiguousarray(thumbnail_of(colored(self.labels, self._target), _SIDE)[..., :3])
        self._picture.setPixmap(QPixmap.fromImage(to_image(small)))
        self.report.setText(_report(reading, len(unknown), lost, self._target))


def _describe(reading: Reading) -> str:
    name = reading.label_set.name
    also = ", also GauGAN's" if reading.by_color and name == "COCO-Stuff" else ""
    kind = f"colours of {name}{also}" if reading.by_color else f"label ids of {name}"
    return f"{kind} ({reading.known_share:.1%} of the pixels)"


def _report(reading: Reading, unknown: int, lost: dict[str, int], target: LabelSet) -> str:
    kind = "colour" if reading.by_color else "value"
    plural = "" if unknown == 1 else "s"
    lines = [f"{reading.label_set.name} has all of its {kind}s."]
    if unknown:
        lines = [f"{unknown:,} {kind}{plural}, {1 - reading.known_share:.1%} of the pixels, not in {reading.label_set.name}."]
    if lost:
        names = list(lost)
        more = f" and {len(names) - 4} more" if len(names) > 4 else ""
        pixels = f"{sum(lost.values()):,} pixels become unlabeled"
        lines.append(f"{target.name}, which this window uses, has no {', '.join(names[:4])}{more}: {pixels}.")
    elif reading.label_set != target:
        lines.append(f"All its labels have their like in {target.name}, which this window uses.")
    return " ".join(lines)


def _swatch(color: int) -> QIcon:
    pixmap = QPixmap(14, 14)
    pixmap.fill(QColor(color >> 16, color >> 8 & 255, color & 255))
    return QIcon(pixmap)
