"""Display names of labels and groups: translated to the window's language where a translation exists, otherwise as in the set."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources

from spade_studio.engine.labels import Label


@dataclass(frozen=True)
class _Words:
    """Contents of a language's file of names.

    Attributes:
        names: Display name followed by search words, keyed by the label's name; ``(unused)`` or the group in brackets after the name
            distinguishes labels of the same name.
        groups: Display names of groups, keyed by the group's name.
    """

    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    groups: Mapping[str, str] = field(default_factory=dict[str, str])


_words = _Words()


def use(language: str) -> None:
    """Set the language of display names; names already on the screen do not change.

    Args:
        language: ``en``, the language of the sets themselves, or a language with a file of names.
    """
    global _words
    if language == "en":
        _words = _Words()
        return
    file = resources.files("spade_studio.resources") / "label_sets" / f"names_{language}.json"
    data = json.loads(file.read_text(encoding="utf-8"))
    _words = _Words({name: tuple(words) for name, words in data["names"].items()}, data["groups"])


def label_text(label: Label | str) -> str:
    """Return the display name of a label.

    Args:
        label: A label, or its name in the set, including ``unlabeled``.
    """
    words = _words_of(label)
    return words[0] if words else _own_name(label)


def group_text(group: str) -> str:
    """Return the display name of a group."""
    return _words.groups.get(group.casefold(), group)


def other_words(label: Label) -> tuple[str, ...]:
    """Return the synonyms of a label in the current language, preceded by its name in the set where its display name is a translation."""
    words = _words_of(label)
    return (label.name, *words[1:]) if words else label.synonyms


def search_text(label: Label) -> str:
    """Return the translated words that a search matches besides the label's own, with umlauts also in their spelling as ae, oe and ue."""
    words = _words_of(label)
    if not words:
        return ""
    text = " ".join((*words, group_text(label.group))).casefold()
    return f"{text} {text.translate(_SPELT_OUT)}"


def sort_key(label: Label) -> str:
    """Return the key that sorts labels by display name, ignoring case and diacritics."""
    return "".join(mark for mark in unicodedata.normalize("NFD", label_text(label).casefold()) if not unicodedata.combining(mark))


_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


def _own_name(label: Label | str) -> str:
    return label if isinstance(label, str) else label.name


def _words_of(label: Label | str) -> tuple[str, ...]:
    name = _own_name(label).strip().casefold()
    keys = [name]
    if isinstance(label, Label):
        keys = [*([f"{name} (unused)"] if label.unused else []), f"{name} ({label.group.casefold()})", name]
    return next((_words.names[key] for key in keys if key in _words.names), ())
