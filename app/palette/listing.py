"""Selection and order of the labels that the palette lists."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Literal

from spade_studio.app.model.label_names import label_text, search_text, sort_key
from spade_studio.app.model.nearest_label import plain_name
from spade_studio.engine.labels import Label

Show = Literal["known", "all", "favourites", "recent", "group"]


@dataclass(frozen=True)
class Choice:
    """Filter of the listed labels.

    Attributes:
        show: Kind of labels to list; a search covers all labels of the set regardless.
        group: Group to list where ``show`` is ``"group"``.
    """

    show: Show = "known"
    group: str = ""


@dataclass(frozen=True)
class Offer:
    """Labels available for listing.

    Attributes:
        labels: All labels of a set, in set order.
        known: Ids that the weights know, in the order of the weights; None before weights are loaded, when all labels count as known.
        favourites: Ids of favourite labels.
        recent: Ids of recent labels, most recent first.
    """

    labels: tuple[Label, ...] = ()
    known: tuple[int, ...] | None = None
    favourites: frozenset[int] = frozenset()
    recent: tuple[int, ...] = ()
    _by_id: dict[int, Label] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_id", {label.id: label for label in self.labels})

    def label(self, label_id: int) -> Label | None:
        """Return the label with an id; None where there is none."""
        return self._by_id.get(label_id)

    def is_known(self, label_id: int) -> bool:
        """Return whether the weights know a label; True for all labels before weights are loaded."""
        return self.known is None or label_id in self.known

    @property
    def known_labels(self) -> tuple[Label, ...]:
        """Labels that the weights know; before weights are loaded, all labels that are in use."""
        if self.known is None:
            return tuple(label for label in self.labels if not label.unused)
        return tuple(label for label_id in self.known if (label := self.label(label_id)) is not None)

    @property
    def paintable(self) -> tuple[Label, ...]:
        """All labels in use, those that the weights know first."""
        known = self.known_labels
        ids = {label.id for label in known}
        return (*known, *(label for label in self.labels if not label.unused and label.id not in ids))

    @property
    def groups(self) -> tuple[str, ...]:
        """Groups of the set in set order; empty for a set without groups."""
        return tuple(dict.fromkeys(label.group for label in self.labels if label.group and not label.unused))


def listed(offer: Offer, choice: Choice, search: str = "") -> tuple[Label, ...]:
    """Return the labels to list: with a search text its results, known labels first, otherwise the labels of the filter."""
    words = search.casefold().split()
    usable = tuple(label for label in offer.labels if not label.unused or (offer.known is not None and offer.is_known(label.id)))
    if words:
        known = offer.known_labels
        ids = {label.id for label in known}
        rest = [label for label in usable if label.id not in ids]
        found = (label for label in (*known, *rest) if _is_found(label, words))
        return tuple(sorted(found, key=lambda label: (label.id not in ids, *_rank(label, " ".join(words)))))
    match choice.show:
        case "known":
            return offer.known_labels
        case "all":
            return usable
        case "favourites":
            return tuple(label for label in usable if label.id in offer.favourites)
        case "recent":
            return tuple(label for label_id in offer.recent if (label := offer.label(label_id)) is not None)
        case "group":
            return tuple(label for label in usable if label.group == choice.group)


def touched(recent: Sequence[int], label_id: int, most: int) -> tuple[int, ...]:
    """Return the recent label ids, at most ``most``, after a choice: a new id is prepended, one in the list keeps its place."""
    return tuple(recent) if label_id in recent else (label_id, *recent)[:most]


def _is_found(label: Label, words: Collection[str]) -> bool:
    text = " ".join((label.name, plain_name(label.name), label.group, *label.synonyms, search_text(label))).casefold()
    return all(word in text for word in words)


def _rank(label: Label, start: str) -> tuple[bool, bool]:
    """Return a sort key that puts an exact match first, then prefix matches: sand before sandwich."""
    names = label_text(label).casefold(), label.name.casefold(), plain_name(label.name)
    return start not in names, not any(name.startswith(start) for name in names)


def grouped(labels: Sequence[Label], groups: Sequence[str]) -> list[tuple[str, tuple[Label, ...]]]:
    """Return labels by group, groups in the given order and labels by name; labels without a group come last, under an empty name."""
    found: dict[str, list[Label]] = {group: [] for group in (*groups, "")}
    for label in labels:
        found[label.group if label.group in found else ""].append(label)
    return [(group, tuple(sorted(members, key=sort_key))) for group, members in found.items() if members]
