"""The German texts: complete, current, compiled, and in the window when the language is asked for."""

from __future__ import annotations

import importlib.util
import re
import string
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from PySide6.QtCore import QCoreApplication, QLocale
from PySide6.QtWidgets import QMenu

from spade_studio.app.model import label_names
from spade_studio.app.startup import translations
from spade_studio.app.ui.plain import counted, number_text, percent_text

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    path = ROOT / "packaging" / "translations.py"
    if not path.is_file():
        pytest.skip("there is no folder packaging beside the tests")
    spec = importlib.util.spec_from_file_location("translations_tool", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def german(qapp):
    before = list(qapp.findChildren(translations.QTranslator))
    assert translations.install(qapp, "de") == "de"
    yield
    label_names.use("en")
    for translator in qapp.findChildren(translations.QTranslator):
        if translator not in before:
            qapp.removeTranslator(translator)
            translator.deleteLater()
    QLocale.setDefault(QLocale("en"))


@pytest.mark.parametrize("language", [*translations.TRANSLATED, "en"])
def test_every_text_is_translated_and_compiled(tool, language):
    assert tool.problems(language) == [], "python packaging/translations.py update; translate; python packaging/translations.py release"


@pytest.mark.parametrize("language", [*translations.TRANSLATED, "en"])
def test_translations_keep_fields_mnemonics_and_dots(tool, language):
    def fields(text: str) -> list[str]:
        if re.search(r"[*]\.|\{seed:06\}|\{index", text):
            return []  # file patterns; and examples of patterns, which are no fields
        return sorted(f"{name}:{spec}" for _, name, spec, _ in string.Formatter().parse(text) if name is not None)

    def has_mnemonic(text: str) -> bool:
        return "&" in text.replace("&&", "")

    wrong = [
        (source, german)
        for (_, source), forms in tool.texts(tool.source_file(language)).items()
        for german in forms
        if fields(source) != fields(german)
        or has_mnemonic(source) != has_mnemonic(german)
        or source.endswith("…") != german.endswith("…")
        or source[:1].isspace() != german[:1].isspace()
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("asked", "system", "used"),
    [
        ("system", ["de-AT", "en"], "de"),
        ("system", ["fr-FR", "de_DE", "en"], "de"),
        ("system", ["en-GB", "de"], "en"),
        ("system", ["C"], "en"),
        ("system", [], "en"),
        ("en", ["de"], "en"),
        ("de", ["en"], "de"),
    ],
)
def test_the_language_is_that_of_the_settings_or_the_systems_first_known_one(asked, system, used):
    assert translations.choose(asked, system) == used


def test_a_window_speaks_german(german, settings, theme, renderer, qtbot):
    from spade_studio.app.shell.main_window import MainWindow

    window = MainWindow(settings, theme, renderer.load, renderer.channels)
    qtbot.addWidget(window, before_close_func=lambda window: window.document.undo_stack.setClean())
    titles = [action.text() for action in window.menuBar().actions()]
    assert titles == ["&Datei", "&Bearbeiten", "Aus&wahl", "&Malen", "&Ansicht", "&Rendern", "&Hilfe"]
    assert window.commands["fill"].text() == "&Füllen"
    assert "Füllen:" in window.commands["fill"].toolTip()
    assert window.desktop.ask_sample().list.item(1).text() == "Küste"
    assert window.desktop.ask_preferences().windowTitle() == "Einstellungen"
    # A letter may open two commands of a menu, by turns, but not many do.
    for action in window.menuBar().actions():
        menu = action.menu()
        assert isinstance(menu, QMenu)
        letters = re.findall(r"&(\w)", " ".join(one.text() for one in menu.actions() if one.isVisible()).lower())
        twice = sorted({letter for letter in letters if letters.count(letter) > 1})
        assert len(twice) <= 3, (action.text(), twice)


def test_counts_have_their_plural(german, qtbot):
    text = "%Ln step(s), {used:.1f} of {budget:.0f} MB"
    translated = [QCoreApplication.translate("HistoryPanel", text, "", count).partition(",")[0] for count in (0, 1, 1234)]
    assert translated == ["0 Schritte", "1 Schritt", "1.234 Schritte"]


def test_english_counts_have_their_plural_too(qapp):
    texts = [counted("StatusBar", "Made of %Ln photograph(s)", count) for count in (1, 2345)]
    assert texts == ["Made of 1 photograph", "Made of 2,345 photographs"]
    assert number_text(1234) == "1,234"


def test_no_count_is_written_without_a_plural(tool):
    counts = re.compile(r"(?<!× )\{(count|:,|)\} [a-z]+s\b")
    found = [source for _, source in tool.texts(tool.source_file("de")) if counts.search(source)]
    known = ("{} to {} pixels on each side", "that makes {:,} pictures", "that makes {:,} frames", "at most {} bytes")
    known = (*known, "{} comes out otherwise now")
    assert [text for text in found if text not in known] == []


def test_qts_own_dialogs_speak_german_too(german):
    text = QCoreApplication.translate("QPlatformTheme", "Cancel")
    assert text == "Abbrechen"


def test_the_program_starts_in_the_language_of_its_settings(isolated_settings, qt_libraries):
    folder = isolated_settings / "config" / "spade-studio"
    folder.mkdir(parents=True)
    (folder / "settings.ini").write_text("[window]\nlanguage=de\n", "utf-8")
    code = "from spade_studio.app import main\n_, window = main.build(main.parse([]))\nprint(window.commands['quit'].text())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=False, cwd=ROOT)
    assert done.stdout.strip() == "&Beenden", done.stderr


def test_shares_are_written_as_the_language_does(german):
    assert [percent_text(share, 1) for share in (0.5, 0.0004, 0)] == ["50,0 %", "< 0,1 %", "0,0 %"]


def test_shares_in_english(qapp):
    assert [percent_text(share) for share in (0.5, 0.004, 1)] == ["50%", "< 1%", "100%"]
