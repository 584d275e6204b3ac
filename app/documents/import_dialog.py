"""Dialog for importing an ambiguous label map: its label set, and the treatment of unknown colours."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QCoreApplication, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QPushButton, QTreeWidget, QTreeWidgetItem, QWidget

from spade_studio.app.documents.layers import colored
from spade_studio.app.documents.map_import import carry_over
from spade_studio.app.documents.pictures import thumbnail_of
from spade_studio.app.model.label_names import label_text
from spade_studio.app.ui.boxes import column, named, row
from spade_studio.app.ui.images import to_image
from spade_studio.app.ui.plain import PlainLabel, counted, number_text, percent_text
from spade_studio.engine.labels import LabelSet
from spade_studio.engine.pictures.map_readings import Reading, Readings

_SIDE = 200
_MAX_ROWS = 100


class ImportDialog(QDialog):
    """Choice of interpretations of a label map, with a preview of the result and a list of the losses.

    Args:
        name: Name of the file.
        found: Possible interpretations of the map.
        target: Label set of the document, to which the map is converted.
        parent: Parent window.
    """

    def __init__(self, name: str, found: Readings, target: LabelSet, parent: QWidget) -> None:
        super().__init__(parent)
        readings = self._readings = found.options
        self._target = target
        self.labels = readings[0].labels(nearest=False)
        self.setWindowTitle(self.tr("Import {name}").format(name=name))
        self._picture = named(PlainLabel(), self.tr("What will be imported"))
        self._picture.setFixedSize(_SIDE, _SIDE)
        self._picture.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignHCenter)
        caption = PlainLabel(self.tr("&Read it as"))
        self.choice = QComboBox()
        self.choice.addItems([_describe(reading) for reading in readings])
        caption.setBuddy(self.choice)
        self.nearest = QCheckBox(self.tr("Give &unknown colours the label of the nearest colour"))
        self.unknown = named(QTreeWidget(), self.tr("What the label set does not have"))
        self.unknown.setHeaderLabels([self.tr("Not in the label set"), self.tr("Pixels"), self.tr("Becomes")])
        self.unknown.setRootIsDecorated(False)
        self.unknown.setUniformRowHeights(True)
        self.unknown.setIconSize(QSize(14, 14))
        self.question = PlainLabel(self.tr("This map fits several label sets, and the file does not say which one is meant. Choose it."))
        self.question.setWordWrap(True)
        self.question.setVisible(not found.is_certain and readings[0].is_complete)
        self.report = PlainLabel(wraps=True)
        cancel, self.accept_button = QPushButton(self.tr("Cancel")), QPushButton(self.tr("&Import"))
        self.accept_button.setDefault(True)
        cancel.clicked.connect(self.reject)
        self.accept_button.clicked.connect(self.accept)
        self.choice.currentIndexChanged.connect(self._refresh)
        self.nearest.toggled.connect(self._refresh)
        right = column(spacing=8)
        right.addWidget(self.question)
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
            becomes = label_text(one.nearest if takes_nearest and one.nearest else "unlabeled")
            text = f"#{one.value:06x}" if reading.by_color else self.tr("value {value}").format(value=one.value)
            item = QTreeWidgetItem([text, f"{number_text(one.pixels)} ({percent_text(one.pixels / total, 1)})", becomes])
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
    translate = QCoreApplication.translate
    name = reading.label_set.name
    if not reading.by_color:
        kind = translate("ImportDialog", "label ids of {name}").format(name=name)
    elif name == "COCO-Stuff":
        kind = translate("ImportDialog", "colours of {name}, also GauGAN's").format(name=name)
    else:
        kind = translate("ImportDialog", "colours of {name}").format(name=name)
    return translate("ImportDialog", "{kind} ({share} of the pixels)").format(kind=kind, share=percent_text(reading.known_share, 1))


def _report(reading: Reading, unknown: int, lost: dict[str, int], target: LabelSet) -> str:
    translate = QCoreApplication.translate
    name, share = reading.label_set.name, 1 - reading.known_share
    if unknown and reading.by_color:
        text = counted("ImportDialog", "%Ln colour(s), {share} of the pixels, not in {name}.", unknown)
    elif unknown:
        text = counted("ImportDialog", "%Ln value(s), {share} of the pixels, not in {name}.", unknown)
    elif reading.by_color:
        text = translate("ImportDialog", "{name} has all of its colours.")
    else:
        text = translate("ImportDialog", "{name} has all of its values.")
    lines = [text.format(name=name, share=percent_text(share, 1))]
    if lost:
        names = ", ".join(list(lost)[:4])
        if len(lost) > 4:
            names = counted("ImportDialog", "{names} and %Ln more", len(lost) - 4).format(names=names)
        pixels = counted("ImportDialog", "%Ln pixel(s) become(s) unlabeled", sum(lost.values()))
        text = translate("ImportDialog", "{name}, which this window uses, has no {names}: {pixels}.")
        lines.append(text.format(name=target.name, names=names, pixels=pixels))
    elif reading.label_set != target:
        text = translate("ImportDialog", "All its labels have their like in {name}, which this window uses.")
        lines.append(text.format(name=target.name))
    return " ".join(lines)


def _swatch(color: int) -> QIcon:
    pixmap = QPixmap(14, 14)
    pixmap.fill(QColor(color >> 16, color >> 8 & 255, color & 255))
    return QIcon(pixmap)
