"""The list of runs and the live view, on events files that the trainer's own classes wrote."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor

from spade_studio.app.training import run_list
from spade_studio.app.training.curves import running_mean
from spade_studio.app.training.history import RunHistory, RunState, last_event, run_state
from spade_studio.app.training.memory import TrainingMemory
from spade_studio.app.training.run_page import time_words
from spade_studio.app.ui.theme import DARK
from spade_studio.train.run.events import RunEnded, RunPaused, Warned


def test_every_state_is_told(training, make_run, runs, told):
    make_run("new")
    make_run("done", told.started(), told.step(10), RunEnded(100, "finished"))
    make_run("paused", told.started(), told.step(10), RunEnded(10, "stopped"))
    make_run("broken", told.started(), RunEnded(0, "failed", "no space"))
    make_run("dead", told.started(), told.step(10))
    with make_run("busy", told.started(), told.step(10)).locked():
        training.open_folder(runs)
        assert training.runs.rows == [
            ("00005-busy", "running"),
            ("00004-dead", "cut off"),
            ("00003-broken", "failed"),
            ("00002-paused", "stopped"),
            ("00001-done", "finished"),
            ("00000-new", "not started"),
        ]
        assert training.page.stop.isEnabled()
        assert not training.page.resume.isEnabled()
    training.runs.look()
    assert training.runs.rows[0] == ("00005-busy", "cut off")
    training.follower.look()
    assert training.page.resume.isEnabled()
    assert not training.page.stop.isEnabled()
    assert not training.page.end.isEnabled()


def test_a_pause_is_told(training, make_run, runs, told):
    run = make_run("lakes", told.started(), told.step(10))
    with run.locked():
        run.request_pause()
        training.open_folder(runs)
        assert training.runs.rows == [("00000-lakes", "pausing")]  # the step at hand goes on
        told.write(run, RunPaused(10))
        training.follower.look()
        training.runs.look()
        assert training.runs.rows == [("00000-lakes", "paused")]
        assert training.page.facts.text().startswith("Step 10 of 100   ·   ")
        run.request_stop()
        training.follower.look()
        assert training.follower.state is RunState.STOPPING
        assert not training.page.pause.isEnabled()


def test_the_list_opens_in_another_language(training, make_run, runs, told, monkeypatch):
    german = {"running": "läuft", "not started": "nicht gestartet"}
    monkeypatch.setattr(run_list, "state_words", lambda state: german[state.value])
    with make_run("old", told.started()).locked():
        make_run("new")
        training.open_folder(runs)
        assert training.runs.rows == [("00001-new", "nicht gestartet"), ("00000-old", "läuft")]
        assert training.page.name.text() == "00000-old"


def test_a_run_is_followed_from_where_it_was_left(training, make_run, runs, qtbot, told):
    run = make_run("lakes")
    told.write(run, *told.trained(run, 20))
    run.append_log("first words")
    training.open_folder(runs)
    training.open()
    page, plot = training.page, training.page.curves.generator
    assert page.curves.generator.values["adversarial"] == ([10, 20], [0.1, 0.05])
    assert set(page.curves.metrics) == {"reconstruction_l1", "diversity"}
    assert "first words" in page.log.toPlainText()
    with run.locked():
        told.write(run, told.step(30, pace=2.0), Warned(30, "a loss is not finite"))
        run.append_log("later words")
        with qtbot.waitSignal(training.follower.changed, timeout=5000):
            pass  # the follower looks by itself
        assert plot.values["adversarial"][0] == [10, 20, 30]
        assert page.facts.text().split("   ·   ") == [
            "Step 30 of 100",
            "epoch 3.00",
            "8.0 images/s",
            "2 min left",
            "2.0 GiB memory",
            "on cpu",
            "1 warning in the log",
        ]
        assert page.progress.value() == 30
    assert page.log.toPlainText().count("first words") == 1
    assert "later words" in page.log.toPlainText()


def test_names_of_lines_stand_beside_them(training, make_run, runs, told, qtbot):
    run = make_run("lakes")
    told.write(run, *told.trained(run, 20))
    training.open_folder(runs)
    training.open()
    page = training.page
    page.tabs.setCurrentWidget(page.curves)
    plots = page.curves.generator, page.curves.discriminator, page.curves.metrics["diversity"]

    def lines() -> list[QRectF]:
        return [plot.getViewBox().sceneBoundingRect() for plot in plots]

    def are_beside() -> bool:
        names = [plot.legend.sceneBoundingRect() for plot in plots[:2]]
        return all(plot.legend.items for plot in plots[:2]) and all(
            name.height() > 10 and name.left() > line.right() - 1 > 50 for line, name in zip(lines(), names, strict=False)
        )

    qtbot.waitUntil(are_beside)
    first, second, metric = lines()
    assert (first.left(), first.right()) == pytest.approx((second.left(), second.right()), abs=12)
    assert plots[2].width() - metric.right() < 30  # and where there are none no place is left for them
    assert not plots[2].legend.isVisible()


def test_where_a_run_went_on_from_a_checkpoint_what_lay_beyond_is_forgotten(told):
    history = RunHistory()
    history.add([told.started(), told.step(10), told.step(20), told.step(30)])
    history.add([told.started(10), told.step(11)])
    assert [entry.step for entry in history.steps] == [10, 11]


def test_samples_have_a_slider_that_stays_with_the_newest(training, make_run, runs, qtbot, told):
    run = make_run("lakes")
    told.write(run, *told.trained(run, 30))
    training.open_folder(runs)
    training.open()
    samples = training.page.samples
    assert samples.caption.text() == "Step 30 (3 of 3)"
    assert samples.view.image.pixelColor(4, 4) == QColor(30, 0, 0)
    training.page.tabs.setCurrentWidget(samples)
    samples.slider.setFocus()
    qtbot.keyClick(samples.slider, Qt.Key.Key_Home)
    assert samples.view.image.pixelColor(4, 4) == QColor(10, 0, 0)
    more = told.trained(run, 40)[-4:]
    told.write(run, *more)
    training.follower.look()
    assert samples.caption.text() == "Step 10 (1 of 4)"
    qtbot.keyClick(samples.slider, Qt.Key.Key_End)
    assert samples.caption.text() == "Step 40 (4 of 4)"
    (run.samples_path / "step_00000010.png").unlink()
    qtbot.keyClick(samples.slider, Qt.Key.Key_Home)
    assert samples.view.image.isNull()


def test_a_long_name_leaves_room_for_the_buttons(training, make_run, runs):
    make_run("landscapes of the alps in autumn with lakes and snow on the peaks")
    training.open_folder(runs)
    training.open()
    training.resize(1000, 700)
    assert training.width() == 1000
    assert training.page.name.text().startswith("00000-land")
    assert "…" in training.page.name.text()


def test_why_a_run_failed_is_said(training, make_run, runs, told):
    make_run("broken", told.started(), RunEnded(0, "failed", "the disk is full"))
    training.open_folder(runs)
    assert training.page.reason.text() == "the disk is full"


def test_another_run_shows_nothing_of_the_one_before(training, make_run, runs, told):
    first = make_run("first")
    told.write(first, *told.trained(first, 20))
    first.append_log("words of the first")
    make_run("second")
    training.open_folder(runs)
    training.runs.choose(first)
    training.open()
    assert training.page.curves.generator.values
    training.open_folder(runs)
    assert training.page.name.text() == "00001-second"
    assert training.page.log.toPlainText() == ""
    assert training.page.curves.generator.values == {}
    assert training.page.samples.shown == -1


def test_a_run_at_work_is_chosen_before_newer_ones(training, make_run, runs):
    with make_run("old").locked():
        make_run("new")
        training.open_folder(runs)
        assert training.page.name.text() == "00000-old"


def test_curves_are_drawn_only_where_they_are_seen(training, make_run, runs, told):
    run = make_run("lakes")
    told.write(run, *told.trained(run, 20))
    training.open_folder(runs)
    training.open()
    training.page.tabs.setCurrentWidget(training.page.log)
    told.write(run, told.step(30))
    training.follower.look()
    assert training.page.curves.generator.values["adversarial"][0] == [10, 20, 30]  # the same lists, which grow
    assert training.page.curves.generator.drawn("adversarial").size == 2
    training.page.tabs.setCurrentWidget(training.page.curves)
    assert training.page.curves.generator.drawn("adversarial").size == 3


def test_an_empty_folder_says_so(training, tmp_path):
    training.open_folder(tmp_path)
    assert training.stack.currentWidget() is training.empty
    assert training.runs.rows == []


def test_curves_follow_the_theme_and_can_be_smooth_and_logarithmic(training, make_run, runs, theme, qtbot, told):
    run = make_run("lakes")
    told.write(run, *told.trained(run, 30))
    training.open_folder(runs)
    training.open()
    curves = training.page.curves
    qtbot.keyClick(curves.smooth, Qt.Key.Key_Space)
    drawn = curves.generator.drawn("adversarial")
    assert drawn.tolist() == pytest.approx(running_mean(np.array([0.1, 0.05, 1 / 30])).tolist())
    assert drawn[-1] > 0.05
    assert curves.generator.drawn("kl").size == 0  # not one finite value
    qtbot.keyClick(curves.logarithmic, Qt.Key.Key_Space)
    assert curves.generator.getPlotItem().getAxis("left").logMode
    theme.set_appearance("dark")
    assert curves.generator.backgroundBrush().color() == QColor(DARK.field)


def test_a_running_mean_skips_what_is_not_finite():
    np.testing.assert_allclose(running_mean(np.array([np.nan, 1.0, np.nan, 1.0])), [np.nan, 1, 1, 1])
    np.testing.assert_allclose(running_mean(np.array([1.0, 2.0]), 0.5), [1, 2.5 / 1.5])


def test_times_are_told_as_people_do():
    assert [time_words(seconds) for seconds in (5, 125, 3700, 100_000)] == ["5 s", "2 min", "1 h 1 min", "1 day 3 h"]


def test_the_newest_event_is_found_behind_a_half_line(make_run, told):
    run = make_run("lakes", told.started(), told.step(10))
    with run.events_path.open("ab") as file:
        file.write(b'{"kind":"step","st')
    assert last_event(run) is not None
    assert run_state(run, last_event(run))[0] is RunState.CUT_OFF


def test_a_folder_is_remembered(training, runs, make_run, settings):
    make_run("lakes")
    training.open_folder(runs)
    assert TrainingMemory(settings).runs_folder == runs
    settings.training = "{ broken"
    assert TrainingMemory(settings).form == {}


def test_a_run_that_was_stopped_names_the_button_that_goes_on(training, make_run, runs, told):
    run = make_run("lakes", told.started(), RunEnded(7, "stopped", "Go on with: spade-train resume runs/00000-lakes"))
    run.log_path.write_text("Stopped after step 7: Go on with: spade-train resume runs/00000-lakes\n")
    training.open_folder(runs)
    training.open()
    assert training.page.reason.text() == "Resume goes on from here."
    assert training.page.log.toPlainText() == "Stopped after step 7: Resume goes on from here."
