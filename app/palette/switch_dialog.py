"""Dialog for the replacement of labels without a counterpart in another label set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QGridLayout, QScrollArea, QWidget

from spade_studio.app.model.label_switching import Lost
from spade_studio.app.ui.boxes import column, named
from spade_studio.app.ui.label_icons import icon_of
from spade_studio.app.ui.label_items import display_name
from spade_studio.app.ui.plain import PlainLabel, percent_text, plain_tip
from spade_studio.app.ui.swatches import draw_swatch
from spade_studio.engine.labels import Label, LabelSet

_MOST_SEEN = 8
_ROW_HEIGHT = 38


class SwitchDialog(QDialog):
    """List of the labels without a counterpart, with their share of the layout and a choice of replacements.

    Attributes:
        boxes: Combo box of each label, by label id.
    """

    chosen = Signal(object)  # dict, id in the map to id in the target set

    def __init__(
        self, lost: Sequence[Lost], source: LabelSet, target: LabelSet, pixels: int, unlabeled: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Switch to {name}").format(name=target.name))
        self.boxes: dict[int, QComboBox] = {}
        about = self.tr(
            "{target} has no label of these names. What shall take their place? All other labels are carried over by name, "
            "and Undo brings everything back."
        )
        text = PlainLabel(about.format(target=target.name), wraps=True)
        text.setFixedWidth(440)
        rows = QWidget()
        grid = QGridLayout(rows)
        grid.setContentsMargins(0, 0, 8, 0)
        grid.setVerticalSpacing(8)
        grid.setHorizontalSpacing(14)
        grid.setColumnStretch(3, 1)
        for place, entry in enumerate(lost):
            label = source.by_id(entry.id)
            swatch, share = PlainLabel(), PlainLabel(percent_text(entry.pixels / pixels, 1), role="caption")
            name = PlainLabel(display_name(label) if label else entry.name)
            swatch.setPixmap(_icon(label).pixmap(QSize(20, 20)))
            share.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            share.setToolTip(plain_tip(self.tr("%Ln pixel(s)", "", entry.pixels)))
            box = self._box(entry, target, unlabeled)
            self.boxes[entry.id] = box
            for at, widget in enumerate((swatch, name, share, box)):
                grid.addWidget(widget, place, at)
        area = QScrollArea()
        area.setWidget(rows)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFixedHeight(min(len(lost), _MOST_SEEN) * _ROW_HEIGHT)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.button(QDialogButtonBox.StandardButton.Ok).setText(self.tr("Switch"))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        whole = column(self, spacing=14, margins=(18, 18, 18, 14))
        whole.addWidget(text)
        whole.addWidget(area)
        whole.addWidget(buttons)
        self.accepted.connect(lambda: self.chosen.emit(self.answers()))

    def answers(self) -> Mapping[int, int]:
        """Return the chosen replacements, id to id."""
        return {label_id: int(box.currentData()) for label_id, box in self.boxes.items()}

    def _box(self, entry: Lost, target: LabelSet, unlabeled: int) -> QComboBox:
        box = named(QComboBox(), self.tr("Instead of {name}").format(name=entry.name))
        box.setMinimumWidth(200)
        box.addItem(self.tr("Unlabeled"), unlabeled)
        if entry.nearest is not None:
            box.addItem(_icon(entry.nearest), self.tr("{name} (nearest)").format(name=display_name(entry.nearest)), entry.nearest.id)
            box.setCurrentIndex(1)
        for label in sorted(target.labels, key=display_name):
            if not label.unused and label is not entry.nearest:
                box.addItem(_icon(label), display_name(label), label.id)
        return box


def _icon(label: Label | None) -> QIcon:
    pixmap = QPixmap(40, 40)
    pixmap.fill(QColor(0, 0, 0, 0))
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    color = QColor(*label.color) if label else QColor(28, 28, 28)
    draw_swatch(painter, QRectF(0, 0, 40, 40), color, 8, icon_of(label) if label else "")
    painter.end()
    return QIcon(pixmap)
