"""Dialog for the labels that are transparent in an exported picture."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QDialog, QHeaderView, QPushButton, QTreeWidget, QTreeWidgetItem, QWidget

from spade_studio.app.documents.layers import layer_name
from spade_studio.app.model.state import DocumentState
from spade_studio.app.ui.boxes import column, row
from spade_studio.app.ui.plain import PlainLabel, percent_text

_ID = Qt.ItemDataRole.UserRole


class CutoutDialog(QDialog):
    """Check list of the layout's labels by descending area; sky labels are checked, that is transparent, by default."""

    def __init__(self, state: DocumentState, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Export with transparency"))
        caption = PlainLabel(self.tr("&Transparent in the picture:"))
        self.list = QTreeWidget()
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setColumnCount(2)
        self.list.setUniformRowHeights(True)
        self.list.setIconSize(QSize(14, 14))
        header = self.list.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.list.setAccessibleName(self.tr("Transparent labels"))
        caption.setBuddy(self.list)
        counts = np.bincount(state.labels.ravel(), minlength=256)
        for label_id in np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)].tolist():
            label = state.label_set.by_id(label_id)
            share = counts[label_id] / state.labels.size
            item = QTreeWidgetItem(self.list, [layer_name(label_id, state.label_set), percent_text(float(share))])
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            item.setIcon(0, _swatch(state.label_set.palette()[label_id].tolist()))
            item.setData(0, _ID, label_id)
            is_sky = label is not None and label.name.split("-")[0] in ("sky", "clouds")
            item.setCheckState(0, Qt.CheckState.Checked if is_sky else Qt.CheckState.Unchecked)
        cancel, export = QPushButton(self.tr("Cancel")), QPushButton(self.tr("&Export…"))
        export.setDefault(True)
        cancel.clicked.connect(self.reject)
        export.clicked.connect(self.accept)
        buttons = row(spacing=8)
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(export)
        layout = column(self, spacing=10, margins=(18, 16, 18, 16))
        layout.addWidget(caption)
        layout.addWidget(self.list, 1)
        layout.addLayout(buttons)
        self.resize(360, 360)

    @property
    def clear(self) -> list[int]:
        """Ids of the checked labels."""
        items = [self.list.topLevelItem(at) for at in range(self.list.topLevelItemCount())]
        return [int(item.data(0, _ID)) for item in items if item and item.checkState(0) == Qt.CheckState.Checked]


def _swatch(color: list[int]) -> QIcon:
    pixmap = QPixmap(14, 14)
    pixmap.fill(QColor(*color))
    return QIcon(pixmap)
