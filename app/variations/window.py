"""Variations window: many styles of one layout to browse, adopt, interpolate and export."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QProgressBar, QPushButton, QSpinBox, QToolButton, QWidget

from spade_studio.app.export.look import style_sheet
from spade_studio.app.export.pace import Pace, describe_pace
from spade_studio.app.model.raster import RegionArray
from spade_studio.app.rendering.live_renderer import LiveRenderer
from spade_studio.app.styles.style import MAX_SEED
from spade_studio.app.ui.boxes import column, named, padded, row
from spade_studio.app.ui.plain import PlainLabel, plain_tip
from spade_studio.app.ui.side_window import SideWindow
from spade_studio.app.ui.theme import Theme
from spade_studio.app.variations.cells import Cell, CellModel, Mix, is_same_style
from spade_studio.app.variations.sheet_renderer import SheetLayout, SheetRenderer
from spade_studio.app.variations.view import CellView
from spade_studio.engine.batch.plan import Style

COUNTS = (9, 16, 25, 36, 49, 64, 100)
_MARGIN = 12
_STRIP_HEIGHT = 150


@dataclass(frozen=True)
class SheetPurposes:
    """Callbacks of the variations window.

    Attributes:
        capture: Returns the current layout.
        adopt: Sets the style of the main window's picture.
        export: Exports a layout in the given styles.
        film: Makes a video that moves through the given styles.
    """

    capture: Callable[[], SheetLayout]
    adopt: Callable[[Style], object]
    export: Callable[[Sequence[Style], SheetLayout], object]
    film: Callable[[Sequence[Style], SheetLayout], object]


class VariationsWindow(SideWindow):
    """Window with a grid of styles, and below it a strip of interpolations between two of them.

    Attributes:
        grid: View of the variations.
        strip: View of the interpolated styles; hidden while empty.
    """

    def __init__(self, live: LiveRenderer, theme: Theme, purposes: SheetPurposes, count: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Variations - SPADE Studio"))
        self._live, self._theme, self._purposes = live, theme, purposes
        self._layout: SheetLayout | None = None
        self._weights = ""  # SHA-256 of the weights that rendered the sheet; empty while unknown
        self._revision = 0  # of the layout now, in contrast to the sheet's
        self._regions: RegionArray | None = None  # of the texture now
        self._pace = Pace()
        self.renderer = SheetRenderer(live, self)
        colors = theme.colors
        self.grid = CellView(CellModel(self), colors, self._is_in_use, self.tr("Variations"))
        self.strip = CellView(CellModel(self), colors, self._is_in_use, self.tr("Styles between two"), one_row=True)
        self.strip.setFixedHeight(_STRIP_HEIGHT)
        self._build_controls(count)
        self._lay_out()
        self._connect()
        self._on_theme_changed()
        self._show_state()
        self.resize(940, 680)

    @property
    def count(self) -> int:
        """Number of variations on a sheet."""
        return int(self.count_box.currentData())

    def open(self) -> None:
        """Show the window, with a new sheet the first time and the previous sheet later."""
        self.bring_up()
        if not self.grid.cells.cells:
            self.roll()
        elif not self.renderer.is_at_work:
            self._render([cell for cell in self._all_cells() if cell.image.isNull()])
        self.grid.setFocus()

    def roll(self) -> None:
        """Fill the sheet with the style in use, followed by new random styles."""
        self.renderer.cancel()
        self._layout = self._purposes.capture()
        self._set_aspect()
        seeds: list[int] = []
        taken = {self._live.style} if isinstance(self._live.style, int) else set()
        while len(seeds) < self.count - 1:
            seed = secrets.randbelow(MAX_SEED + 1)
            if seed not in taken:
                taken.add(seed)
                seeds.append(seed)
        self._close_strip()
        self.grid.cells.set_cells([self._cell(style) for style in (self._live.style, *seeds)])
        self.grid.setCurrentIndex(self.grid.cells.index(0))
        self.grid.clearSelection()
        self._render(self.grid.cells.cells)

    def update_layout(self) -> None:
        """Render the same styles with the current layout."""
        self.renderer.cancel()
        self._layout = self._purposes.capture()
        self._set_aspect()
        self._render(self._all_cells())

    def interpolate(self) -> None:
        """Show interpolations between the two selected styles."""
        ends = [cell for cell in self.grid.selected if not isinstance(cell.style, Mix)]
        if len(ends) != 2:
            return
        a, b = (cell.style for cell in ends)
        assert not isinstance(a, Mix)
        assert not isinstance(b, Mix)
        steps = self.steps.value()
        cells = [Cell(a, ends[0].caption, ends[0].image, ends[0].error)]
        for step in range(1, steps - 1):
            t = step / (steps - 1)
            cells.append(Cell(Mix(a, b, t), self.tr("{:.0%}").format(t)))
        cells.append(Cell(b, ends[1].caption, ends[1].image, ends[1].error))
        self.strip.cells.set_cells(cells)
        self.strip_box.show()
        self._render([cell for cell in cells if cell.image.isNull()])

    def close_parts(self) -> None:
        """Stop this window's rendering."""
        self.renderer.cancel()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Hide the window; reopening it continues with the same sheet."""
        self.renderer.cancel()
        event.accept()

    def show_layout_changed(self, revision: int) -> None:
        """Show a notice if the sheet shows an older revision of the layout."""
        self._revision = revision
        self._show_stale()

    def show_texture_changed(self, regions: RegionArray | None) -> None:
        """Show a notice if the sheet shows an older texture, unless its layout or weights are older too.

        Args:
            regions: Regions with their own noise seed, uint16 ``[H, W]``; None if there are none.
        """
        self._regions = regions
        self._show_stale()

    def show_weights_changed(self) -> None:
        """Show a notice if the sheet shows other weights, and update which actions the weights allow."""
        info = self._live.info
        if self._layout is not None and info is not None:
            self._weights = self._weights or info.sha256
        self._show_stale()
        self._show_state()

    def show_style_in_use(self) -> None:
        """Repaint the mark of the style in use."""
        self.grid.viewport().update()
        self.strip.viewport().update()

    # -- building ------------------------------------------------------------------------------------------------------

    def _build_controls(self, count: int) -> None:
        self.count_box = QComboBox()
        for number in COUNTS:
            self.count_box.addItem(str(number), number)
        self.count_box.setCurrentIndex(max(0, self.count_box.findData(count)))
        self.count_box.setAccessibleName(self.tr("Number of variations"))
        self.count_label = PlainLabel(self.tr("&Styles"))
        self.count_label.setBuddy(self.count_box)
        self.new_button = named(QPushButton(self.tr("&New styles")), tip=self.tr("Fill the sheet with other random styles"))
        self.update_button = named(QPushButton(self.tr("&Update")), tip=self.tr("Render these styles over the layout as it is now (F5)"))
        self.stale = PlainLabel(role="caption")
        self.progress = named(QProgressBar(), self.tr("Rendering"))
        self.progress.setTextVisible(False)
        self.progress.setFixedSize(120, 6)
        self.status = PlainLabel(role="caption")
        self.cancel_button = named(QPushButton(self.tr("&Cancel")), tip=self.tr("Stop rendering the sheet (Escape)"))
        self.hint = PlainLabel(role="caption", wraps=True)
        self.hint.setMinimumWidth(160)
        self.steps = padded(QSpinBox())
        self.steps.setRange(3, 30)
        self.steps.setValue(7)
        self.steps.setAccessibleName(self.tr("Steps between two styles"))
        self.steps.setToolTip(self.tr("Pictures of the strip, both ends included"))
        self.steps.setSuffix(self.tr(" steps"))
        self.steps.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.steps.setFixedWidth(88)
        self.between_button = QPushButton(self.tr("&Between two"))
        self.between_button.setToolTip(self.tr("Show the styles that lie between the two selected ones"))
        self.export_button = named(QPushButton(self.tr("&Export…")), tip=self.tr("Export the selected styles as pictures"))
        self.film_button = named(QPushButton(self.tr("&Video…")), tip=self.tr("Make a video that leads through the selected styles"))

    def _lay_out(self) -> None:
        top = row(spacing=8)
        for widget in (self.count_label, self.count_box, self.new_button, self.update_button, self.stale):
            top.addWidget(widget)
        top.addStretch(1)
        for widget in (self.status, self.progress, self.cancel_button):
            top.addWidget(widget)
        self.strip_box = QWidget()
        strip = column(self.strip_box, spacing=2)
        head = row(spacing=8)
        self.strip_title = PlainLabel(self.tr("Between the two selected styles"), role="heading")
        self.strip_close = named(QToolButton(), self.tr("Close the strip"), tip=self.tr("Close the strip"))
        self.strip_close.setIconSize(QSize(16, 16))
        head.addWidget(self.strip_title)
        head.addStretch(1)
        head.addWidget(self.strip_close)
        strip.addLayout(head)
        strip.addWidget(self.strip)
        self.strip_box.hide()
        bottom = row(spacing=8)
        bottom.addWidget(self.hint, 1)
        for widget in (self.steps, self.between_button, self.film_button, self.export_button):
            bottom.addWidget(widget)
        whole = column(self, spacing=10, margins=(_MARGIN, _MARGIN, _MARGIN, _MARGIN))
        whole.addLayout(top)
        whole.addWidget(self.grid, 1)
        whole.addWidget(self.strip_box)
        whole.addLayout(bottom)

    def _connect(self) -> None:
        self.count_box.activated.connect(lambda _index: self.roll())
        self.new_button.clicked.connect(self.roll)
        self.update_button.clicked.connect(self.update_layout)
        self.cancel_button.clicked.connect(self.renderer.cancel)
        self.between_button.clicked.connect(self.interpolate)
        self.steps.valueChanged.connect(lambda _steps: self.interpolate() if self.strip_box.isVisible() else None)
        self.strip_close.clicked.connect(self._close_strip)
        self.export_button.clicked.connect(lambda: self._use(self._purposes.export))
        self.film_button.clicked.connect(lambda: self._use(self._purposes.film))
        self.renderer.rendered.connect(self._on_rendered)
        self.renderer.progressed.connect(self._show_state)
        for view in (self.grid, self.strip):
            view.adopted.connect(self._adopt)
            view.selectionModel().selectionChanged.connect(self._show_state)
            view.cells.modelReset.connect(self._show_state)
        self._theme.changed.connect(self._on_theme_changed)
        QShortcut(QKeySequence("F5"), self, self.update_layout)

    # -- actions -------------------------------------------------------------------------------------------------------

    def _cell(self, style: Style) -> Cell:
        return Cell(style, str(style) if isinstance(style, int) else self.tr("style in hand"))

    def _all_cells(self) -> list[Cell]:
        return [*self.grid.cells.cells, *self.strip.cells.cells]

    def _set_aspect(self) -> None:
        assert self._layout is not None
        self._weights = self._live.info.sha256 if self._live.info else ""
        height, width = self._layout.layout.labels.shape
        self.grid.aspect = self.strip.aspect = width / height
        self.grid.fit()
        self.strip.fit()
        self._revision, self._regions = self._layout.revision, self._layout.layout.texture_regions
        self._show_stale()

    def _render(self, cells: Sequence[Cell]) -> None:
        if self._layout is not None and cells:
            for cell in cells:
                cell.error = ""
            self._pace.restart()
            self.renderer.add(cells, self._layout)

    def _on_rendered(self, cell: Cell) -> None:
        self._pace.count()
        self.grid.cells.tell(cell)
        self.strip.cells.tell(cell)
        if cell.error:
            self.hint.setText(cell.error)
            self.hint.setToolTip(plain_tip(cell.error))

    def _adopt(self, cell: Cell) -> None:
        if not isinstance(cell.style, Mix):
            self._purposes.adopt(cell.style)
            self.show_style_in_use()

    def _is_in_use(self, cell: Cell) -> bool:
        return is_same_style(cell.style, self._live.style)

    def _selected_styles(self) -> list[Style]:
        return [cell.style for view in (self.grid, self.strip) for cell in view.selected if not isinstance(cell.style, Mix)]

    def _use(self, purpose: Callable[[Sequence[Style], SheetLayout], object]) -> None:
        if self._layout is not None and (styles := self._selected_styles()):
            purpose(styles, self._layout)

    def _close_strip(self) -> None:
        self.strip_box.hide()
        self.strip.cells.set_cells([])

    def on_escape(self) -> None:
        """Cancel rendering, else close the window."""
        if self.renderer.is_at_work:
            self.renderer.cancel()
        else:
            self.close()

    def _show_stale(self) -> None:
        """Show what has changed since the sheet was rendered."""
        sheet, info, text = self._layout, self._live.info, ""
        if sheet is not None:
            has_texture = info is None or info.has_texture
            if info is not None and self._weights not in ("", info.sha256):
                text = self.tr("The weights have changed since.")
            elif self._revision != sheet.revision:
                text = self.tr("The layout has changed since.")
            elif has_texture and (self._live.texture != sheet.layout.texture or self._regions is not sheet.layout.texture_regions):
                text = self.tr("The texture has changed since.")
        self.stale.setText(text)
        self.update_button.setEnabled(bool(text))

    def _show_state(self) -> None:
        at_work = self.renderer.is_at_work
        self.progress.setVisible(at_work)
        self.cancel_button.setVisible(at_work)
        self.progress.setRange(0, max(1, self.renderer.total))
        self.progress.setValue(self.renderer.done)
        counted = self.tr("{done} of %Ln picture(s)", "", self.renderer.total)
        text = describe_pace(counted, self.renderer.done, self.renderer.total, self._pace)
        missing = sum(cell.image.isNull() for cell in self.grid.cells.cells)
        self.status.setText(text if at_work else self.tr("{} not rendered").format(missing) if missing else "")
        usable = self._live.info is None or self._live.info.can_use_noise
        selected = len(self._selected_styles())
        self.between_button.setEnabled(usable and len(self.grid.selected) == 2)
        self.export_button.setEnabled(selected > 0)
        self.export_button.setText(self.tr("&Export {}…").format(selected) if selected else self.tr("&Export…"))
        self.film_button.setEnabled(usable and selected > 1)
        if not usable:
            self.hint.setText(self.tr("These weights have one look only: they were trained without a style code."))
        elif at_work or not any(cell.error for cell in self._all_cells()):
            self.hint.setText(self.tr("Click or Enter: use this style. Ctrl, Shift or Space: select."))
            self.hint.setToolTip("")

    def _on_theme_changed(self) -> None:
        self.setStyleSheet(style_sheet(self._theme.colors))
        self.strip_close.setIcon(self._theme.icon("mdi6.close"))
        for view in (self.grid, self.strip):
            view.delegate.colors = self._theme.colors
            view.viewport().update()
