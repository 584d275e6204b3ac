"""Palette panel: labels as coloured chips, with a search field and a filter."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QColor, QIcon, QResizeEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QLineEdit, QSizePolicy, QToolButton, QWidget

from spade_studio.app.model.nearest_label import nearest_label
from spade_studio.app.palette.chips import CHIP_HEIGHT, CHIP_SPACING, ChipDelegate, ChipView
from spade_studio.app.palette.hint import NearestHint
from spade_studio.app.palette.label_hands import SearchKeys
from spade_studio.app.palette.listing import Choice, Offer, Show, listed
from spade_studio.app.ui.boxes import column, named, row
from spade_studio.app.ui.label_icons import icon_of
from spade_studio.app.ui.label_items import Role, display_name, group_name, make_item, show_standing
from spade_studio.app.ui.plain import PlainLabel, plain_tip
from spade_studio.app.ui.swatches import Swatches
from spade_studio.engine.labels import Label

_SIDE_WIDTH = 166
_CHOICE_WIDTH = 142
_GAP = 12
_MOST_ROWS = 3
_ROW = CHIP_HEIGHT + 2 * CHIP_SPACING


class PalettePanel(QWidget):
    """Search field, current and previous label, filter, and chips.

    Attributes:
        offer: Available labels.
        choice: Filter of the shown labels.
    """

    chosen = Signal(int)
    swap_wanted = Signal()
    menu_wanted = Signal(int, QPoint)  # label id, position on the screen
    set_wanted = Signal(int)  # index into the names of :meth:`show_sets`
    choice_changed = Signal(object)  # Choice
    pointed = Signal(int)  # a chip was clicked
    offer_changed = Signal()  # available labels, or the state of one
    done = Signal()  # a label was chosen or the search was left: the focus may return to the canvas

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.offer = Offer()
        self.choice = Choice()
        self._protected: frozenset[int] = frozenset()
        self._current = -1
        self._nearest_known: dict[int, Label | None] = {}
        self._is_following = False
        self._model = QStandardItemModel(self)
        self.search = named(QLineEdit(placeholderText=self.tr("Find a label"), clearButtonEnabled=True), self.tr("Find a label"))
        self.search.setToolTip(self.tr("Find a label of the whole set by its name, group or another word for it (Ctrl+F)"))
        self.search.setFixedSize(_SIDE_WIDTH - CHIP_HEIGHT - 2 * CHIP_SPACING, CHIP_HEIGHT)
        self.search.textChanged.connect(self._fill)
        keys = SearchKeys(self.search)
        keys.entered.connect(self._enter_chips)
        keys.taken.connect(self._take_first)
        keys.left.connect(self.done)
        self.swatches = Swatches()
        self.swatches.setFixedWidth(_SIDE_WIDTH)
        self.swatches.clicked.connect(self.swap_wanted)
        self.show_box = _combo(self.tr("Which labels are shown"), self.tr("Show what these weights know, all labels, or one group"))
        self.show_box.activated.connect(lambda _place: self._choose(self.show_box.currentData()))
        self.all_button = QToolButton()
        self.all_button.setFixedSize(CHIP_HEIGHT, CHIP_HEIGHT)
        self.set_box = _combo(self.tr("Label set"), self.tr("The label set of this document; another one is taken over by name"))
        self.set_box.activated.connect(self.set_wanted)
        self.view = ChipView()
        self.view.setModel(self._model)
        self.view.selectionModel().currentChanged.connect(self._on_current_changed)
        self.view.clicked.connect(self._on_clicked)
        self.view.done.connect(self.done)
        self.view.menu_wanted.connect(self.menu_wanted)
        self._nothing = PlainLabel(role="caption", wraps=True)
        self._nothing.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._nothing.hide()
        self.hint = NearestHint()
        self.use_nearest = self.hint.use_nearest
        self.use_nearest.clicked.connect(self._take_nearest)
        self._nearest = -1
        self._build()

    def _build(self) -> None:
        side = column(spacing=2 * CHIP_SPACING, margins=(0, CHIP_SPACING, 0, 0))
        finding = row(spacing=2 * CHIP_SPACING)
        finding.addWidget(self.search)
        finding.addWidget(self.all_button)
        side.addLayout(finding)
        side.addWidget(self.swatches)
        side.addStretch()
        choices = column(spacing=2 * CHIP_SPACING, margins=(0, CHIP_SPACING, 0, 0))
        choices.addWidget(self.show_box)
        choices.addWidget(self.set_box)
        choices.addStretch()
        chips = column()
        chips.addWidget(self._nothing, 1)
        chips.addWidget(self.view, 1)
        layout = row(self, spacing=_GAP)
        layout.addLayout(side)
        layout.addLayout(choices)
        layout.addLayout(chips, 1)
        for first, second in pairwise((self.search, self.all_button, self.show_box, self.set_box, self.view)):
            QWidget.setTabOrder(first, second)
        self._refresh_choices()
        self._fit_rows()

    # -- available labels -----------------------------------------------------------------------------------------

    def set_labels(self, labels: Sequence[Label], known: Sequence[int] | None = None) -> None:
        """Set the available labels.

        Args:
            labels: All labels of a set, in set order.
            known: Ids that the weights know, in the order of the weights; None before weights are loaded.
        """
        self.offer = replace(self.offer, labels=tuple(labels), known=None if known is None else tuple(known))
        self._nearest_known.clear()
        if self.choice.show == "group" and self.choice.group not in self.offer.groups:
            self.choice = Choice()
        self._refresh_choices()
        self._fill()
        self.offer_changed.emit()

    def set_remembered(self, favourites: frozenset[int], recent: tuple[int, ...]) -> None:
        """Set the ids of favourite and of recent labels, most recent first."""
        before, self.offer = self.offer, replace(self.offer, favourites=favourites, recent=recent)
        lists = {"favourites": before.favourites != favourites, "recent": before.recent != recent}
        if lists.get(self.choice.show, False):
            self._fill()
        else:
            self._show_roles()
        self.offer_changed.emit()

    def show_sets(self, names: Sequence[str], current: int) -> None:
        """Show the names of the available label sets and the index of the current one."""
        self.set_box.clear()
        self.set_box.addItems(list(names))
        self.set_box.setCurrentIndex(current)

    @property
    def labels(self) -> tuple[Label, ...]:
        """Labels that can be painted, those that the weights know first."""
        return self.offer.paintable

    def show_labels(self, current: Label, previous: Label) -> None:
        """Show the current and the previous label."""
        self._current = current.id
        colors = QColor(*current.color), QColor(*previous.color)
        icons = icon_of(current), icon_of(previous)
        self.swatches.show_labels(display_name(current), colors[0], display_name(previous), colors[1], icons)
        self._show_hint()
        self._select(current.id)

    def show_protected(self, labels: frozenset[int]) -> None:
        """Mark the chips of protected labels, given by id, with a lock."""
        if labels != self._protected:
            self._protected = labels
            self._show_roles()
            self.offer_changed.emit()

    def visible_ids(self) -> tuple[int, ...]:
        """Return the label ids of the chips in order."""
        return tuple(self._model.item(place).data(Role.ID) for place in range(self._model.rowCount()))

    def nearest(self, label_id: int) -> Label | None:
        """Return the known label nearest to one that the weights do not know; None for a known label or where none is near."""
        label = self.offer.label(label_id)
        if label is None or self.offer.is_known(label_id):
            return None
        if label_id not in self._nearest_known:
            self._nearest_known[label_id] = nearest_label(label, self.offer.known_labels)
        return self._nearest_known[label_id]

    def show_standing(self, item: QStandardItem) -> None:
        """Update the item of a view with the state of its label: known, favourite, protected."""
        label = self.offer.label(item.data(Role.ID))
        if label is not None:
            is_unknown, is_favourite = not self.offer.is_known(label.id), label.id in self.offer.favourites
            nearest, is_protected = self.nearest(label.id), label.id in self._protected
            show_standing(item, label, is_unknown=is_unknown, nearest=nearest, is_favourite=is_favourite, is_protected=is_protected)

    def set_all_action(self, action: QAction) -> None:
        """Set the action that shows the panel of all labels."""
        self.all_button.setDefaultAction(action)
        self.all_button.setAccessibleName(self.tr("All labels in a panel of their own"))

    def set_swap_icon(self, icon: QIcon) -> None:
        """Set the icon of the button that swaps the two labels."""
        self.swatches.set_icon(icon)
        self.view.viewport().update()

    # -- events ---------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Use a third row where two rows do not fit all chips; further chips scroll."""
        super().resizeEvent(event)
        self._fit_rows()

    # -- internals ------------------------------------------------------------------------------------------------

    @property
    def _delegate(self) -> ChipDelegate:
        delegate = self.view.itemDelegate()
        assert isinstance(delegate, ChipDelegate)
        return delegate

    def _take_first(self) -> None:
        if self._model.rowCount():
            label = self.visible_ids()[0]
            self.search.clear()
            self.chosen.emit(label)
            self.done.emit()

    def _fill(self) -> None:
        """Fill the list of chips; the current label stays current even where it is not listed."""
        labels = listed(self.offer, self.choice, self.search.text())
        self._delegate.fit([display_name(label) for label in listed(self.offer, self.choice)], self.view.fontMetrics())
        self._is_following = True
        self._model.clear()
        for label in labels:
            self._model.appendRow(make_item(label))
        self._is_following = False
        self._show_roles()
        self._nothing.setText(self._nothing_text())
        self._nothing.setVisible(not labels)
        self.view.setVisible(bool(labels))
        self._fit_rows()
        self._show_hint()
        self._select(self._current)

    def _nothing_text(self) -> str:
        if self.search.text().strip():
            return self.tr("No label of this set matches.")
        if self.choice.show == "favourites":
            return self.tr("No favourites yet: a label becomes one by its menu (right click) or with the key F.")
        if self.choice.show == "known":
            return self.tr("These weights know no label of this set by name. Choose all labels, or another label set.")
        return self.tr("There are no labels here yet.")

    def _show_roles(self) -> None:
        for place in range(self._model.rowCount()):
            self.show_standing(self._model.item(place))

    def _show_hint(self) -> None:
        """Show a hint with the nearest known label where the weights do not know the current one."""
        label, nearest = self.offer.label(self._current), self.nearest(self._current)
        self._nearest = nearest.id if nearest else -1
        if label is None or self.offer.is_known(label.id):
            self.hint.take_back()
            return
        text = self.tr("These weights do not know {name}: it renders as unlabeled.").format(name=display_name(label))
        self.hint.say(text, self.tr("Use {name} instead").format(name=display_name(nearest)) if nearest else "")

    def _take_nearest(self) -> None:
        self.chosen.emit(self._nearest)
        self.done.emit()

    def _refresh_choices(self) -> None:
        """Fill the list of filters, followed by the groups of the set."""
        box, groups = self.show_box, self.offer.groups
        box.clear()
        known = self.tr("These weights") if self.offer.known is not None else self.tr("Common labels")
        kinds: tuple[tuple[Show, str], ...] = (
            ("known", known),
            ("all", self.tr("All labels")),
            ("favourites", self.tr("Favourites")),
            ("recent", self.tr("Recent")),
        )
        for show, text in kinds:
            box.addItem(text, Choice(show))
        if groups:
            box.insertSeparator(box.count())
        for group in groups:
            box.addItem(group_name(group), Choice("group", group))
        places = [place for place in range(box.count()) if box.itemData(place) == self.choice]
        box.setCurrentIndex(places[0] if places else 0)

    def _choose(self, choice: Choice) -> None:
        if choice != self.choice:
            self.choice = choice
            self._fill()
            self.choice_changed.emit(choice)

    def _fit_rows(self) -> None:
        columns = max(1, self._chips_width // (self._delegate.width + 2 * CHIP_SPACING))
        # The height does not depend on a search.
        count = len(listed(self.offer, self.choice))
        rows = min(_MOST_ROWS, max(2, -(-count // columns)))
        self.setFixedHeight(rows * _ROW + 1)
        if (layout := self.layout()) is not None:
            layout.activate()  # scrolling to a chip needs the view's new size

    @property
    def _chips_width(self) -> int:
        return self.width() - _SIDE_WIDTH - _CHOICE_WIDTH - 2 * _GAP

    def _enter_chips(self) -> None:
        if self._model.rowCount():
            self.view.setFocus(Qt.FocusReason.TabFocusReason)
            if not self.view.currentIndex().isValid():
                self.view.setCurrentIndex(self._model.index(0, 0))

    def _on_current_changed(self, current: QModelIndex, previous: QModelIndex) -> None:
        if current.isValid() and not self._is_following:
            self.chosen.emit(current.data(Role.ID))

    def _on_clicked(self, index: QModelIndex) -> None:
        self.done.emit()
        self.pointed.emit(index.data(Role.ID))

    def _select(self, label: int) -> None:
        """Mark a label's chip without emitting a signal."""
        self._is_following = True
        ids = self.visible_ids()
        if label in ids:
            index = self._model.index(ids.index(label), 0)
            self.view.setCurrentIndex(index)
            self.view.scrollTo(index)
        else:
            self.view.selectionModel().clear()
        self._is_following = False


def _combo(name: str, tip: str) -> QComboBox:
    box = named(QComboBox(), name, tip=plain_tip(tip))
    box.setFixedSize(_CHOICE_WIDTH, CHIP_HEIGHT)
    box.setMaxVisibleItems(30)
    return box
