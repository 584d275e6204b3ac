"""Starts the application as ``python -m spade_studio.app.main`` does, and answers when it is at rest.

Usage: ``watched.py FOLDER [ARGUMENT...]``. A number in ``FOLDER/asked`` is repeated in ``FOLDER/at-rest`` once all events that came before
are handled, what follows from them is drawn, and the picture shown belongs to the layout.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QTimer

from spade_studio.app.main import main
from spade_studio.app.shell import main_window

MILLISECONDS = 20
TURNS = 5
"""Of the event loop, at rest, before it is said: what was drawn is on its way to the screen then."""


class Watch(QTimer):
    """Looks for a question in a folder, and answers it."""

    def __init__(self, window: main_window.MainWindow, folder: Path) -> None:
        super().__init__(window, interval=MILLISECONDS)
        self._window, self._folder = window, folder
        self._asked, self._answered, self._turns = "", "", 0
        self.timeout.connect(self._look)
        self.start()

    def _look(self) -> None:
        with suppress(FileNotFoundError):
            asked = (self._folder / "asked").read_text()
            self._turns = 0 if asked != self._asked else self._turns
            self._asked = asked
        if self._asked == self._answered:
            return
        self._turns = self._turns + 1 if self._window.live.is_up_to_date else 0
        if self._turns >= TURNS:
            self._answered = self._asked
            (self._folder / "at-rest").write_text(self._answered)


def watch(folder: Path) -> None:
    """Let the main window, once it is there, be asked in a folder."""
    make = main_window.MainWindow.__init__

    def made(self: main_window.MainWindow, *arguments: object, **options: object) -> None:
        make(self, *arguments, **options)  # pyright: ignore[reportArgumentType] - handed on as they are
        Watch(self, folder)

    main_window.MainWindow.__init__ = made


if __name__ == "__main__":
    watch(Path(sys.argv[1]))
    sys.exit(main(sys.argv[2:]))
