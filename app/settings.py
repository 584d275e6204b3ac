"""What the application remembers between starts, typed.

It knows no widgets; windows hand it bytes and numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, cast, get_args

import platformdirs
from PySide6.QtCore import QByteArray, QSettings

Appearance = Literal["system", "light", "dark"]

APPLICATION = "spade-studio"
_MAX_RECENT = 10


class Settings:
    """Remembered values; anything unreadable in the file counts as not remembered."""

    def __init__(self, path: Path | None = None) -> None:
        # Settings of their own, as tests have them, come with a state of their own.
        self._state_folder = path.parent / "state" if path else Path(platformdirs.user_state_dir(APPLICATION, appauthor=False))
        path = path or Path(platformdirs.user_config_dir(APPLICATION, appauthor=False)) / "settings.ini"
        self._store = QSettings(str(path), QSettings.Format.IniFormat)

    @property
    def geometry(self) -> QByteArray:
        """Size and place of the window."""
        return self._bytes("window/geometry")

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._store.setValue("window/geometry", value)

    @property
    def appearance(self) -> Appearance:
        """Whether to follow the system's light or dark."""
        value = self._store.value("window/appearance")
        return cast("Appearance", value) if value in get_args(Appearance) else "system"

    @appearance.setter
    def appearance(self, value: Appearance) -> None:
        self._store.setValue("window/appearance", value)

    @property
    def brush_size(self) -> int | None:
        """Diameter in pixels."""
        return self._whole("brush/size")

    @brush_size.setter
    def brush_size(self, value: int) -> None:
        self._store.setValue("brush/size", value)

    @property
    def folder(self) -> Path | None:
        """Where a file was last opened or saved."""
        value = self._store.value("files/folder")
        return Path(value) if isinstance(value, str) and value and Path(value).is_dir() else None

    @folder.setter
    def folder(self, value: Path) -> None:
        self._store.setValue("files/folder", str(value))

    @property
    def training(self) -> str:
        """What the training window remembers, as JSON; empty for nothing."""
        value = self._store.value("training/memory")
        return value if isinstance(value, str) else ""

    @training.setter
    def training(self, value: str) -> None:
        self._store.setValue("training/memory", value)

    @property
    def recent_files(self) -> list[Path]:
        """Files opened or saved lately, the newest first."""
        value = self._store.value("files/recent")
        texts = value if isinstance(value, list) else [value]
        return [Path(text) for text in texts if isinstance(text, str) and text][:_MAX_RECENT]

    @recent_files.setter
    def recent_files(self, value: Sequence[Path]) -> None:
        self._store.setValue("files/recent", [str(path) for path in value[:_MAX_RECENT]])

    def add_recent_file(self, path: Path) -> None:
        """Put a file first among the recent ones."""
        self.recent_files = [path, *(other for other in self.recent_files if other != path)]

    @property
    def state_folder(self) -> Path:
        """Where autosaved documents lie; it need not exist."""
        return self._state_folder

    def save(self) -> None:
        """Write to the disk now."""
        self._store.sync()

    def _bytes(self, key: str) -> QByteArray:
        value = self._store.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()

    def _whole(self, key: str) -> int | None:
        value = self._store.value(key)
        try:
            return int(cast("str", value))
        except (TypeError, ValueError):
            return None
