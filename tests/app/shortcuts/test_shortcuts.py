"""Keys of commands: all are listed, can be changed, name their conflicts, are remembered, and stay out of text fields."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit

from spade_studio.app.shell.main_window import MainWindow
from spade_studio.app.shortcuts.dialog import ShortcutsDialog
from spade_studio.app.ui.actions import SPECS
from spade_studio.app.ui.settings import Settings


def of(window: MainWindow, name: str):
    return next(command for command in window.desktop.shortcuts.commands() if command.name == name)


@pytest.fixture
def dialog(window, qtbot) -> ShortcutsDialog:
    dialog = window.desktop.ask_shortcuts()
    with qtbot.waitExposed(dialog):
        dialog.show()
    return dialog


def type_keys(dialog: ShortcutsDialog, qtbot, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    dialog.field.setFocus()
    qtbot.keyClick(dialog.field, key, modifiers)


def test_every_command_is_listed_under_its_menu_once(window):
    commands = window.desktop.shortcuts.commands()
    names = [command.name for command in commands]
    assert len(names) == len(set(names))
    in_menus = {spec.name for spec in SPECS} - {command.name for command in commands}
    assert in_menus == set()
    assert of(window, "fill").menu == "Paint"
    assert of(window, "export_ids").menu == "File > Export"
    assert of(window, "panel_history").keys == ("F7",)


def test_no_two_commands_come_with_the_same_key_and_none_with_a_reserved_one(window):
    table = window.desktop.shortcuts
    keys = [key for command in table.commands() for key in command.defaults]
    assert sorted({key for key in keys if keys.count(key) > 1}) == []
    assert [key for key in keys if table.is_reserved(key)] == ["Tab"]  # hides the panels while the canvas has the keyboard


def test_pressing_keys_sets_them_at_once_and_for_good(window, dialog, hand, qtbot, settings):
    dialog.choose("fill")
    type_keys(dialog, qtbot, Qt.Key.Key_U)
    assert of(window, "fill").keys == ("U",)
    assert window.commands["fill"].toolTip().endswith("(U)")
    dialog.accept()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.canvas.setFocus()
    hand.key(Qt.Key.Key_U)
    assert window.toolbox.kind.value == "fill"
    hand.key(Qt.Key.Key_B)
    hand.key(Qt.Key.Key_G)
    assert window.toolbox.kind.value == "brush"
    assert settings.shortcuts == {"fill": ("U",)}


def test_remembered_keys_are_in_force_at_the_next_start(settings, theme, renderer, qtbot):
    settings.shortcuts = {"brush": ("G",), "swap": ()}
    window = MainWindow(settings, theme, renderer.load, renderer.channels)
    qtbot.addWidget(window)
    assert of(window, "brush").keys == ("G",)
    assert of(window, "fill").keys == ()  # its key was given away
    assert of(window, "swap").keys == ()
    window.desktop.shortcuts.reset_all()
    assert of(window, "fill").keys == ("G",)
    assert settings.shortcuts == {}


def test_a_conflict_is_named_and_the_key_can_be_taken(window, dialog, qtbot, settings):
    dialog.choose("fill")
    type_keys(dialog, qtbot, Qt.Key.Key_B)
    assert "Brush" in dialog.note.text()
    assert of(window, "fill").keys == ("G",)
    qtbot.mouseClick(dialog.take, Qt.MouseButton.LeftButton)
    assert of(window, "fill").keys == ("B",)
    assert of(window, "brush").keys == ()
    dialog.choose("brush")
    assert dialog.reset.isEnabled()
    qtbot.mouseClick(dialog.reset, Qt.MouseButton.LeftButton)
    assert of(window, "brush").keys == ("B",)
    assert of(window, "fill").keys == ()
    qtbot.mouseClick(dialog.reset_all, Qt.MouseButton.LeftButton)
    assert of(window, "fill").keys == ("G",)
    assert settings.shortcuts == {}


@pytest.mark.parametrize(
    ("key", "modifiers"),
    [
        (Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_F, Qt.KeyboardModifier.AltModifier),
    ],
)
def test_keys_that_painting_and_menus_need_are_refused(window, dialog, qtbot, key, modifiers):
    dialog.choose("fill")
    type_keys(dialog, qtbot, key, modifiers)
    assert "cannot be given" in dialog.note.text()
    assert not dialog.take.isVisible()
    assert of(window, "fill").keys == ("G",)


def test_a_key_can_be_added_and_all_can_be_removed(window, dialog, qtbot):
    dialog.choose("fill")
    dialog.adding.setChecked(True)
    type_keys(dialog, qtbot, Qt.Key.Key_U, Qt.KeyboardModifier.ControlModifier)
    assert of(window, "fill").keys == ("G", "Ctrl+U")
    qtbot.mouseClick(dialog.none, Qt.MouseButton.LeftButton)
    assert of(window, "fill").keys == ()
    assert "no keys" in dialog.chosen.text()


def test_the_search_finds_names_menus_and_keys(dialog, qtbot):
    def visible() -> list[str]:
        return [item.text(0) for item in dialog._items() if not item.isHidden()]

    qtbot.keyClicks(dialog.search, "ctrl+shift+z")
    assert visible() == ["Redo"]
    dialog.search.clear()
    qtbot.keyClicks(dialog.search, "export label")
    assert visible() == ["Label map (ids)", "Label map (colours)"]
    assert dialog.command is not None
    assert dialog.command.name == "export_ids"


def test_escape_leaves_the_field_and_tab_goes_on(dialog, qtbot):
    dialog.choose("fill")
    type_keys(dialog, qtbot, Qt.Key.Key_Escape)
    assert dialog.isVisible()
    assert dialog.focusWidget() is dialog.tree
    dialog.field.setFocus()
    qtbot.keyClick(dialog.field, Qt.Key.Key_Tab)
    assert dialog.focusWidget() is not dialog.field


def test_keys_of_panels_can_be_changed_too(window, dialog, qtbot):
    dialog.choose("panel_layers" if "panel_layers" in dialog._commands else "panel_view")
    name = dialog.command.name
    type_keys(dialog, qtbot, Qt.Key.Key_F10)
    assert of(window, name).keys == ("F10",)


def test_single_keys_are_text_in_text_fields(window, qtbot):
    keys = [Qt.Key(ord(key)) for command in window.desktop.shortcuts.commands() for key in command.keys if len(key) == 1]
    assert len(keys) > 20
    field = window.findChild(QLineEdit)
    search = window.palette_panel.search
    assert field is not None
    search.setFocus()
    assert QApplication.focusWidget() is search
    kind, label = window.toolbox.kind, window.toolbox.label
    for key in keys:
        qtbot.keyClick(search, key)
    assert search.text().upper() == "".join(chr(key) for key in keys).upper()
    assert (window.toolbox.kind, window.toolbox.label) == (kind, label)


def test_what_the_file_says_beyond_reason_is_not_taken(tmp_path, theme, renderer, qtbot):
    path = tmp_path / "settings.ini"
    keys = {"fill": ["B", "B", "nonsense+"], "there is none": ["Q"], "brush": ["B"]}
    path.write_text(f"[shortcuts]\nkeys={json.dumps(json.dumps(keys))}\n")
    window = MainWindow(Settings(path), theme, renderer.load, renderer.channels)
    qtbot.addWidget(window)
    keys = [key for command in window.desktop.shortcuts.commands() for key in command.keys]
    assert keys.count("B") == 1
