"""The names of labels and groups that people read: a word of the window's language where there is one, else the set's own."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources

from spade_studio.engine.labels import Label


@dataclass(frozen=True)
class _Words:
    """What stands in the file of a language.

    Attributes:
        names: By a label's name, which may be followed by ``(unused)`` or by the label's group in brackets where another label of that
            name is called otherwise: what it is called, then other words that find it.
        groups: By a group's name.
    """

    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    groups: Mapping[str, str] = field(default_factory=dict[str, str])


_words = _Words()


def use(language: str) -> None:
    """Have names in this language from now on; what is shown already stays.

    Args:
        language: ``en``, which the sets themselves are named in, or one that there is a file of names for.
    """
    global _words
    if language == "en":
        _words = _Words()
        return
    file = resources.files("spade_studio.resources") / "label_sets" / f"names_{language}.json"
    data = json.loads(file.read_text(encoding="utf-8"))
    _words = _Words({name: tuple(words) for name, words in data["names"].items()}, data["groups"])


def label_text(label: Label | str) -> str:
    """Return the name that people read.

    Args:
        label: Or only its name in its set, where nothing else is known of it; ``unlabeled`` is one too.
    """
    words = _words_of(label)
    return words[0] if words else _own_name(label)


def group_text(group: str) -> str:
    """Return the name of a group that people read."""
    return _words.groups.get(group.casefold(), group)


def other_words(label: Label) -> tuple[str, ...]:
    """Return what else a label is called, in the language that it is shown in; that begins with its own name where this is not shown."""
    words = _words_of(label)
    return (label.name, *words[1:]) if words else label.synonyms


def search_text(label: Label) -> str:
    """Return what a search looks through beside a label's own words: those of the language, umlauts also as they are spelt without."""
    words = _words_of(label)
    if not words:
        return ""
    text = " ".join((*words, group_text(label.group))).casefold()
    return f"{text} {text.translate(_SPELT_OUT)}"


def sort_key(label: Label) -> str:
    """Return what to sort by for a list by name: marks on letters do not count."""
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
