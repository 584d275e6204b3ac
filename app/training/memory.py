"""Persistent settings of the training window: the runs folder and the form's values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

from spade_studio.app.ui.settings import Settings


class TrainingMemory:
    """Persistent values; unreadable ones count as unset."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        try:
            data: object = json.loads(settings.training)
        except (ValueError, RecursionError):
            data = {}
        self._values: dict[str, object] = cast("dict[str, object]", data) if isinstance(data, dict) else {}

    @property
    def runs_folder(self) -> Path:
        """Folder in which runs are created and listed."""
        return self._settings.runs_folder

    @runs_folder.setter
    def runs_folder(self, folder: Path) -> None:
        self._settings.runs_folder = folder

    @property
    def form(self) -> dict[str, object]:
        """Last values of the form, a TrainConfig as JSON; empty if unset."""
        value = self._values.get("form")
        return cast("dict[str, object]", value) if isinstance(value, dict) else {}

    def save(self) -> None:
        """Write to disk immediately."""
        self._settings.save()

    def text(self, name: str) -> str:
        """Return a stored text; empty if unset."""
        value = self._values.get(name)
        return value if isinstance(value, str) else ""

    def keep(self, name: str, value: object) -> None:
        """Store a JSON-serializable value."""
        self._values[name] = value
        self._settings.training = json.dumps(self._values)
