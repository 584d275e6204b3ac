"""The suite itself on a machine that lacks one of Qt's libraries: it must skip with a reason, not fail or end early."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Hides a library from ctypes and Qt from the import system, with the loader's own words.
HIDE_EGL = """
import ctypes, importlib.abc, sys
MESSAGE = "libEGL.so.1: cannot open shared object file: No such file or directory"
load = ctypes.CDLL
class CDLL(load):
    def __init__(self, name, *args, **kwargs):
        if name == "libEGL.so.1":
            raise OSError(MESSAGE)
        super().__init__(name, *args, **kwargs)
ctypes.CDLL = CDLL
class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in ("PySide6.QtGui", "PySide6.QtWidgets", "PySide6.QtTest"):
            raise ImportError(MESSAGE)
sys.meta_path.insert(0, Finder())
"""

TESTS = {
    "test_top.py": "from PySide6.QtWidgets import QWidget\ndef test_widget():\n    assert QWidget\n",
    "test_mixed.py": """
import pytest
def test_plain():
    assert True
def test_bot(qtbot):
    raise AssertionError
def test_inside():
    from PySide6 import QtGui
    raise AssertionError
@pytest.fixture
def widget():
    from PySide6.QtWidgets import QWidget
    return QWidget()
def test_fixture(widget):
    raise AssertionError
@pytest.mark.qt_log_ignore("nothing")
def test_own_process(qt_libraries):
    raise AssertionError
def test_other_import_errors_still_fail():
    raise ImportError("libother.so.1: cannot open shared object file")
""",
    "test_broken.py": "import no_such_module\n",
}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Qt brings its libraries along on other systems")
def test_suite_skips_what_needs_qt_and_runs_the_rest(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path / "tests")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "hide_egl.py").write_text(HIDE_EGL, "utf-8")
    for name, text in TESTS.items():
        (tmp_path / "tests" / name).write_text(text, "utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "hide_egl", "-p", "no:cacheprovider", "--continue-on-collection-errors"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "COLUMNS": "250"}
    environment.pop("PYTEST_ADDOPTS", None)
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=120)
    text = done.stdout
    assert done.returncode == 1, text + done.stderr
    assert "1 failed, 1 passed, 5 skipped, 1 error" in text.splitlines()[-1]
    assert "FAILED tests/test_mixed.py::test_other_import_errors_still_fail" in text
    assert "ERROR tests/test_broken.py" in text
    assert text.count("Qt cannot be loaded without libEGL.so.1 (Debian: apt install libegl1)") >= 2
    assert "apt install libegl1" in text.split("collected")[0]
