"""Dialog for exporting a single picture: name, format and size."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import QStandardPaths, Qt, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSlider,
    QSpinBox,
    QWidget,
)

from spade_studio.app.export.order import FILE_FORMATS, FileFormat
from spade_studio.app.export.picture import SUFFIXES, PictureOrder, ShownPicture, problem_of, size_of_side
from spade_studio.app.ui import messages
from spade_studio.app.ui.boxes import column, padded, row
from spade_studio.app.ui.plain import PlainLabel, sentence
from spade_studio.app.ui.settings import Settings
from spade_studio.app.ui.typed_path import typed_path
from spade_studio.engine.detail.levels import automatic_level, available_levels
from spade_studio.engine.errors import EngineError
from spade_studio.engine.pictures.picture_files import QUALITY
from spade_studio.engine.pictures.png import MAX_SIDE
from spade_studio.engine.rendering.result_plan import is_same_shape

SIDES = (256, 512, 1024, 2048)
"""Offered lengths of the longer side, in pixels."""
_FORMAT_NAMES = {"png": "PNG", "jpg": "JPEG", "webp": "WebP"}
_PREVIEW = 220
_SMALLEST = 16


class PictureDialog(QDialog):
    """Export dialog with a preview and progress.

    Args:
        name: Proposed file name without suffix.
        layout: (height, width) of the layout.
        shown: Picture shown in the window.
        settings: Settings that store format, size and folder.
        parent: Parent window.
    """

    wanted = Signal(object)  # PictureOrder

    def __init__(self, name: str, layout: tuple[int, int], shown: ShownPicture, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self._layout, self._shown, self._settings = layout, shown, settings
        self._is_at_work = False
        self.setWindowTitle(self.tr("Export picture"))
        self._build(name, shown.image)
        self._lay_out()
        self._recall()
        self._connect()
        self._refresh()
        self.name.setFocus()
        self.name.selectAll()

    # -- building -------------------------------------------------------------------------------------------------

    def _build(self, name: str, picture: QImage) -> None:
        self._picture = PlainLabel()
        self._picture.setFixedWidth(_PREVIEW)
        self._picture.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignHCenter)
        ratio = self.devicePixelRatioF()
        side = round(_PREVIEW * ratio)
        mode = Qt.TransformationMode.SmoothTransformation
        wide = picture.scaled(*self._scaled(side), Qt.AspectRatioMode.IgnoreAspectRatio, mode)
        wide.setDevicePixelRatio(ratio)
        self._picture.setPixmap(QPixmap.fromImage(wide))
        self.name = QLineEdit(name)
        self.suffix = PlainLabel(role="caption")
        self.folder = QLineEdit()
        self.browse = QPushButton("…")
        self.browse.setStyleSheet("min-width: 18px; padding: 5px 8px;")
        self.browse.setAutoDefault(False)
        self.browse.setAccessibleName(self.tr("Choose the folder"))
        self.browse.setToolTip(self.tr("Choose the folder"))
        self.format = QComboBox()
        for file_format in FILE_FORMATS:
            self.format.addItem(_FORMAT_NAMES[file_format], file_format)
        self.quality, self.quality_bar = padded(QSpinBox()), QSlider(Qt.Orientation.Horizontal)
        for widget in (self.quality, self.quality_bar):
            widget.setRange(1, 100)
            widget.setValue(QUALITY)
        self.quality_bar.setAccessibleName(self.tr("Quality"))
        self.size_choice = QComboBox()
        self.size_choice.addItem(self.tr("As shown: {size}").format(size=_pixels(self._shown.size)), self._shown.size)
        for side in SIDES:
            size = size_of_side(side, self._layout)
            self.size_choice.addItem(_pixels(size), size)
        self.size_choice.addItem(self.tr("Other"), None)
        self.width_box, self.height_box = (padded(QSpinBox()) for _ in range(2))
        for box, title in ((self.width_box, self.tr("Width")), (self.height_box, self.tr("Height"))):
            box.setRange(_SMALLEST, MAX_SIDE)
            box.setSuffix(self.tr(" px"))
            box.setAccessibleName(title)
            box.setMinimumWidth(84)
        self.keeps_shape = QCheckBox(self.tr("&Keep the shape"))
        self.keeps_shape.setChecked(True)
        self.fit = QComboBox()
        self.fit.addItem(self.tr("Stretch the picture"), False)
        self.fit.addItem(self.tr("Crop the picture"), True)
        self.detail = QComboBox()
        self.detail.addItem(self.tr("Automatic"), "auto")
        names = {"none": self.tr("Off"), "fast": self.tr("Fast"), "full": self.tr("Full, takes longest")}
        for level in available_levels():
            self.detail.addItem(names[level], level)
        self.detail.setToolTip(self.tr("How what is finer than the weights' own picture is made; automatic is full above 256 pixels"))
        self.record = QCheckBox(self.tr("Keep &layout and style in the file"))
        self.record.setToolTip(self.tr("The picture can be opened here again, to paint on"))
        self.record.setChecked(True)
        text = self.tr("Full detail differs from what the window shows now; Render > Detail > Full shows it there.")
        self.hint = PlainLabel(text, role="caption")
        policy = self.hint.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # keeps the fields above in place
        self.hint.setSizePolicy(policy)
        self.problem = PlainLabel(role="problem", wraps=True)
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(6)
        self.cancel_button, self.export_button = QPushButton(self.tr("Cancel")), QPushButton(self.tr("&Export"))
        self.export_button.setDefault(True)
        self.cancel_button.setAutoDefault(False)

    def _lay_out(self) -> None:
        name, folder, quality, sides = (row(spacing=8) for _ in range(4))
        for layout, widgets in (
            (name, (self.name, self.suffix)),
            (folder, (self.folder, self.browse)),
            (quality, (self.quality_bar, self.quality)),
            (sides, (self.width_box, PlainLabel("×"), self.height_box, self.keeps_shape)),
        ):
            for at, widget in enumerate(widgets):
                layout.addWidget(widget, int(at == 0 and layout is not sides))
        sides.addStretch(1)
        self._form = QFormLayout()
        self._form.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self._form.setHorizontalSpacing(12)
        self._form.setVerticalSpacing(9)
        for text, widget in (
            (self.tr("&Name"), name),
            (self.tr("&Folder"), folder),
            (self.tr("For&mat"), self.format),
            (self.tr("&Quality"), quality),
            (self.tr("Picture &size"), self.size_choice),
            ("", sides),
            (self.tr("Fi&t"), self.fit),
            (self.tr("&Detail"), self.detail),
            ("", self.record),
        ):
            if isinstance(widget, QWidget):
                self._form.addRow(text, widget)
            else:
                self._form.addRow(text, widget)
        self._rows = {"quality": quality, "sides": sides, "fit": self.fit}
        for text, buddy in ((name, self.name), (folder, self.folder), (quality, self.quality_bar)):
            label = self._form.labelForField(text)
            if isinstance(label, QLabel):
                label.setBuddy(buddy)
        top = row(spacing=18)
        top.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        top.addLayout(self._form, 1)
        buttons = row(spacing=8)
        buttons.addWidget(self.progress, 1)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.export_button)
        whole = column(self, spacing=12, margins=(18, 16, 18, 16))
        whole.addLayout(top, 1)
        whole.addWidget(self.hint)
        whole.addWidget(self.problem)
        whole.addLayout(buttons)
        self.progress.hide()
        self.setMinimumWidth(700)

    def _connect(self) -> None:
        self.name.textEdited.connect(self._on_name)
        self.name.editingFinished.connect(self._split_name)
        self.folder.textEdited.connect(self._refresh)
        self.browse.clicked.connect(self._ask_folder)
        self.format.currentIndexChanged.connect(self._on_format)
        self.quality.valueChanged.connect(self.quality_bar.setValue)
        self.quality_bar.valueChanged.connect(self.quality.setValue)
        self.size_choice.currentIndexChanged.connect(self._on_size)
        self.width_box.valueChanged.connect(lambda: self._on_side(self.width_box, self.height_box))
        self.height_box.valueChanged.connect(lambda: self._on_side(self.height_box, self.width_box))
        self.detail.currentIndexChanged.connect(self._refresh)
        self.keeps_shape.toggled.connect(lambda: self._on_side(self.width_box, self.height_box))
        self.cancel_button.clicked.connect(self.reject)
        self.export_button.clicked.connect(self._want)

    # -- order ---------------------------------------------------------------------------------------------------

    @property
    def file_format(self) -> FileFormat:
        """Selected file format."""
        return cast("FileFormat", self.format.currentData())

    @property
    def result_size(self) -> tuple[int, int]:
        """Selected (height, width) in pixels."""
        return self.height_box.value(), self.width_box.value()

    @property
    def path(self) -> Path:
        """Output file, with the format's suffix appended unless present."""
        name = self.name.text().strip()
        if SUFFIXES.get(Path(name).suffix.lower()) != self.file_format:
            name += f".{self.file_format}"
        return typed_path(self.folder.text()) / name

    def order(self) -> PictureOrder:
        """Return the order described by the fields."""
        crops = bool(self.fit.currentData()) and not is_same_shape(self.result_size, self._layout)
        quality, detail = self.quality.value(), self.detail.currentData()
        return PictureOrder(self.path, self.file_format, self.result_size, crops, quality, self.record.isChecked(), detail)

    def show_progress(self, part: float) -> None:
        """Show the progress of detail rendering, 0 to 1."""
        self.progress.setRange(0, 100)
        self.progress.setValue(round(100 * part))

    def show_problem(self, error: EngineError) -> None:
        """Show an error and enable the fields for another attempt."""
        self._set_at_work(at_work=False)
        text = str(error)
        self.problem.setText(sentence(text))
        self.problem.show()

    def _want(self) -> None:
        order = self.order()
        if order.path.exists() and not messages.ask_replace(self, order.path):
            return
        self._remember()
        self._set_at_work(at_work=True)
        self.wanted.emit(order)

    def _set_at_work(self, *, at_work: bool) -> None:
        self._is_at_work = at_work
        self.progress.setRange(0, 0)
        self.progress.setVisible(at_work)
        for at in range(self._form.rowCount()):
            for role in (QFormLayout.ItemRole.LabelRole, QFormLayout.ItemRole.FieldRole):
                item = self._form.itemAt(at, role)
                for widget in _widgets(item):
                    widget.setEnabled(not at_work)
        self._refresh()

    # -- dependent fields -----------------------------------------------------------------------------------------

    def _on_name(self, text: str) -> None:
        file_format = SUFFIXES.get(Path(text.strip()).suffix.lower())
        if file_format is not None:
            self.format.setCurrentIndex(FILE_FORMATS.index(file_format))
        self._refresh()

    def _split_name(self) -> None:
        """Split a full path entered as the name into folder and name, if the folder exists."""
        typed = self.name.text().strip()
        path = typed_path(typed)
        if path.name != typed and path.parent.is_dir():
            self.folder.setText(str(path.parent))
            self.name.setText(path.name)
            self._refresh()

    def _on_format(self) -> None:
        name = self.name.text().strip()
        if SUFFIXES.get(Path(name).suffix.lower(), self.file_format) != self.file_format:
            self.name.setText(Path(name).stem)
        self._refresh()

    def _on_size(self) -> None:
        size = self.size_choice.currentData()
        if size is not None:
            self.keeps_shape.setChecked(True)
            self._set_sides(size)
        self._refresh()

    def _on_side(self, changed: QSpinBox, other: QSpinBox) -> None:
        if self.keeps_shape.isChecked():
            ratio = self._layout[1] / self._layout[0] if other is self.width_box else self._layout[0] / self._layout[1]
            other.blockSignals(True)
            other.setValue(round(changed.value() * ratio))
            other.blockSignals(False)
        self._refresh()

    def _set_sides(self, size: tuple[int, int]) -> None:
        for box, side in ((self.height_box, size[0]), (self.width_box, size[1])):
            box.blockSignals(True)
            box.setValue(side)
            box.blockSignals(False)

    def _refresh(self) -> None:
        is_other = self.size_choice.currentData() is None
        for widget in (self._form.labelForField(self._rows["quality"]), self.quality_bar, self.quality):
            widget.setEnabled(self.file_format != "png" and not self._is_at_work)
        self._form.setRowVisible(self._rows["sides"], is_other)
        self._form.setRowVisible(self._rows["fit"], not is_same_shape(self.result_size, self._layout))
        level = self.detail.currentData()
        level = automatic_level(self.result_size, self._shown.base) if level == "auto" else level
        self.hint.setVisible(level == "full" != self._shown.detail)
        suffix = Path(self.name.text().strip()).suffix.lower()
        self.suffix.setText("" if SUFFIXES.get(suffix) == self.file_format else f".{self.file_format}")
        problem = problem_of(self.name.text().strip())
        if not problem and not typed_path(self.folder.text()).is_dir():
            problem = self.tr("There is no such folder.")
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.export_button.setEnabled(not problem and not self._is_at_work)

    def _ask_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, self.tr("Folder for the picture"), self.folder.text())
        if name:
            self.folder.setText(name)
            self._refresh()

    def _scaled(self, side: int) -> tuple[int, int]:
        height, width = size_of_side(side, self._layout)
        return width, height

    # -- settings -------------------------------------------------------------------------------------------------

    def _remember(self) -> None:
        self._settings.picture_folder = typed_path(self.folder.text())
        at = self.size_choice.currentIndex()
        values = {
            "format": self.file_format,
            "quality": self.quality.value(),
            "record": self.record.isChecked(),
            "detail": self.detail.currentData(),
            "side": SIDES[at - 1] if 0 < at <= len(SIDES) else 0,
        }
        self._settings.picture = json.dumps(values)

    def _recall(self) -> None:
        try:
            data: object = json.loads(self._settings.picture or "{}")
        except (ValueError, RecursionError):
            data = {}
        values = cast("dict[str, Any]", data) if isinstance(data, dict) else {}
        if values.get("format") in FILE_FORMATS:
            self.format.setCurrentIndex(FILE_FORMATS.index(values["format"]))
        if isinstance(values.get("quality"), int):
            self.quality.setValue(values["quality"])
            self.quality_bar.setValue(values["quality"])
        if (at := self.detail.findData(values.get("detail"))) >= 0:
            self.detail.setCurrentIndex(at)
        if isinstance(values.get("record"), bool):
            self.record.setChecked(values["record"])
        if values.get("side") in SIDES:
            self.size_choice.setCurrentIndex(SIDES.index(values["side"]) + 1)
        self._set_sides(self.size_choice.currentData() or self._shown.size)
        self.folder.setText(str(self._settings.picture_folder or _pictures_folder()))


def _pixels(size: tuple[int, int]) -> str:
    return f"{size[1]} × {size[0]}"


def _pictures_folder() -> Path:
    name = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
    return Path(name) if name and Path(name).is_dir() else Path.home()


def _widgets(item: Any) -> list[QWidget]:
    """Return the widgets of a layout item."""
    if item is None:
        return []
    if (widget := item.widget()) is not None:
        return [widget]
    layout = item.layout()
    return [] if layout is None else [widget for at in range(layout.count()) for widget in _widgets(layout.itemAt(at))]
