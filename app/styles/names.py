"""Display names of styles in the window's language."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from spade_studio.app.styles.style import Style
from spade_studio.app.ui.marking import QT_TRANSLATE_NOOP

_BUILT_IN = {
    "Noon": QT_TRANSLATE_NOOP("StylesController", "Noon"),
    "Sunset": QT_TRANSLATE_NOOP("StylesController", "Sunset"),
    "Golden hour": QT_TRANSLATE_NOOP("StylesController", "Golden hour"),
    "Overcast": QT_TRANSLATE_NOOP("StylesController", "Overcast"),
    "Mist": QT_TRANSLATE_NOOP("StylesController", "Mist"),
    "Winter light": QT_TRANSLATE_NOOP("StylesController", "Winter light"),
    "Blue hour": QT_TRANSLATE_NOOP("StylesController", "Blue hour"),
    "Storm": QT_TRANSLATE_NOOP("StylesController", "Storm"),
    "Clear morning": QT_TRANSLATE_NOOP("StylesController", "Clear morning"),
}


def name_of(style: Style) -> str:
    """Return the display name of a style."""
    if style.origin == "built-in":
        return built_in_name(style.label)
    if style.label:
        return style.label
    if style.code is None:
        return QCoreApplication.translate("StylesController", "Style {}").format(style.seed)
    return QCoreApplication.translate("StylesController", "A style")


def built_in_name(name: str) -> str:
    """Return the translated name of a built-in style; other names unchanged."""
    return QCoreApplication.translate("StylesController", _BUILT_IN[name]) if name in _BUILT_IN else name
