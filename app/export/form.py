"""Form for an export's layouts, styles, sizes and files, validated during input."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QWidget,
)

from spade_studio.app.export.names import DEFAULT_PATTERN, FIELDS
from spade_studio.app.export.order import FILE_FORMATS, ExportOrder, FileFormat, FileLayout, Layout, PaintedLayout
from spade_studio.app.export.sizes import size_box, sizes_in
from spade_studio.app.rendering.live_renderer import LiveRenderer
from spade_studio.app.styles.style import MAX_SEED
from spade_studio.app.ui.boxes import padded, row
from spade_studio.app.ui.form_look import set_role
from spade_studio.app.ui.plain import PlainLabel, plain_tip, sentence
from spade_studio.app.ui.settings import Settings
from spade_studio.app.ui.typed_path import typed_path
from spade_studio.engine.batch.map_list import find_label_maps
from spade_studio.engine.batch.plan import Style, seeds_from
from spade_studio.engine.errors import EngineError
from spade_studio.engine.labels.label_set import LabelSet, built_in_label_sets, load_label_set
from spade_studio.engine.pictures.picture_files import QUALITY
from spade_studio.engine.rendering.frame_sizes import SizeWish
from spade_studio.engine.rendering.result_plan import is_same_shape


class ExportForm(QWidget):
    """Export form.

    Attributes:
        problem: Validation message; empty if the fields are valid.
    """

    changed = Signal()

    def __init__(self, live: LiveRenderer, settings: Settings, capture: Callable[[], tuple[PaintedLayout, LabelSet]]) -> None:
        super().__init__()
        self._live, self._settings, self._capture = live, settings, capture
        self._styles: tuple[Style, ...] = ()
        self._given: tuple[PaintedLayout, LabelSet] | None = None
        self._maps: tuple[tuple[str, int], tuple[FileLayout, ...]] = ("", 0), ()
        self.problem = ""
        self._count = 0
        self._sizes: list[tuple[int, int]] = []
        self._stretches = False
        self._build()
        self._lay_out()
        self._recall()
        self._connect()
        self._check()

    @property
    def folder(self) -> Path:
        """Output folder."""
        return typed_path(self.folder_field.text())

    def offer(self, styles: Sequence[Style], layout: tuple[PaintedLayout, LabelSet] | None) -> None:
        """Offer and select styles chosen in the variations sheet, and their layout; without styles, fall back to seeds."""
        self._styles, self._given = tuple(styles), layout
        self.by_choice.setEnabled(bool(styles))
        if styles:
            self.by_choice.setText(self.tr("The %n style(s) chosen in the sheet", "", len(styles)))
        else:
            self.by_choice.setText(self.tr("The style chosen in the sheet"))
        if styles:
            self.by_choice.setChecked(True)
            self.this_layout.setChecked(True)
        elif self.by_choice.isChecked():
            self.by_seed.setChecked(True)
        self.look_again()

    def order(self) -> ExportOrder:
        """Return the order described by the fields.

        Raises:
            EngineError: A field is invalid.
        """
        if not self.folder_field.text().strip():
            raise EngineError(self.tr("no folder is named"), self.tr("a folder for the pictures"))
        painted, label_set = self._layout()
        layouts: tuple[Layout, ...] = (painted,)
        if self.map_folder.isChecked():
            layouts, label_set = self._find_maps(), self._map_set(label_set)
        info = self._live.info
        return ExportOrder(
            layouts=layouts,
            label_set=label_set,
            styles=self._wanted_styles(),
            sizes=sizes_in(self.size_box, self._live),
            file_format=self._format(),
            quality=self.quality.value(),
            pattern=self.pattern.text(),
            weights="" if info is None else info.info.name or info.info.path.stem,
        )

    def look_again(self) -> None:
        """Scan the label map folder again and update the form for the window's layout, size and weights."""
        self._maps = ("", 0), ()
        usable = self._live.info is None or self._live.info.can_use_noise
        self.by_seed.setEnabled(usable)
        if not usable:
            self.in_use.setChecked(True)
        self._check()

    def summary(self) -> str:
        """Return the number of pictures as text, or the validation message."""
        if self.problem:
            return self.problem
        text = self.tr("%Ln picture(s)", "", self._count)
        if self._sizes:
            text += ", " + ", ".join(f"{width} × {height}" for height, width in self._sizes)
        return f"{text}. {self.tr('The layout is stretched to another shape.')}" if self._stretches else text

    def _look_at_sizes(self, order: ExportOrder) -> None:
        """Compute the picture sizes for the window's layout and whether an aspect ratio differs from it."""
        info, layout = self._live.info, order.layouts[0]
        self._sizes, self._stretches = [], False
        if info is not None and isinstance(layout, PaintedLayout):
            shape = layout.labels.shape[0], layout.labels.shape[1]
            wishes = [SizeWish("exact", exact=size) if isinstance(size, tuple) else size or SizeWish() for size in order.sizes]
            self._sizes = [info.size_of(wish, shape) for wish in wishes]
            self._stretches = not all(is_same_shape(size, shape) for size in self._sizes)

    def remember(self) -> None:
        """Save the field values for the next export."""
        values = {
            "folder": self.folder_field.text(),
            "format": self._format(),
            "quality": self.quality.value(),
            "pattern": self.pattern.text(),
            "count": self.count.value(),
            "seed": self.seed.value(),
        }
        self._settings.export = json.dumps(values)

    def _recall(self) -> None:
        try:
            data: object = json.loads(self._settings.export or "{}")
        except ValueError:
            data = {}
        values = cast("dict[str, Any]", data) if isinstance(data, dict) else {}
        folder = values.get("folder")
        default = str((self._settings.picture_folder or Path.home()) / "variations")
        self.folder_field.setText(folder if isinstance(folder, str) and folder else default)
        self.pattern.setText(values["pattern"] if isinstance(values.get("pattern"), str) else DEFAULT_PATTERN)
        if values.get("format") in FILE_FORMATS:
            self.format_box.setCurrentIndex(FILE_FORMATS.index(values["format"]))
        for name, spin in (("quality", self.quality), ("count", self.count), ("seed", self.seed)):
            if isinstance(values.get(name), int):
                spin.setValue(values[name])

    # -- field values --------------------------------------------------------------------------------------------------

    def _layout(self) -> tuple[PaintedLayout, LabelSet]:
        return self._given if self._given is not None and self.by_choice.isChecked() else self._capture()

    def _find_maps(self) -> tuple[FileLayout, ...]:
        text = self.maps_field.text().strip()
        if not text:
            raise EngineError(self.tr("no folder of label maps is named"), self.tr("a folder with label PNGs"))
        folder = typed_path(text)
        if not folder.is_dir():
            raise EngineError(self.tr("there is no folder {}").format(text), self.tr("a folder with label PNGs"))
        texture = self._live.texture
        if self._maps[0] != (text, texture):
            try:
                found, problems = find_label_maps([str(folder)])
            except OSError as error:
                raise EngineError(self.tr("the folder {} cannot be read").format(text), self.tr("a folder with label PNGs")) from error
            if problems:
                raise problems[0]
            self._maps = (text, texture), tuple(FileLayout(file.name, file.path, texture) for file in found)
        return self._maps[1]

    def _map_set(self, own: LabelSet) -> LabelSet:
        name = self.map_set.currentData()
        return load_label_set(name) if name else own

    def _wanted_styles(self) -> tuple[Style, ...]:
        if self.by_choice.isChecked():
            return self._styles
        if self.in_use.isChecked():
            return (self._live.style,)
        return tuple(seeds_from(self.seed.value(), self.count.value()))

    def _format(self) -> FileFormat:
        return FILE_FORMATS[self.format_box.currentIndex()]

    # -- building ------------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.this_layout = QRadioButton(self.tr("The layout in the &window"))
        self.map_folder = QRadioButton(self.tr("A fo&lder of label maps"))
        self.maps_field, self.maps_button = QLineEdit(), QPushButton(self.tr("Browse…"))
        self.maps_field.setAccessibleName(self.tr("Folder of label maps"))
        self.maps_field.setPlaceholderText(self.tr("Folder with label PNGs"))
        self.map_set = QComboBox()
        self.map_set.setAccessibleName(self.tr("Labels of the maps"))
        self.map_set.addItem(self.tr("Labels as in the window"), "")
        for name in built_in_label_sets():
            self.map_set.addItem(load_label_set(name).name, name)
        self.by_seed = QRadioButton(self.tr("&Variations:"))
        self.by_choice = QRadioButton(self.tr("The styles chosen in the sheet"))
        self.by_choice.setEnabled(False)
        self.in_use = QRadioButton(self.tr("The style in &use"))
        self.count = _spin(1, 10_000, 50, self.tr("Number of variations"))
        self.seed = _spin(0, MAX_SEED, 0, self.tr("Seed of the first variation"))
        self.groups = [QButtonGroup(self), QButtonGroup(self)]
        for group, buttons in zip(
            self.groups, ((self.this_layout, self.map_folder), (self.by_seed, self.by_choice, self.in_use)), strict=True
        ):
            for button in buttons:
                group.addButton(button)
            buttons[0].setChecked(True)
        self.size_box = size_box()
        self.size_box.setToolTip(self.tr("Width × height of the pictures; several with commas between them"))
        self.format_box = QComboBox()
        self.format_box.setAccessibleName(self.tr("Format"))
        self.format_box.addItems([self.tr("PNG"), self.tr("JPEG"), self.tr("WebP")])
        self.format_box.setToolTip(self.tr("PNGs are exact, and can be rendered again and dropped on the window"))
        self.quality = _spin(1, 100, QUALITY, self.tr("Quality"))
        self.pattern = QLineEdit()
        self.pattern.setAccessibleName(self.tr("Pattern of the file names"))
        fields = " ".join("{" + name + "}" for name in FIELDS)
        self.pattern.setToolTip(plain_tip(self.tr("Fields: {}; digits as in {}").format(fields, "{index:04}")))
        self.example = PlainLabel(wraps=True)
        self.folder_field, self.folder_button = QLineEdit(), QPushButton(self.tr("Browse…"))
        self.folder_field.setAccessibleName(self.tr("Folder for the pictures"))

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        seeds = _line(self.by_seed, self.count, PlainLabel(self.tr("from seed")), self.seed)
        maps = row(spacing=8, margins=(22, 0, 0, 0))
        for widget, stretch in ((self.maps_field, 1), (self.maps_button, 0), (self.map_set, 0)):
            maps.addWidget(widget, stretch)
        formats = _line(self.format_box, PlainLabel(self.tr("Quality")), self.quality)
        folder = row(spacing=8)
        folder.addWidget(self.folder_field, 1)
        folder.addWidget(self.folder_button)
        lines: tuple[tuple[str, QWidget | QHBoxLayout], ...] = (
            (self.tr("Layout"), self.this_layout),
            ("", self.map_folder),
            ("", maps),
            (self.tr("Styles"), seeds),
            ("", self.by_choice),
            ("", self.in_use),
            (self.tr("&Size"), self.size_box),
            (self.tr("Forma&t"), formats),
            (self.tr("&Names"), self.pattern),
            ("", self.example),
            (self.tr("F&older"), folder),
        )
        buddies = {self.tr("&Size"): self.size_box, self.tr("Forma&t"): self.format_box, self.tr("&Names"): self.pattern}
        buddies[self.tr("F&older")] = self.folder_field
        for place, (title, content) in enumerate(lines):
            if title:
                label = PlainLabel(title, role="heading")
                if title in buddies:
                    label.setBuddy(buddies[title])
                grid.addWidget(label, place, 0)
            if isinstance(content, QWidget):
                grid.addWidget(content, place, 1)
            else:
                grid.addLayout(content, place, 1)

    def _connect(self) -> None:
        for group in self.groups:
            group.buttonToggled.connect(lambda _button, checked: self._check() if checked else None)
        for field in (self.maps_field, self.pattern, self.folder_field):
            field.textChanged.connect(lambda _text: self._check())
        for spin in (self.count, self.seed, self.quality):
            spin.valueChanged.connect(lambda _value: self._check())
        self.size_box.currentTextChanged.connect(lambda _text: self._check())
        for box in (self.format_box, self.map_set):
            box.currentIndexChanged.connect(lambda _index: self._check())
        self.maps_button.clicked.connect(lambda: self._browse(self.maps_field, self.tr("Folder of label maps")))
        self.folder_button.clicked.connect(lambda: self._browse(self.folder_field, self.tr("Folder for the pictures")))

    def _browse(self, field: QLineEdit, title: str) -> None:
        name = QFileDialog.getExistingDirectory(self, title, field.text() or str(self._settings.picture_folder or Path.home()))
        if name:
            field.setText(name)

    def _check(self) -> None:
        """Show the first file name or the validation message, and disable fields that have no effect."""
        for widget in (self.maps_field, self.maps_button, self.map_set):
            widget.setEnabled(self.map_folder.isChecked())
        for widget in (self.count, self.seed):
            widget.setEnabled(self.by_seed.isChecked())
        self.quality.setEnabled(self._format() != "png")
        self.problem = ""
        example = ""
        try:
            order = self.order()
            self._count = order.count
            self._look_at_sizes(order)
            example = order.example()
            order.check()
        except EngineError as error:
            text = str(error)
            self.problem = sentence(text)
        self.example.setText(self.problem or self.tr("The first is called {}").format(example))
        set_role(self.example, "problem" if self.problem else "caption")
        self.changed.emit()


def _spin(low: int, high: int, value: int, name: str) -> QSpinBox:
    spin = padded(QSpinBox())
    spin.setRange(low, high)
    spin.setValue(value)
    spin.setAccessibleName(name)
    spin.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    spin.setFixedWidth(84)
    return spin


def _line(*widgets: QWidget) -> QHBoxLayout:
    line = row(spacing=8)
    for widget in widgets:
        line.addWidget(widget)
    line.addStretch(1)
    return line
