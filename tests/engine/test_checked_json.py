"""Parsed JSON as typed values: what is refused, and what the message says of it."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, Struct

from spade_studio.engine.checked_json import checked
from spade_studio.engine.errors import LabelError


class _Side(Struct, forbid_unknown_fields=True):
    length: Annotated[int, Meta(ge=1, le=100)]


class _Frame(Struct, forbid_unknown_fields=True):
    kind: Literal["frame"]
    sides: Annotated[tuple[_Side, ...], Meta(max_length=2)] = ()
    share: Annotated[float, Meta(ge=0, le=1)] = 0
    name: str = ""
    note: str | None = None
    shares: dict[str, tuple[float, ...]] = {}


def frame(**values: Any) -> dict[str, Any]:
    return {"kind": "frame", **values}


def test_values_come_as_their_types() -> None:
    assert checked(frame(sides=[{"length": 3}], share=1, name="a"), _Frame, "it") == _Frame("frame", (_Side(3),), 1.0, "a")


@pytest.mark.parametrize(
    ("data", "found", "expected"),
    [
        ([1], "it is [1]", "a JSON object"),
        ({}, "it: object missing required field kind", "entries as"),
        (frame(run=1), "it: object contains unknown field run", "entries as"),
        ({"kind": "picture"}, "it: kind: invalid enum value 'picture'", "entries as"),
        (frame(sides=[{"length": 3}, {"length": 101}]), "it: sides[1].length is 101", "a whole number <= 100"),
        (frame(sides=[{"length": 10**40}]), "it: sides[0].length is 1000", "a whole number"),
        (frame(sides=[{"length": True}]), "it: sides[0].length is True", "a whole number"),
        (frame(sides=[{"length": 1}] * 3), "it: sides is [", "a list of length <= 2"),
        (frame(sides={"length": 1}), "it: sides is {", "a list"),
        (frame(share=float("inf")), "it: share is inf", "a number <= 1"),
        (frame(share=float("nan")), "it: share is nan", "a number"),
        (frame(share=False), "it: share is False", "a number"),
        (frame(name=3), "it: name is 3", "text"),
        (frame(sides="a\ud800"), "it holds characters that are no text", "texts of Unicode"),
        (frame(name=["x" * 10_000]), "it: name is [", "text"),
        (frame(name=[[["y"] * 6] * 6] * 6), "it: name is [[[", "text"),
        (frame(**{"x" * 10_000: 1}), "it: object contains unknown field xxx", "entries as"),
        (frame(**{"x - at `$.y" + "y" * 10_000: 1}), "it: yyy", "entries as"),
        ({"kind": "z" * 10_000}, "it: kind: invalid enum value 'zzz", "entries as"),
        (frame(note=3), "it: note is 3", "text or null"),
        (frame(shares={"a": [1, "b"]}), "it: shares[...][1]: expected float, got str", "entries as"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(data: Any, found: str, expected: str) -> None:
    with pytest.raises(LabelError) as caught:
        checked(data, _Frame, "it")
    assert caught.value.found.startswith(found)
    assert caught.value.expected.startswith(expected)
    assert len(str(caught.value)) < 300


def test_deep_json_is_refused_and_does_no_harm() -> None:
    with pytest.raises(LabelError):
        checked(frame(sides=json.loads("[" * 900 + "]" * 900)), _Frame, "it")
