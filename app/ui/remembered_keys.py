"""Keys that a person has given commands, as they are remembered."""

from __future__ import annotations

from typing import cast

MAX_SHORTCUTS = 500


def read_keys(data: object) -> dict[str, tuple[str, ...]]:
    """Return what is well formed.

    Raises:
        ValueError: It is no table of lists of texts.
    """
    if not isinstance(data, dict) or len(data) > MAX_SHORTCUTS:
        raise ValueError("no table of shortcuts")
    found: dict[str, tuple[str, ...]] = {}
    for name, keys in cast("dict[str, object]", data).items():
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in cast("list[object]", keys)):
            raise ValueError(f"no list of keys: {name}")
        found[name] = tuple(cast("list[str]", keys))
    return found
