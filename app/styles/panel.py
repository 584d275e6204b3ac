"""The style panel: strength, lists of styles, and a mix of two."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAction, QDropEvent, QImage, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QLabel, QPushButton, QSlider, QTabWidget, QWidget

from spade_studio.app.styles import pictures
from spade_studio.app.styles.controller import StylesController
from spade_studio.app.styles.dropping import PhotoTarget
from spade_studio.app.styles.mix_box import MixBox
from spade_studio.app.styles.names import built_in_name, name_of
from spade_studio.app.styles.shelf import BuiltIn, Reference, built_in_styles
from spade_studio.app.styles.style import MAX_STRENGTH
from spade_studio.app.styles.tiles import Tile, Tiles
from spade_studio.app.ui.boxes import column, named, row
from spade_studio.app.ui.plain import PlainLabel, plain_tip


class StylesPanel(PhotoTarget):
    """Strength, three lists of styles, and a mix.

    Attributes:
        built_in, references, past: Lists of styles.
        strength: Slider of the strength, in percent.
        mix: Controls of the mix.
    """

    add_wanted = Signal()  # choose photographs from the disk

    def __init__(self, controller: StylesController, paste: QAction, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self._is_filled = False  # pictures are read from disk when the panel is first shown
        self._built_in: tuple[BuiltIn, ...] = ()
        self._built_in_images: list[QImage] = []
        self._reference_images: dict[bytes, QImage] = {}
        self.setMinimumWidth(236)
        self.note = named(PlainLabel(role="caption", wraps=True), self.tr("About the style"))
        self._build_strength()
        self._build_lists(paste)
        self._build_mix()
        whole = column(self, spacing=8, margins=(8, 8, 8, 8))
        whole.addWidget(self.note)
        whole.addLayout(self._strength_row)
        whole.addWidget(self.tabs, 1)
        whole.addLayout(self._mix_box)
        controller.changed.connect(self._show_style)
        controller.history_changed.connect(self._show_past)
        controller.collection.references_changed.connect(self._show_references)
        controller.collection.favourites_changed.connect(self._show_lists)
        controller.weights_changed.connect(self._show_weights)
        controller.mix_changed.connect(self._show_mix)
        for refresh in (self._show_references, self._show_past, self._show_mix, self._show_weights, self._show_style):
            refresh()

    # -- building -------------------------------------------------------------------------------------------------

    def _build_strength(self) -> None:
        self.strength = named(QSlider(Qt.Orientation.Horizontal), self.tr("Strength of the style"))
        self.strength.setRange(0, round(MAX_STRENGTH * 100))
        self.strength.setPageStep(10)
        self.strength.setToolTip(self.tr("How far the style goes from the average look: 100 % is as trained"))
        self.strength.valueChanged.connect(lambda value: self._styles.set_strength(value / 100))
        self.strength.sliderReleased.connect(self._styles.end_strength)
        self._strength_label = PlainLabel(self.tr("Stren&gth"))
        self._strength_label.setBuddy(self.strength)
        self._percent = _value_label()
        self._strength_row = row(spacing=8)
        self._strength_row.addWidget(self._strength_label)
        self._strength_row.addWidget(self.strength, 1)
        self._strength_row.addWidget(self._percent)

    def _build_lists(self, paste: QAction) -> None:
        self.built_in = Tiles(self.tr("Built-in styles"))
        self.built_in.taken.connect(lambda index: self._styles.adopt_built_in(self._built_in[index]))
        self.references = Tiles(self.tr("References"))
        self.references.taken.connect(self._take_reference)
        self.references.itemSelectionChanged.connect(self._enable_buttons)
        self.past = Tiles(self.tr("Last styles"), self.tr("Styles that you try appear here; click one to go back to it."))
        self.past.taken.connect(lambda index: self._styles.adopt(self._styles.history.entries[index].style))
        for tiles in (self.built_in, self.past):
            tiles.starred.connect(lambda index, tiles=tiles: self._toggle_star(tiles, index))
        self.put_back_button = _small_button(self.tr("Put back"), self.tr("Take back the photograph that was removed last"))
        self.put_back_button.clicked.connect(self._styles.collection.put_back_reference)
        self.put_back_button.hide()
        self.add_button = _small_button(self.tr("&Add…"), self.tr("Take the style of photographs on the disk, or drop them here"))
        self.add_button.clicked.connect(self.add_wanted)
        self.paste_button = _small_button(self.tr("Paste"), paste.toolTip())
        self.paste_button.clicked.connect(paste.trigger)
        self.sample_button = _small_button(
            self.tr("Va&ry"), self.tr("Another style that the selected photograph might have: the encoder knows it only roughly")
        )
        self.sample_button.clicked.connect(lambda: self._take_reference(self.references.currentRow(), sample=True))
        self.remove_button = _small_button(self.tr("Remove"), self.tr("Forget the selected photograph (Del)"))
        self.remove_button.clicked.connect(self._remove)
        QShortcut(QKeySequence(Qt.Key.Key_Delete), self.references, self._remove, context=Qt.ShortcutContext.WidgetShortcut)
        self.built_in_note, self.reference_note = PlainLabel(role="caption", wraps=True), PlainLabel(role="caption", wraps=True)
        built_in_page, references_page = QWidget(), QWidget()
        page = column(built_in_page, spacing=6, margins=(0, 6, 0, 0))
        page.addWidget(self.built_in_note)
        page.addWidget(self.built_in, 1)
        page = column(references_page, spacing=6, margins=(0, 6, 0, 0))
        page.addWidget(self.reference_note)
        page.addWidget(self.references, 1)
        for pair in ((self.add_button, self.paste_button), (self.sample_button, self.remove_button)):
            buttons = row(spacing=6)
            for button in pair:
                buttons.addWidget(button, 1)
            page.addLayout(buttons)
        page.addWidget(self.put_back_button)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setUsesScrollButtons(False)
        self.tabs.addTab(built_in_page, self.tr("Built-in"))
        self.tabs.addTab(references_page, self.tr("References"))
        self.tabs.addTab(self.past, self.tr("Last"))

    def _build_mix(self) -> None:
        self.mix = MixBox(self._styles)
        self._mix_note = PlainLabel(role="caption", wraps=True)
        heading = PlainLabel(self.tr("&Mix two styles"))
        heading.setBuddy(self.mix.share)
        self._mix_box = column(spacing=4)
        self._mix_box.addWidget(heading)
        self._mix_box.addWidget(self.mix)
        self._mix_box.addWidget(self._mix_note)

    # -- showing --------------------------------------------------------------------------------------------------

    def _show_style(self) -> None:
        styles = self._styles
        note = styles.why_no_style or styles.note.text
        self.note.setText(note)
        self.note.setVisible(bool(note))
        percent = round(styles.style.strength * 100)
        with QSignalBlocker(self.strength):
            self.strength.setValue(percent)
        self._percent.setText(self.tr("{} %").format(percent))
        entries = styles.history.entries if self._is_filled else ()
        past = next((index for index, entry in enumerate(entries) if entry.style.is_same(styles.style)), -1)
        _mark(self.past, past)
        references = styles.collection.shelf.references if self._is_filled else ()
        _mark(self.references, next((i for i, one in enumerate(references) if one.jpeg == styles.style.picture), -1))
        self._enable_buttons()
        _mark(self.built_in, next((i for i, one in enumerate(self._built_in) if self._is_in_use("built-in", one.name)), -1))

    def _is_in_use(self, origin: str, label: str) -> bool:
        return self._styles.style.origin == origin and self._styles.style.label == label

    def _show_weights(self) -> None:
        styles = self._styles
        usable = not styles.why_no_style
        for widget in (self.strength, self._strength_label, self._percent, self.past):
            widget.setEnabled(usable)
        if self._is_filled and not self._built_in:
            self._built_in = built_in_styles()
            self._built_in_images = [pictures.thumbnail(one.picture) for one in self._built_in]
            self._show_built_in()
        reason = styles.why_not(self._built_in[0]) if self._built_in else self.tr("This build has no built-in styles.")
        _explain(self.built_in_note, reason if usable else "")
        self.built_in.setEnabled(not reason)
        reason = styles.why_no_references
        _explain(self.reference_note, reason if usable else "")
        self.references.setEnabled(not reason)
        hint = self.tr("Drop photographs here, or paste one: each gives its light and colours to your layout.")
        self.references.set_hint("" if reason else hint)
        self.add_button.setEnabled(not reason)
        self.paste_button.setEnabled(not reason)
        self._enable_buttons()
        self._show_mix()

    def _show_references(self) -> None:
        if not self._is_filled:
            return
        known = self._reference_images
        references = self._styles.collection.shelf.references
        self._reference_images = {one.jpeg: known.get(one.jpeg) or pictures.thumbnail(one.picture) for one in references}
        self.references.show_tiles([Tile(self._reference_images[one.jpeg], one.label, one) for one in references])
        self.put_back_button.setVisible(self._styles.collection.removed is not None)
        self._enable_buttons()

    def _show_built_in(self) -> None:
        stars = self._styles.collection.favourites
        images = zip(self._built_in_images, self._built_in, strict=True)
        self.built_in.show_tiles(
            [Tile(image, built_in_name(one.name), one, star=stars.find(one) >= 0) for image, one in images]
        )

    def _show_lists(self) -> None:
        if self._is_filled:
            self._show_built_in()
            self._show_past()

    def _show_past(self) -> None:
        if not self._is_filled:
            return
        styles = self._styles
        tiles: list[Tile] = []
        stars = styles.collection.favourites
        for entry in styles.history.entries:
            name, strength = name_of(entry.style), round(entry.style.strength * 100)
            tip = name if strength == 100 else self.tr("{name} at {percent} %").format(name=name, percent=strength)
            tiles.append(Tile(entry.image, name, entry.style, tip, star=stars.find(entry.style) >= 0))
        self.past.show_tiles(tiles)
        self._show_style()

    def _show_mix(self) -> None:
        ready = all(end is not None for end in self._styles.ends)
        _explain(self._mix_note, "" if ready else self.tr("Choose a style, click A; choose another, click B; then drag between them."))

    def _enable_buttons(self) -> None:
        has_one = bool(self.references.selectedItems()) and not self._styles.why_no_references
        self.sample_button.setEnabled(has_one)
        self.remove_button.setEnabled(bool(self.references.selectedItems()))

    # -- asking ---------------------------------------------------------------------------------------------------

    def _take_reference(self, index: int, *, sample: bool = False) -> None:
        references = self._styles.collection.shelf.references
        if 0 <= index < len(references):
            self._styles.adopt_reference(references[index], sample=sample)

    def _toggle_star(self, tiles: Tiles, index: int) -> None:
        if (tile := tiles.tile(index)) is not None and not isinstance(tile.choice, Reference):
            self._styles.collection.toggle_favourite(tile.choice, tile.image)

    def _remove(self) -> None:
        index = self.references.currentRow()
        if self.references.selectedItems() and 0 <= index < len(self._styles.collection.shelf.references):
            self._styles.collection.remove_reference(self._styles.collection.shelf.references[index])

    def showEvent(self, event: QShowEvent) -> None:
        """Fill the lists when the panel is first shown."""
        super().showEvent(event)
        if not self._is_filled:
            self._is_filled = True
            self._show_weights()
            self._show_references()
            self._show_past()

    def dropEvent(self, event: QDropEvent) -> None:
        """Add the dropped photographs and show them."""
        super().dropEvent(event)
        if event.isAccepted():
            self.tabs.setCurrentIndex(1)


def _mark(tiles: Tiles, index: int) -> None:
    with QSignalBlocker(tiles):
        if index < 0:
            tiles.clearSelection()
        elif index < tiles.count():
            tiles.setCurrentRow(index)
            tiles.item(index).setSelected(True)


def _explain(label: QLabel, text: str) -> None:
    label.setText(text)
    label.setVisible(bool(text))


def _value_label() -> QLabel:
    label = PlainLabel()
    label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    label.setMinimumWidth(label.fontMetrics().horizontalAdvance("150 %"))
    return label


def _small_button(text: str, tip: str) -> QPushButton:
    return named(QPushButton(text), tip=plain_tip(tip))
