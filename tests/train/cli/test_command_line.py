"""How commands begin and end, whatever they do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from spade_studio.engine.errors import EngineError
from spade_studio.train.cli.command_line import description, exit_code, first_word, listed


class Options:
    """Do one thing.

    Then another.

    Attributes:
        path: Where.
    """


COMMANDS = {"one": (Options, "do one thing"), "another": (Options, "do another")}


def failing(error: BaseException) -> Callable[[], int]:
    def work() -> int:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (EngineError("nothing", "something", "Give it"), 1, "Error: nothing"),
        (OSError(28, "the disk is full"), 1, "Error: [Errno 28] the disk is full"),
        (KeyboardInterrupt(), 130, "Interrupted. It goes on.\n"),
    ],
)
def test_what_ends_a_command_is_told(error: BaseException, code: int, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(failing(error), "It goes on.") == code
    assert capsys.readouterr().err.startswith(words)
    assert exit_code(lambda: 7, "") == 7
    with pytest.raises(SystemExit):
        exit_code(failing(SystemExit(2)), "")
    with pytest.raises(ZeroDivisionError):  # a fault of the program keeps its traceback
        exit_code(failing(ZeroDivisionError()), "")


def test_the_first_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert first_word("tool", "Do things.", COMMANDS, "examples: none", ["another", "--help"]) == "another"
    for words, code in ((["third"], 2), ([], 2), (["--help"], 0), (["--version"], 0)):
        with pytest.raises(SystemExit) as ended:
            first_word("tool", "Do things.", COMMANDS, "examples: none", words)
        assert ended.value.code == code
    said = capsys.readouterr().out
    assert "usage: tool COMMAND ..." in said
    assert "  one      do one thing\n  another  do another\n\nexamples: none" in said
    assert "\ntool 0." in said


def test_words_for_help() -> None:
    assert description(Options) == "Do one thing.\n\nThen another."
    assert listed({"a": "b", "long": "c"}) == "  a     b\n  long  c"
