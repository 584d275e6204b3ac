"""Persistent list of used weights in a JSON file: dates, favourites, notes, and answers about their files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, cast

from spade_studio.engine.errors import EngineError
from spade_studio.engine.files import atomic_writer, open_regular
from spade_studio.engine.weights.info import PublishedOptions

SCHEMA: Final = 2
"""Schema version of the file; version 1 has notes under ``notes`` and no answers."""

MAX_ENTRIES: Final = 60
MAX_NOTE: Final = 4000
_MAX_NAME: Final = 200
_MAX_BYTES: Final = 8 << 20
_MAX_ANSWERS: Final = 200


@dataclass(frozen=True)
class Stamp:
    """Fingerprint of weight files, to detect changes without hashing them again.

    Attributes:
        size: Total size in bytes.
        modified: Latest modification time in nanoseconds since 1970.
        sha256: SHA-256 of the contents.
    """

    size: int
    modified: int
    sha256: str


@dataclass(frozen=True)
class Entry:
    """Entry for opened or used weights.

    Attributes:
        path: Path of the file or folder, which may no longer exist.
        name: Name from the weights' metadata.
        summary: Short description, such as ``SPADE, 182 labels``.
        used: Time of last use in UTC; None if never used.
        is_favourite: Whether the user marked them as a favourite.
        note: Note by the user.
        stamp: Size, modification time and hash of the files, or None if not computed.
    """

    path: Path
    name: str = ""
    summary: str = ""
    used: datetime | None = None
    is_favourite: bool = False
    note: str = ""
    stamp: Stamp | None = None


@dataclass
class Shelf:
    """All entries, newest first, and answers by the hash of their files.

    Args:
        path: JSON file; a damaged one is set aside, one with a newer schema is read where possible and never overwritten.
    """

    path: Path
    entries: list[Entry] = field(default_factory=list[Entry])
    _answers: dict[str, PublishedOptions] = field(default_factory=dict[str, PublishedOptions])
    _is_newer: bool = False

    def __post_init__(self) -> None:
        self._read()

    def find(self, path: Path) -> Entry | None:
        """Return the entry of a file or folder, or None."""
        return next((entry for entry in self.entries if entry.path == path), None)

    def put(self, entry: Entry, *, first: bool = False) -> None:
        """Add or replace the entry of a path, in place or at the front, and save."""
        place = next((i for i, other in enumerate(self.entries) if other.path == entry.path), None)
        if place is None:
            self.entries.insert(0, entry)
        elif first:
            del self.entries[place]
            self.entries.insert(0, entry)
        else:
            self.entries[place] = entry
        while len(self.entries) > MAX_ENTRIES:
            plain = [other for other in self.entries[1:] if not other.is_favourite and not other.note]
            self.entries.remove(plain[-1] if plain else self.entries[-1])
        self.write()

    def mark_used(self, path: Path, name: str, now: datetime | None = None) -> None:
        """Record the current time as the last use of weights."""
        entry = self.find(path) or Entry(path)
        self.put(replace(entry, name=name[:_MAX_NAME] or entry.name, used=now or datetime.now(UTC)), first=True)

    def move(self, entry: Entry, path: Path) -> None:
        """Set the new path of moved weights."""
        moved = replace(self.find(entry.path) or entry, path=path, stamp=None)  # the current entry, including later changes
        others = [other for other in self.entries if other.path != path or other.path == entry.path]
        place = next((i for i, other in enumerate(others) if other.path == entry.path), 0)
        self.entries = [*others[:place], moved, *(other for other in others[place:] if other.path != entry.path)]
        self.write()

    def remove(self, path: Path) -> None:
        """Remove weights from the list, keeping their files."""
        self.entries = [entry for entry in self.entries if entry.path != path]
        self.write()

    def answers(self, sha256: str) -> PublishedOptions | None:
        """Return the answers about files with this hash, or None."""
        return self._answers.get(sha256)

    def answer(self, sha256: str, options: PublishedOptions) -> None:
        """Store the answers about files with this hash; default options remove them."""
        self._answers.pop(sha256, None)
        if options != PublishedOptions():
            self._answers[sha256] = options
        while len(self._answers) > _MAX_ANSWERS:
            del self._answers[next(iter(self._answers))]
        self.write()

    def write(self) -> None:
        """Write the file immediately; on failure the list is kept in memory only."""
        if self._is_newer:
            return
        data = {
            "schema": SCHEMA,
            "weights": [_entry_to_json(entry) for entry in self.entries],
            "answers": {sha256: options.to_json() for sha256, options in self._answers.items()},
        }
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_writer(self.path) as file:
                file.write(json.dumps(data, indent=1).encode())  # ASCII, since file names may not be valid Unicode

    def _read(self) -> None:
        try:
            with open_regular(self.path) as file:
                content = file.read(_MAX_BYTES + 1)
        except OSError:
            return
        try:
            if len(content) > _MAX_BYTES:
                raise ValueError("too long")
            data = migrated(json.loads(content))
        except (ValueError, RecursionError):
            with suppress(OSError):
                self.path.replace(self.path.with_name(f"{self.path.name}.unreadable"))
            return
        self._is_newer = cast("int", data["schema"]) > SCHEMA
        listed, answers = data.get("weights"), data.get("answers")
        for item in cast("list[object]", listed)[:MAX_ENTRIES] if isinstance(listed, list) else []:
            entry = _entry_from_json(item)
            if entry is not None and self.find(entry.path) is None:
                self.entries.append(entry)
        for sha256, item in cast("dict[str, object]", answers).items() if isinstance(answers, dict) else []:
            with suppress(EngineError):
                self._answers[sha256] = PublishedOptions.from_json(item)


def migrated(data: object) -> dict[str, object]:
    """Return a file's content converted to the current schema.

    Raises:
        ValueError: The content is not a list of weights.
    """
    if not isinstance(data, dict):
        raise ValueError("no JSON object")
    values = cast("dict[str, object]", data)
    schema = values.get("schema")
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise ValueError("no schema")
    while isinstance(schema, int) and schema < SCHEMA:
        values = _MIGRATIONS[schema](values)
        schema = values["schema"]
    return values


def _from_1(values: dict[str, object]) -> dict[str, object]:
    listed = values.get("weights")
    items = (
        [cast("dict[str, object]", item) for item in cast("list[object]", listed) if isinstance(item, dict)]
        if isinstance(listed, list)
        else []
    )
    moved = [{("note" if key == "notes" else key): value for key, value in item.items()} for item in items]
    return {"schema": 2, "weights": moved, "answers": {}}


_MIGRATIONS: Final[Mapping[int, Callable[[dict[str, object]], dict[str, object]]]] = {1: _from_1}


def _entry_to_json(entry: Entry) -> dict[str, object]:
    data: dict[str, object] = {"path": str(entry.path), "name": entry.name}
    if entry.stamp is not None:
        data["stamp"] = {"size": entry.stamp.size, "modified": entry.stamp.modified, "sha256": entry.stamp.sha256}
    if entry.used is not None:
        data["used"] = entry.used.astimezone(UTC).isoformat(timespec="seconds")
    extras = {"summary": entry.summary, "favourite": entry.is_favourite, "note": entry.note}
    return data | {key: value for key, value in extras.items() if value}


def _entry_from_json(data: object) -> Entry | None:
    if not isinstance(data, dict):
        return None
    values = cast("dict[str, object]", data)
    path, used = values.get("path"), values.get("used")
    if not isinstance(path, str) or not path or "\0" in path:
        return None
    moment: datetime | None = None
    with suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat(used).astimezone(UTC) if isinstance(used, str) else None
    return Entry(
        Path(path),
        _text(values.get("name"), _MAX_NAME),
        _text(values.get("summary"), _MAX_NAME),
        moment,
        values.get("favourite") is True,
        _text(values.get("note"), MAX_NOTE),
        _stamp_from_json(values.get("stamp")),
    )


def _stamp_from_json(data: object) -> Stamp | None:
    match data:
        case {"size": int(size), "modified": int(modified), "sha256": str(sha256)}:
            return Stamp(size, modified, sha256)
        case _:
            return None


def _text(value: object, most: int) -> str:
    return "".join(c for c in value[:most] if c.isprintable() or c == "\n") if isinstance(value, str) else ""
