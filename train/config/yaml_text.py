"""A parser of untrusted YAML: the core schema of YAML 1.2, without aliases, tags and duplicate keys."""

from __future__ import annotations

import re
from typing import Any, cast

import yaml
from yaml.composer import ComposerError
from yaml.constructor import ConstructorError

_SCALARS = (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", list("-+.0123456789")),
)
"""What is no text, and what it can begin with; a number without a point, such as 2e-4, is one of YAML 1.2, but not of PyYAML."""


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - as in its base, which has those of YAML 1.1: there "off" is false

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = cast("yaml.Event", self.peek_event())  # pyright: ignore[reportUnknownMemberType]
        if isinstance(event, yaml.AliasEvent):
            raise ComposerError(None, None, "an alias (*), and a value of a configuration is written where it stands", event.start_mark)
        if getattr(event, "tag", None) is not None:
            raise ComposerError(None, None, "a tag (!), and a value of a configuration is what it looks like", event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value in seen:
                what = f"the key {str(key.value)[:60]!r} twice" if isinstance(key, yaml.ScalarNode) else "a key that is no text"
                raise ConstructorError(None, None, what, key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


for _name, _pattern, _first in _SCALARS:
    _regexp = re.compile(rf"(?:{_pattern})\Z")
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", _regexp, _first)  # pyright: ignore[reportUnknownMemberType]
_Loader.add_constructor("tag:yaml.org,2002:int", lambda _, node: int(cast("str", node.value)))


def parse_yaml(text: str) -> object:
    """Parse a single document into dicts, lists, strings, numbers, booleans and None.

    Raises:
        ValueError: invalid YAML; the message names the line.
        RecursionError: too deeply nested.
    """
    try:
        loader = _Loader(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()  # pyright: ignore[reportUnknownMemberType]
    except yaml.MarkedYAMLError as error:
        place = "" if error.problem_mark is None else f"line {error.problem_mark.line + 1}, column {error.problem_mark.column + 1}: "
        raise ValueError(f"{place}{error.problem or error.context or 'no YAML'}") from error
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error
