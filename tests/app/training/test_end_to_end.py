"""A person trains the smallest networks from the window, watches to the end, and paints with what was trained; nothing is stood in for."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from spade_studio.app.training.history import RunState
from spade_studio.train.run.directory import RunDirectory

LEFT = Qt.MouseButton.LeftButton


@pytest.mark.slow
def test_train_a_tiny_model_from_the_window_and_use_it(window, qtbot, photos, runs, settings):
    window.commands["train"].trigger()
    training = window.training.window
    training.open_folder(runs)
    qtbot.mouseClick(training.new, LEFT)
    page = training.form
    page.presets.setFocus()
    qtbot.keyClicks(page.presets, "tiny")
    page.form.editors["data.path"].setFocus()
    qtbot.keyClicks(page.form.editors["data.path"].input, str(photos))
    steps = page.form.editors["schedule.constant"].input
    steps.setFocus()
    steps.selectAll()
    qtbot.keyClicks(steps, "8")
    assert page.problem.text() == ""

    qtbot.mouseClick(page.check, LEFT)
    qtbot.waitUntil(lambda: not page.check_run.is_running, timeout=60_000)
    assert page.report.toPlainText().startswith("Ready for training."), page.report.toPlainText()

    qtbot.mouseClick(page.start, LEFT)
    qtbot.waitUntil(lambda: training.follower.state is RunState.RUNNING, timeout=100_000)
    training.close()  # it goes on without the window
    window.commands["train"].trigger()
    qtbot.waitUntil(lambda: training.follower.state is RunState.FINISHED, timeout=100_000)
    run = RunDirectory(runs / "00000-tiny")
    assert training.page.facts.text().startswith("Step 8 of 8")
    assert training.page.curves.generator.values["feature_matching"][0] == list(range(1, 9))
    assert set(training.page.curves.metrics) >= {"reconstruction_l1"}
    assert run.weights_path.is_file()
    assert "Finished after step 8" in training.page.log.toPlainText()

    training.page.tabs.setCurrentWidget(training.drawing)
    qtbot.mouseClick(training.drawing.now, LEFT)
    qtbot.waitUntil(lambda: not training.drawing.drawing.is_at_work, timeout=100_000)
    assert training.drawing.timeline.caption.text() == "Step 8 (2 of 2)", training.drawing.note.text()
    assert not training.drawing.timeline.view.image.isNull()

    with qtbot.waitSignal(window.live.ready, timeout=100_000) as ready:
        qtbot.mouseClick(training.drawing.use, LEFT)
    assert ready.args[0].info.path == run.path / "drawing" / "used" / "step_00000008.safetensors"
    qtbot.waitUntil(lambda: window.live.is_up_to_date, timeout=60_000)
    assert window.render_panel.view.image.height() > 0
