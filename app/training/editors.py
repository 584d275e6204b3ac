"""Editor widgets for single configuration values: numbers, choices, texts and paths."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QLineEdit,
    QMenu,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QWidget,
)

from spade_studio.app.training.fields import PATHS, SUGGESTIONS, Field
from spade_studio.app.ui.boxes import padded, row
from spade_studio.app.ui.marking import QT_TRANSLATE_NOOP
from spade_studio.app.ui.plain import plain_tip

_LARGEST = 2_000_000_000
_OWN = QT_TRANSLATE_NOOP("Editors", "the architecture's own")
_NUMBER = re.compile(r"[0-9]*([.,][0-9]*)?(e[+-]?[0-9]*)?", re.IGNORECASE)


class NumberBox(QDoubleSpinBox):
    """Number field with the shortest notation: 0.0002, 10, 1e-06."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDecimals(15)
        self.setRange(0, _LARGEST)
        self.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)

    def textFromValue(self, value: float) -> str:
        """Format a number."""
        return f"{value:.12g}"

    def valueFromText(self, text: str) -> float:
        """Parse a number."""
        try:
            return float(text.replace(",", "."))
        except ValueError:
            return self.value()

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Return whether a text is a valid number, a partial one, or invalid."""
        if not _NUMBER.fullmatch(text):
            return QValidator.State.Invalid, text, position
        try:
            float(text.replace(",", "."))
        except ValueError:
            return QValidator.State.Intermediate, text, position
        return QValidator.State.Acceptable, text, position


class _QuietWheel(QObject):
    """Event filter that leaves the mouse wheel to the scroll area unless the field has the focus."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Withhold wheel events from fields without focus."""
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False


class Editor(QWidget):
    """Editor of one configuration field.

    Attributes:
        field: Edited field.
        input: Widget that takes the keyboard focus.
    """

    changed = Signal()

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self.input, self._read, self._write = self._make(field)
        self.input.setAccessibleName(f"{field.section}: {field.title}")
        self.input.setAccessibleDescription(field.help)
        self.input.setToolTip(plain_tip(f"{field.help}\n\n{field.name}"))
        self.input.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.input.setMinimumHeight(26)
        self.input.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.input.installEventFilter(_QuietWheel(self))
        self.setFocusProxy(self.input)
        self._box = row(self, spacing=6)
        self._box.addWidget(self.input, 1)
        if field.name in PATHS:
            self._add_browse(PATHS[field.name])

    @property
    def value(self) -> Any:
        """Current value in its JSON form."""
        return self._read()

    def set_value(self, value: Any) -> None:
        """Set the value without emitting :attr:`changed`."""
        with QSignalBlocker(self.input):
            self._write(value)

    def set_wrong(self, wrong: bool) -> None:
        """Set whether the field is marked as invalid."""
        if bool(self.input.property("wrong")) != wrong:
            self.input.setProperty("wrong", wrong)
            self.input.style().unpolish(self.input)
            self.input.style().polish(self.input)

    def _make(self, field: Field) -> tuple[QWidget, Callable[[], Any], Callable[[Any], None]]:
        if field.kind is Literal or (field.kind is bool and field.optional):
            return self._make_choice(field.choices or (True, False), field.optional)
        if field.kind is bool:
            box = QCheckBox()
            box.toggled.connect(self.changed)
            return box, box.isChecked, box.setChecked
        if field.kind is int:
            return self._make_whole(field.optional)
        if field.kind is float:
            number = padded(NumberBox())
            number.valueChanged.connect(self.changed)
            return number, number.value, number.setValue
        if field.name in SUGGESTIONS:
            combo = QComboBox()
            combo.addItems(SUGGESTIONS[field.name])
            if field.name != "generator.name":  # the set of architectures is fixed
                combo.setEditable(True)
                combo.setCompleter(None)  # pyright: ignore[reportArgumentType] - completion would alter the typed text
            combo.setMinimumContentsLength(12)
            combo.currentTextChanged.connect(self.changed)
            return combo, combo.currentText, combo.setCurrentText
        line = QLineEdit()
        line.textChanged.connect(self.changed)
        if field.kind is tuple:
            line.setPlaceholderText(_own() if field.optional else QCoreApplication.translate("Editors", "none"))
            return line, lambda: _items(line.text(), field), lambda value: line.setText(", ".join(map(_short, value or ())))
        return line, line.text, line.setText

    def _make_choice(self, choices: tuple[Any, ...], optional: bool) -> tuple[QWidget, Callable[[], Any], Callable[[Any], None]]:
        combo = QComboBox()
        if optional:
            combo.addItem(_own(), None)
        for choice in choices:
            combo.addItem({True: "yes", False: "no"}.get(choice, str(choice)) if isinstance(choice, bool) else str(choice), choice)
        combo.currentIndexChanged.connect(self.changed)
        values = [combo.itemData(index) for index in range(combo.count())]
        return combo, combo.currentData, lambda value: combo.setCurrentIndex(values.index(value) if value in values else 0)

    def _make_whole(self, optional: bool) -> tuple[QWidget, Callable[[], Any], Callable[[Any], None]]:
        box = padded(QSpinBox())
        box.setRange(-1 if optional else 0, _LARGEST)
        box.setStepType(QSpinBox.StepType.AdaptiveDecimalStepType)
        box.valueChanged.connect(self.changed)
        if not optional:
            return box, box.value, box.setValue
        box.setSpecialValueText("auto" if self.field.name == "data.workers" else _own())
        return box, lambda: None if box.value() < 0 else box.value(), lambda value: box.setValue(-1 if value is None else value)

    def _add_browse(self, kind: Literal["data", "file"]) -> None:
        if kind == "data":
            button = QPushButton(self.tr("Browse…"))
            menu = QMenu(button)
            menu.addAction(self.tr("A &folder…"), self._browse_folder)
            menu.addAction(self.tr("A &zip file…"), lambda: self._browse_file(self.tr("Archives (*.zip);;All files (*)")))
            button.setMenu(menu)
        else:
            button = QPushButton(self.tr("Browse…"))
            button.clicked.connect(lambda: self._browse_file(self.tr("All files (*)")))
        button.setAccessibleName(self.tr("Browse for {title}").format(title=self.field.title))
        self._box.addWidget(button)

    def _browse_folder(self) -> None:
        self._take(QFileDialog.getExistingDirectory(self, self.field.title, self._place()))

    def _browse_file(self, kinds: str) -> None:
        self._take(QFileDialog.getOpenFileName(self, self.field.title, self._place(), kinds)[0])

    def _place(self) -> str:
        return self.value if self.value and Path(self.value).exists() else str(Path.home())

    def _take(self, path: str) -> None:
        if path:
            self._write(path)


def _short(value: object) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _items(text: str, field: Field) -> list[Any] | None:
    """Return the items of a list; items that cannot be parsed stay strings, so that validation reports their position."""
    words = [word for word in re.split(r"[,;\s]+", text) if word]
    if not words and field.optional:
        return None
    items: list[Any] = []
    for word in words:
        try:
            items.append(field.item(word))
        except ValueError:
            items.append(word)
    return items


def _own() -> str:
    return QCoreApplication.translate("Editors", _OWN)
