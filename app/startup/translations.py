"""The language of menus, messages and labels, chosen by the settings or the system, with Qt's own translations."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from spade_studio.app.model import label_names
from spade_studio.app.ui.settings import Language

TRANSLATED = ("de",)
"""Available translations; the source texts are English, for which the translation files hold only plural forms."""


def install(application: QCoreApplication, language: Language) -> str:
    """Install the translators; windows created earlier keep their language.

    Returns:
        The language in use; "en" where there is no translation.
    """
    system = QLocale.system()
    chosen = choose(language, system.uiLanguages())
    label_names.use(chosen)
    # Numbers and dates follow the system's locale if its language is the same.
    QLocale.setDefault(system if system.language() == QLocale(chosen).language() else QLocale(chosen))
    for data in _files(chosen):
        translator = QTranslator(application)
        if translator.load(str(data)):
            application.installTranslator(translator)
    return chosen


def choose(language: Language, system: list[str]) -> str:
    """Return the language to use, such as "de".

    Args:
        language: The language setting.
        system: The system's languages in order of preference, such as "de-AT", "en-US".
    """
    if language != "system":
        return language
    for name in system:
        if (short := name.replace("_", "-").split("-")[0].lower()) in ("en", *TRANSLATED):
            return short
    return "en"


def _files(language: str) -> list[Path]:
    # Qt's first: the translator installed last takes precedence.
    found = [Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)) / f"qtbase_{language}.qm"]
    own = resources.files("spade_studio.resources") / "translations" / f"spade_studio_{language}.qm"
    return [path for path in (*found, own) if isinstance(path, Path) and path.is_file()]
