"""The depth order of labels, front to back: from a file, from depth comparisons, or by default from the kinds of labels."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from spade_studio.engine.errors import BankError
from spade_studio.engine.files import read_regular
from spade_studio.engine.labels import Label, LabelSet

_LARGEST: Final = 1 << 20  # bytes of an order file

# Words of labels and groups, from front to back; things and what matches nothing come before all. The last are the sky's.
_BEHIND: Final = (
    *("person", "animal", "vehicle", "object", "furniture", "plant", "flower", "bush", "fence", "railing", "rock", "stone", "tree"),
    *("bridge", "building", "skyscraper", "house", "structural", "wall", "window", "construction", "road", "pavement", "platform"),
    *("dirt", "gravel", "mud"),
    *("sand", "grass", "leaves", "moss", "ground", "ice", "river", "lake", "sea", "water", "snow", "hill", "mountain"),
    *("clouds", "fog", "sky"),
)


def usual_order(label_set: LabelSet) -> tuple[int, ...]:
    """Return the ids of a label set in the default order, front to back: things, plants, buildings, ground, water, mountains, sky."""

    def depth(label: Label) -> tuple[int, int, int]:
        words = [set(re.split("[^a-z]+", text.casefold())) for text in (label.name, label.group)]
        places = [place for place, word in enumerate(_BEHIND) if word in words[0]]
        places = places or [place for place, word in enumerate(_BEHIND) if word in words[1]]
        return (0 if label.kind == "thing" else 1), max(places, default=-1), label.id

    return tuple(label.id for label in sorted(label_set.labels, key=depth))


def read_order(path: Path, label_set: LabelSet) -> tuple[int, ...]:
    """Read an order file: one label name a line, front to back; blank lines and comments after ``#`` are ignored.

    Labels that are not named follow in the default order, behind all named ones.

    Raises:
        BankError: the file cannot be read, or names an unknown label or a label twice.
    """
    try:
        text = read_regular(path, _LARGEST).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BankError(f"{path} cannot be read ({error})", "a text file with a label on each line, from front to back") from error
    found: list[int] = []
    for number, line in enumerate(text.splitlines(), 1):
        name = line.partition("#")[0].strip()
        if not name:
            continue
        label = label_set.by_name(name)
        if label is None:
            raise BankError(f"line {number} of {path} names {name[:100]!r}", f"a label of {label_set.name}")
        if label.id in found:
            raise BankError(f"line {number} of {path} names {label.name!r} a second time", "every label once")
        found.append(label.id)
    return (*found, *(number for number in usual_order(label_set) if number not in found))


def order_from_depth(nearer: Mapping[tuple[int, int], int], label_set: LabelSet) -> tuple[int, ...]:
    """Order labels by how often their segments were nearer than the segments they touch.

    Args:
        nearer: For each pair of ids, the number of touching pairs of segments whose first was nearer than the second.
        label_set: Label set of the ids; labels without a pair keep their place in the default order.

    Returns:
        Ids from front to back, by the fraction of comparisons won, each pair of labels weighted equally.
    """
    shares: dict[int, list[float]] = {}
    for first, second in {(min(pair), max(pair)) for pair in nearer}:
        won, lost = nearer.get((first, second), 0), nearer.get((second, first), 0)
        if first != second and won + lost:
            shares.setdefault(first, []).append(won / (won + lost))
            shares.setdefault(second, []).append(lost / (won + lost))
    usual = usual_order(label_set)
    place = {number: 1 - rank / max(1, len(usual) - 1) for rank, number in enumerate(usual)}
    score = {number: sum(shares[number]) / len(shares[number]) if number in shares else place[number] for number in usual}
    return tuple(sorted(usual, key=lambda number: (-score[number], usual.index(number))))


def write_order(order: Sequence[int], label_set: LabelSet) -> str:
    """Return the text of an order file."""
    lines = [label.name for number in order if (label := label_set.by_id(number)) is not None]
    return "\n".join([f"# Labels of {label_set.name} from front to back: what stands above covers what stands below.", *lines]) + "\n"
