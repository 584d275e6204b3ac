"""Storage of favourite and recent labels by name, per label set."""

from __future__ import annotations

import json
from typing import Literal, cast

from spade_studio.app.palette.listing import touched
from spade_studio.app.ui.settings import Settings
from spade_studio.engine.labels import LabelSet

MOST_RECENT = 12
_MOST_NAMES = 255
_MOST_SETS = 50
_List = Literal["favourites", "recent"]


class PaletteMemory:
    """Favourite and recent labels of the user.

    Args:
        settings: Settings in which they are stored; unreadable entries count as empty.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sets = _read(settings.palette)

    def favourites(self, label_set: LabelSet) -> frozenset[int]:
        """Return the ids of a set's favourites."""
        return frozenset(self._ids(label_set, "favourites"))

    def recent(self, label_set: LabelSet) -> tuple[int, ...]:
        """Return the ids of a set's recent labels, most recent first."""
        return self._ids(label_set, "recent")

    def toggle_favourite(self, label_set: LabelSet, label_id: int) -> bool:
        """Add a label to the favourites, or remove it; return whether it is a favourite afterwards."""
        ids = self._ids(label_set, "favourites")
        is_favourite = label_id not in ids
        self._keep(label_set, "favourites", (*ids, label_id) if is_favourite else tuple(one for one in ids if one != label_id))
        return is_favourite

    def touch(self, label_set: LabelSet, label_id: int) -> None:
        """Record that a label was chosen."""
        before = self._ids(label_set, "recent")
        after = touched(before, label_id, MOST_RECENT)
        if after != before:
            self._keep(label_set, "recent", after)

    def _ids(self, label_set: LabelSet, which: _List) -> tuple[int, ...]:
        names = self._sets.get(label_set.name, {}).get(which, [])
        labels = (label_set.by_name(name) for name in names)
        return tuple(dict.fromkeys(label.id for label in labels if label is not None))

    def _keep(self, label_set: LabelSet, which: _List, ids: tuple[int, ...]) -> None:
        names = [label.name for label_id in ids if (label := label_set.by_id(label_id)) is not None]
        lists = self._sets.pop(label_set.name, {})
        self._sets[label_set.name] = lists | {which: names}
        while len(self._sets) > _MOST_SETS:
            del self._sets[next(iter(self._sets))]
        self._settings.palette = json.dumps(self._sets)


def _read(text: str) -> dict[str, dict[str, list[str]]]:
    try:
        data: object = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    found: dict[str, dict[str, list[str]]] = {}
    if isinstance(data, dict):
        for name, lists in cast("dict[str, object]", data).items():
            if isinstance(lists, dict):
                kept = {which: _names(cast("dict[str, object]", lists).get(which)) for which in ("favourites", "recent")}
                found[name] = kept
    return found


def _names(value: object) -> list[str]:
    return [name for name in cast("list[object]", value) if isinstance(name, str)][:_MOST_NAMES] if isinstance(value, list) else []
