"""Trees of frozen dataclasses as configurations: validation by type hints, conversion to and from JSON."""

from __future__ import annotations

import dataclasses
import difflib
import math
import types
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from spade_studio.engine.errors import ConfigError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_TOO_LARGE = 1e15  # whole numbers below it are exact in JSON; no setting needs more

ConfigT = TypeVar("ConfigT", bound="DataclassInstance")


def check_range(name: str, value: float, low: float, high: float = math.inf) -> None:
    """Check that a value is a finite number from ``low`` to ``high``, inclusive.

    Raises:
        ConfigError: it is not.
    """
    if isinstance(value, bool) or not math.isfinite(value) or not low <= value <= high:
        raise ConfigError(f"{name} is {value!r}", f"{low:g} or more" if math.isinf(high) else f"from {low:g} to {high:g}")


def to_json(config: DataclassInstance) -> dict[str, Any]:
    """Return a JSON-ready dict, the inverse of :func:`from_json`."""
    hints = get_type_hints(type(config))
    return {field.name: _plain(_as_floats(getattr(config, field.name), hints[field.name])) for field in dataclasses.fields(config)}


def from_json(kind: type[ConfigT], data: object, where: str = "") -> ConfigT:
    """Build a configuration from parsed, untrusted JSON; missing entries have their defaults.

    Args:
        kind: Dataclass to build.
        data: Result of :func:`to_json`, or a part of it.
        where: Dotted path of ``kind`` in the tree, such as ``losses.perceptual``; empty for the root.

    Raises:
        ConfigError: not a JSON object, an unknown or a missing required entry, or an invalid value.
    """
    name = where or "the configuration"
    if not isinstance(data, Mapping):
        raise ConfigError(f"{name} is {_shown(data)}", "a JSON object")
    fields = {field.name: field for field in dataclasses.fields(kind)}
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for key, value in cast("Mapping[object, object]", data).items():
        entry = str(key)
        if entry not in fields:
            near = difflib.get_close_matches(entry, fields, 1)
            hint = f"Did you mean {near[0]!r}?" if near else ""
            raise ConfigError(f"{name} has the unknown entry {entry[:100]!r}", f"only {', '.join(fields)}", hint)
        values[entry] = _read(value, hints[entry], _place(where, entry))
    for field in fields.values():
        if field.name not in values and field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ConfigError(f"{name} has no entry {field.name!r}", "one, since it has no default")
    return kind(**values)


def check_types(config: DataclassInstance, where: str = "") -> None:
    """Check the types of all values, nested ones included, against their hints.

    Raises:
        ConfigError: a wrong type; the message names the path.
    """
    hints = get_type_hints(type(config))
    for field in dataclasses.fields(config):
        place = _place(where, field.name)
        value: object = getattr(config, field.name)
        if dataclasses.is_dataclass(hints[field.name]):
            if not isinstance(value, cast("type", hints[field.name])):
                raise ConfigError(f"{place} is {_shown(value)}", f"a {hints[field.name].__name__}")
            check_types(cast("DataclassInstance", value), place)
        else:
            _check(value, hints[field.name], place)


def flatten(data: Mapping[str, Any], where: str = "") -> dict[str, Any]:
    """Return nested dicts as one dict with dotted keys: ``{"losses.perceptual.network": "vgg19"}``."""
    flat: dict[str, Any] = {}
    for key, value in data.items():
        place = _place(where, key)
        flat |= flatten(cast("Mapping[str, Any]", value), place) if isinstance(value, Mapping) else {place: value}
    return flat


def _place(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return to_json(value)
    return [_plain(item) for item in cast("tuple[object, ...]", value)] if isinstance(value, tuple) else value


def _read(value: object, hint: Any, place: str) -> object:
    """Return a JSON value as ``hint`` has it: objects as dataclasses, lists as tuples, whole numbers as floats where those are meant."""
    if dataclasses.is_dataclass(hint):
        return from_json(cast("type[DataclassInstance]", hint), value, place)
    if isinstance(value, list):
        value = tuple(cast("list[object]", value))
    _check(value, hint, place)
    return _as_floats(value, hint)


def _as_floats(value: object, hint: Any) -> object:
    if isinstance(value, tuple):
        items = cast("tuple[object, ...]", value)
        return tuple(_as_floats(item, kind) for item, kind in zip(items, _item_kinds(items, hint), strict=True))
    return float(value) if isinstance(value, int) and _without_none(hint) is float else value


def _without_none(hint: Any) -> Any:
    if get_origin(hint) in (types.UnionType, Union):
        (hint,) = (kind for kind in get_args(hint) if kind is not type(None))
    return hint


def _item_kinds(items: tuple[object, ...], hint: Any) -> tuple[Any, ...]:
    kinds = get_args(_without_none(hint))
    return (kinds[0],) * len(items) if kinds[-1] is Ellipsis else kinds


def _check(value: object, hint: Any, place: str) -> None:
    if value is None and type(None) in get_args(hint):
        return
    hint = _without_none(hint)
    match get_origin(hint) or hint:
        case origin if origin is Literal:
            choices = get_args(hint)
            # 1 == True == 1.0 in Python, but not in a configuration.
            fits = any(value == choice and type(value) is type(choice) for choice in choices)
            expected = f"one of {', '.join(map(str, choices))}"
        case origin if origin is tuple:
            kinds = _item_kinds(cast("tuple[object, ...]", value), hint) if isinstance(value, tuple) else ()
            fits = isinstance(value, tuple) and len(cast("tuple[object, ...]", value)) == len(kinds)
            expected = "a list" if get_args(hint)[-1] is Ellipsis else f"a list of {len(get_args(hint))}"
            if fits:
                for number, (item, kind) in enumerate(zip(cast("tuple[object, ...]", value), kinds, strict=True)):
                    _check(item, kind, f"{place}[{number}]")
        case origin if origin is dict:
            fits, expected = isinstance(value, dict), "a JSON object"
            if fits:
                for key, item in cast("dict[str, object]", value).items():
                    _check(item, get_args(hint)[1], _place(place, key))
        case origin if origin is bool:
            fits, expected = isinstance(value, bool), "true or false"
        case origin if origin is str:
            fits, expected = isinstance(value, str), "a text"
        case origin if origin is int:
            fits, expected = isinstance(value, int) and not isinstance(value, bool) and abs(value) < _TOO_LARGE, "a whole number"
        case _:
            assert hint is float, f"{place} has a type hint that no configuration can have"
            fits = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < _TOO_LARGE  # a NaN is not below it
            expected = "a number"
    if not fits:
        shown = _shown(cast("object", value))
        raise ConfigError(f"{place} is {shown}", expected)
