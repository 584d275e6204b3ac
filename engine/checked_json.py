"""Parsed JSON from anywhere as values of a type, checked entry by entry."""

from __future__ import annotations

import re
import reprlib
from typing import Any, Final, TypeVar, cast

import msgspec

from spade_studio.engine.errors import LabelError

KindT = TypeVar("KindT")
_WORDS: Final = {
    "int": "a whole number", "float": "a number", "str": "text", "bool": "true or false", "object": "a JSON object", "array": "a list",
}  # fmt: skip
_MAX_TEXT: Final = 120
"""Characters of a value, or of what is said of it, in a message: values from anywhere may be of any length."""


def checked(data: object, kind: type[KindT], what: str) -> KindT:
    """Return parsed JSON as a :class:`msgspec.Struct`, or as another type that msgspec knows.

    Args:
        data: Result of :func:`json.loads`.
        kind: The type, its bounds given by :class:`msgspec.Meta`.
        what: Name of the whole in messages.

    Raises:
        LabelError: An entry is missing, unknown, of a wrong type or out of bounds.
    """
    try:
        return msgspec.convert(data, kind)
    except UnicodeEncodeError as error:
        raise LabelError(f"{what} holds characters that are no text", "texts of Unicode") from error
    except msgspec.ValidationError as error:
        said, _, place = str(error).removesuffix("`").partition(" - at `$")
        where = f"{what}: {place.lstrip('.')[:_MAX_TEXT]}" if place else what
        if not said.startswith("Expected ") or "..." in place:  # in place of the key of a mapping, which is not told
            said = said.replace("`", "")
            raise LabelError(f"{where}: {said[:1].lower()}{said[1:_MAX_TEXT]}", "entries as SPADE Studio writes them") from error
        for name, number in cast("list[tuple[str, str]]", re.findall(r"\.(\w+)|\[(\d+)\]", place)):
            data = cast("Any", data)[name or int(number)]
        expected = re.sub(r"`([\w |]+)`", _in_words, said.removeprefix("Expected ").partition(", got ")[0])
        raise LabelError(f"{where} is {reprlib.repr(data)[:_MAX_TEXT]}", expected) from error


def _in_words(kinds: re.Match[str]) -> str:
    return " or ".join(_WORDS.get(kind, kind) for kind in kinds[1].split(" | "))
