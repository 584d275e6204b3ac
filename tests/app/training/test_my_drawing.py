"""The document over the checkpoints of a run, with stand-ins for the tools; and weights that take the place of others in the window."""

from __future__ import annotations

import dataclasses
import sys
import threading
from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtCore import Qt

from spade_studio.app.training import tool_run
from spade_studio.engine.errors import WeightsError
from spade_studio.train.run.events import CheckpointWritten

LEFT = Qt.MouseButton.LeftButton

TOOLS = """
import sys
from pathlib import Path
tool, words = sys.argv[1], sys.argv[2:]
out = Path(words[words.index("--output") + 1])
if tool == "spade-train":
    step = words[words.index("--step") + 1] if "--step" in words else (Path(words[1]) / "newest").read_text()
    if step == "broken":
        sys.exit("Error: it has no checkpoint yet.")
    out.write_text(step)
    print(f"{out} (step {int(step):,})")
else:
    out.mkdir()
    seed = int(words[words.index("--seed") + 1])
    from PIL import Image
    step = int(Path(words[words.index("--weights") + 1]).read_text())
    assert Image.open(words[0]).getpixel((0, 0)) == 156
    Image.new("RGB", (8, 8), (step // 10, seed, 0)).save(out / "layout.png")
"""


@pytest.fixture
def run(training, make_run, runs, told, monkeypatch):
    """Give a shown run with checkpoints, and quick tools."""
    monkeypatch.setattr(tool_run, "tool_command", lambda tool, words: [sys.executable, "-c", TOOLS, tool, *words])
    run = make_run("lakes", told.started(), told.step(10), CheckpointWritten(10, "step_00000010.pt"))
    (run.path / "newest").write_text("1000")
    training.open_folder(runs)
    training.open()
    training.page.tabs.setCurrentWidget(training.drawing)
    return run


def wait(qtbot, page):
    qtbot.waitUntil(lambda: not page.drawing.is_at_work, timeout=30_000)


def test_every_new_checkpoint_renders_the_drawing_while_followed(training, run, told, qtbot, used):
    page = training.drawing
    assert page.timeline.shown == -1
    assert not page.use.isEnabled()
    qtbot.keyClick(page.follow, Qt.Key.Key_Space)
    assert not page.now.isEnabled()
    wait(qtbot, page)
    assert page.timeline.caption.text() == "Step 1,000 (1 of 1)"
    color = page.timeline.view.image.pixelColor(0, 0)
    assert (color.red(), color.green()) == (100, 3)
    (run.path / "newest").write_text("2000")
    told.write(run, told.step(20), CheckpointWritten(20, "step_00000020.pt"))
    training.follower.look()
    wait(qtbot, page)
    assert page.timeline.caption.text() == "Step 2,000 (2 of 2)"
    page.timeline.slider.setFocus()
    qtbot.keyClick(page.timeline.slider, Qt.Key.Key_Home)
    qtbot.mouseClick(page.use, LEFT)
    assert used == [run.path / "drawing" / "used" / "step_00001000.safetensors"]
    assert used[0].read_text() == "1000"
    assert "takes the weights of step 1,000" in page.note.text()


def test_nothing_is_rendered_unless_asked(training, run, told):
    told.write(run, told.step(20), CheckpointWritten(20, "step_00000020.pt"))
    training.follower.look()
    assert not training.drawing.drawing.is_at_work


def test_what_fails_is_said_and_the_next_try_works(training, run, qtbot):
    page = training.drawing
    (run.path / "newest").write_text("broken")
    qtbot.mouseClick(page.now, LEFT)
    wait(qtbot, page)
    assert page.note.text() == "Error: it has no checkpoint yet."
    (run.path / "newest").write_text("30")
    qtbot.mouseClick(page.now, LEFT)
    wait(qtbot, page)
    assert page.note.text() == ""
    assert page.timeline.caption.text() == "Step 30 (1 of 1)"


def test_weights_of_long_ago_go_and_pictures_stay(training, run, qtbot):
    page = training.drawing
    for step in range(1, 8):
        (run.path / "newest").write_text(str(step))
        page.drawing.render_newest()
        wait(qtbot, page)
    assert [entry.step for entry in page.drawing.entries] == list(range(1, 8))
    assert [entry.step for entry in page.drawing.entries if entry.weights.exists()] == list(range(3, 8))
    page.timeline.slider.setValue(0)
    assert not page.use.isEnabled()


def test_weights_in_use_stay_where_those_of_long_ago_go(training, run, qtbot, used):
    page = training.drawing
    (run.path / "newest").write_text("1")
    qtbot.mouseClick(page.now, LEFT)
    wait(qtbot, page)
    qtbot.mouseClick(page.use, LEFT)
    for step in range(2, 8):
        (run.path / "newest").write_text(str(step))
        page.drawing.render_newest()
        wait(qtbot, page)
    assert used[0].read_text() == "1"
    page.timeline.slider.setValue(0)
    assert page.use.isEnabled()


def test_any_checkpoint_can_be_used_and_rendered(training, run, told, qtbot, used):
    page = training.drawing
    for step in (10, 20, 30):
        (run.checkpoints_path / f"step_{step:08}.pt").touch()
        told.write(run, CheckpointWritten(step, f"step_{step:08}.pt"))
    training.follower.look()
    assert page.timeline.caption.text() == "Step 30 (3 of 3)"
    page.timeline.slider.setFocus()
    qtbot.keyClick(page.timeline.slider, Qt.Key.Key_Home)
    assert page.timeline.view.image.isNull()
    qtbot.mouseClick(page.use, LEFT)
    assert not page.use.isEnabled()
    assert page.note.text() == "Making the weights a file…"
    wait(qtbot, page)
    assert [(path.name, path.read_text()) for path in used] == [("step_00000010.safetensors", "10")]
    assert "takes the weights of step 10" in page.note.text()
    assert page.timeline.view.image.isNull()
    qtbot.keyClick(page.timeline.slider, Qt.Key.Key_Right)
    qtbot.mouseClick(page.now, LEFT)
    wait(qtbot, page)
    assert page.timeline.caption.text() == "Step 20 (2 of 3)"
    assert page.timeline.view.image.pixelColor(0, 0).red() == 2
    for step in (10, 30):  # the trainer keeps the newest ones only
        (run.checkpoints_path / f"step_{step:08}.pt").unlink()
    told.write(run, told.step(40))
    training.follower.look()
    assert page.timeline.caption.text() == "Step 20 (1 of 1)"


def test_a_drawing_that_is_rendered_again_is_shown_again(training, run, qtbot, monkeypatch):
    page = training.drawing
    qtbot.mouseClick(page.now, LEFT)
    wait(qtbot, page)
    color = page.timeline.view.image.pixelColor(0, 0)
    drawing = page.drawing._drawing()
    monkeypatch.setattr(page.drawing, "_drawing", lambda: dataclasses.replace(drawing, seed=9))
    qtbot.mouseClick(page.now, LEFT)
    wait(qtbot, page)
    assert (color.green(), page.timeline.view.image.pixelColor(0, 0).green()) == (3, 9)


def test_the_note_goes_when_the_work_is_done_in_any_language(training, run, qtbot, monkeypatch):
    page = training.drawing
    words = {"Rendering your drawing…": "Die Zeichnung wird gerendert…", "Rendering": "Rendern"}
    monkeypatch.setattr(page, "tr", lambda text: words.get(text, text))
    qtbot.mouseClick(page.now, LEFT)
    assert page.note.text() == "Die Zeichnung wird gerendert…"
    wait(qtbot, page)
    assert page.note.text() == ""


def test_another_run_shows_its_own_pictures(training, run, make_run, runs, qtbot):
    qtbot.mouseClick(training.drawing.now, LEFT)
    wait(qtbot, training.drawing)
    make_run("other")
    training.open_folder(runs)
    assert training.drawing.timeline.shown == -1
    training.runs.choose(run)
    assert training.drawing.timeline.shown == 0


def test_the_menu_opens_the_window_and_weights_are_swapped_in(window, renderer, qtbot, monkeypatch, tmp_path):
    window.commands["train"].trigger()
    training = window.training.window
    assert training is not None
    assert training.isVisible()
    other = type(renderer)()
    loaded: list[Path | None] = []
    window.rendering.loader = lambda options: loaded.append(options.weights) or cast("Any", other.load)
    assert window.training.use_weights(tmp_path / "new.safetensors")
    qtbot.waitUntil(lambda: bool(other.seen) and window.live.is_up_to_date)
    assert loaded == [tmp_path / "new.safetensors"]
    assert [thread.name for thread in threading.enumerate()].count("render") == 1
    seen = len(other.seen)

    def fail():
        raise WeightsError("these weights are damaged")

    window.rendering.loader = lambda options: cast("Any", fail)
    window.training.use_weights(tmp_path / "damaged.safetensors")
    qtbot.waitUntil(lambda: "damaged" in window.render_panel.banner.text)
    window.live.seed = 77
    qtbot.waitUntil(lambda: len(other.seen) > seen and 77 in other.seeds)
    window.close()
    assert not training.isVisible()


def test_a_second_swap_waits_for_the_first(window, renderer, qtbot):
    other = type(renderer)()
    other.gate.clear()
    assert window.live.replace_renderer(cast("Any", other.load))
    assert not window.live.replace_renderer(cast("Any", other.load))
    window.styles.adopt(5)  # the present one goes on meanwhile
    qtbot.waitUntil(lambda: 5 in renderer.seeds)
    other.gate.set()
    qtbot.waitUntil(lambda: 5 in other.seeds)


def test_a_checkpoint_that_is_rendered_is_marked_until_it_was_read(training, run, told, qtbot):
    run.checkpoints_path.mkdir(exist_ok=True)
    for step in (10, 20):
        (run.checkpoints_path / f"step_{step:08}.pt").touch()
    told.write(run, told.step(20), CheckpointWritten(20, "step_00000020.pt"))
    training.follower.look()
    page = training.drawing
    page.timeline.slider.setFocus()
    qtbot.keyClick(page.timeline.slider, Qt.Key.Key_Home)
    qtbot.mouseClick(page.now, LEFT)
    mark = run.checkpoints_path / "step_00000010.pin"
    assert mark.is_file()
    wait(qtbot, page)
    assert not mark.is_file()
    assert page.timeline.view.image.pixelColor(0, 0).red() == 1


def test_a_checkpoint_that_went_meanwhile_is_told_until_another_is_shown(training, run, told, qtbot):
    run.checkpoints_path.mkdir(exist_ok=True)
    for step in (10, 20):
        (run.checkpoints_path / f"step_{step:08}.pt").touch()
    told.write(run, told.step(20), CheckpointWritten(20, "step_00000020.pt"))
    training.follower.look()
    page = training.drawing
    page.timeline.slider.setFocus()
    qtbot.keyClick(page.timeline.slider, Qt.Key.Key_Home)
    (run.checkpoints_path / "step_00000010.pt").unlink()
    page.drawing.render(10)
    assert "has removed the checkpoint of step 10" in page.note.text()
    assert not page.drawing.is_at_work
    assert list(run.checkpoints_path.glob("*.pin")) == []
    (run.checkpoints_path / "step_00000015.pt").touch()
    page._show()
    qtbot.keyClick(page.timeline.slider, Qt.Key.Key_End)
    page.timeline.slider.setFocus()
    qtbot.keyClick(page.timeline.slider, Qt.Key.Key_Home)
    assert page.note.text() == ""
