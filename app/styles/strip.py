"""The always visible style strip: favourites, built-in styles, references, recent styles, and the mix of two."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QImage, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QInputDialog, QMenu

from spade_studio.app.styles import pictures
from spade_studio.app.styles.controller import StylesController
from spade_studio.app.styles.dropping import PhotoTarget
from spade_studio.app.styles.mix_box import MixBox
from spade_studio.app.styles.names import built_in_name, name_of
from spade_studio.app.styles.shelf import BuiltIn, Choice, Reference, built_in_styles
from spade_studio.app.styles.style import Style
from spade_studio.app.styles.tiles import Tile, Tiles

MOST_PAST = 12
_PICTURE = QSize(76, 57)


class StyleStrip(PhotoTarget):
    """A column of thumbnails, or a row where the strip is wider than high.

    Attributes:
        tiles: List of thumbnails.
        mix: Controls of the mix.
    """

    def __init__(self, controller: StylesController) -> None:
        super().__init__(controller)
        self._pictures: dict[object, QImage] = {}  # thumbnails of references, built-in styles and stored styles
        self._is_filled = False
        self._marked: Style | None = None  # the last marked style
        self.tiles = Tiles(self.tr("Styles"), size=_PICTURE)
        self.tiles.setToolTip(self.tr("Click a style to use it, drag it to A or B to mix; drop a photograph to take its style"))
        self.mix = MixBox(controller, is_narrow=True)
        self._layout = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._layout.setContentsMargins(4, 2, 4, 6)
        self._layout.setSpacing(6)
        self._layout.addWidget(self.tiles, 1)
        self._layout.addWidget(self.mix)
        self.tiles.taken.connect(self._take)
        self.tiles.starred.connect(self.toggle_star)
        self.tiles.menu_wanted.connect(self._show_menu)
        self.setMinimumSize(self.tiles.gridSize() + QSize(16, 24))
        # The pictures are read once weights are loaded, well after the window is shown.
        controller.weights_changed.connect(self._fill)
        controller.changed.connect(self._mark)
        for signal in (controller.history_changed, controller.collection.references_changed, controller.collection.favourites_changed):
            signal.connect(self.refresh)

    def refresh(self) -> None:
        """Update the thumbnails and the mix."""
        if not self._is_filled:
            return
        styles = self._styles
        tiles: list[Tile] = []
        if not styles.why_no_style:
            favourites = styles.collection.favourites
            tiles += [Tile(one.image, name_of(one.style), one.style, star=True) for one in favourites.entries]
            built_in = [one for one in built_in_styles() if not styles.why_not(one)]
            tiles += [self._built_in_tile(one) for one in built_in if favourites.find(one) < 0]
            if not styles.why_no_references:
                tiles += [Tile(self._picture(one), one.label, one) for one in styles.collection.shelf.references]
            past = [one for one in styles.history.entries if favourites.find(one.style) < 0]
            past = [one for one in past if not any(other.gives(one.style) for other in built_in)]
            tiles += [Tile(one.image, name_of(one.style), one.style, star=False) for one in past[:MOST_PAST]]
        self.tiles.show_tiles(tiles, -1)
        self.tiles.set_hint(styles.why_no_style)
        self._mark()

    def toggle_star(self, row: int) -> None:
        """Add the style of a row to the favourites, or remove it."""
        if (tile := self.tiles.tile(row)) is not None:
            self._toggle_star(tile)

    def sizeHint(self) -> QSize:
        """Return the preferred size, that of a column of thumbnails."""
        return QSize(self.minimumWidth(), 400)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place the mix below the thumbnails, or beside them where the strip is wider than high."""
        super().resizeEvent(event)
        is_wide = self.width() > self.height()
        direction = QBoxLayout.Direction.LeftToRight if is_wide else QBoxLayout.Direction.TopToBottom
        if self._layout.direction() != direction:
            self._layout.setDirection(direction)
        self.mix.setMaximumWidth(self.minimumWidth() if is_wide else 1 << 16)

    def _fill(self) -> None:
        self._is_filled = True
        self.refresh()

    def _built_in_tile(self, one: BuiltIn) -> Tile:
        return Tile(self._picture(one), built_in_name(one.name), one, star=False)

    def _picture(self, one: BuiltIn | Reference) -> QImage:
        key = one.name if isinstance(one, BuiltIn) else one.jpeg
        if key not in self._pictures:
            self._pictures[key] = pictures.thumbnail(one.picture)
        return self._pictures[key]

    def _mark(self) -> None:
        """Select the tile of the style in use, and scroll to it once it differs from the initial one."""
        if not self._is_filled:
            return
        style, found = self._styles.style, -1
        self._marked = self._marked or style
        for row in range(self.tiles.count()):
            tile = self.tiles.tile(row)
            if tile is not None and _is_in_use(tile.choice, style):
                found = row
                break
        if found < 0:
            self.tiles.clearSelection()
        elif not self.tiles.item(found).isSelected():
            self.tiles.setAutoScroll(False)
            self.tiles.setCurrentRow(found)
            self.tiles.setAutoScroll(True)
            if not style.is_same(self._marked, ignore_strength=True):
                self.tiles.scrollToItem(self.tiles.item(found))
            self._marked = style

    def _toggle_star(self, tile: Tile) -> None:
        if not isinstance(tile.choice, Reference) and (self._styles.collection.favourites.find(tile.choice) >= 0) == tile.star:
            self._styles.collection.toggle_favourite(tile.choice, tile.image)

    def _take(self, row: int) -> None:
        if (tile := self.tiles.tile(row)) is not None:
            self._styles.choose(tile.choice)

    def _show_menu(self, row: int, at: QPoint) -> None:
        tile = self.tiles.tile(row)
        if tile is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("&Use"), lambda: self._styles.choose(tile.choice))
        for index, text in enumerate((self.tr("Mix as &A"), self.tr("Mix as &B"))):
            menu.addAction(text, lambda index=index: self._styles.put_end(index, tile.choice, tile.image))
        menu.addSeparator()
        if isinstance(tile.choice, Reference):
            reference = tile.choice
            menu.addAction(self.tr("&Remove"), lambda: self._styles.collection.remove_reference(reference))
        else:
            menu.addAction(self.tr("Take the &star away") if tile.star else self.tr("Add a &star"), lambda: self._toggle_star(tile))
            if tile.star and isinstance(style := tile.choice, Style):
                menu.addAction(self.tr("Re&name…"), lambda: self._ask_name(style, tile.name))
        if self._styles.collection.removed is not None:
            menu.addAction(self.tr("Put the removed photograph &back"), self._styles.collection.put_back_reference)
        menu.popup(at)

    def _ask_name(self, style: Style, name: str) -> None:
        dialog = QInputDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(self.tr("Name of the style"))
        dialog.setLabelText(self.tr("Name"))
        dialog.setTextValue(name)
        dialog.textValueSelected.connect(lambda text: self._styles.collection.rename_favourite(style, text))
        dialog.open()


def _is_in_use(choice: Choice, style: Style) -> bool:
    match choice:
        case Style():
            is_built_in = choice.origin == style.origin == "built-in" and choice.label == style.label
            return is_built_in or choice.is_same(style, ignore_strength=True)
        case BuiltIn():
            return style.origin == "built-in" and style.label == choice.name
        case Reference():
            return style.picture == choice.jpeg
