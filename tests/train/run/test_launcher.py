"""What processes of a run leave to the one that started them: each thing told once, without torchrun's words about it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from spade_studio.train.run import launch
from spade_studio.train.run.directory import RunDirectory


def test_what_several_processes_say_is_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(launch._LAUNCHER, str(tmp_path))
    monkeypatch.setenv("WORLD_SIZE", "2")
    for rank in ("1", "0"):
        monkeypatch.setenv("RANK", rank)
        assert launch.tell_launcher("Error: the data were moved.")
    assert launch.tell_launcher(f"Error: of the first one, {os.fsdecode(bytes([0xE9]))}.")
    assert launch._told(tmp_path) == ["Error: the data were moved.", "Error: of the first one, \udce9."]


def test_a_process_that_nobody_of_ours_started_tells_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(launch._LAUNCHER, raising=False)
    assert not launch.tell_launcher("Error: x")
    monkeypatch.setenv(launch._LAUNCHER, str(tmp_path / "gone"))
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    assert not launch.tell_launcher("Error: x")


SAYS_AND_FAILS = """
import sys
from spade_studio.train.run.launch import tell_launcher
tell_launcher("Error: the data were moved.")
sys.exit(1)
"""


def test_a_mistake_is_told_once_and_without_tracebacks(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "worker.py"
    script.write_text(SAYS_AND_FAILS)
    command = launch.torchrun_command([], 2, 0)
    command = [*command[: command.index("-m", 3)], str(script)]
    folder = tmp_path / "told"
    folder.mkdir()
    run = RunDirectory(tmp_path)
    assert launch._launch(run, command, {**os.environ, launch._LAUNCHER: str(folder)}, 2) == 1
    assert launch._told(folder) == ["Error: the data were moved."]
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_a_process_that_was_killed_is_named(tmp_path: Path) -> None:
    script = tmp_path / "worker.py"
    script.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    command = launch.torchrun_command([], 1, 0)
    done = subprocess.run(
        [*command[: command.index("-m", 3)], str(script)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "Process 0 was ended by signal 9 (SIGKILL).\n"
    assert sys.executable in command[0]
