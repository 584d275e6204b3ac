"""Patterns of file names: what they give, and what is refused."""

from __future__ import annotations

import pytest

from spade_studio.app.export.names import NamePattern
from spade_studio.engine.errors import EngineError

VALUES = {"layout": "Lake", "index": 7, "variation": 3, "seed": 42, "size": "64x64", "weights": "tiny"}


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("{layout}_{seed}", "Lake_42"),
        ("{index:04}", "0007"),
        ("{weights} {size} {variation:2}", "tiny 64x64  3"),
        ("{{{layout}}}", "{Lake}"),
        ("ä 図", "ä 図"),
    ],
)
def test_fields_are_filled_in(pattern, name):
    assert NamePattern(pattern).fill(VALUES) == name


@pytest.mark.parametrize(
    "pattern",
    ["{", "}", "{}", "{0}", "{name}", "{layout.__class__}", "{layout[0]}", "{layout!r}", "{seed:>10}", "{layout:05}", "{index:0999}",
     "a/b", "..\\b", "a:b", "a\0b", "{seed:{index}}"],
)  # fmt: skip
def test_other_patterns_are_refused(pattern):
    with pytest.raises(EngineError):
        NamePattern(pattern)


@pytest.mark.parametrize("layout", ["", "  ", ".", "..", ".hidden", "ends.", "con", "NUL.x", "x" * 200, "a\u202eb", "caf\udce9"])
def test_other_names_are_refused(layout):
    with pytest.raises(EngineError):
        NamePattern("{layout}").fill(VALUES | {"layout": layout})


@pytest.mark.parametrize("layout", ["../../etc/passwd", "C:\\boot", "a/b", "/abs"])
def test_names_of_layouts_lead_nowhere_else(layout):
    try:
        name = NamePattern("{layout}_{index}").fill(VALUES | {"layout": layout})
    except EngineError:
        return
    assert not set(name) & set('/\\:"')
