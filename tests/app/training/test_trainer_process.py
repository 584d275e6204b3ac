"""Trainers that outlive the window: started, found again, stopped and ended, with a stand-in that only waits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox

from spade_studio.app.training.history import RunState
from spade_studio.app.training.tools import tool_command
from spade_studio.app.training.trainer_process import TrainerProcessError, _identity_of, end_trainer, is_alive, read_note, start_trainer
from spade_studio.train.run.events import RunContinued

LEFT = Qt.MouseButton.LeftButton


def is_gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has waited for counts as ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in ("Z", "X")
    except OSError:
        return True


@pytest.fixture
def running(training, make_run, runs, stand_in, qtbot):
    """Give the window with a stand-in trainer at work in its only run, started by a click."""
    run = make_run("lakes")
    training.open_folder(runs)
    training.open()
    assert training.page.resume.text() == "Sta&rt"
    qtbot.mouseClick(training.page.resume, LEFT)
    try:
        assert training.follower.state is RunState.STARTING, training.follower.reason
        qtbot.waitUntil(lambda: training.follower.state is RunState.RUNNING, timeout=30_000)
        yield run
    finally:
        with suppress(TrainerProcessError):
            end_trainer(run)
        note = read_note(run)
        qtbot.waitUntil(lambda: note is None or not is_alive(run, note), timeout=30_000)


def test_stop_and_keep_asks_by_the_file(training, running, qtbot):
    qtbot.mouseClick(training.page.stop, LEFT)
    qtbot.waitUntil(lambda: training.follower.state is RunState.STOPPED, timeout=30_000)
    assert training.runs.rows[0][1] in ("stopping", "stopped", "running")
    training.runs.look()
    assert training.runs.rows[0][1] == "stopped"
    assert training.page.resume.isEnabled()


def test_pause_waits_goes_on_and_can_be_stopped(training, running, qtbot):
    page = training.page
    assert page.pause.text() == "&Pause"
    qtbot.mouseClick(page.pause, LEFT)
    qtbot.waitUntil(lambda: training.follower.state is RunState.PAUSED, timeout=30_000)
    assert page.state.text() == "paused"
    assert page.pause.text() == "Cont&inue"
    assert page.stop.isEnabled()
    assert page.end.isEnabled()
    training.close()  # the pause outlives the window, as the trainer does
    training.open()
    training.open_folder(training.runs.folder)
    assert training.runs.rows == [(running.path.name, "paused")]
    assert training.follower.state is RunState.PAUSED
    qtbot.mouseClick(page.pause, LEFT)
    assert training.follower.state is RunState.RUNNING
    assert page.pause.text() == "&Pause"
    qtbot.waitUntil(lambda: isinstance(training.follower.history.last, RunContinued), timeout=30_000)
    qtbot.mouseClick(page.pause, LEFT)
    qtbot.waitUntil(lambda: training.follower.state is RunState.PAUSED, timeout=30_000)
    qtbot.mouseClick(page.stop, LEFT)
    qtbot.waitUntil(lambda: training.follower.state is RunState.STOPPED, timeout=30_000)
    assert not page.pause.isEnabled()
    qtbot.mouseClick(page.resume, LEFT)  # the old pause does not hold the new trainer
    qtbot.waitUntil(lambda: training.follower.state is RunState.RUNNING, timeout=30_000)
    assert not running.pause_requested()


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_stop_now_asks_first_and_ends_all_processes(training, running, qtbot):
    note = read_note(running)
    assert note is not None
    pid = note.pid
    qtbot.waitUntil(lambda: (running.path / "child").exists() and bool((running.path / "child").read_text()))
    child = int((running.path / "child").read_text())
    qtbot.mouseClick(training.page.end, LEFT)
    box = training.findChild(QMessageBox)
    assert not is_gone(child)
    qtbot.mouseClick(box.button(QMessageBox.StandardButton.Cancel), LEFT)
    assert not is_gone(pid)
    qtbot.mouseClick(training.page.end, LEFT)
    box = training.findChildren(QMessageBox)[-1]
    (end,) = [button for button in box.buttons() if button.text() == "End now"]
    qtbot.mouseClick(end, LEFT)
    qtbot.waitUntil(lambda: is_gone(pid) and is_gone(child), timeout=10_000)
    qtbot.waitUntil(lambda: training.follower.state is RunState.CUT_OFF, timeout=10_000)
    with pytest.raises(TrainerProcessError, match="not started from this program"):
        end_trainer(running)


def test_a_trainer_is_in_a_session_of_its_own_and_is_not_started_twice(running):
    note = read_note(running)
    assert note is not None
    pid = note.pid
    if os.name == "posix":
        assert os.getsid(pid) != os.getsid(0)
    with pytest.raises(TrainerProcessError, match="being trained already"):
        start_trainer(running)


def test_what_a_trainer_said_before_it_failed_is_shown_and_start_recovers(training, make_run, runs, stand_in, qtbot):
    run = make_run("lakes")
    (run.path / "broken").touch()
    training.open_folder(runs)
    training.open()
    qtbot.mouseClick(training.page.resume, LEFT)
    qtbot.waitUntil(lambda: training.follower.state is RunState.FAILED, timeout=30_000)
    assert training.page.reason.text() == "Error: this machine is broken."
    assert training.page.resume.isEnabled()
    (run.path / "broken").unlink()
    qtbot.mouseClick(training.page.resume, LEFT)
    qtbot.waitUntil(lambda: training.follower.state is RunState.RUNNING, timeout=30_000)
    qtbot.mouseClick(training.page.stop, LEFT)
    qtbot.waitUntil(lambda: training.follower.state is RunState.STOPPED, timeout=30_000)


@pytest.mark.parametrize("tool", ["spade-train", "spade-render"])
def test_tools_run_as_processes_of_their_own(tool):
    done = subprocess.run(tool_command(tool, ["--help"]), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"usage: {tool}")


@pytest.mark.skipif(os.name != "posix", reason="starts a process of POSIX")
def test_another_process_is_not_ended_whatever_its_command_says(make_run, tmp_path):
    run = make_run("lakes")
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", str(run.path.absolute())])
    try:
        folder = str(run.path.absolute())
        for note in (
            {"pid": other.pid, "started": 0.0},
            {"pid": other.pid, "started": 0.0, "identity": "", "folder": folder},
            {"pid": other.pid, "started": 0.0, "identity": "of one before", "folder": folder},
            {"pid": other.pid, "started": 0.0, "identity": _identity_of(other.pid), "folder": str(tmp_path / "the original")},
            {"pid": -1, "started": 0.0, "identity": "", "folder": folder},
        ):
            (run.path / "trainer.json").write_text(json.dumps(note))
            with pytest.raises(TrainerProcessError, match="not started from this program"):
                end_trainer(run)
        assert other.poll() is None
        (run.path / "trainer.json").write_text(
            json.dumps({"pid": other.pid, "started": 0.0, "identity": _identity_of(other.pid), "folder": folder})
        )
        end_trainer(run)
        assert other.wait(10) != 0
    finally:
        other.kill()


@pytest.mark.parametrize("text", ["", "[]", "3", '{"pid": 1e999, "started": 0}', '{"pid": 1, "started": "x"}', "[" * 100_000])
def test_notes_that_are_none_are_passed_over(make_run, text):
    run = make_run("lakes")
    (run.path / "trainer.json").write_text(text)
    assert read_note(run) is None
