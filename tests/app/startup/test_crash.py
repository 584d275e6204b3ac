"""Errors that nobody caught: told quietly, saved without what is private, and native crashes found at the next start."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from spade_studio.app.help.report_dialog import ReportDialog
from spade_studio.app.startup import crash, log
from spade_studio.app.startup.crash import Failure, Reports


@pytest.fixture
def hooks(monkeypatch):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)


@pytest.fixture
def logging_to(tmp_path):
    log.start(tmp_path / "log")
    yield tmp_path / "log"
    log.stop()


def raised(error: Exception) -> Exception:
    try:
        raise error
    except type(error) as caught:
        return caught


def fail(error: Exception) -> None:
    caught = raised(error)
    sys.excepthook(type(caught), caught, caught.__traceback__)


def test_an_uncaught_exception_is_told_quietly_and_a_report_is_saved(window, hooks, qtbot, capsys):
    crash.install(window.desktop.tell_failure, window.desktop.reports)
    focus = window.focusWidget()
    fail(RuntimeError("a slip of ours"))
    notice = window.desktop.notice
    assert notice.isVisible()
    assert "a slip of ours" in notice.text
    assert window.focusWidget() is focus
    assert "a slip of ours" in capsys.readouterr().err
    (report,) = window.desktop.reports.all()
    text = report.read_text("utf-8")
    assert "RuntimeError: a slip of ours" in text
    assert "Python 3" in text
    assert "pyside6-essentials" in text.lower()

    qtbot.mouseClick(notice.buttons[0], Qt.MouseButton.LeftButton)
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, ReportDialog)
    assert dialog.text.toPlainText() == text
    opened: list[Path] = []
    dialog._open_folder = opened.append
    qtbot.mouseClick(dialog.copy, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(dialog.folder, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == text
    assert opened == [window.desktop.reports.folder]
    assert not notice.isVisible()
    dialog.accept()


def test_the_home_folder_is_in_no_report_and_in_no_line_of_the_log(tmp_path, monkeypatch, hooks, logging_to):
    home = tmp_path / "ho.me" / "somebody"
    monkeypatch.setattr(Path, "home", lambda: home)
    reports = Reports(tmp_path / "reports")
    crash.install(lambda failure: None, reports)
    fail(ValueError(f"no such file: {home / 'secret' / 'x.png'}"))
    (report,) = reports.all()
    for text in (report.read_text("utf-8"), (logging_to / "spade-studio.log").read_text("utf-8")):
        assert str(home) not in text
        assert "no such file: ~" in text
    assert log.without_home(f"{home}s/other") == f"{home}s/other"


def test_the_report_holds_the_last_lines_of_the_log(tmp_path, logging_to):
    import logging

    logging.getLogger("spade_studio.test").info("opening lake.ora")
    report = Reports(tmp_path / "reports").write("Traceback")
    assert report is not None
    assert "opening lake.ora" in report.read_text("utf-8").partition("The last lines of the log")[2]


def test_the_same_error_over_and_over_makes_one_report(tmp_path, hooks, capsys):
    reports = Reports(tmp_path)
    told: list[Failure] = []
    crash.install(told.append, reports)
    for _ in range(30):
        fail(RuntimeError("again"))
    assert len(reports.all()) == 1
    assert len(told) == 30
    assert told[0].report == reports.all()[0]
    assert told[1].report is None


def test_only_the_newest_reports_are_kept(tmp_path):
    reports = Reports(tmp_path)
    for number in range(crash.MOST_REPORTS + 5):
        (tmp_path / f"report-2020-01-01-0000{number:02}-aaaa.txt").write_text("old")
    newest = reports.write("new")
    assert len(reports.all()) == crash.MOST_REPORTS
    assert reports.all()[0] == newest


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path, hooks, capsys):
    (tmp_path / "file").write_text("in the way")
    reports = Reports(tmp_path / "file" / "reports")
    told: list[Failure] = []
    crash.install(told.append, reports)
    fail(RuntimeError("no room"))
    assert told == [Failure("RuntimeError: no room", None)]
    reports.watch_native()
    reports.end()
    assert reports.collect_native() is None


def test_a_file_name_that_is_no_proper_text_is_reported(tmp_path, hooks, logging_to, capsys):
    reports = Reports(tmp_path / "reports")
    told: list[Failure] = []
    crash.install(told.append, reports)
    fail(FileNotFoundError("no such file: w\udcff.png"))  # how Python gives the byte FF of a file's name
    assert len(told) == 1
    (report,) = reports.all()
    for text in (report.read_text("utf-8"), (logging_to / "spade-studio.log").read_text("utf-8")):
        assert "no such file: w\\udcff.png" in text


def test_a_terminal_that_is_gone_keeps_no_report_away(tmp_path, hooks, monkeypatch):
    class Gone:
        def write(self, text: str) -> int:
            raise BrokenPipeError("the terminal is closed")

    monkeypatch.setattr(sys, "stderr", Gone())
    reports = Reports(tmp_path / "reports")
    told: list[Failure] = []
    crash.install(told.append, reports)
    fail(RuntimeError("a slip"))
    assert [failure.report for failure in told] == reports.all()
    assert len(told) == 1


def test_an_exception_of_another_thread_gets_a_report_too(tmp_path, hooks, capsys):
    reports = Reports(tmp_path)
    crash.install(lambda failure: None, reports)
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    assert "ZeroDivisionError" in reports.all()[0].read_text("utf-8")


NATIVE = """
import sys, faulthandler
from pathlib import Path
from spade_studio.app.startup.crash import Reports
reports = Reports(Path(sys.argv[1]))
reports.watch_native()
def where_it_happened():
    faulthandler._sigsegv()
where_it_happened()
"""


def test_a_native_crash_is_told_at_the_next_start(window, qtbot):
    reports = window.desktop.reports
    done = subprocess.run([sys.executable, "-c", NATIVE, str(reports.folder)], capture_output=True, timeout=60, check=False)
    assert done.returncode != 0
    window._settings.is_tour_seen = True
    window.desktop.greet()
    assert "ended unexpectedly" in window.desktop.notice.text
    (report,) = reports.all()
    assert "where_it_happened" in report.read_text("utf-8")
    assert sorted(path.name for path in reports.folder.iterdir()) == [report.name]
    window.desktop.notice.hide()
    window.desktop.greet()
    assert not window.desktop.notice.isVisible()


def test_the_trace_of_a_process_that_lives_is_left_alone(tmp_path):
    here, other = Reports(tmp_path), Reports(tmp_path)
    here.watch_native()
    assert other.collect_native() is None
    assert len(list(tmp_path.glob("*.trace"))) == 1
    here.end()
    assert list(tmp_path.iterdir()) == []


def test_the_log_rotates(tmp_path, monkeypatch):
    import logging

    monkeypatch.setattr(log, "_BYTES", 2000)
    log.start(tmp_path)
    for number in range(200):
        logging.getLogger("spade_studio.test").info("line %d", number)
    log.stop()
    assert len(list(tmp_path.iterdir())) == 4
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 9000
