"""The values of the settings dialog as one immutable object, read from and written to the settings."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path

from spade_studio.app.ui.settings import (
    AUTOSAVE_SECONDS,
    HISTORY_MEGABYTES,
    RECENT_FILES,
    Appearance,
    Language,
    Settings,
    default_runs_folder,
)


@dataclass(frozen=True)
class Preferences:
    """The user's preferences; without arguments, the defaults. Every attribute is also one of :class:`Settings`.

    Attributes:
        appearance: Dark, light, or following the system.
        language: Language of menus and messages, effective from the next start.
        autosave_seconds: Seconds from a change to its autosave.
        recent_count: Number of recent files to remember.
        history_megabytes: Memory limit of the undo history in MiB.
        runs_folder: Folder of training runs.
        looks_for_updates: Whether to check for a newer version at each start.
        update_address: https address of the update file.
    """

    appearance: Appearance = "dark"
    language: Language = "system"
    autosave_seconds: int = AUTOSAVE_SECONDS[2]
    recent_count: int = RECENT_FILES[2]
    history_megabytes: int = HISTORY_MEGABYTES[2]
    runs_folder: Path = field(default_factory=default_runs_folder)
    looks_for_updates: bool = False
    update_address: str = ""

    @classmethod
    def read(cls, settings: Settings) -> Preferences:
        """Return the preferences stored in the settings."""
        return cls(**{one.name: getattr(settings, one.name) for one in fields(cls)})

    def write(self, settings: Settings) -> None:
        """Store the changed values in the settings and save them to disk."""
        before = Preferences.read(settings)
        for one in fields(self):
            if (value := getattr(self, one.name)) != getattr(before, one.name):
                setattr(settings, one.name, value)
        settings.save()
