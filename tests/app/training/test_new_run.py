"""The page that makes a run: everything remembered, data checked, the start recovering from failures; tools stood in for where slow."""

from __future__ import annotations

import json
import sys

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox

from spade_studio.app.training import tool_run
from spade_studio.app.training.data_report import pace_of_similar_runs, report_words
from spade_studio.app.training.history import RunState
from spade_studio.app.training.memory import TrainingMemory
from spade_studio.app.training.new_run import NewRunPage
from spade_studio.train.config.presets import preset

LEFT = Qt.MouseButton.LeftButton

REPORT = {
    "where": "photos",
    "kind": "folder",
    "label_set": "coco_stuff",
    "channels": "12 channels",
    "samples": 3,
    "samples_read": 3,
    "problems": [{"kind": "size", "message": "a.png is 4x4, its photograph 8x8"}],
    "duplicates": [["a", "b"]],
    "tiny": [],
    "empty_labels": ["snow"],
    "labels": [{"id": 156, "name": "sky", "pixels": 75, "pictures": 2}],
    "pixels": 100,
    "unlabeled_pixels": 25,
    "unmapped_pixels": 0,
    "smallest": [64, 80],
    "largest": [100, 200],
    "with_instances": 0,
}


@pytest.fixture
def page(training, runs, tmp_path, qtbot):
    training.open_folder(runs)
    training.open()
    qtbot.mouseClick(training.new, LEFT)
    page = training.form
    page.presets.setCurrentText("tiny")
    page.form.set_values({"data.path": str(tmp_path)})
    return page


@pytest.fixture
def answer(monkeypatch):
    """Give a function that sets what tools answer, and a list of what they were asked."""
    asked = []

    def set_answer(output="", errors="", code=0, seconds=0):
        script = f"import sys, time; time.sleep({seconds}); print({output!r}); sys.stderr.write({errors!r}); sys.exit({code})"
        monkeypatch.setattr(tool_run, "tool_command", lambda tool, words: asked.append([tool, *words]) or [sys.executable, "-c", script])
        return asked

    return set_answer


def test_start_makes_the_run_and_a_trainer_for_it(training, page, stand_in, qtbot):
    qtbot.keyClicks(page.name, "My lakes")
    assert page.start.isEnabled()
    qtbot.mouseClick(page.start, LEFT)
    assert training.stack.currentWidget() is training.page
    assert training.focusWidget() is training.runs
    assert training.page.name.text() == "00000-My-lakes"
    run = training.follower.run
    assert run.config() == page.form.config()
    qtbot.waitUntil(lambda: training.follower.state is RunState.RUNNING, timeout=30_000)
    qtbot.mouseClick(training.page.stop, LEFT)
    qtbot.waitUntil(lambda: training.follower.state is RunState.STOPPED, timeout=30_000)


def test_start_recovers_where_no_run_can_be_made(training, page, runs, stand_in, qtbot):
    runs.write_text("in the way")
    qtbot.mouseClick(page.start, LEFT)
    box = training.findChild(QMessageBox)
    assert "no run can be made" in box.informativeText().lower()
    qtbot.mouseClick(box.button(QMessageBox.StandardButton.Ok), LEFT)
    runs.unlink()
    assert page.start.isEnabled()
    qtbot.mouseClick(page.start, LEFT)
    qtbot.waitUntil(lambda: training.follower.state is RunState.RUNNING, timeout=30_000)
    qtbot.mouseClick(training.page.stop, LEFT)
    qtbot.waitUntil(lambda: training.follower.state is RunState.STOPPED, timeout=30_000)


def test_what_is_wrong_disables_the_start_and_is_said_beside_it(page, qtbot):
    page.form.editors["batch_size"].input.setValue(0)
    assert not page.start.isEnabled()
    assert page.problem.text().startswith("batch_size is 0")
    assert page.check.isEnabled()
    assert not page.estimate.isEnabled()
    page.form.editors["batch_size"].input.setValue(4)
    assert page.start.isEnabled()


def test_all_that_was_filled_in_is_remembered(page, settings, qtbot):
    qtbot.keyClicks(page.name, "lakes")
    page.form.editors["batch_size"].input.setValue(2)
    page.advanced.setChecked(True)
    again = NewRunPage(TrainingMemory(settings))
    qtbot.addWidget(again)
    assert again.name.text() == "lakes"
    assert again.presets.currentText() == "tiny"
    assert again.form.values() == page.form.values()
    assert again.advanced.isChecked()
    again.presets.setCurrentText("compact")
    assert again.form.config().batch_size == preset("compact").batch_size
    assert again.form.values()["data.path"] == page.form.values()["data.path"]


def test_a_form_remembered_by_another_version_is_filled_as_far_as_it_fits(settings, qtbot):
    memory = TrainingMemory(settings)
    memory.keep("form", {"batch_size": "many", "gone": 1, "seed": 7, "generator.norm": 3})
    memory.keep("preset", "gone")
    page = NewRunPage(memory)
    qtbot.addWidget(page)
    assert page.form.values()["seed"] == 7
    assert page.form.values()["batch_size"] == preset("landscapes").batch_size


def test_the_data_is_checked_by_the_tool_and_its_report_shown(page, answer, qtbot, tmp_path):
    asked = answer(json.dumps(REPORT), code=1)
    qtbot.mouseClick(page.check, LEFT)
    qtbot.waitUntil(lambda: not page.check_run.is_running, timeout=30_000)
    assert asked == [["spade-train", "check", str(tmp_path), "--kind", "auto", "--json", "--preset", "tiny"]]
    text = page.report.toPlainText()
    assert text.startswith("1 problem to put right before training:\n  a.png is 4x4")
    assert " 75.0%  sky (2 pictures)" in text
    assert "Sizes: 80 × 64 to 200 × 100" in text
    page.form.editors["labels.label_set"].input.setCurrentText("ade20k")
    answer("", "Error: there are no photographs.", 1)
    qtbot.mouseClick(page.check, LEFT)
    qtbot.waitUntil(lambda: not page.check_run.is_running, timeout=30_000)
    assert page.report.toPlainText() == "Error: there are no photographs."


def test_a_check_can_be_cancelled(page, answer, qtbot):
    answer(seconds=100)
    qtbot.mouseClick(page.check, LEFT)
    assert page.check.text() == "Cancel chec&k"
    qtbot.mouseClick(page.check, LEFT)
    assert not page.check_run.is_running
    assert page.check.text() == "Chec&k data"


def test_the_estimate_tells_the_time_by_a_run_like_it(page, answer, qtbot, runs, make_run, told):
    lines = (
        '{\n  "a": 1\n}\n\nSteps:         20 (3 an epoch), 2,400 pictures\nMemory:        about 5 MiB\nTime:          about 3 hours, timed'
    )
    answer(lines)
    page.form.editors["seed"].input.setValue(3)
    qtbot.mouseClick(page.estimate, LEFT)
    qtbot.waitUntil(lambda: not page.estimate_run.is_running, timeout=30_000)
    assert page.report.toPlainText().startswith("Steps:")
    assert page.report.toPlainText().endswith("Time:          about 3 hours, timed")
    make_run("lakes", told.started(), told.step(10), told.step(20))
    assert pace_of_similar_runs(runs, page.form.config()) == pytest.approx(8)
    qtbot.mouseClick(page.estimate, LEFT)
    qtbot.waitUntil(lambda: not page.estimate_run.is_running, timeout=30_000)
    assert "Time:          about 5 min, at the 8.0 images/s of a run like it" in page.report.toPlainText()
    assert "timed" not in page.report.toPlainText()
    page.form.editors["batch_size"].input.setValue(2)
    assert pace_of_similar_runs(runs, page.form.config()) is None


def test_a_tool_that_cannot_be_started_says_so(page, monkeypatch, qtbot):
    monkeypatch.setattr(tool_run, "tool_command", lambda tool, words: ["/nowhere/spade-train", *words])
    qtbot.mouseClick(page.check, LEFT)
    qtbot.waitUntil(lambda: not page.check_run.is_running, timeout=10_000)
    assert "cannot be started" in page.report.toPlainText()


def test_a_report_without_problems_says_so_first():
    assert report_words(json.dumps({**REPORT, "problems": []})).startswith("Ready for training.")


def test_nothing_is_wrong_before_anything_is_typed(training, qtbot):
    training.open()
    qtbot.mouseClick(training.new, Qt.MouseButton.LeftButton)
    page = training.form
    path = page.form.editors["data.path"].input
    assert page.problem.text() == "Choose a folder or zip with photographs and label maps."
    assert page.problem.property("role") == "caption"
    assert not page.form._problems["data.path"].isVisible()
    assert not path.property("wrong")
    assert not page.start.isEnabled()
    qtbot.keyClicks(path, "nowhere")
    assert page.problem.property("role") == "problem"
    assert page.form._problems["data.path"].isVisible()
    assert path.property("wrong")


def test_a_report_goes_with_the_values_that_it_was_about(page, answer, qtbot, tmp_path):
    answer("{\n}\n\nSteps:         20 (3 an epoch), 2,400 pictures")
    qtbot.mouseClick(page.estimate, LEFT)
    qtbot.waitUntil(lambda: page.report.toPlainText().startswith("Steps"), timeout=30_000)
    page.name.setText("lakes")
    assert page.report.toPlainText()
    page.form.editors["batch_size"].input.setValue(3)
    assert page.report.toPlainText() == ""
