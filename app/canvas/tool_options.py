"""Options bar of the chosen tool: brush shape, extent of fills, kind of selection, recent labels."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QComboBox, QSizePolicy, QSpinBox, QWidget

from spade_studio.app.canvas.tool_kinds import ToolKind, ToolOptions
from spade_studio.app.canvas.tools import MAX_GAP, MAX_ROPE, MOST_RECENT
from spade_studio.app.model.raster import Nib
from spade_studio.app.ui.boxes import named, padded, row
from spade_studio.app.ui.label_items import display_name
from spade_studio.app.ui.plain import PlainLabel, plain_tip
from spade_studio.app.ui.swatches import draw_swatch
from spade_studio.engine.labels import Label

_SLOT = 24


class RecentButton(QAbstractButton):
    """Button with a recent label's colour and its number key."""

    def __init__(self, number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._number = number
        self._color = QColor()
        self._is_current = False
        self.setFixedSize(_SLOT, _SLOT)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def show_label(self, label: Label, *, is_current: bool) -> None:
        """Show a label, framed where it is the current one."""
        self._color = QColor(*label.color)
        self._is_current = is_current
        name = display_name(label)
        self.setAccessibleName(self.tr("Recent label {number}: {name}").format(number=self._number, name=name))
        self.setToolTip(plain_tip(f"{name} ({self._number})"))
        self.update()

    def sizeHint(self) -> QSize:
        """Return the fixed size of a button."""
        return QSize(_SLOT, _SLOT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the colour and the number."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_swatch(painter, QRectF(self.rect()).adjusted(3, 3, -3, -3), self._color)
        dark = self._color.lightnessF() > 0.55
        font = painter.font()
        font.setPixelSize(10)
        painter.setFont(font)
        painter.setPen(QColor(16, 18, 21) if dark else QColor(255, 255, 255))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, str(self._number))
        if self._is_current or self.hasFocus() or self.underMouse():
            accent = self.palette().color(QPalette.ColorRole.Accent)
            painter.setPen(QPen(accent, 2 if self._is_current or self.hasFocus() else 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 5, 5)
        painter.end()


class ToolOptionsPanel(QWidget):
    """Options of the chosen tool and recent labels, in one row."""

    changed = Signal(str, object)  # name of the field of ToolOptions, its value
    recent_wanted = Signal(int)  # 1..9
    done = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.nib = QComboBox()
        for nib in Nib:
            self.nib.addItem(QCoreApplication.translate("Nib", nib.value.capitalize()), nib)
        self.nib.setAccessibleName(self.tr("Shape of the brush"))
        self.nib.setToolTip(self.tr("Tip of brush, eraser and line; the edge is always hard"))
        self.nib.activated.connect(self._on_nib)
        self.rope = padded(QSpinBox())
        self.rope.setRange(0, MAX_ROPE)
        self.rope.setPrefix(self.tr("Steady "))
        self.rope.setAccessibleName(self.tr("Steadiness of the brush"))
        self.rope.setToolTip(self.tr("The brush follows the hand on a rope of this length, so that tremors do not show"))
        self.rope.setKeyboardTracking(False)
        self.rope.setFixedWidth(self.rope.fontMetrics().horizontalAdvance(self.tr("Steady ") + "64") + 24)
        self.rope.valueChanged.connect(lambda length: self._tell("rope", length))
        self.rope.lineEdit().returnPressed.connect(self.done)
        self.everywhere = QCheckBox(self.tr("Everywhere"))
        self.everywhere.setToolTip(self.tr("Fill all pixels of the label, not only those that hang together"))
        self.everywhere.toggled.connect(lambda on: self._tell("fill_everywhere", on))
        self._gap_label = PlainLabel(self.tr("&Gap"))
        self.gap = padded(QSpinBox())
        self.gap.setRange(0, MAX_GAP)
        self.gap.setSuffix(self.tr(" px"))
        self.gap.setAccessibleName(self.tr("Gap that a fill does not pass"))
        self.gap.setToolTip(self.tr("Openings up to this width hold a fill back"))
        self.gap.setKeyboardTracking(False)
        self.gap.valueChanged.connect(lambda gap: self._tell("fill_gap", gap))
        self.gap.lineEdit().returnPressed.connect(self.done)
        self._gap_label.setBuddy(self.gap)
        self.freely = named(QCheckBox(self.tr("Freehand")), tip=self.tr("Draw selections by hand, not as rectangles"))
        self.freely.toggled.connect(lambda on: self._tell("select_freely", on))
        self.touching = QCheckBox(self.tr("Touching"))
        self.touching.setToolTip(self.tr("A double-click selects what hangs together, not all of the label"))
        self.touching.toggled.connect(lambda on: self._tell("select_touching", on))
        for box in (self.nib, self.everywhere, self.freely, self.touching):
            box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.recent = [RecentButton(number) for number in range(1, MOST_RECENT + 1)]
        self._is_following = False
        layout = row(self, spacing=6, margins=(8, 0, 8, 0))
        for widget in (self.nib, self.rope, self.everywhere, self._gap_label, self.gap, self.freely, self.touching):
            layout.addWidget(widget)
        layout.addStretch(1)
        slots = row(spacing=1)
        for number, button in enumerate(self.recent, 1):
            button.clicked.connect(lambda _checked=False, number=number: self.recent_wanted.emit(number))
            slots.addWidget(button)
            button.hide()
        layout.addLayout(slots)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def show_tool(self, kind: ToolKind) -> None:
        """Show the options that a tool has."""
        self.nib.setVisible(kind.has_size)
        self.rope.setVisible(kind in (ToolKind.BRUSH, ToolKind.ERASER))
        for widget in (self.everywhere, self._gap_label, self.gap):
            widget.setVisible(kind is ToolKind.FILL)
        for widget in (self.freely, self.touching):
            widget.setVisible(kind is ToolKind.SELECT)

    def show_options(self, options: ToolOptions) -> None:
        """Show options without emitting signals."""
        self._is_following = True
        self.nib.setCurrentIndex(self.nib.findData(options.nib))
        self.rope.setValue(options.rope)
        self.everywhere.setChecked(options.fill_everywhere)
        self.gap.setValue(options.fill_gap)
        self.gap.setEnabled(not options.fill_everywhere)
        self.freely.setChecked(options.select_freely)
        self.touching.setChecked(options.select_touching)
        self._is_following = False

    def show_recent(self, labels: Sequence[Label], current: int) -> None:
        """Show the recent labels, in order, and mark the current one."""
        for button, label in zip(self.recent, labels, strict=False):
            button.show_label(label, is_current=label.id == current)
        for index, button in enumerate(self.recent):
            button.setVisible(index < len(labels))

    def _on_nib(self, index: int) -> None:
        # Qt keeps only its text.
        self._tell("nib", Nib(self.nib.itemData(index)))
        self.done.emit()

    def _tell(self, name: str, value: object) -> None:
        if not self._is_following:
            self.changed.emit(name, value)
