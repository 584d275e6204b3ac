"""What the training window remembers between starts: the folder of runs and every field of the form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

from spade_studio.app.ui.settings import Settings


class TrainingMemory:
    """Remembered values; whatever cannot be read counts as not remembered."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        try:
            data: object = json.loads(settings.training)
        except (ValueError, RecursionError):
            data = {}
        self._values: dict[str, object] = cast("dict[str, object]", data) if isinstance(data, dict) else {}

    @property
    def runs_folder(self) -> Path:
        """Where runs are made and listed."""
        return self._settings.runs_folder

    @runs_folder.setter
    def runs_folder(self, folder: Path) -> None:
        self._settings.runs_folder = folder

    @property
    def form(self) -> dict[str, object]:
        """What the form was filled with, a TrainConfig as JSON; empty at the first time."""
        value = self._values.get("form")
        return cast("dict[str, object]", value) if isinstance(value, dict) else {}

    def save(self) -> None:
        """Write to the disk now."""
        self._settings.save()

    def text(self, name: str) -> str:
        """Return a remembered text; empty for none."""
        value = self._values.get(name)
        return value if isinstance(value, str) else ""

    def keep(self, name: str, value: object) -> None:
        """Remember a value that JSON can hold."""
        self._values[name] = value
        self._settings.training = json.dumps(self._values)
