"""Label sets: ids, names and colours of a dataset's classes, built-in or from a JSON file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from spade_studio.engine.errors import LabelError
from spade_studio.engine.files import open_regular

Color = tuple[int, int, int]

UNLABELED_COLOR: Final[Color] = (28, 28, 28)
"""Colour of unlabeled and unknown ids in :meth:`LabelSet.palette`; colour maps may also use black."""

UNLABELED: Final = 255
"""Unlabeled value of maps whose label set defines none; never the id of a label."""

MAX_LABELS: Final = 255
MAX_NAME_LENGTH: Final = 100
_MAX_EXTRAS = 32  # synonyms or other colours of one label
_MAX_FILE_BYTES = 1 << 20
_KINDS = ("", "thing", "stuff")
_LABEL_EXTRAS = {"group", "kind", "synonyms", "other_colors", "unused"}
_BUILT_IN: Final[dict[str, str]] = {"coco_stuff": "COCO-Stuff", "ade20k": "ADE20K", "cityscapes": "Cityscapes"}


@dataclass(frozen=True)
class Label:
    """One class of a label set.

    Attributes:
        id: Value in the dataset's files, 0..254.
        name: Name, at most 100 printable characters.
        color: Colour in the palette: red, green, blue, 0..255.
        group: Group heading (for COCO-Stuff the super-category); may be empty.
        synonyms: Further search terms.
        kind: ``thing`` (countable), ``stuff``, or empty where unspecified.
        other_colors: Further colours of this label in colour maps (for COCO-Stuff those of GauGAN).
        unused: Whether the dataset names the label but no picture has it, so that no weights can have learned it.
    """

    id: int
    name: str
    color: Color
    group: str = ""
    synonyms: tuple[str, ...] = ()
    kind: str = ""
    other_colors: tuple[Color, ...] = ()
    unused: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.id < MAX_LABELS:
            raise LabelError(f"a label has id {self.id}", f"0 to {MAX_LABELS - 1}", "255 is left free to mean unlabeled")
        for text in (self.name, self.group, *self.synonyms):
            if len(text) > MAX_NAME_LENGTH or not text.isprintable():
                raise LabelError(f"label {self.id} has the text {text[:40]!r}", f"at most {MAX_NAME_LENGTH} printable characters")
        if not self.name.strip():
            raise LabelError(f"label {self.id} has no name", "a name of at least one character")
        if len(self.synonyms) > _MAX_EXTRAS or len(self.other_colors) > _MAX_EXTRAS:
            raise LabelError(f"label {self.id} has more than {_MAX_EXTRAS} synonyms or other colours", "fewer")
        for color in (self.color, *self.other_colors):
            if len(color) != 3 or not all(0 <= part <= 255 for part in color):
                raise LabelError(f"label {self.id} has colour {color}", "three numbers from 0 to 255")
        if self.kind not in _KINDS:
            raise LabelError(f"label {self.id} has kind {self.kind!r}", "'thing', 'stuff' or nothing")

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dict without empty entries."""
        data: dict[str, Any] = {"id": self.id, "name": self.name, "color": color_text(self.color)}
        extras: dict[str, Any] = {
            "group": self.group,
            "kind": self.kind,
            "synonyms": list(self.synonyms),
            "other_colors": [color_text(color) for color in self.other_colors],
            "unused": self.unused,
        }
        return data | {key: value for key, value in extras.items() if value}


@dataclass(frozen=True)
class LabelSet:
    """The ordered classes of a dataset, or of weights trained on it.

    Attributes:
        name: Display name, for example ``COCO-Stuff``.
        labels: Labels, with unique ids and names; colours need not be unique (Cityscapes shares some).
        unlabeled_id: Unlabeled value in the files, or None; never an id of ``labels``.
        note: Origin of ids and colours.
    """

    name: str
    labels: tuple[Label, ...]
    unlabeled_id: int | None
    note: str = ""

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) > MAX_NAME_LENGTH or not self.name.isprintable():
            raise LabelError(f"a label set is named {self.name[:40]!r}", f"a name of 1 to {MAX_NAME_LENGTH} printable characters")
        if not 1 <= len(self.labels) <= MAX_LABELS:
            raise LabelError(f"label set {self.name!r} has {len(self.labels)} labels", f"1 to {MAX_LABELS}")
        ids: set[int] = set()
        names: set[str] = set()
        for label in self.labels:
            if label.id in ids or label.id == self.unlabeled_id:
                raise LabelError(f"label set {self.name!r} uses id {label.id} twice", "one label (or unlabeled) for every id")
            if _key(label.name) in names:
                raise LabelError(f"label set {self.name!r} has two labels named {label.name!r}", "one label for every name")
            ids.add(label.id)
            names.add(_key(label.name))
        if self.unlabeled_id is not None and not 0 <= self.unlabeled_id <= 255:
            raise LabelError(f"label set {self.name!r} has unlabeled_id {self.unlabeled_id}", "0 to 255, or null")

    @cached_property
    def _by_id(self) -> dict[int, Label]:
        return {label.id: label for label in self.labels}

    @cached_property
    def _by_name(self) -> dict[str, Label]:
        found: dict[str, Label] = {}
        for label in self.labels:
            for synonym in label.synonyms:
                found.setdefault(_key(synonym), label)
        # Names win over synonyms: COCO-Stuff has a thing "window" beside the synonym of "window-other".
        return found | {_key(label.name): label for label in self.labels}

    @cached_property
    def id_of_color(self) -> dict[int, int]:
        """Id of each colour (red * 65536 + green * 256 + blue) in colour maps.

        Of labels that share a colour, the lowest id has it; ``color`` takes precedence over ``other_colors``.
        """
        found: dict[int, int] = {}
        ordered = sorted(self.labels, key=lambda label: label.id)
        for label in ordered:
            found.setdefault(_packed(label.color), label.id)
        for label in ordered:
            for color in label.other_colors:
                found.setdefault(_packed(color), label.id)
        if self.unlabeled_id is not None:
            for color in (UNLABELED_COLOR, (0, 0, 0)):
                found.setdefault(_packed(color), self.unlabeled_id)
        return found

    @property
    def unlabeled_value(self) -> int:
        """Unlabeled value of maps of this set: :attr:`unlabeled_id`, or :data:`UNLABELED` where it is None."""
        return UNLABELED if self.unlabeled_id is None else self.unlabeled_id

    def by_id(self, id: int) -> Label | None:  # noqa: A002
        """Return the label with an id; None for unknown ids and the unlabeled one."""
        return self._by_id.get(id)

    def by_name(self, name: str) -> Label | None:
        """Return the label with a name, else with a synonym, else None; case and surrounding whitespace are ignored."""
        return self._by_name.get(_key(name))

    def palette(self) -> NDArray[np.uint8]:
        """Return the colour of each id, uint8 ``[256, 3]``; :data:`UNLABELED_COLOR` for ids without a label."""
        colors = np.full((256, 3), UNLABELED_COLOR, np.uint8)
        for label in self.labels:
            colors[label.id] = label.color
        return colors

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dict, the inverse of :meth:`from_json`."""
        data: dict[str, Any] = {"name": self.name, "unlabeled_id": self.unlabeled_id}
        if self.note:
            data["note"] = self.note
        return data | {"labels": [label.to_json() for label in self.labels]}

    @classmethod
    def from_json(cls, data: object) -> LabelSet:
        """Build from parsed JSON that may come from anywhere.

        Raises:
            LabelError: An entry is missing, unknown, of a wrong type or out of range.
        """
        entries = json_object(data, "the label set", required={"name", "labels", "unlabeled_id"}, optional={"note"})
        labels = entries["labels"]
        if not isinstance(labels, list):
            raise LabelError(f"the label set's labels are {_type_name(labels)}", "a list of labels")
        items = cast("list[object]", labels)
        if len(items) > MAX_LABELS:
            raise LabelError(f"the label set has {len(items)} labels", f"at most {MAX_LABELS}")
        unlabeled = entries["unlabeled_id"]
        return cls(
            name=json_text(entries["name"], "the label set's name"),
            labels=tuple(_label_from_json(item) for item in items),
            unlabeled_id=None if unlabeled is None else json_whole(unlabeled, "unlabeled_id"),
            note=json_text(entries.get("note", ""), "the label set's note"),
        )


def built_in_label_sets() -> tuple[str, ...]:
    """Return the file names, without suffix, of the built-in label sets."""
    return tuple(_BUILT_IN)


def load_label_set(name_or_path: str | Path) -> LabelSet:
    """Load a built-in set by its file name or display name, ignoring case, else a JSON file.

    Raises:
        LabelError: neither a built-in set nor a valid file.
    """
    if isinstance(name_or_path, str):
        wanted = re.sub(r"[\s_-]", "", name_or_path).lower()
        for stem, display in _BUILT_IN.items():
            if wanted in (stem.replace("_", ""), display.replace("-", "").lower()):
                return _built_in(stem)
    path = Path(name_or_path)
    choices = f"one of {', '.join(_BUILT_IN)}, or a JSON file"
    try:
        with open_regular(path) as file:
            content = file.read(_MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise LabelError(f"label set {str(name_or_path)[:200]!r} cannot be read: {reason}", choices) from error
    if len(content) > _MAX_FILE_BYTES:
        raise LabelError(f"label set file {path} is larger than {_MAX_FILE_BYTES} bytes", choices)
    try:
        data: object = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise LabelError(f"label set file {path} is not JSON: {error}", "a JSON object with name, unlabeled_id and labels") from error
    try:
        return LabelSet.from_json(data)
    except LabelError as error:
        raise LabelError(f"label set file {path}: {error.found}", error.expected, error.action) from error


@cache
def _built_in(stem: str) -> LabelSet:
    # Resources may lie inside an archive, so they are read by way of importlib.
    text = (resources.files("spade_studio.resources") / "label_sets" / f"{stem}.json").read_text(encoding="utf-8")
    return LabelSet.from_json(json.loads(text))


def color_text(color: Sequence[int] | NDArray[np.uint8]) -> str:
    """Return a colour as ``#rrggbb``."""
    red, green, blue = (int(part) for part in color)
    return f"#{red:02x}{green:02x}{blue:02x}"


def json_object(data: object, what: str, *, required: set[str], optional: set[str]) -> dict[str, object]:
    """Return ``data`` as a dict with all ``required`` and no entries beyond the ``optional`` ones, or raise LabelError."""
    if not isinstance(data, Mapping):
        raise LabelError(f"{what} is {_type_name(data)}", "a JSON object")
    entries = {str(key): value for key, value in cast("Mapping[object, object]", data).items()}
    if missing := sorted(required - set(entries)):
        raise LabelError(f"{what} lacks {', '.join(missing)}", f"entries {', '.join(sorted(required))}")
    if unknown := sorted(set(entries) - required - optional):
        raise LabelError(f"{what} has unknown entries {', '.join(unknown)[:200]}", f"only {', '.join(sorted(required | optional))}")
    return entries


def json_whole(value: object, what: str) -> int:
    """Return ``value`` if it is an integer between -2**31 and 2**31, exclusive, and not a bool, or raise LabelError."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise LabelError(f"{what} is {_type_name(value)}", "a whole number")
    if abs(value) >= 1 << 31:
        raise LabelError(f"{what} is a number of {value.bit_length()} bits", "a small whole number")
    return value


def json_seed(value: object, what: str) -> int:
    """Return ``value`` if it is an integer from 0 to 2**63 - 1 and not a bool, or raise LabelError."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise LabelError(f"{what} is {_type_name(value)}", "a whole number")
    if not 0 <= value < 1 << 63:
        raise LabelError(f"{what} is {'below 0' if value < 0 else f'a number of {value.bit_length()} bits'}", "0 to 2**63 - 1")
    return value


def json_text(value: object, what: str) -> str:
    """Return ``value`` if it is a string, or raise LabelError."""
    if not isinstance(value, str):
        raise LabelError(f"{what} is {_type_name(value)}", "text")
    return value


def _label_from_json(data: object) -> Label:
    entries = json_object(data, "a label", required={"id", "name", "color"}, optional=_LABEL_EXTRAS)
    number = json_whole(entries["id"], "a label's id")
    unused = entries.get("unused", False)
    if not isinstance(unused, bool):
        raise LabelError(f"'unused' of label {number} is {_type_name(unused)}", "true or false")
    return Label(
        id=number,
        name=json_text(entries["name"], f"the name of label {number}"),
        color=_color_from_json(entries["color"], number),
        group=json_text(entries.get("group", ""), f"the group of label {number}"),
        synonyms=tuple(json_text(item, f"a synonym of label {number}") for item in _json_list(entries.get("synonyms", []), number)),
        kind=json_text(entries.get("kind", ""), f"the kind of label {number}"),
        other_colors=tuple(_color_from_json(item, number) for item in _json_list(entries.get("other_colors", []), number)),
        unused=unused,
    )


def _json_list(value: object, number: int) -> list[object]:
    if not isinstance(value, list):
        raise LabelError(f"synonyms or other_colors of label {number} are {_type_name(value)}", "a list")
    return cast("list[object]", value)


def _color_from_json(value: object, number: int) -> Color:
    text = json_text(value, f"a colour of label {number}")
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", text, re.ASCII):
        raise LabelError(f"label {number} has colour {text[:40]!r}", "'#rrggbb'")
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def _key(name: str) -> str:
    return name.strip().casefold()


def _packed(color: Color) -> int:
    return color[0] << 16 | color[1] << 8 | color[2]


def _type_name(value: object) -> str:
    return "null" if value is None else f"of type {type(value).__name__}"
