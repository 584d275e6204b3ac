"""The settings dialog, with one page for each part of the program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QSpinBox,
    QTabWidget,
    QWidget,
)

from spade_studio.app.preferences.menu_choice import MenuChoice
from spade_studio.app.preferences.values import Preferences
from spade_studio.app.ui.boxes import column, named, padded, row
from spade_studio.app.ui.plain import PlainLabel
from spade_studio.app.ui.settings import AUTOSAVE_SECONDS, HISTORY_MEGABYTES, RECENT_FILES

_MARGIN = 18
_Button = QDialogButtonBox.StandardButton


class PreferencesDialog(QDialog):
    """Edits preferences; a signal carries those to apply.

    Args:
        preferences: The present preferences.
        rendering: Menus whose choices also appear on the rendering page.
        parent: The window.
    """

    applied = Signal(object)  # Preferences

    def __init__(self, preferences: Preferences, rendering: Sequence[QMenu] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = preferences
        self.rendering = [MenuChoice(menu) for menu in rendering]
        self.setWindowTitle(self.tr("Settings"))
        self.appearance = _choices(
            self.tr("Appearance"), [("dark", self.tr("Dark")), ("light", self.tr("Light")), ("system", self.tr("Like the system"))]
        )
        self.language = _choices(
            # Every language is listed by its native name.
            self.tr("Language"),
            [("system", self.tr("Like the system")), ("en", "English"), ("de", "Deutsch")],
        )
        self.autosave = _number(self.tr("Autosave after"), AUTOSAVE_SECONDS, self.tr(" s"))
        self.recent = _number(self.tr("Recent files"), RECENT_FILES)
        self.memory = _number(self.tr("Undo memory"), HISTORY_MEGABYTES, self.tr(" MB"))
        self.memory.setSingleStep(64)
        self.folder = named(QLineEdit(), self.tr("Folder of runs"))
        self.folder.setMinimumWidth(260)
        self.browse = named(QPushButton(self.tr("C&hoose…")), tip=self.tr("Choose the folder in which runs are made and listed"))
        self.updates = QCheckBox(self.tr("Look for a newer version at each &start"))
        self.address = named(QLineEdit(), self.tr("Address of the file of versions"))
        self.address.setPlaceholderText("https://…/latest.json")
        self.address.setMinimumWidth(380)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.buttons = QDialogButtonBox(_Button.RestoreDefaults | _Button.Ok | _Button.Apply | _Button.Cancel)
        self._fill_pages()
        whole = column(self, spacing=12, margins=(12, 10, 12, 12))
        whole.addWidget(self.tabs, 1)
        whole.addWidget(self.buttons)
        self._connect()
        self._show(preferences)
        self.setMinimumWidth(580)
        self.appearance.setFocus()

    @property
    def preferences(self) -> Preferences:
        """The preferences entered in the fields."""
        text = self.folder.text().strip()
        return replace(
            self._shown,
            appearance=self.appearance.currentData(),
            language=self.language.currentData(),
            autosave_seconds=self.autosave.value(),
            recent_count=self.recent.value(),
            history_megabytes=self.memory.value(),
            runs_folder=Path(text) if text else Preferences().runs_folder,
            looks_for_updates=self.updates.isChecked(),
            update_address=self.address.text().strip(),
        )

    def _fill_pages(self) -> None:
        general = self._page(self.tr("&General"))
        general.addRow(self.tr("Appeara&nce"), self.appearance)
        general.addRow(self.tr("&Language"), self.language)
        general.addRow("", PlainLabel(self.tr("Another language is used from the next start on."), role="caption"))
        general.addRow(self.tr("Autosave a&fter"), self.autosave)
        general.addRow("", PlainLabel(self.tr("Changes are kept aside in case of a crash; your file is not touched."), role="caption"))
        general.addRow(self.tr("&Recent files"), self.recent)
        painting = self._page(self.tr("&Painting"))
        painting.addRow(self.tr("&Undo memory"), self.memory)
        painting.addRow("", PlainLabel(self.tr("When it is full the oldest steps can no longer be undone."), role="caption"))
        if self.rendering:
            rendering = self._page(self.tr("R&endering"))
            for choice in self.rendering:
                rendering.addRow(choice.accessibleName(), choice)
            rendering.addRow("", PlainLabel(self.tr("The menu Render and the status line offer the same."), role="caption"))
        training = self._page(self.tr("&Training"))
        folder = row(spacing=8)
        folder.addWidget(self.folder, 1)
        folder.addWidget(self.browse)
        training.addRow(self.tr("&Folder of runs"), folder)
        training.addRow("", PlainLabel(self.tr("Runs that are elsewhere stay where they are."), role="caption"))
        label = training.labelForField(folder)
        if isinstance(label, QLabel):
            label.setBuddy(self.folder)
        updates = self._page(self.tr("&Updates"))
        updates.addRow("", self.updates)
        updates.addRow(self.tr("A&ddress"), self.address)
        updates.addRow("", PlainLabel(self.tr("Only this file is read; nothing about you is sent."), role="caption"))

    def _page(self, title: str) -> QFormLayout:
        page = QWidget()
        form = QFormLayout(page)
        form.setContentsMargins(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
        form.setVerticalSpacing(10)
        form.setHorizontalSpacing(14)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignRight)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.FieldsStayAtSizeHint)
        self.tabs.addTab(page, title)
        return form

    def _connect(self) -> None:
        for box in (self.appearance, self.language, *self.rendering):
            box.currentIndexChanged.connect(self._enable)
        for box in (self.autosave, self.recent, self.memory):
            box.valueChanged.connect(self._enable)
        for line in (self.folder, self.address):
            line.textChanged.connect(self._enable)
        self.updates.toggled.connect(self._enable)
        self.browse.clicked.connect(self._choose_folder)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.buttons.button(_Button.Apply).clicked.connect(self._apply)
        self.buttons.button(_Button.RestoreDefaults).clicked.connect(self._show_defaults)
        self.accepted.connect(self._apply)

    def _show(self, preferences: Preferences) -> None:
        for box, value in ((self.appearance, preferences.appearance), (self.language, preferences.language)):
            box.setCurrentIndex(box.findData(value))
        self.autosave.setValue(preferences.autosave_seconds)
        self.recent.setValue(preferences.recent_count)
        self.memory.setValue(preferences.history_megabytes)
        self.folder.setText(str(preferences.runs_folder))
        self.updates.setChecked(preferences.looks_for_updates)
        self.address.setText(preferences.update_address)
        self._enable()

    def _show_defaults(self) -> None:
        for choice in self.rendering:
            choice.setCurrentIndex(0)
        self._show(Preferences())

    def _apply(self) -> None:
        wanted = self.preferences
        if wanted != self._shown:
            self._shown = wanted
            self.applied.emit(wanted)
        for choice in self.rendering:
            choice.apply()
        for choice in self.rendering:
            choice.show_chosen()
        self._enable()

    def _enable(self) -> None:
        is_changed = self.preferences != self._shown or any(choice.is_changed for choice in self.rendering)
        is_default = self.preferences == Preferences() and all(choice.is_default for choice in self.rendering)
        self.address.setEnabled(self.updates.isChecked())
        self.buttons.button(_Button.Apply).setEnabled(is_changed)
        self.buttons.button(_Button.RestoreDefaults).setEnabled(not is_default)

    def _choose_folder(self) -> None:
        if name := QFileDialog.getExistingDirectory(self, self.tr("Folder of runs"), self.folder.text()):
            self.folder.setText(name)


def _choices(name: str, entries: Sequence[tuple[str, str]]) -> QComboBox:
    box = named(QComboBox(), name)
    for value, text in entries:
        box.addItem(text, value)
    return box


def _number(name: str, limits: tuple[int, int, int], suffix: str = "") -> QSpinBox:
    box = padded(QSpinBox())
    box.setRange(limits[0], limits[1])
    box.setSuffix(suffix)
    box.setAccessibleName(name)
    box.setMinimumWidth(96)
    return box
