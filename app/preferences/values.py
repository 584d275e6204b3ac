"""What the settings dialog sets, as one frozen value: read from the settings, changed, written back."""

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
    """What a person prefers; without arguments, the defaults. Every name is one of :class:`Settings` too.

    Attributes:
        appearance: Dark, light, or as the system is.
        language: Of menus and messages, from the next start on.
        autosave_seconds: From a change to its autosave.
        recent_count: How many recent files are remembered.
        history_megabytes: Memory that undo steps may take, in MiB.
        runs_folder: Where trainings are made and listed.
        looks_for_updates: Whether the newest version is looked up at each start.
        update_address: Address of the file that names it.
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
        """Return what the settings say."""
        return cls(**{one.name: getattr(settings, one.name) for one in fields(cls)})

    def write(self, settings: Settings) -> None:
        """Put what differs into the settings, and them on the disk."""
        before = Preferences.read(settings)
        for one in fields(self):
            if (value := getattr(self, one.name)) != getattr(before, one.name):
                setattr(settings, one.name, value)
        settings.save()
