"""Menu of recently opened files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QMenu, QWidget

from spade_studio.app.ui.plain import plain_tip
from spade_studio.app.ui.settings import Settings


class RecentMenu(QMenu):
    """Recent files by name and folder, most recent first."""

    def __init__(self, settings: Settings, open_path: Callable[[Path], object], parent: QWidget) -> None:
        super().__init__(QCoreApplication.translate("RecentMenu", "Open &recent"), parent)
        self._settings = settings
        self._open_path = open_path
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Update the entries; missing files stay listed but disabled, since their disk may be reconnected."""
        self.clear()
        paths = self._settings.recent_files
        for number, path in enumerate(paths, 1):
            mnemonic = f"&{number}  " if number < 10 else "    "
            action = self.addAction(mnemonic + f"{path.name}  ({_short(path.parent)})".replace("&", "&&"))
            action.setToolTip(plain_tip(str(path)))
            action.setEnabled(path.is_file())
            action.triggered.connect(lambda _checked=False, path=path: self._open_path(path))
        self.addSeparator()
        self.addAction(self.tr("&Clear this list"), self._clear)
        self.menuAction().setEnabled(bool(paths))

    def _clear(self) -> None:
        self._settings.recent_files = []
        self.refresh()


def _short(folder: Path) -> str:
    try:
        text = str(Path("~") / folder.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        text = str(folder)
    return text if len(text) <= 48 else f"…{text[-47:]}"
