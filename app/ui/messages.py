"""Message boxes: errors of user actions, notes, and questions about unsaved changes and existing files."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QMessageBox, QWidget

from spade_studio.app.ui.plain import message_box, sentence
from spade_studio.engine.errors import EngineError


class Unsaved(Enum):
    """The user's choice for unsaved changes."""

    SAVE = "save"
    DISCARD = "discard"
    CANCEL = "cancel"


STEPS = (
    *("brush", "eraser", "fill", "line", "rectangle", "ellipse", "polygon", "lasso", "select", "picker"),
    *("replace", "erase selection", "move selection", "resize", "crop", "extend"),
    *("paste", "cut", "duplicate", "flip selection", "turn selection"),
    *("style", "strength", "mix", "texture", "texture here"),
)
"""Names of the undo steps in code."""


def step_name(text: str) -> str:
    """Return the menu text of an undo step."""
    return QCoreApplication.translate("Steps", text)


def show_error(parent: QWidget, headline: str, error: EngineError) -> None:
    """Show an error: what was found, what was expected, what to do. Non-blocking; the box is a child of ``parent``."""
    lines = [
        error.found,
        QCoreApplication.translate("Messages", "Expected: {expected}").format(expected=error.expected) if error.expected else "",
        error.action,
    ]
    text = "\n\n".join(sentence(line) for line in lines if line)
    message_box(parent, headline, text, QMessageBox.Icon.Warning, QMessageBox.StandardButton.Ok).open()


def show_note(parent: QWidget, headline: str, text: str) -> None:
    """Show a note about a completed action. Non-blocking; the box is a child of ``parent``."""
    message_box(parent, headline, text, QMessageBox.Icon.Information, QMessageBox.StandardButton.Ok).open()


def ask_unsaved(parent: QWidget, name: str) -> Unsaved:
    """Ask whether to save or discard unsaved changes, or to cancel; blocks until answered."""
    button = QMessageBox.StandardButton
    headline = QCoreApplication.translate("Messages", "Save the changes to {name}?").format(name=name)
    text = QCoreApplication.translate("Messages", "They are lost otherwise.")
    box = message_box(parent, headline, text, buttons=button.Save | button.Discard | button.Cancel)
    box.setDefaultButton(button.Save)
    answers = {button.Save: Unsaved.SAVE, button.Discard: Unsaved.DISCARD}
    return answers.get(QMessageBox.StandardButton(box.exec()), Unsaved.CANCEL)


def ask_replace(parent: QWidget, path: Path) -> bool:
    """Ask whether to replace an existing file; blocks until answered."""
    headline = QCoreApplication.translate("Messages", "{name} exists already. Replace it?").format(name=path.name)
    text = QCoreApplication.translate("Messages", "What it holds is lost then.")
    box = message_box(parent, headline, text, buttons=QMessageBox.StandardButton.Cancel)
    replace = box.addButton(QCoreApplication.translate("Messages", "&Replace"), QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(QMessageBox.StandardButton.Cancel)
    box.exec()
    return box.clickedButton() is replace
