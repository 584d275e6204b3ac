"""Plain-text display, since Qt renders text that looks like HTML and loads the local images that it references."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QCoreApplication, QLocale, Qt
from PySide6.QtWidgets import QLabel, QMessageBox, QWidget

_LINE = 80  # characters per line; Qt wraps tooltips only if they are markup


class PlainLabel(QLabel):
    """A label that shows plain text; ``&`` still marks the mnemonic of its buddy.

    Args:
        text: Text to show.
        parent: Qt parent.
        role: Style role: ``caption``, ``heading`` or ``problem``; empty for none.
        wraps: Whether long text is wrapped.
    """

    def __init__(self, text: str = "", parent: QWidget | None = None, *, role: str = "", wraps: bool = False) -> None:
        super().__init__(parent, wordWrap=wraps)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)
        if role:
            self.setProperty("role", role)


def message_box(
    parent: QWidget | None,
    headline: str,
    text: str = "",
    icon: QMessageBox.Icon = QMessageBox.Icon.NoIcon,
    buttons: QMessageBox.StandardButton = QMessageBox.StandardButton.NoButton,
) -> QMessageBox:
    """Return a message box with a plain-text headline and text; it is not shown yet."""
    box = QMessageBox(icon, "SPADE Studio", "", buttons, parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(headline)
    box.setInformativeText(text)
    return box


def counted(context: str, text: str, count: int) -> str:
    """Return the translation of a text with ``%n`` or ``%Ln``, in the plural form for ``count``; the counterpart of ``QObject.tr``."""
    return QCoreApplication.translate(context, text, "", count)


def number_text(number: int) -> str:
    """Return an integer with the digit grouping of the window's language: 1,234."""
    return QLocale().toString(number)


def percent_text(share: float, decimals: int = 0) -> str:
    """Return a fraction, 0..1, as a percentage in the window's language: 50% or 50,0 %; below the last decimal place, < 0.1%."""
    least = 10.0**-decimals
    is_less = 0 < 100 * share < least
    number = QLocale().toString(least if is_less else 100.0 * share, "f", decimals)
    text = QCoreApplication.translate("Numbers", "{number}%").format(number=number)
    return f"< {text}" if is_less else text


def plain_tip(text: str) -> str:
    """Return a text escaped and wrapped for display as plain text in a tooltip."""
    looks_rich: bool = Qt.mightBeRichText(text)  # pyright: ignore[reportAttributeAccessIssue] - the stubs lack it
    if not looks_rich and max(map(len, text.split("\n"))) <= _LINE:
        return text
    return f'<p style="white-space: pre-wrap">{escape(text)}</p>'


def sentence(text: str) -> str:
    """Return a text with a capital first letter, unless it begins with a file name."""
    first = text.split(maxsplit=1)[0] if text.strip() else ""
    is_name = any(character in first.rstrip(".:,") for character in "./\\_~")
    return text if is_name else text[:1].upper() + text[1:]
