"""Texts shown as they are: Qt takes one that looks like HTML for HTML, and loads the local files that it names as images."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QCoreApplication, QLocale, Qt
from PySide6.QtWidgets import QLabel, QMessageBox, QWidget

_LINE = 80  # characters: Qt breaks the lines of markup only


class PlainLabel(QLabel):
    """A label whose text is shown as it is; ``&`` still marks the key of its buddy.

    Args:
        text: What it shows.
        parent: Of Qt.
        role: Its look, such as ``caption``, ``heading`` or ``problem``; empty for that of plain text.
        wraps: Whether long text goes on in further lines.
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
    """Return a message box, not shown yet, whose headline and text are shown as they are."""
    box = QMessageBox(icon, "SPADE Studio", "", buttons, parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(headline)
    box.setInformativeText(text)
    return box


def counted(context: str, text: str, count: int) -> str:
    """Return a text with ``%n`` or ``%Ln`` in its language and number; objects have ``tr`` for this, which is looked up likewise."""
    return QCoreApplication.translate(context, text, "", count)


def number_text(number: int) -> str:
    """Return a whole number as the language of the window groups its digits: 1,234."""
    return QLocale().toString(number)


def percent_text(share: float, decimals: int = 0) -> str:
    """Return a share, 0..1, as the language of the window writes it: 50% or 50,0 %; less than what can be written so as < 0.1%."""
    least = 10.0**-decimals
    is_less = 0 < 100 * share < least
    number = QLocale().toString(least if is_less else 100.0 * share, "f", decimals)
    text = QCoreApplication.translate("Numbers", "{number}%").format(number=number)
    return f"< {text}" if is_less else text


def plain_tip(text: str) -> str:
    """Return what a tool tip must be given to show a text as it is, in lines of a readable length."""
    looks_rich: bool = Qt.mightBeRichText(text)  # pyright: ignore[reportAttributeAccessIssue] - the stubs lack it
    if not looks_rich and max(map(len, text.split("\n"))) <= _LINE:
        return text
    return f'<p style="white-space: pre-wrap">{escape(text)}</p>'


def sentence(text: str) -> str:
    """Return a text that begins with a capital, unless it begins with the name of a file, which stays as it is."""
    first = text.split(maxsplit=1)[0] if text.strip() else ""
    is_name = any(character in first.rstrip(".:,") for character in "./\\_~")
    return text if is_name else text[:1].upper() + text[1:]
