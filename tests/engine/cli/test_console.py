from __future__ import annotations

import io
import sys

import pytest

from spade_studio.engine.cli.console import Console
from spade_studio.engine.printable import printable


def test_results_go_to_stdout_and_remarks_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(speaker="[1/4]")
    console.result("report")
    console.summary("done")
    console.note("remark")
    console.error("wrong")
    assert capsys.readouterr() == ("report\n[1/4] done\n", "[1/4] remark\n[1/4] wrong\n")


def test_quiet_leaves_results_and_errors(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(quiet=True)
    console.result("report")
    console.summary("done")
    console.note("remark")
    console.error("wrong")
    assert capsys.readouterr() == ("report\n", "wrong\n")


def test_control_characters_never_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Console().error("evil\x1b]0;title\x07.png: grün\nsecond line")
    assert capsys.readouterr().err == "evil\ufffd]0;title\ufffd.png: grün\nsecond line\n"
    assert printable("a\tb") == "a\tb"


def test_a_narrow_encoding_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(raw, encoding="ascii"))
    Console().error("größer")
    assert raw.getvalue() == b"gr??er\n"


@pytest.mark.parametrize(("terminal", "quiet", "shown", "visible"), [(1, 0, 1, 1), (0, 0, 1, 0), (1, 1, 1, 0), (1, 0, 0, 0)])
def test_the_bar_is_for_people_who_watch(monkeypatch: pytest.MonkeyPatch, terminal: int, quiet: int, shown: int, visible: int) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: bool(terminal))
    monkeypatch.setattr(sys, "stderr", stream)
    with Console(bool(quiet)).progress(4, bool(shown)) as bar:
        bar.update(2)
        bar.refresh()
    assert ("2/4" in stream.getvalue()) == bool(visible)
    if visible:
        assert "pictures/s" in stream.getvalue() or "s/ pictures" in stream.getvalue()
