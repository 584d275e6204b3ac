"""``spade-train stop``, ``pause``, ``resume`` and ``export`` where there is something to say; tests/train/run has whole runs."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from spade_studio.train.cli.main import main
from spade_studio.train.config.presets import preset
from spade_studio.train.run.directory import RunDirectory


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory.create(tmp_path / "runs", "lakes", preset("tiny"))


@pytest.mark.parametrize("command", ["stop", "pause", "resume", "profile", "export"])
def test_a_folder_of_runs_is_no_run_but_its_runs_are_named(command: str, train: Any, run: RunDirectory) -> None:
    RunDirectory.create(run.path.parent, "hills", preset("tiny"))
    done = train(command, run.path.parent)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"Error: {run.path.parent} has no config.json.")
    assert "Name one of its runs: 00000-lakes, 00001-hills." in done.err


@pytest.mark.parametrize("command", ["stop", "pause", "resume", "profile", "export"])
def test_no_folder_at_all(command: str, train: Any, tmp_path: Path) -> None:
    done = train(command, tmp_path / "none")
    assert done == (1, "", f"Error: there is no folder {tmp_path / 'none'}. Expected the folder of a run.\n")


def test_stopping_what_does_not_run_says_so(train: Any, run: RunDirectory) -> None:
    done = train("stop", run.path, "--wait")
    assert (done.code, done.out) == (0, "")
    assert done.err.startswith("00000-lakes is not being trained on this machine")
    assert run.stop_requested()


def test_stopping_what_runs_can_wait_for_its_end(train: Any, run: RunDirectory) -> None:
    waiting = threading.Event()

    def trainer() -> None:
        with run.locked():
            waiting.set()
            while not run.stop_requested():
                waiting.wait(0.01)

    thread = threading.Thread(target=trainer)
    thread.start()
    assert waiting.wait(10)
    done = train("stop", run.path, "--wait")
    thread.join()
    assert done == (0, "", "00000-lakes will save and end after the step at hand.\n")
    assert not run.is_running()


def test_a_pause_begins_and_ends_by_request(train: Any, run: RunDirectory) -> None:
    with run.locked():
        done = train("pause", run.path)
        words = "00000-lakes will wait after the step at hand. It goes on with: "
        assert done == (0, "", f"{words}spade-train pause {run.path} --end\n")
        assert run.pause_requested()
        assert train("pause", run.path, "--end") == (0, "", "00000-lakes goes on.\n")
        assert not run.pause_requested()
    done = train("pause", run.path)
    assert (done.code, done.out) == (0, "")
    assert done.err.startswith("00000-lakes is not being trained on this machine")


def test_there_is_nothing_to_export_yet(train: Any, run: RunDirectory) -> None:
    done = train("export", run.path)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("Error: 00000-lakes has no checkpoint yet.")
    assert "no best checkpoint" in train("export", run.path, "--best").err
    assert "no checkpoint of step 7. Expected a run with checkpoints" in train("export", run.path, "--step", 7).err
    assert "--best and --step are both given" in train("export", run.path, "--best", "--step", 7).err


def test_a_configuration_that_was_spoiled_by_hand(train: Any, run: RunDirectory) -> None:
    run.config_path.write_text('{"bach_size": 4}')
    done = train("resume", run.path)
    assert done.code == 1
    assert done.err.startswith("Error: the configuration has the unknown entry 'bach_size'")
    assert "Did you mean 'batch_size'?" in done.err


def test_weights_of_a_run_go_where_they_shall(train: Any, data: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    assert train("new", data, "--preset", "tiny", "--steps", "1", "--runs", runs, "--console", "quiet") == (0, "", "")
    target = tmp_path / "lakes.safetensors"
    done = train("export", runs / "00000-tiny", "--output", target, "--with-discriminator", "--device", "cpu")
    assert (done.code, done.err) == (0, "")
    first, second = done.out.splitlines()
    assert first == f"{target} (step 1)"
    assert Path(second.removesuffix(" (step 1)")).is_file()
    assert target.stat().st_size > 100_000
    missing = train("export", runs / "00000-tiny", "--output", tmp_path / "nowhere" / "lakes.safetensors")
    assert (missing.code, missing.out) == (1, "")
    assert missing.err.startswith("Error: ")
    assert "nowhere" in missing.err


# ---- how commands end


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("new data", "Interrupted. The last checkpoint is whole; spade-train resume goes on from there."),
        ("resume run", "Interrupted. The last checkpoint is whole; the same command goes on from there."),
        ("label photos --model m", "Interrupted. What is written is whole; the same command goes on from here."),
        ("check data", "Interrupted."),
    ],
)
def test_an_interruption_says_what_is_left(line: str, words: str, train: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(command: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("spade_studio.train.cli.commands.run", interrupted)
    assert train(*line.split()) == (130, "", f"{words}\n")


def test_an_error_of_the_system_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def failing(command: object) -> int:
        raise PermissionError(13, "Permission denied", "data")

    monkeypatch.setattr("spade_studio.train.cli.commands.run", failing)
    assert main(["check", "data"]) == 1
    assert capsys.readouterr() == ("", "Error: [Errno 13] Permission denied: 'data'\n")


@pytest.mark.skipif(os.name == "nt", reason="pipes break otherwise there")
@pytest.mark.parametrize("line", ["new --help", "check {data}"])
def test_a_reader_that_leaves_early_is_no_error(line: str, data: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "spade_studio.train.cli", *line.format(data=data).split()]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    try:
        done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, env=environment, text=True, check=False, timeout=60)
    finally:
        os.close(writing)
    assert done.stderr == ""
