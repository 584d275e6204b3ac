"""YAML of configurations: what values become, and what is refused."""

from __future__ import annotations

import json
import math

import pytest

from spade_studio.train.config.presets import preset
from spade_studio.train.config.run import TrainConfig
from spade_studio.train.config.yaml_text import parse_yaml


def test_values_are_those_of_json() -> None:
    text = """
    numbers: [1, -2, 0.5, 2e-4, 1E+3, 10., +3, 010]
    words: [auto, no, off, yes, 1:30, "2", '3', 2026-11-29, 0x10, =, <<]
    others: [true, False, null, ~, ]
    nothing:
    folded: >-
      two
      lines
    """
    expected = {
        "numbers": [1, -2, 0.5, 2e-4, 1e3, 10.0, 3, 10],
        "words": ["auto", "no", "off", "yes", "1:30", "2", "3", "2026-11-29", "0x10", "=", "<<"],
        "others": [True, False, None, None],
        "nothing": None,
        "folded": "two lines",
    }
    assert parse_yaml(text) == expected
    infinite = parse_yaml("[.inf, -.inf, .nan]")
    assert isinstance(infinite, list)
    assert infinite[:2] == [math.inf, -math.inf]
    config = preset("landscapes")
    assert TrainConfig.from_json(parse_yaml(json.dumps(config.to_json(), indent=2))) == config


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: &x [1]\nb: *x", r"line 2, column 4: an alias \(\*\)"),
        ("a: 1\n'a': 2", "line 2, column 1: the key 'a' twice"),
        ("x: {b: {c: 1, c: 2}}", "the key 'c' twice"),
        ("[1, 2]: 3", "a key that is no text"),
        ("a: !!python/object/apply:os.system ['true']", r"line 1, column 4: a tag \(!\)"),
        ("a: !!bool perhaps", "a tag"),
        ("a: !!float ''", "a tag"),
        ("a: !!timestamp soon", "a tag"),
        ("!!merge <<: {a: 1}", "a tag"),
        ("a: !!set {b}", "a tag"),
        ("a: [1]\nb: [", "expected the node content"),
        ("a: 1\n---\nb: 2", "but found another document"),
        ("a: [1", "line 1, column 6: expected"),
        ("a: \x00", "special characters are not allowed"),
        ("\ta: 1", "cannot start any token"),
    ],
)
def test_what_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_yaml(text)


def test_a_bomb_of_aliases_and_a_pit_of_brackets_end_at_once() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 30))
    with pytest.raises(ValueError, match="an alias"):
        parse_yaml(bomb)
    with pytest.raises((RecursionError, ValueError)):
        parse_yaml("[" * 5_000)
