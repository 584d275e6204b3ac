"""The palette: the labels that can be painted, as coloured chips with a search field.

It shows the labels it is given and says which was chosen; it knows no document and no weights.
"""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRectF,
    QRegularExpression,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QGuiApplication,
    QIcon,
    QKeyEvent,
    QPainter,
    QPalette,
    QPen,
    QResizeEvent,
    QStandardItem,
    QStandardItemModel,
)
from PySide6.QtWidgets import (
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from spade_studio.app.panels.boxes import column, row
from spade_studio.app.panels.swatches import Swatches, draw_swatch
from spade_studio.engine.labels import Label

_ID_ROLE = Qt.ItemDataRole.UserRole
_SEARCH_ROLE = Qt.ItemDataRole.UserRole + 1
_LOCK_ROLE = Qt.ItemDataRole.UserRole + 2
_CHIP_HEIGHT = 30
_SPACING = 2
_SWATCH = 16
_SIDE_WIDTH = 176
_GAP = 12
_MOST_ROWS = 3
_Index = QModelIndex | QPersistentModelIndex


def display_name(label: Label) -> str:
    """Return a label's name as people would write it: ``water-other`` is Water."""
    name = label.name.removesuffix("-other").replace("-", " ").replace("_", " ").strip()
    return name[:1].upper() + name[1:]


class _ChipDelegate(QStyledItemDelegate):
    """Draws a label as a chip: a swatch and the name, framed where it is chosen."""

    width = 100

    def fit(self, names: Sequence[str], metrics: QFontMetrics) -> None:
        """Make all chips wide enough for most names: a grid is easier to scan than chips of many widths."""
        widths = sorted(metrics.horizontalAdvance(name) for name in names)
        usual = widths[int(0.95 * (len(widths) - 1))] if widths else 0
        self.width = max(84, usual + _SWATCH + 34)

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(self.width, _CHIP_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        palette = QGuiApplication.palette()  # the option's is the view's, whose ground is transparent
        state: QStyle.StateFlag = option.state  # pyright: ignore[reportAttributeAccessIssue]
        rect = QRectF(option.rect).adjusted(1.5, 1.5, -1.5, -1.5)  # pyright: ignore[reportAttributeAccessIssue]
        accent = palette.color(QPalette.ColorRole.Accent)
        is_chosen = bool(state & QStyle.StateFlag.State_Selected)
        has_focus = bool(state & QStyle.StateFlag.State_HasFocus)
        is_lit = is_chosen or bool(state & QStyle.StateFlag.State_MouseOver)
        fill = QColor(accent) if is_chosen else palette.color(QPalette.ColorRole.Base)
        fill.setAlphaF(0.16 if is_chosen else 1.0)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(accent if is_lit else palette.color(QPalette.ColorRole.Midlight), 2.0 if has_focus else 1.2))
        painter.setBrush(fill)
        painter.drawRoundedRect(rect, 6, 6)
        swatch = QRectF(rect.left() + 7, rect.center().y() - _SWATCH / 2, _SWATCH, _SWATCH)
        draw_swatch(painter, swatch, index.data(Qt.ItemDataRole.DecorationRole))
        painter.setPen(palette.color(QPalette.ColorRole.Text))
        text = QRectF(swatch.right() + 8, rect.top(), rect.right() - swatch.right() - 12, rect.height())
        name = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, int(text.width()))
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, name)
        if index.data(_LOCK_ROLE):
            _draw_lock(painter, swatch)
        painter.restore()


def _draw_lock(painter: QPainter, swatch: QRectF) -> None:
    """Draw a padlock in the swatch, dark with a light rim, so that it shows on every colour."""
    center = swatch.center()
    body = QRectF(center.x() - 4, center.y() - 0.5, 8, 5.5)
    bow = QRectF(center.x() - 2.5, center.y() - 5, 5, 8)
    for color, width in ((QColor(255, 255, 255), 3.4), (QColor(16, 18, 21), 1.5)):
        painter.setPen(QPen(color, width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawArc(bow, 0, 180 * 16)
        painter.setBrush(QColor(16, 18, 21))
        painter.drawRoundedRect(body, 1, 1)


class _ChipView(QListView):
    """Chips in rows; Return and Escape give the keyboard back to the canvas."""

    done = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape):
            self.done.emit()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Letters are the tools' shortcuts; the search field above finds labels."""


class PalettePanel(QWidget):
    """Search field, the label in hand with the one before, and the chips."""

    chosen = Signal(int)
    swap_wanted = Signal()
    done = Signal()  # a label was chosen or the search given up: the canvas may have the keyboard

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels: dict[int, Label] = {}
        self._protected: frozenset[int] = frozenset()
        self._current = -1
        self._is_following = False
        self._model = QStandardItemModel(self)
        self._filter = QSortFilterProxyModel(self)
        self._filter.setSourceModel(self._model)
        self._filter.setFilterRole(_SEARCH_ROLE)
        self.search = QLineEdit(placeholderText="Find a label", clearButtonEnabled=True)
        self.search.setAccessibleName("Find a label")
        self.search.setToolTip("Find a label by its name, group or another word for it (Ctrl+F)")
        self.search.setFixedSize(_SIDE_WIDTH, _CHIP_HEIGHT)
        self.search.textChanged.connect(self._on_search)
        self.search.installEventFilter(self)
        self.swatches = Swatches()
        self.swatches.setFixedWidth(_SIDE_WIDTH)
        self.swatches.clicked.connect(self.swap_wanted)
        self.view = _ChipView()
        self.view.setModel(self._filter)
        self._delegate = _ChipDelegate(self.view)
        self.view.setItemDelegate(self._delegate)
        self.view.setUniformItemSizes(True)
        self.view.setFlow(QListView.Flow.LeftToRight)
        self.view.setWrapping(True)
        self.view.setResizeMode(QListView.ResizeMode.Adjust)
        self.view.setSpacing(_SPACING)
        self.view.setMouseTracking(True)
        self.view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setAccessibleName("Labels")
        self.view.selectionModel().currentChanged.connect(self._on_current_changed)
        self.view.clicked.connect(self.done)
        self.view.done.connect(self.done)
        self._nothing = QLabel("No label of these weights matches.")
        self._nothing.setProperty("role", "caption")
        self._nothing.hide()

        side = column(spacing=2 * _SPACING, margins=(0, _SPACING, 0, 0))
        side.addWidget(self.search)
        side.addWidget(self.swatches)
        side.addStretch()
        layout = row(self, spacing=_GAP)
        layout.addLayout(side)
        layout.addWidget(self._nothing, 1)
        layout.addWidget(self.view, 1)
        self._fit_rows()

    def set_labels(self, labels: Sequence[Label]) -> None:
        """Offer these labels, in this order."""
        self._labels = {label.id: label for label in labels}
        self._is_following = True
        self._model.clear()
        self._delegate.fit([display_name(label) for label in labels], self.view.fontMetrics())
        for label in labels:
            item = QStandardItem(display_name(label))
            item.setEditable(False)
            item.setData(QColor(*label.color), Qt.ItemDataRole.DecorationRole)
            item.setData("\n".join(filter(None, (f"{label.name}, id {label.id}", ", ".join(label.synonyms)))), Qt.ItemDataRole.ToolTipRole)
            item.setData(label.id, _ID_ROLE)
            item.setData(" ".join((label.name, display_name(label), label.group, *label.synonyms)), _SEARCH_ROLE)
            self._model.appendRow(item)
        self._is_following = False
        self.show_protected(self._protected)
        self._fit_rows()
        self._select(self._current)

    def show_labels(self, current: Label, previous: Label) -> None:
        """Show which label is in hand, and which was before."""
        self._current = current.id
        self.swatches.show_labels(display_name(current), QColor(*current.color), display_name(previous), QColor(*previous.color))
        self._select(current.id)

    @property
    def labels(self) -> tuple[Label, ...]:
        """The labels that are offered."""
        return tuple(self._labels.values())

    def label_at(self, position: QPoint) -> int | None:
        """Return the label whose chip lies at a position of the view."""
        index = self.view.indexAt(position)
        return index.data(_ID_ROLE) if index.isValid() else None

    def show_protected(self, labels: frozenset[int]) -> None:
        """Put a lock on these labels' chips."""
        self._protected = labels
        for row_number in range(self._model.rowCount()):
            item = self._model.item(row_number)
            label = self._labels[item.data(_ID_ROLE)]
            item.setData(label.id in labels, _LOCK_ROLE)
            note = "Protected from painting over" if label.id in labels else ""
            item.setData(f"{display_name(label)}, protected" if note else None, Qt.ItemDataRole.AccessibleTextRole)
            lines = (f"{label.name}, id {label.id}", ", ".join(label.synonyms), note)
            item.setData("\n".join(filter(None, lines)), Qt.ItemDataRole.ToolTipRole)

    def visible_ids(self) -> tuple[int, ...]:
        """Return the ids of the chips that the search leaves, in order."""
        return tuple(self._filter.index(row, 0).data(_ID_ROLE) for row in range(self._filter.rowCount()))

    def set_swap_icon(self, icon: QIcon) -> None:
        """Set the icon between the two labels."""
        self.swatches.set_icon(icon)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """In the search field: Down goes to the chips, Return takes the first match, Escape gives up."""
        if watched is self.search and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            match event.key():
                case Qt.Key.Key_Down:
                    self._enter_chips()
                    return True
                case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                    if self._filter.rowCount():
                        label = self.visible_ids()[0]
                        self.search.clear()
                        self.chosen.emit(label)
                        self.done.emit()
                    return True
                case Qt.Key.Key_Escape:
                    self.search.clear()
                    self.done.emit()
                    return True
                case _:
                    pass
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Take a third row where two do not hold all chips; what does not fit then scrolls."""
        super().resizeEvent(event)
        self._fit_rows()

    def _fit_rows(self) -> None:
        columns = max(1, (self.width() - _SIDE_WIDTH - _GAP) // (self._delegate.width + 2 * _SPACING))
        rows = min(_MOST_ROWS, max(2, -(-self._model.rowCount() // columns)))
        self.setFixedHeight(rows * (_CHIP_HEIGHT + 2 * _SPACING) + 1)

    def _enter_chips(self) -> None:
        if self._filter.rowCount():
            self.view.setFocus(Qt.FocusReason.TabFocusReason)
            if not self.view.currentIndex().isValid():
                self.view.setCurrentIndex(self._filter.index(0, 0))

    def _on_search(self, text: str) -> None:
        # Every typed word must occur somewhere; the chosen label may be filtered out and stays chosen.
        pattern = "".join(f"(?=.*{QRegularExpression.escape(word)})" for word in text.split())
        self._is_following = True
        self._filter.setFilterRegularExpression(QRegularExpression(f"^{pattern}", QRegularExpression.PatternOption.CaseInsensitiveOption))
        self._is_following = False
        self._select(self._current)
        is_empty = not self._filter.rowCount()
        self._nothing.setVisible(is_empty)
        self.view.setVisible(not is_empty)

    def _on_current_changed(self, current: QModelIndex, previous: QModelIndex) -> None:
        if current.isValid() and not self._is_following:
            self.chosen.emit(current.data(_ID_ROLE))

    def _select(self, label: int) -> None:
        """Mark a label's chip without choosing it again."""
        self._is_following = True
        ids = self.visible_ids()
        if label in ids:
            index = self._filter.index(ids.index(label), 0)
            self.view.setCurrentIndex(index)
            self.view.scrollTo(index)
        else:
            self.view.selectionModel().clear()
        self._is_following = False
