"""Tree panel of all labels of a set by group."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QShowEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from spade_studio.app.palette.chips import ChipDelegate
from spade_studio.app.palette.label_hands import LabelHands, SearchKeys
from spade_studio.app.palette.listing import Choice, grouped, listed
from spade_studio.app.palette.panel import PalettePanel
from spade_studio.app.ui.boxes import column, named
from spade_studio.app.ui.label_items import Role, group_name, make_item
from spade_studio.app.ui.plain import PlainLabel

_GROUP = Role.UNKNOWN + 1
_INDENTATION = 14


class LabelTree(LabelHands, QTreeView):
    """Tree view of labels in collapsible groups."""

    def __init__(self) -> None:
        super().__init__()
        self.setHeaderHidden(True)
        self.setIndentation(_INDENTATION)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setExpandsOnDoubleClick(False)  # a single click does
        self.setItemDelegate(_RowDelegate(self))
        # The current chip is already framed; row selection would paint a block of colour in front of it.
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)


class LabelTreePanel(QWidget):
    """Search field and tree of labels.

    Args:
        palette: Palette whose labels are shown; followed only while this panel is visible.

    Attributes:
        search: Search field for names, synonyms and groups.
        view: Tree view.
    """

    chosen = Signal(int)
    pointed = Signal(int)  # a label was clicked
    menu_wanted = Signal(int, QPoint)  # label id, position on the screen
    done = Signal()  # the focus may return to the canvas

    def __init__(self, palette: PalettePanel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._palette = palette
        self._current = -1
        self._listed: object = None  # contents of the tree when last filled
        self._folded: set[str] = set()
        self._is_following = False
        self._items: dict[int, QStandardItem] = {}
        self._model = QStandardItemModel(self)
        self.setMinimumWidth(236)
        self.search = named(QLineEdit(placeholderText=self.tr("Find a label"), clearButtonEnabled=True), self.tr("Find a label"))
        self.search.textChanged.connect(self._refresh)
        keys = SearchKeys(self.search)
        keys.entered.connect(self._enter)
        keys.taken.connect(self._take_first)
        keys.left.connect(self.done)
        self.view = LabelTree()
        self.view.setAccessibleName(self.tr("All labels by group"))
        self.view.setModel(self._model)
        self._nothing = PlainLabel(self.tr("No label of this set matches."), role="caption")
        self._nothing.hide()
        whole = column(self, spacing=6, margins=(8, 8, 8, 8))
        whole.addWidget(self.search)
        whole.addWidget(self._nothing)
        whole.addWidget(self.view, 1)
        self.view.selectionModel().currentChanged.connect(self._on_current_changed)
        self.view.clicked.connect(self._on_clicked)
        self.view.collapsed.connect(lambda index: self._fold(index, is_folded=True))
        self.view.expanded.connect(lambda index: self._fold(index, is_folded=False))
        self.view.menu_wanted.connect(self.menu_wanted)
        self.view.done.connect(self.done)
        palette.offer_changed.connect(self._refresh)

    def show_label(self, label_id: int) -> None:
        """Mark the current label without emitting a signal."""
        self._current = label_id
        if self.isVisible():
            self._select()

    def visible_ids(self) -> tuple[int, ...]:
        """Return the ids of the listed labels in order, including those in collapsed groups."""
        return tuple(self._items)

    def groups(self) -> tuple[str, ...]:
        """Return the headings in order."""
        return tuple(self._model.item(place).text() for place in range(self._model.rowCount()))

    def item(self, label_id: int) -> QStandardItem:
        """Return the item of a listed label."""
        return self._items[label_id]

    # -- events ---------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Update the tree with changes made while it was hidden."""
        super().showEvent(event)
        self._refresh()

    def _enter(self) -> None:
        self.view.setFocus(Qt.FocusReason.TabFocusReason)
        if not self.view.currentIndex().isValid() and self._items:
            self.view.setCurrentIndex(self._items[self._first].index())

    def _take_first(self) -> None:
        if self._items:
            label = self._first
            self.search.clear()
            self.chosen.emit(label)
            self.done.emit()

    @property
    def _first(self) -> int:
        """Id of the first listed label that the weights know, otherwise of the first one."""
        return next((label_id for label_id in self._items if self._palette.offer.is_known(label_id)), next(iter(self._items)))

    # -- internals ------------------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        if not self.isVisible():
            return
        offer, search = self._palette.offer, self.search.text()
        wanted = offer.labels, offer.known, search
        if wanted != self._listed:
            self._listed = wanted
            self._fill()
        for item in self._items.values():
            self._palette.show_standing(item)
        self._select()

    def _fill(self) -> None:
        labels = listed(self._palette.offer, Choice("all"), self.search.text())
        self._is_following = True
        self._model.clear()
        self._items = {}
        for group, members in grouped(labels, self._palette.offer.groups):
            heading = QStandardItem(group_name(group) if group else self.tr("Other labels"))
            heading.setData(group, _GROUP)
            heading.setFlags(Qt.ItemFlag.ItemIsEnabled)
            font = heading.font()
            font.setBold(True)
            heading.setFont(font)
            for label in members:
                self._items[label.id] = make_item(label)
                heading.appendRow(self._items[label.id])
            self._model.appendRow(heading)
        for place in range(self._model.rowCount()):
            is_open = bool(self.search.text().strip()) or self._model.item(place).data(_GROUP) not in self._folded
            self.view.setExpanded(self._model.index(place, 0), is_open)
        self._is_following = False
        self._nothing.setVisible(not labels)

    def _fold(self, index: QModelIndex, *, is_folded: bool) -> None:
        if self._is_following or self.search.text().strip():
            return
        change = self._folded.add if is_folded else self._folded.discard
        change(index.data(_GROUP))

    def _on_clicked(self, index: QModelIndex) -> None:
        label_id = index.data(Role.ID)
        if label_id is None:
            self.view.setExpanded(index, not self.view.isExpanded(index))
        else:
            self.done.emit()
            self.pointed.emit(label_id)

    def _on_current_changed(self, current: QModelIndex, previous: QModelIndex) -> None:
        label_id = current.data(Role.ID) if current.isValid() else None
        if label_id is not None and not self._is_following:
            self.chosen.emit(label_id)

    def _select(self) -> None:
        self._is_following = True
        item = self._items.get(self._current)
        if item is None:
            self.view.selectionModel().clear()
        elif self.view.currentIndex() != item.index():
            self.view.setCurrentIndex(item.index())
            self.view.scrollTo(item.index())
        self._is_following = False


class _RowDelegate(ChipDelegate):
    """Draws labels as chips and headings as ordinary tree items."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Return the size of a chip or of a heading."""
        return QStyledItemDelegate.sizeHint(self, option, index) if index.data(Role.ID) is None else super().sizeHint(option, index)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """Draw a chip or a heading."""
        if index.data(Role.ID) is None:
            QStyledItemDelegate.paint(self, painter, option, index)
        else:
            chip = QStyleOptionViewItem(option)
            view = self.parent()
            if isinstance(view, QTreeView) and view.currentIndex() == index:
                chip.state |= QStyle.StateFlag.State_Selected  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
            super().paint(painter, chip, index)
