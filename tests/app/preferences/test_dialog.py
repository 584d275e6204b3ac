"""The settings dialog: what it shows, what OK, Apply, Cancel and the defaults do, and what that changes in the window."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox, QLabel, QWidget

from spade_studio.app.preferences.dialog import PreferencesDialog
from spade_studio.app.preferences.values import Preferences

_Button = QDialogButtonBox.StandardButton


@pytest.fixture
def dialog(window) -> PreferencesDialog:
    return window.desktop.ask_preferences()


def press(dialog: PreferencesDialog, button: QDialogButtonBox.StandardButton, qtbot) -> None:
    qtbot.mouseClick(dialog.buttons.button(button), Qt.MouseButton.LeftButton)


def test_apply_takes_effect_at_once_and_is_remembered(window, dialog, settings, qtbot, tmp_path):
    assert not dialog.buttons.button(_Button.Apply).isEnabled()
    dialog.appearance.setCurrentIndex(dialog.appearance.findData("dark"))
    dialog.autosave.setValue(30)
    dialog.memory.setValue(64)
    dialog.recent.setValue(2)
    dialog.folder.setText(str(tmp_path / "runs"))
    dialog.updates.setChecked(True)
    dialog.address.setText(" https://example.org/latest.json ")
    press(dialog, _Button.Apply, qtbot)
    assert dialog.isVisible()
    assert not dialog.buttons.button(_Button.Apply).isEnabled()
    assert window.commands["dark"].isChecked()
    assert window.palette().window().color().lightnessF() < 0.3
    assert window.documents.autosave.seconds == 30
    assert window.document.undo_stack.budget == 64 << 20
    assert Preferences.read(settings) == Preferences("dark", "system", 30, 2, 64, tmp_path / "runs", True, "https://example.org/latest.json")


def test_cancel_changes_nothing(window, dialog, settings, qtbot):
    before = Preferences.read(settings)
    dialog.appearance.setCurrentIndex(dialog.appearance.findData("dark"))
    press(dialog, _Button.Cancel, qtbot)
    assert Preferences.read(settings) == before
    assert window.palette().window().color().lightnessF() > 0.7


def test_defaults_come_back_only_when_they_are_accepted(window, settings, qtbot):
    settings.history_megabytes, settings.language = 1000, "de"
    dialog = window.desktop.ask_preferences()
    press(dialog, _Button.RestoreDefaults, qtbot)
    assert dialog.preferences == Preferences()
    assert settings.history_megabytes == 1000
    press(dialog, _Button.Ok, qtbot)
    assert Preferences.read(settings) == Preferences()


def test_the_page_of_rendering_chooses_what_the_menus_choose(window, dialog, qtbot):
    size = dialog.rendering[0]
    menu = window.rendering.menus[0]
    chosen = next(action for action in menu.actions() if action.isChecked())
    other = next(index for index in range(size.count()) if index != size.currentIndex())
    size.setCurrentIndex(other)
    press(dialog, _Button.Ok, qtbot)
    now = next(action for action in menu.actions() if action.isChecked())
    assert now is not chosen
    assert window.live.size == window.rendering._settings.render_size


def test_every_field_is_reached_with_the_tab_key_and_has_a_name(dialog, qtbot):
    dialog.updates.setChecked(True)  # else its address is disabled
    for index in range(dialog.tabs.count()):
        dialog.tabs.setCurrentIndex(index)
        page = dialog.tabs.currentWidget()
        fields = {widget for widget in page.findChildren(QWidget) if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible()}
        reached: set[QWidget] = set()
        dialog.tabs.tabBar().setFocus()
        for _ in range(12):
            qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Tab)
            if (widget := dialog.focusWidget()) is not None:
                reached.add(widget)
        inner = {widget for widget in fields if widget.focusProxy() is not None or widget.objectName() == "qt_spinbox_lineedit"}
        assert fields - inner <= reached
        assert all(widget.accessibleName() or getattr(widget, "text", str)() for widget in fields - inner)


def test_no_text_is_cut_off(dialog):
    for index in range(dialog.tabs.count()):
        dialog.tabs.setCurrentIndex(index)
        for label in dialog.tabs.currentWidget().findChildren(QLabel):
            assert label.width() >= label.sizeHint().width(), label.text()
