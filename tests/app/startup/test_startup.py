"""Starting and ending the application in a process of its own, and what happens before Qt can load."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from importlib import metadata
from pathlib import Path

import pytest

from spade_studio.app import main
from spade_studio.app.startup.system_libraries import MissingLibrary
from spade_studio.engine.weights import default_weights_path

ROOT = Path(__file__).parents[3]


def run_python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=120, check=False, cwd=ROOT)


START = """
import gc, json, sys, threading
from spade_studio.app import main

options = main.parse(sys.argv[1:])
application, window = main.build(options)
seen = {"before": "torch" in sys.modules}
window.canvas.first_painted.connect(lambda: seen.update(painted="torch" in sys.modules, title=window.windowTitle()))
window.live.rendered.connect(lambda result: (seen.update(shape=result.image.shape, torch="torch" in sys.modules), window.close()))
window.live.failed.connect(lambda failure: (seen.update(error=str(failure.error)), window.close()))
window.show()
seen["code"] = application.exec()
seen["gc"] = gc.isenabled(), gc.get_freeze_count() > 10_000, sys.getswitchinterval()
seen["threads"] = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
print(json.dumps(seen))
"""


@pytest.mark.slow
def test_the_window_shows_before_torch_is_imported_and_a_picture_follows(qt_libraries):
    if not default_weights_path().is_file():
        pytest.skip("the default weights are not in this checkout")
    result = run_python(START)
    assert result.returncode == 0, result.stderr
    seen = json.loads(result.stdout.splitlines()[-1])
    assert seen["before"] is False
    assert seen["painted"] is False
    assert seen["title"] == "Mountain lake[*] - SPADE Studio"
    assert seen["torch"] is True
    assert seen["shape"][2] == 3
    assert seen["code"] == 0
    assert seen["threads"] == []
    assert seen["gc"] == [True, True, 0.001]  # what keeps the window from standing still while torch loads
    assert "Traceback" not in result.stderr


@pytest.mark.slow
def test_weights_that_are_none_leave_a_usable_window(qt_libraries, tmp_path):
    (tmp_path / "photo.safetensors").write_bytes(b"\xff\xd8\xff\xe0" * 20)
    result = run_python(START, "--weights", str(tmp_path / "photo.safetensors"))
    assert result.returncode == 0, result.stderr
    seen = json.loads(result.stdout.splitlines()[-1])
    assert "photo.safetensors" in seen["error"]
    assert seen["threads"] == []


def test_no_qt_and_no_torch_until_they_are_needed():
    result = run_python("import sys, spade_studio.app.main; print([name for name in ('PySide6', 'torch', 'cv2') if name in sys.modules])")
    assert result.stdout.strip() == "[]", result.stderr


def test_missing_system_libraries_are_named_with_their_packages(monkeypatch, capsys):
    monkeypatch.setattr(main, "missing_libraries", lambda: [MissingLibrary("libEGL.so.1", "libegl1", "libglvnd-egl")])
    monkeypatch.setattr(main, "build", lambda options: pytest.fail("Qt must not be touched"))
    assert main.main([]) == 1
    message = capsys.readouterr().err
    assert "libEGL.so.1" in message
    assert "apt install libegl1" in message
    assert "dnf install libglvnd-egl" in message


@pytest.mark.parametrize(("argument", "expected"), [("--version", "SPADE Studio "), ("--help", "usage: spade-studio")])
def test_help_and_version_need_no_window(argument, expected, capsys, monkeypatch):
    monkeypatch.setattr(main, "build", lambda options: pytest.fail("no window is needed"))
    with pytest.raises(SystemExit) as ended:
        main.main([argument])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(expected)


def test_the_version_names_the_parts_and_the_devices(capsys):
    with pytest.raises(SystemExit):
        main.main(["--version"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"SPADE Studio {metadata.version('spade-studio')}"
    assert lines[2] == f"torch {metadata.version('torch')}"
    assert lines[3].startswith(f"Qt {metadata.version('pyside6-essentials')}")
    assert lines[4].startswith("devices: cpu")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_torchs_libraries_are_loaded_without_importing_torch():
    code = (
        "import sys\nfrom spade_studio.app.rendering.loading import preload_torch_libraries\npreload_torch_libraries()\n"
        "print('torch' in sys.modules, 'libtorch_cpu' in open('/proc/self/maps').read())\n"
        "import torch\nprint(float(torch.ones(3).sum()))"
    )
    result = run_python(code)
    assert result.stdout.split() == ["False", "True", "3.0"], result.stderr


def test_painting_goes_on_while_the_weights_load(qtbot, settings, theme, renderer, make_hand):
    from spade_studio.app.shell.main_window import MainWindow

    renderer.gate.clear()
    window = MainWindow(settings, theme, renderer.load, renderer.channels)
    qtbot.addWidget(window, before_close_func=lambda window: (renderer.gate.set(), window.document.undo_stack.setClean()))
    with qtbot.waitSignal(window.canvas.first_painted):
        window.show()
    before = window.document.labels.copy()
    make_hand(window).stroke((50, 50), (90, 90))
    painted = window.document.labels.copy()
    assert (painted != before).any()
    assert window.render_panel.view.image.isNull()
    renderer.gate.set()
    qtbot.waitUntil(lambda: window.live.is_up_to_date)
    assert (renderer.seen[-1][0] == painted).all()
    assert len(renderer.seen) <= 2


def test_the_bindings_do_not_lose_references_to_none(qapp):
    # PySide6 6.12.0 does on Python 3.11 and older: the interpreter aborts ("deallocating None") after some minutes of painting.
    from PySide6.QtWidgets import QWidget

    widget = QWidget()
    before = sys.getrefcount(None)
    for _ in range(500):
        widget.setEnabled(True)
    assert sys.getrefcount(None) > before - 250


def test_a_start_that_fails_says_so_and_leaves_a_report(qapp, settings, monkeypatch, capsys):
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication, QMessageBox

    from spade_studio.app.startup import log
    from spade_studio.app.startup.crash import Reports

    def broken(*_arguments: object) -> None:
        raise RuntimeError("no window today")

    said: list[str] = []

    def read() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        said.extend((box.text(), box.informativeText()))
        box.accept()

    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(main, "make_window", broken)
    monkeypatch.setattr(log, "log_qt_messages", lambda: None)
    QTimer.singleShot(0, read)
    assert main.run(qapp, settings, main.parse([]), None) == 1
    (report,) = Reports(settings.state_folder / "reports").all()
    assert "no window today" in report.read_text("utf-8")
    assert said[0] == "SPADE Studio could not start"
    assert "no window today" in said[1]
    assert str(report) in said[1]
    assert "no window today" in capsys.readouterr().err
