"""Run folders: numbered, found, locked, stopped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from spade_studio.train.config.presets import preset
from spade_studio.train.config.run import TrainConfig
from spade_studio.train.run.directory import RunDirectory, RunError, list_runs


def create(runs: Path, name: str = "test") -> RunDirectory:
    return RunDirectory.create(runs, name, preset("tiny"))


def test_runs_are_numbered_and_keep_their_configuration(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    first, second = create(runs), create(runs, "other")
    assert [run.path.name for run in (first, second)] == ["00000-test", "00001-other"]
    assert RunDirectory.open(first.path).config() == preset("tiny")
    assert first.checkpoints_path.is_dir()
    assert list_runs(runs) == [first, second]


def test_numbers_go_on_after_the_highest(tmp_path: Path) -> None:
    for name in ("00007-a", "123456-b", "notes", "3-c"):
        (tmp_path / name).mkdir()
    assert create(tmp_path).path.name == "123457-test"
    assert [run.path.name for run in list_runs(tmp_path)] == ["123457-test"]  # the others have no configuration


@pytest.mark.parametrize(
    ("name", "folder"),
    [("my run/2", "my-run-2"), ("../..", "run"), ("", "run"), ("é ü", "é-ü"), ("x" * 99, "x" * 60)],
)
def test_names_are_made_fit_for_a_folder(tmp_path: Path, name: str, folder: str) -> None:
    assert create(tmp_path, name).path == tmp_path / f"00000-{folder}"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match=r"no run can be made in .*file"):
        create(tmp_path / "file" / "runs")


def test_opening_something_else_says_what_to_open(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="there is no folder"):
        RunDirectory.open(tmp_path / "none")
    create(tmp_path)
    with pytest.raises(RunError, match="00000-test"):
        RunDirectory.open(tmp_path)


def test_config_is_readable_json(tmp_path: Path) -> None:
    run = create(tmp_path)
    assert TrainConfig.from_json(json.loads(run.config_path.read_text("utf-8"))) == preset("tiny")


def test_stopping_is_a_file_that_any_process_may_make(tmp_path: Path) -> None:
    run = create(tmp_path)
    assert not run.stop_requested()
    run.clear_requests()
    run.request_stop()
    assert RunDirectory(run.path).stop_requested()
    assert run.stop_path.name == "STOP"
    run.clear_requests()
    assert not run.stop_requested()


def test_waiting_is_a_file_as_well_and_a_new_start_forgets_it(tmp_path: Path) -> None:
    run = create(tmp_path)
    run.end_pause()
    run.request_pause()
    assert RunDirectory(run.path).pause_requested()
    assert run.pause_path.name == "PAUSE"
    assert not run.stop_requested()
    run.end_pause()
    assert not run.pause_requested()
    run.request_pause()
    run.clear_requests()
    assert not run.pause_requested()


def test_log_lines_have_a_time(tmp_path: Path) -> None:
    run = create(tmp_path)
    run.append_log("one\ntwo")
    run.append_log("three")
    lines = run.log_path.read_text("utf-8").splitlines()
    assert [line.split("  ")[1] for line in lines] == ["one", "two", "three"]
    assert all(line.startswith("20") for line in lines)


def test_a_second_trainer_is_kept_out(tmp_path: Path) -> None:
    run = create(tmp_path)
    assert not run.is_running()
    with run.locked():
        assert run.is_running()
        with pytest.raises(RunError, match="00000-test is being trained by another process"), run.locked():
            pass
    assert not run.is_running()


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_killed_trainer_leaves_no_lock_behind(tmp_path: Path) -> None:
    run = create(tmp_path)
    code = (
        "import sys, pathlib\n"
        "from spade_studio.train.run.directory import RunDirectory\n"
        "with RunDirectory(pathlib.Path(sys.argv[1])).locked():\n"
        "    print('locked', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", code, str(run.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as trainer:
        assert trainer.stdout is not None
        assert trainer.stdout.readline() == "locked\n"
        assert run.is_running()
        trainer.kill()
        trainer.wait(timeout=60)
    assert not run.is_running()
    with run.locked():
        pass


def test_the_log_takes_names_of_any_encoding(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    run.append_log(f"Weights: {os.fsdecode(b'caf' + bytes([0xE9]))}\nand \x1b[2J")
    lines = run.log_path.read_text("utf-8").splitlines()
    assert [line.split("  ", 1)[1] for line in lines] == ["Weights: caf\N{REPLACEMENT CHARACTER}", "and \N{REPLACEMENT CHARACTER}[2J"]
