"""The program as the system starts it: processes of its own that hand files over, end when asked to, and leave nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from spade_studio.app.documents import samples
from spade_studio.app.startup.single_instance import Listener, Message, address, hand_over
from spade_studio.engine.labels import load_label_set

pytest.importorskip("PySide6.QtNetwork", exc_type=ImportError)

COMMAND = [sys.executable, "-m", "spade_studio.app"]
SECONDS = 60

# No weights are loaded: the tests are about processes, and a machine that is busy takes long for torch.
NO_WEIGHTS = """
import sys
from spade_studio.app import main
from spade_studio.app.rendering import loading
from spade_studio.engine.errors import RenderError
def load():
    raise RenderError("the test has none")
loading.renderer_loader = lambda options, **others: load
sys.exit(main.main(sys.argv[1:]))
"""


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", NO_WEIGHTS, *arguments], stderr=subprocess.PIPE, text=True)


def wait_for(process: subprocess.Popen[str], happened: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + SECONDS
    while not happened():
        assert time.monotonic() < end, f"waited {SECONDS} s until {what}"
        try:
            process.wait(0.02)  # paces the loop
        except subprocess.TimeoutExpired:
            continue
        pytest.fail(f"it ended before {what}: {process.communicate()[1]}")


@pytest.fixture
def state(isolated_settings: Path) -> Path:
    return isolated_settings / "state" / "spade-studio"


@pytest.fixture
def place(state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    place = address(state)
    if place is None:
        pytest.skip("there is no private folder for a socket here")
    return place


@pytest.fixture
def running(place: str) -> Iterator[subprocess.Popen[str]]:
    process = start()
    wait_for(process, lambda: Path(place).exists(), "it listens")
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


def label_map(folder: Path) -> Path:
    path = folder / "map.png"
    samples.write_labels(path, np.full((40, 50), 156, np.uint8), load_label_set("coco_stuff"))
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="signals and sockets of POSIX")
def test_a_second_start_hands_its_file_over_and_both_end_well(running, place, state, tmp_path):
    path = label_map(tmp_path)
    second = subprocess.run([*COMMAND, str(path)], capture_output=True, text=True, timeout=SECONDS, check=False)
    assert second.returncode == 0, second.stderr
    assert "Traceback" not in second.stderr
    settings = state.parents[1] / "config" / "spade-studio" / "settings.ini"
    log = state / "log" / "spade-studio.log"
    wait_for(running, lambda: log.is_file() and "map.png" in log.read_text("utf-8"), "the first one opens the file")
    assert running.poll() is None

    running.send_signal(signal.SIGTERM)
    errors = running.communicate(timeout=SECONDS)[1]
    assert running.returncode == 0, errors
    assert "Traceback" not in errors
    assert not Path(place).exists()
    assert list((state / "reports").glob("*")) == []
    assert "map.png" in settings.read_text("utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="signals and sockets of POSIX")
def test_what_a_killed_process_leaves_stops_nobody(running, place, qtbot):
    running.kill()
    running.wait(SECONDS)
    assert Path(place).exists()
    assert not hand_over(place, [])
    listener = Listener(place)
    assert listener.listen()
    listener.close()
    assert not Path(place).exists()
    assert Message().files == ()


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_and_version_are_quick_and_need_no_display(argument):
    environment = {**os.environ, "QT_QPA_PLATFORM": "there-is-none"}
    done = subprocess.run([*COMMAND, argument], capture_output=True, text=True, timeout=SECONDS, check=False, env=environment)
    assert done.returncode == 0
    assert "SPADE Studio" in done.stdout or "--new-instance" in done.stdout
    assert done.stderr == ""
