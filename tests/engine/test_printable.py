"""Text from files and file names, made fit to be shown."""

from __future__ import annotations

import os

import pytest

from spade_studio.engine.errors import EngineError
from spade_studio.engine.printable import printable

MARK = "\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize("text", ["plain", "zwei\tSpalten\nund Zeilen", "Größe 10\u00a0000", "地図\u3000一", "🌲"])
def test_what_can_be_shown_stays(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mred", f"a{MARK}[31mred"),
        ("bell\a, return\r, erase\x9b2J", f"bell{MARK}, return{MARK}, erase{MARK}2J"),
        ("photo\u202egnp.exe", f"photo{MARK}gnp.exe"),
        (os.fsdecode(b"caf\xe9.png"), f"caf{MARK}.png"),
    ],
)
def test_what_a_terminal_would_obey_is_marked(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_errors_can_always_be_written_and_shown() -> None:
    error = EngineError(f"{os.fsdecode(b'caf' + bytes([0xE9]))} is \x1b[2Jdamaged", "a whole \x07 file", "Look at \u202e it")
    for text in (str(error), error.found, error.expected, error.action):
        assert "\x1b" not in text
        assert text.encode()


def test_a_question_ends_with_one_sign() -> None:
    error = EngineError("it has 16 bits", "8", "Were instance ids taken for labels?")
    assert str(error) == "it has 16 bits. Expected 8. Were instance ids taken for labels?"
