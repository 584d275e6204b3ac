"""Work that a person waits for: on a thread, with a window that lives, and a way out."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QProgressDialog, QPushButton, QWidget

from spade_studio.app.ui import waiting as module
from spade_studio.app.ui.plain import PlainLabel
from spade_studio.app.ui.waiting import Waiting
from spade_studio.app.ui.worker import TakenBack
from spade_studio.engine.errors import EngineError


@pytest.fixture
def window(qtbot) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    return window


def test_it_gives_what_was_done_on_a_thread_and_raises_what_ended_it(window):
    waiting, threads = Waiting(window), []
    assert waiting.do("Counting…", lambda check: threads.append(threading.current_thread()) or 42) == 42
    assert threads[0] is not threading.main_thread()

    def fail(check: object) -> None:
        raise EngineError("nothing there")

    with pytest.raises(EngineError, match="nothing there"):
        waiting.do("Failing…", fail)

    def run_out(check: object) -> None:
        raise MemoryError

    with pytest.raises(EngineError, match="not enough memory"):
        waiting.do("Filling…", run_out)
    assert not waiting.is_busy


def test_the_window_lives_meanwhile_and_the_person_can_give_up(window, qtbot, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_MILLISECONDS", 1)
    waiting, begun, ended = Waiting(window), threading.Event(), threading.Event()
    seen: list[str] = []

    def work(check) -> str:
        begun.wait(20)
        try:
            check()
        except TakenBack:
            ended.set()
            raise
        return "too late"

    def cancel() -> None:
        dialogs = window.findChildren(QProgressDialog)
        if not dialogs or not dialogs[0].isVisible():
            QTimer.singleShot(5, cancel)
            return
        seen.extend(label.text() for label in dialogs[0].findChildren(PlainLabel))
        qtbot.mouseClick(dialogs[0].findChild(QPushButton), Qt.MouseButton.LeftButton)

    QTimer.singleShot(0, cancel)
    assert waiting.do("Opening <b>lake</b>…", work) is None
    assert seen == ["Opening <b>lake</b>…"]
    begun.set()
    assert ended.wait(20), "the work learns of it at its next check"
    assert not waiting.is_busy


def test_closing_the_window_gives_up(window):
    waiting, hold = Waiting(window), threading.Event()
    QTimer.singleShot(0, waiting.give_up)
    assert waiting.do("Waiting…", lambda check: hold.wait(20)) is None
    hold.set()


def test_the_end_of_the_application_gives_up_without_spinning(window, monkeypatch):
    waiting, hold, runs = Waiting(window), threading.Event(), []

    def end(loop: QEventLoop, *_flags: object) -> int:
        """Return at once, as every loop does where the application has ended."""
        runs.append(loop)
        if len(runs) > 9:
            waiting.give_up()
        return -1

    monkeypatch.setattr(QEventLoop, "exec", end)
    assert waiting.do("Waiting…", lambda check: hold.wait(20)) is None
    hold.set()
    assert len(runs) == 1
    assert not waiting.is_busy


def test_giving_up_is_for_all_that_is_waited_for(window):
    waiting, hold, given = Waiting(window), threading.Event(), []

    def another() -> None:
        QTimer.singleShot(0, waiting.give_up)
        given.append(waiting.do("Waiting for another…", lambda check: hold.wait(20)))

    QTimer.singleShot(0, another)
    given.append(waiting.do("Waiting…", lambda check: hold.wait(20)))
    hold.set()
    assert given == [None, None]
