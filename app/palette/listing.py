"""Which labels of a set the palette lists, and in which order."""

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
    """What a person wants listed.

    Attributes:
        show: Which labels; a search looks through all of the set whatever it says.
        group: The group, where ``show`` is ``"group"``.
    """

    show: Show = "known"
    group: str = ""


@dataclass(frozen=True)
class Offer:
    """What there is to list.

    Attributes:
        labels: All labels of a set, in its order.
        known: Ids that the weights know, in their order; None where it is not known, so that none counts as unknown.
        favourites: Ids.
        recent: Ids, the newest first.
    """

    labels: tuple[Label, ...] = ()
    known: tuple[int, ...] | None = None
    favourites: frozenset[int] = frozenset()
    recent: tuple[int, ...] = ()
    _by_id: dict[int, Label] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_id", {label.id: label for label in self.labels})

    def label(self, label_id: int) -> Label | None:
        """Return the label of an id."""
        return self._by_id.get(label_id)

    def is_known(self, label_id: int) -> bool:
        """Return whether the weights know a label, as far as that is known."""
        return self.known is None or label_id in self.known

    @property
    def known_labels(self) -> tuple[Label, ...]:
        """The labels that can be painted with an effect; all that occur in pictures where it is not known which."""
        if self.known is None:
            return tuple(label for label in self.labels if not label.unused)
        return tuple(label for label_id in self.known if (label := self.label(label_id)) is not None)

    @property
    def paintable(self) -> tuple[Label, ...]:
        """All labels that a layout can have, those that the weights know first."""
        known = self.known_labels
        ids = {label.id for label in known}
        return (*known, *(label for label in self.labels if not label.unused and label.id not in ids))

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups of the set, in its order; none where it tells none."""
        return tuple(dict.fromkeys(label.group for label in self.labels if label.group and not label.unused))


def listed(offer: Offer, choice: Choice, search: str = "") -> tuple[Label, ...]:
    """Return the labels to list: those that a search finds, what the weights know before the rest, else those that were chosen."""
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
    """Return the recent labels after one was chosen: a new one comes first, one that is there keeps its place, so that none jumps."""
    return tuple(recent) if label_id in recent else (label_id, *recent)[:most]


def _is_found(label: Label, words: Collection[str]) -> bool:
    text = " ".join((label.name, plain_name(label.name), label.group, *label.synonyms, search_text(label))).casefold()
    return all(word in text for word in words)


def _rank(label: Label, start: str) -> tuple[bool, bool]:
    """Return what puts the label of exactly this name first, then those that begin with it: sand before sandwich."""
    names = label_text(label).casefold(), label.name.casefold(), plain_name(label.name)
    return start not in names, not any(name.startswith(start) for name in names)


def grouped(labels: Sequence[Label], groups: Sequence[str]) -> list[tuple[str, tuple[Label, ...]]]:
    """Return labels by group, the groups in the given order, the labels of each by name; those of none come last, under an empty name."""
    found: dict[str, list[Label]] = {group: [] for group in (*groups, "")}
    for label in labels:
        found[label.group if label.group in found else ""].append(label)
    return [(group, tuple(sorted(members, key=sort_key))) for group, members in found.items() if members]
