"""Form fields of a training configuration: names, types, help texts and groups, read from its dataclasses."""

from __future__ import annotations

import dataclasses
import inspect
import re
import types
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from PySide6.QtCore import QCoreApplication

from spade_studio.app.ui.typed_path import typed_path
from spade_studio.engine.errors import ConfigError
from spade_studio.train.config import plain
from spade_studio.train.config.architectures import ARCHITECTURES
from spade_studio.train.config.run import TrainConfig

BASIC = {
    "data.path": "Data",
    "data.kind": "Kind of data",
    "labels.label_set": "Label set",
    "geometry.load_size": "Resize to (pixels)",
    "geometry.crop_size": "Train at (pixels)",
    "schedule_unit": "Length counts",
    "schedule.constant": "Length at full rate",
    "schedule.decay": "Length while it falls",
    "batch_size": "Pictures in a batch",
    "compute.device": "Device",
    "compute.dtype": "Numbers",
    "losses.perceptual_weight": "Perceptual weight",
    "losses.perceptual.file": "Perceptual network",
    "initial.weights": "Start from weights",
    "checkpoint_every_steps": "Steps per checkpoint",
    "monitor.sample_every_steps": "Steps per sample grid",
    "seed": "Seed",
}
"""Titles of the basic fields by name, in form order."""

PATHS: dict[str, Literal["data", "file"]] = {
    "data.path": "data",
    "data.scenes": "file",
    "labels.label_set": "file",
    "losses.perceptual.file": "file",
    "projected.file": "file",
    "initial.weights": "file",
    "monitor.frechet_network": "file",
}
_TITLES = {
    "name": "Architecture",
    "used": "Use an encoder",
    "tf32": "TF32",
    "kl_weight": "KL weight",
    "kl_form": "KL form",
    "z_width": "Style width (z)",
    "frechet_network": "Fréchet network",
    "ids": "Label ids",
    "initial": "Starting weights",
    "perceptual": "Perceptual distance",
    "two_time_scales": "Two time scales (TTUR)",
}
SUGGESTIONS = {
    "data.kind": ("auto", "folder", "coco_stuff", "ade20k", "ade20k_outdoor", "cityscapes"),
    "labels.label_set": ("", "coco_stuff", "ade20k", "cityscapes"),
    "compute.device": ("auto", "cpu", "cuda", "mps"),
    "generator.name": tuple(ARCHITECTURES),
}
"""Suggested values of text fields by name."""


@dataclass(frozen=True)
class Field:
    """Field of the configuration.

    Attributes:
        name: Dotted name, such as ``losses.perceptual.file``.
        title: Displayed title.
        help: Help text from the docstring, one or two sentences.
        section: Title of the group.
        kind: Value type: bool, int, float or str; tuple for lists of these; Literal for choices.
        choices: Values of a Literal.
        item: Item type of a tuple.
        optional: Whether the value can be None, for the architecture's default.
    """

    name: str
    title: str
    help: str
    section: str
    kind: Any
    choices: tuple[Any, ...] = ()
    item: Any = None
    optional: bool = False


@cache
def all_fields() -> tuple[Field, ...]:
    """Return all fields, the basic ones first in form order."""
    fields = {field.name: field for field in _fields(TrainConfig, "", "Training")}
    return tuple(fields[name] for name in BASIC) + tuple(field for name, field in fields.items() if name not in BASIC)


def attribute_help(kind: type) -> dict[str, str]:
    """Return the description of each attribute from a class docstring's Attributes section."""
    _, _, text = inspect.cleandoc(kind.__doc__ or "").partition("Attributes:\n")
    found: dict[str, str] = {}
    for part in re.split(r"\n(?= {4}\w)", text.rstrip()):
        name, _, words = part.partition(":")
        found[name.strip()] = " ".join(words.split())
    return found


def nested(values: Mapping[str, object]) -> dict[str, Any]:
    """Return values by dotted name as a nested dictionary for :meth:`TrainConfig.from_json`."""
    tree: dict[str, Any] = {}
    for name, value in values.items():
        *places, last = name.split(".")
        branch = tree
        for place in places:
            branch = branch.setdefault(place, {})
        branch[last] = value
    return tree


def absolute_path(name: str, text: str) -> str:
    """Return a path as stored in a run: absolute, with ``~`` expanded; empty texts and built-in names are kept.

    Args:
        name: Name of the field, one of :data:`PATHS`.
        text: Text of the field.
    """
    if not text.strip() or (name == "labels.label_set" and not Path(text).suffix):
        return text.strip()
    return str(typed_path(text))


def is_missing(name: str, text: str) -> bool:
    """Return whether a path from :func:`absolute_path` refers to a missing file."""
    if not text or (name == "labels.label_set" and not Path(text).suffix):
        return False
    try:
        return not Path(text).exists()
    except (OSError, ValueError):  # not a valid file name
        return True


def culprit(error: ConfigError, values: Mapping[str, object], sound: Mapping[str, object]) -> str:
    """Return the name of the field that causes an error; empty if unknown.

    Args:
        error: Error raised for ``values``.
        values: Values by dotted name.
        sound: Valid values by dotted name; the field whose reset to its valid value removes the error is the cause.
    """
    named = [name for name in values if re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", error.found)]
    if named:
        return min(named, key=lambda name: (error.found.index(name), -len(name)))
    for name in [name for name, value in values.items() if value != sound[name]]:
        try:
            TrainConfig.from_json(nested({**values, name: sound[name]}))
        except ConfigError as other:
            if other.found == error.found:
                continue
        return name
    return ""


def option_words(config: TrainConfig, base: TrainConfig) -> list[str]:
    """Return the ``spade-train new`` options that turn a preset into a configuration, without the data path, which is passed separately."""
    kinds = {field.name: field for field in all_fields()}
    words: list[str] = []
    for name, (value, _) in config.differences(base).items():
        option = f"--{name.replace('_', '-')}"
        field = kinds[name]
        if name == "data.path":
            continue
        if field.kind is bool and not field.optional:
            place, _, last = option.removeprefix("--").rpartition(".")
            words.append(option if value else f"--{place}.no-{last}" if place else f"--no-{last}")
        elif isinstance(value, list):
            words += [option, *map(str, value)]
        else:
            words += [option, str(value)]
    return words


def _fields(kind: type, where: str, section: str) -> list[Field]:
    hints, helps = get_type_hints(kind), attribute_help(kind)
    own: list[Field] = []
    below: list[Field] = []
    for entry in dataclasses.fields(kind):
        name = f"{where}.{entry.name}" if where else entry.name
        title = BASIC.get(name) or _TITLES.get(entry.name) or entry.name.replace("_", " ").capitalize()
        hint = hints[entry.name]
        if dataclasses.is_dataclass(hint):
            below += _fields(hint, name, title)  # pyright: ignore[reportArgumentType]
        else:
            own.append(_field(name, title, helps.get(entry.name, ""), section, hint))
    return own + below


def _field(name: str, title: str, words: str, section: str, hint: Any) -> Field:
    optional = get_origin(hint) in (types.UnionType, Union)
    if optional:
        (hint,) = (kind for kind in get_args(hint) if kind is not type(None))
    if get_origin(hint) is Literal:
        return Field(name, title, words, section, Literal, get_args(hint), optional=optional)
    if get_origin(hint) is tuple:
        item = get_args(hint)[0]
        return Field(name, title, words, section, tuple, item=str if get_origin(item) is Literal else item, optional=optional)
    return Field(name, title, words, section, hint, optional=optional)


def flat_values(config: TrainConfig) -> dict[str, Any]:
    """Return a configuration's values by dotted name."""
    return plain.flatten(config.to_json())


def title_texts() -> tuple[str, ...]:
    """Return all titles defined here, for translation; other titles are derived from field names."""
    return (*BASIC.values(), *_TITLES.values(), "Training")


def shown_title(title: str) -> str:
    """Return a title translated into the user's language."""
    return QCoreApplication.translate("Fields", title)
