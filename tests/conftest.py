"""What all tests share: isolated settings, skips that name what is missing, and a watch over threads that tests leave behind.

This file must load on machines where Qt cannot.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from spade_studio.app.startup.system_libraries import MissingLibrary, explain_missing, missing_libraries

SHARED = Path(__file__).resolve().parents[1] / ".." / "shared"
# Set by packaging/bootstrap.py, which runs the linters and the type checker before pytest.
FAILED_CHECKS = os.environ.get("SPADE_STUDIO_FAILED_CHECKS", "")

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
MISSING_LIBRARIES = missing_libraries("offscreen")
MISSING_WINDOW_TOOLS = [package for package, program in (("xvfb", "Xvfb"), ("xdotool", "xdotool")) if shutil.which(program) is None]
MISSING_WINDOW_TOOLS += sorted({library.debian for library in missing_libraries("xcb")})


# ---- machines without the system libraries that Qt needs: no Qt plugin, and skips in place of failures


class WithoutQt:
    """Stands in for pytest-qt where Qt cannot be loaded: its fixtures skip, its markers are known."""

    def __init__(self, missing: list[MissingLibrary]) -> None:
        packages = " ".join(dict.fromkeys(library.debian for library in missing))
        self.names = [library.library for library in missing]
        self.reason = f"Qt cannot be loaded without {', '.join(self.names)} (Debian: apt install {packages})"

    def pytest_report_header(self) -> str:
        return explain_missing(missing_libraries("offscreen"))

    def pytest_configure(self, config: pytest.Config) -> None:
        for marker in ("qt_no_exception_capture", "qt_log_level_fail", "qt_log_ignore", "no_qt_log"):
            config.addinivalue_line("markers", f"{marker}: of pytest-qt")

    def pytest_pycollect_makemodule(self, module_path: Path, parent: pytest.Collector) -> pytest.Module:
        return ModuleWithoutQt.from_parent(parent, path=module_path)

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self) -> Generator[None, object, object]:
        return (yield from self._skip_at_import_errors())

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self) -> Generator[None, object, object]:
        return (yield from self._skip_at_import_errors())

    def _skip_at_import_errors(self) -> Generator[None, object, object]:
        try:
            return (yield)
        except ImportError as error:
            if self.is_the_cause_of(str(error)):
                pytest.skip(self.reason)
            raise

    def is_the_cause_of(self, message: str) -> bool:
        return any(f"{name}: cannot open shared object" in message for name in self.names)

    @pytest.fixture(scope="session")
    def qapp(self) -> None:
        pytest.skip(self.reason)

    @pytest.fixture
    def qtbot(self) -> None:
        pytest.skip(self.reason)

    @pytest.fixture
    def qtlog(self) -> None:
        pytest.skip(self.reason)

    @pytest.fixture
    def qtmodeltester(self) -> None:
        pytest.skip(self.reason)


class ModuleWithoutQt(pytest.Module):
    """A test module that counts as skipped if importing it fails for want of one of Qt's libraries."""

    def collect(self) -> Any:
        try:
            return super().collect()
        except self.CollectError as error:
            if without_qt.is_the_cause_of(str(error)):
                pytest.skip(without_qt.reason, allow_module_level=True)
            raise


without_qt = WithoutQt(MISSING_LIBRARIES)


def pytest_plugin_registered(plugin: object, manager: pytest.PytestPluginManager) -> None:
    # The only hook of a conftest that runs before pytest-qt's pytest_configure, which would import PySide6 and end the whole run.
    if MISSING_LIBRARIES and not manager.has_plugin("without-qt"):
        if manager.has_plugin("pytest-qt"):
            manager.unregister(name="pytest-qt")
        manager.register(without_qt, "without-qt")


@pytest.fixture
def qt_libraries() -> None:
    """Skip where Qt cannot be loaded; for tests that start a process of their own with Qt in it."""
    if MISSING_LIBRARIES:
        pytest.skip(without_qt.reason)


# ---- other things a machine may lack


@pytest.fixture(scope="session")
def shared() -> Callable[..., Path]:
    """Give the path of a piece of the folder `shared` beside the checkout, by its parts; skip, naming it, where it is missing."""

    def find(*parts: str) -> Path:
        path = SHARED.joinpath(*parts)
        if not path.exists():
            pytest.skip(f"there is no ../shared/{'/'.join(parts)} beside the checkout")
        return path

    return find


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if MISSING_WINDOW_TOOLS and item.get_closest_marker("window"):
            item.add_marker(pytest.mark.skip(reason=f"needs an X window: apt install {' '.join(MISSING_WINDOW_TOOLS)}"))
        if item.get_closest_marker("reference") and not (SHARED / "reference").is_dir():
            item.add_marker(pytest.mark.skip(reason="there is no ../shared/reference beside the checkout"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("cuda"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("there is no CUDA device")


# ---- how the tests were started


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let Ctrl+C interrupt this process and those that it starts; a shell has jobs that it starts with ``&`` ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


# ---- isolation


def pytest_configure(config: pytest.Config) -> None:
    # Where a test starts no function of its own (session fixtures, subprocesses), settings still must not be the user's.
    home = Path(tempfile.mkdtemp(prefix="spade-studio-tests-"))
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    _set_homes(pytest.MonkeyPatch(), home)
    if "XDG_RUNTIME_DIR" not in os.environ:
        runtime = home / "runtime"
        runtime.mkdir(mode=0o700)
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)


@pytest.fixture(autouse=True)
def isolated_settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give every test settings, data and cache folders of its own; returns the folder that holds them."""
    home = tmp_path_factory.mktemp("home")
    _set_homes(monkeypatch, home)
    if (core := sys.modules.get("PySide6.QtCore")) is not None:
        # QSettings has read the environment when it was first used.
        for settings_format in (core.QSettings.Format.NativeFormat, core.QSettings.Format.IniFormat):
            core.QSettings.setPath(settings_format, core.QSettings.Scope.UserScope, str(home / "config"))
    return home


def _set_homes(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "APPDATA", "LOCALAPPDATA"):
        folder = home / variable.removeprefix("XDG_").removesuffix("_HOME").lower()
        folder.mkdir(parents=True, exist_ok=True)
        monkeypatch.setenv(variable, str(folder))


@pytest.fixture(autouse=True)
def no_thread_left_behind(isolated_settings: Path) -> Iterator[None]:
    """Fail a test that leaves a living thread which would keep the program from ending."""
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before and not thread.daemon]
    for thread in left:
        thread.join(timeout=5)
    if alive := [thread.name for thread in left if thread.is_alive()]:
        pytest.fail(f"the test left threads running: {', '.join(alive)}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if FAILED_CHECKS:
        terminalreporter.section("checks before the tests", red=True, bold=True)
        terminalreporter.write_line(f"FAILED: {FAILED_CHECKS}", red=True)
