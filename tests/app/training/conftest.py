"""Runs as trainers leave them, written by the same classes, and a window that looks at them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from spade_studio.app.training import trainer_process
from spade_studio.app.training.memory import TrainingMemory
from spade_studio.app.training.my_drawing import Drawing
from spade_studio.app.training.window import TrainingWindow
from spade_studio.app.ui.settings import Settings
from spade_studio.app.ui.theme import Theme
from spade_studio.engine.labels import load_label_set
from spade_studio.train.config.presets import preset
from spade_studio.train.run.directory import RunDirectory
from spade_studio.train.run.events import CheckpointWritten, Event, EventLog, MetricsMeasured, RunStarted, SamplesWritten, StepLogged


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support (propagateSizeHints|raise)"))


def started(at_step: int = 0) -> RunStarted:
    return RunStarted(at_step, 100, 1, "cpu", "0.1.0")


def step(number: int, **more: float) -> StepLogged:
    losses = {"generator.adversarial": 1.0 / number, "generator.kl": None, "discriminator.real": 0.5}
    return StepLogged(number, number / 10, number * 4, losses, (1e-4, 4e-4), more.get("pace", 0.5), 8.0, 0.1, 2048)


def trained(run: RunDirectory, upto: int = 40, every: int = 10) -> list[Event]:
    """Return what a run tells while it trains for some steps; its sample grids are written too."""
    events: list[Event] = [started()]
    for number in range(every, upto + 1, every):
        events += [step(number), CheckpointWritten(number, f"step_{number:08}.pt")]
        name = f"step_{number:08}.png"
        picture = QImage(8, 8, QImage.Format.Format_RGB32)
        picture.fill(QColor(number, 0, 0))
        run.samples_path.mkdir(exist_ok=True)
        picture.save(str(run.samples_path / name))
        events += [SamplesWritten(number, name), MetricsMeasured(number, {"reconstruction_l1": 1 / number, "diversity": 0.2}, best=True)]
    return events


def write(run: RunDirectory, *events: Event) -> None:
    with EventLog(run.events_path) as log:
        for event in events:
            log.write(event)


@pytest.fixture(autouse=True)
def _no_widgets_left(qapp: QApplication) -> Iterator[None]:
    """Delete closed windows now: every theme is laid over all widgets that there are, and theirs are many."""
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


class Told:
    """What trainers tell, for tests: made-up events, written by the trainer's own class."""

    started = staticmethod(started)
    step = staticmethod(step)
    trained = staticmethod(trained)
    write = staticmethod(write)


@pytest.fixture
def told() -> type[Told]:
    return Told


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def make_run(runs: Path) -> Callable[..., RunDirectory]:
    def make(name: str, *events: Event) -> RunDirectory:
        run = RunDirectory.create(runs, name, preset("tiny"))
        if events:
            write(run, *events)
        return run

    return make


@pytest.fixture
def used() -> list[Path]:
    """Give the weights that were taken into use."""
    return []


@pytest.fixture
def training(qtbot: QtBot, settings: Settings, theme: Theme, used: list[Path]) -> TrainingWindow:
    """Give the window, which has not been shown yet."""
    def drawing() -> Drawing:
        return Drawing(np.full((64, 64), 156, np.uint8), load_label_set("coco_stuff"), 3)

    window = TrainingWindow(TrainingMemory(settings), theme, drawing, lambda path: used.append(path) is None)
    qtbot.addWidget(window, before_close_func=TrainingWindow.close_parts)
    return window


STAND_IN = """
import subprocess, sys, time
from pathlib import Path
from spade_studio.train.run.events import EventLog, RunContinued, RunEnded, RunPaused, RunStarted
from spade_studio.train.run.directory import RunDirectory

run = RunDirectory(Path(sys.argv[2]))
if (run.path / "broken").exists():
    sys.exit("Error: this machine is broken.")
with run.locked(), EventLog(run.events_path) as log:
    run.clear_requests()
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
    (run.path / "child").write_text(str(child.pid))
    log.write(RunStarted(0, 100, 1, "cpu", "0"))
    end = time.monotonic() + 120
    paused = False
    while not run.stop_requested() and time.monotonic() < end:
        if paused is not run.pause_requested():
            paused = not paused
            log.write(RunPaused(1) if paused else RunContinued(1, 0.5))
        time.sleep(0.02)
    child.kill()
    log.write(RunEnded(1, "stopped"))
"""


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a trainer that only waits, with a child of its own, in place of the real one."""
    monkeypatch.setattr(trainer_process, "tool_command", lambda tool, arguments: [sys.executable, "-c", STAND_IN, *arguments])
