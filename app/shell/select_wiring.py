"""The commands of the select menu, and cut, copy and paste of the selection."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from spade_studio.app.canvas import clipboard
from spade_studio.app.canvas.tools import Toolbox
from spade_studio.app.model import selections
from spade_studio.app.model.document import Document
from spade_studio.app.ui.actions import Actions

_NEED_SELECTION = ("cut", "duplicate", "select_none", "flip_x", "flip_y", "rotate_left", "rotate_right", "crop")


class SelectCommands(QObject):
    """The commands on the selection."""

    nothing_to_copy = Signal()  # the copy command was given without a selection
    nothing_to_paste = Signal()  # the paste command was given, and the clipboard has no piece of a layout

    def __init__(self, parent: QObject, document: Document, toolbox: Toolbox, commands: Actions) -> None:
        super().__init__(parent)
        self._document, self._toolbox, self._commands = document, toolbox, commands
        hand, on = toolbox.selecting, commands.on
        on("select_all", lambda: hand.select(np.ones(document.size, bool)))
        on("select_none", lambda: hand.select(None))
        on("select_invert", hand.invert)
        on("select_label", lambda: hand.take_label(toolbox.label))
        on("cut", self.cut)
        on("copy", self.copy)
        on("paste", self.paste)
        on("duplicate", hand.duplicate)
        on("flip_x", lambda: hand.transform(lambda place: place.flipped(left_right=True), "flip selection"))
        on("flip_y", lambda: hand.transform(lambda place: place.flipped(left_right=False), "flip selection"))
        on("rotate_left", lambda: hand.transform(lambda place: place.turned(-90), "turn selection"))
        on("rotate_right", lambda: hand.transform(lambda place: place.turned(90), "turn selection"))
        document.selection_changed.connect(self._enable)
        self._enable()

    def fill_menu(self, menu: QMenu) -> None:
        """Add the commands to the select menu."""
        names = ("select_all", "select_none", "select_invert", "select_label", "", "duplicate", "flip_x", "flip_y")
        for name in (*names, "rotate_left", "rotate_right", "", "texture_selection", "", "crop"):
            if name:
                menu.addAction(self._commands[name])
            else:
                menu.addSeparator()

    def copy(self) -> None:
        """Copy the selection to the clipboard."""
        document = self._document
        if document.selection is None:
            self.nothing_to_copy.emit()
            return
        place = selections.bounds(document.selection)
        data = clipboard.to_clipboard(document.labels, document.instances, document.selection, place, document.label_set)
        QGuiApplication.clipboard().setMimeData(data)

    def cut(self) -> None:
        """Copy the selection to the clipboard and fill the area from its surroundings."""
        if self._document.selection is not None:
            self.copy()
            self._toolbox.selecting.clear("cut")

    def paste(self) -> None:
        """Paste the piece of a layout in the clipboard as a floating selection."""
        data = QGuiApplication.clipboard().mimeData()
        document = self._document
        piece = clipboard.from_clipboard(data, document.label_set, document.size) if data is not None else None
        if piece is None:
            self.nothing_to_paste.emit()
        else:
            self._toolbox.selecting.hover(piece)

    def _enable(self) -> None:
        for name in _NEED_SELECTION:
            self._commands[name].setEnabled(self._document.selection is not None)
