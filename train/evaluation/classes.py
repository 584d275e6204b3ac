"""The measured classes: correspondences between labels of the data and classes of a segmenter, by name or by groups."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from spade_studio.engine.files import read_regular
from spade_studio.engine.labels import LabelSet
from spade_studio.train.datasets.label_photos import map_classes
from spade_studio.train.evaluation.errors import EvaluationError

Groups = Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]
"""Labels of the data and classes of the segmenter by name of the measured class."""

# What landscapes are made of: COCO-Stuff's labels on the one side, ADE20K's classes on the other.
LANDSCAPE: Final[Groups] = {
    "sky": (("sky-other", "clouds", "fog"), ("sky",)),
    "mountain": (("mountain", "hill", "rock", "snow", "stone"), ("mountain",)),
    "tree": (("tree", "bush", "branch", "leaves"), ("tree", "plant")),
    "grass": (("grass", "plant-other", "straw"), ("grass", "field")),
    "ground": (("dirt", "sand", "gravel", "ground-other", "mud"), ("earth", "floor")),
    "water": (("sea", "river", "water-other", "waterdrops"), ("water", "sea")),
    "road": (("road", "pavement"), ("road", "sidewalk")),
    "building": (("building-other", "house", "bridge"), ("building", "wall", "house")),
}
_NO_CLASS: Final = -1

_MAX_BYTES: Final = 4 << 20


@dataclass(frozen=True)
class MeasuredClasses:
    """The classes on which agreement is measured.

    Attributes:
        names: Names of the K classes.
        labels: Names of the labels of each class.
        found: Names of the segmenter's classes of each class.
        of_label: Class of each of the 256 ids of the data; -1 for ignored pixels.
        of_found: Class of each class of the segmenter; -1 for none, which is always wrong.
        labels_left_out: Labels without a counterpart, whose pixels are ignored.
        found_left_out: Classes of the segmenter without a counterpart.
    """

    names: tuple[str, ...]
    labels: tuple[tuple[str, ...], ...]
    found: tuple[tuple[str, ...], ...]
    of_label: tuple[int, ...]
    of_found: Mapping[int, int]
    labels_left_out: tuple[str, ...]
    found_left_out: tuple[str, ...]

    def truth(self, labels: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Return the classes of a label map, int64 of its shape; K for ignored pixels."""
        table = np.array(self.of_label, np.int64)
        table[table == _NO_CLASS] = len(self.names)
        return table[labels]

    def seen(self, found: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the classes of a segmentation, int64 of its shape; K for none."""
        none, last = len(self.names), max(self.of_found)
        table = np.full(last + 2, none, np.int64)
        for number, measured in self.of_found.items():
            table[number] = none if measured == _NO_CLASS else measured
        return table[np.where((found < 0) | (found > last), last + 1, found)]

    def describe(self) -> list[str]:
        """Return the correspondences, and what has no counterpart, as lines of text."""
        width = max(map(len, self.names))
        lines = [
            f"  {name:{width}}  labels {', '.join(labels)}  =  found {', '.join(found)}"
            for name, labels, found in zip(self.names, self.labels, self.found, strict=True)
        ]
        for names, what in (
            (self.labels_left_out, "labels of the data have no partner; their pixels do not count"),
            (self.found_left_out, "classes of the segmenter have no partner; where they are found it counts as wrong"),
        ):
            if names:
                lines.append(f"  {len(names)} {what}: {', '.join(names)}")
        return lines

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dict for reports and fingerprints."""
        return {
            "names": list(self.names),
            "labels": [list(names) for names in self.labels],
            "found": [list(names) for names in self.found],
            "labels_left_out": list(self.labels_left_out),
            "found_left_out": list(self.found_left_out),
        }


def classes_by_name(label_set: LabelSet, class_names: Mapping[int, str]) -> MeasuredClasses:
    """Match labels and a segmenter's classes by name, see :func:`spade_studio.train.datasets.label_photos.map_classes`.

    Several classes of a segmenter with the same label are one class.

    Raises:
        EvaluationError: nothing matches.
    """
    mapping = map_classes(class_names, label_set)
    known = {number: value for number, value in mapping.id_of_class.items() if class_names[number] not in mapping.unknown}
    groups: dict[str, tuple[list[int], list[int]]] = {}
    for label in label_set.labels:
        numbers = [number for number, value in known.items() if value == label.id]
        if numbers:
            groups[label.name] = ([label.id], numbers)
    return _measured(label_set, class_names, groups)


def classes_of_groups(label_set: LabelSet, class_names: Mapping[int, str], groups: Groups) -> MeasuredClasses:
    """Match labels and a segmenter's classes by a table; names that one side lacks are ignored.

    Raises:
        EvaluationError: nothing matches, or a label or class is in two groups.
    """
    numbers: dict[str, list[int]] = {}
    for number, name in class_names.items():
        # The first of several words is the name; others are a class's only where no class has them for its name.
        numbers.setdefault(_words(name)[0], []).append(number)
    found: dict[str, tuple[list[int], list[int]]] = {}
    taken: set[tuple[str, int]] = set()
    for name, (labels, classes) in groups.items():
        ids = [label.id for wanted in labels if (label := label_set.by_name(wanted)) is not None]
        theirs = [number for wanted in classes for number in numbers.get(wanted.casefold(), [])]
        for side, members in (("label", ids), ("class", theirs)):
            for member in members:
                if (side, member) in taken:
                    raise EvaluationError(f"{side} {member} belongs to two groups, one of them {name}", "one group for each")
                taken.add((side, member))
        if ids and theirs:
            found[name] = (ids, theirs)
    return _measured(label_set, class_names, found)


def read_groups(path: Path) -> Groups:
    """Read a table of groups: JSON, ``{"water": {"labels": ["sea", "river"], "classes": ["water", "sea"]}}``.

    Raises:
        EvaluationError: the file cannot be read, or has another format.
    """
    expected = 'a JSON object like {"water": {"labels": ["sea", "river"], "classes": ["water"]}}'
    try:
        content: object = json.loads(read_regular(path, _MAX_BYTES).decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise EvaluationError(f"the groups in {path} cannot be read ({error})", expected) from error
    if not isinstance(content, dict) or not content:
        raise EvaluationError(f"{path} holds no groups", expected)
    found: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for name, entry in cast("dict[str, object]", content).items():
        sides = cast("dict[str, object]", entry) if isinstance(entry, dict) else {}
        lists = [sides.get(side) for side in ("labels", "classes")]
        if sides.keys() != {"labels", "classes"} or not all(isinstance(names, list) for names in lists):
            raise EvaluationError(f"the group {name!r} in {path} is of another form", expected)
        labels, classes = (tuple(str(item) for item in cast("list[object]", names)) for names in lists)
        found[name] = (labels, classes)
    return found


def _measured(label_set: LabelSet, class_names: Mapping[int, str], groups: Mapping[str, tuple[list[int], list[int]]]) -> MeasuredClasses:
    if not groups:
        few = ", ".join(list(class_names.values())[:5])
        raise EvaluationError(
            f"no class of the segmenter ({few}, ...) is a label of {label_set.name}",
            "classes of the same names",
            "Choose another segmenter, or give a table of groups (--groups)",
        )
    of_label, of_found = [_NO_CLASS] * 256, dict.fromkeys(class_names, _NO_CLASS)
    for measured, (ids, numbers) in enumerate(groups.values()):
        for id_ in ids:
            of_label[id_] = measured
        of_found.update(dict.fromkeys(numbers, measured))
    short = {number: name.split(";")[0].strip() for number, name in class_names.items()}
    by_id = {label.id: label for label in label_set.labels}
    return MeasuredClasses(
        names=tuple(groups),
        labels=tuple(tuple(by_id[id_].name for id_ in ids) for ids, _ in groups.values()),
        found=tuple(tuple(short[number] for number in numbers) for _, numbers in groups.values()),
        of_label=tuple(of_label),
        of_found=of_found,
        labels_left_out=tuple(label.name for label in label_set.labels if of_label[label.id] == _NO_CLASS and not label.unused),
        found_left_out=tuple(short[number] for number, measured in of_found.items() if measured == _NO_CLASS),
    )


def _words(name: str) -> list[str]:
    return [word.strip().casefold() for word in name.replace(",", ";").split(";")]
