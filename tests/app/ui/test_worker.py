"""Jobs on the worker's thread: order, progress, taking back."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import shiboken6
from pytestqt.qtbot import QtBot

from spade_studio.app.ui.worker import Job, Progress, Worker
from spade_studio.engine.errors import EngineError


@pytest.fixture
def worker(qapp: object) -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.close()
    assert "weights" not in [thread.name for thread in threading.enumerate()]


def fail(error: object) -> None:
    raise AssertionError(error)


def test_a_job_tells_its_progress_and_then_its_result_on_this_thread(worker: Worker, qtbot: QtBot) -> None:
    told: list[Any] = []
    here = threading.current_thread()

    def do(job: Job) -> int:
        assert threading.current_thread() is not here
        job.report(Progress("half", 1, 2))
        return 7

    def tell(what: object) -> None:
        assert threading.current_thread() is here
        told.append(what)

    worker.run(do, tell, fail, tell)
    qtbot.waitUntil(lambda: len(told) == 2)
    assert told == [Progress("half", 1, 2), 7]


@pytest.mark.parametrize(
    ("raised", "words"),
    [(EngineError("bad", "good", "mend it"), "bad. Expected good. mend it."), (MemoryError(), "memory")],
)
def test_errors_are_told(raised: Exception, words: str, worker: Worker, qtbot: QtBot) -> None:
    errors: list[EngineError] = []

    def do(_job: Job) -> None:
        raise raised

    worker.run(do, fail, errors.append, fail)
    qtbot.waitUntil(lambda: bool(errors))
    assert words in str(errors[0])


def test_an_error_of_the_program_is_told_and_then_raised_to_be_reported(worker: Worker, qtbot: QtBot) -> None:
    errors: list[str] = []

    def do(_job: Job) -> None:
        raise KeyError("x")

    with qtbot.captureExceptions() as raised:
        worker.run(do, fail, lambda error: errors.append(str(error)))
        qtbot.waitUntil(lambda: bool(errors) and bool(raised))
    assert "KeyError" in errors[0]
    assert [kind for kind, *_ in raised] == [KeyError]
    assert not worker.is_busy
    worker.run(do, fail, lambda error: errors.append(str(error)))
    with pytest.raises(KeyError):
        worker.wait()
    assert len(errors) == 2


@pytest.mark.parametrize("raised", [SystemExit(3), KeyboardInterrupt()])
def test_what_would_end_the_program_ends_the_job_alone(raised: BaseException, worker: Worker, qtbot: QtBot) -> None:
    told: list[object] = []

    def do(_job: Job) -> None:
        raise raised

    with qtbot.captureExceptions() as reported:
        worker.run(do, fail, lambda error: told.append(str(error)))
        worker.run(lambda _job: 7, told.append, fail)
        qtbot.waitUntil(lambda: len(told) == 2)
    assert type(raised).__name__ in str(told[0])
    assert told[1] == 7
    assert [kind for kind, *_ in reported] == [RuntimeError]


def test_a_job_that_gets_no_thread_is_dropped(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="new thread"):
            worker.run(lambda _job: 1, fail, fail)
    assert not worker.is_busy
    told: list[int] = []
    worker.run(lambda _job: 2, told.append, fail)
    worker.wait()
    assert told == [2]


class Network:
    """Stands in for what takes much memory."""


@pytest.mark.parametrize("raised", [EngineError("bad"), MemoryError(), KeyError("x")])
def test_a_job_that_fails_lets_go_of_what_it_loaded_at_once(raised: Exception, worker: Worker, qtbot: QtBot) -> None:
    made: list[weakref.ref[Network]] = []
    errors: list[str] = []

    def do(_job: Job) -> None:
        network = Network()
        made.append(weakref.ref(network))
        raise type(raised)(*raised.args)

    gc.disable()
    try:
        with qtbot.captureExceptions() as reported:
            worker.run(do, fail, lambda error: errors.append(str(error)), fail)
            qtbot.waitUntil(lambda: bool(errors))
            qtbot.waitUntil(lambda: bool(reported) or not isinstance(raised, KeyError))
            reported.clear()
        qtbot.waitUntil(lambda: made[0]() is None, timeout=2000)
    finally:
        gc.enable()


def test_a_job_taken_back_ends_at_its_next_word_and_the_next_one_waits_for_that(worker: Worker, qtbot: QtBot) -> None:
    begun, go = threading.Event(), threading.Event()
    order: list[str] = []

    def first(job: Job) -> None:
        begun.set()
        go.wait(20)
        order.append("first ends")
        job.report(Progress("more"))
        order.append("never")

    def second(_job: Job) -> None:
        order.append("second begins")

    done: list[object] = []
    job = worker.run(first, fail, fail, fail)
    assert begun.wait(20)
    skipped = worker.run(lambda _job: order.append("skipped"), fail, fail, fail)
    job.cancel()
    skipped.cancel()
    worker.run(second, done.append, fail, fail)
    go.set()
    qtbot.waitUntil(lambda: bool(done))
    assert order == ["first ends", "second begins"]


def test_closing_takes_all_back(worker: Worker, qtbot: QtBot) -> None:
    told: list[object] = []
    keep: Callable[[object], None] = told.append
    worker.run(lambda _job: 1, keep, keep, keep)
    worker.close()
    qtbot.wait(0)
    assert told == []


def test_waiting_tells_all_here_and_also_what_is_asked_for_meanwhile(worker: Worker) -> None:
    told: list[int] = []

    def again(number: int) -> None:
        told.append(number)
        if number < 3:
            worker.run(lambda _job: number + 1, again, fail)

    worker.run(lambda _job: 1, again, fail)
    assert worker.is_busy
    worker.wait()
    assert told == [1, 2, 3]
    assert not worker.is_busy
    worker.wait()


def test_several_threads_work_at_once_and_go_when_there_is_nothing_to_do(qapp: object) -> None:
    worker, met, told = Worker(name="meeting", threads=2), threading.Barrier(2), []
    for _ in range(4):
        worker.run(lambda _job: met.wait(20), told.append, fail)
    worker.wait()
    assert sorted(told) == [0, 0, 1, 1]
    assert "meeting" not in [thread.name for thread in threading.enumerate()]


def test_closing_waits_for_no_daemon(qapp: object) -> None:
    worker, begun, hold, ended = Worker(name="patient", is_daemon=True), threading.Event(), threading.Event(), threading.Event()

    def do(_job: Job) -> None:
        begun.set()
        hold.wait(20)
        ended.set()

    worker.run(do, fail, fail)
    assert begun.wait(20)
    worker.close()
    assert not ended.is_set()
    hold.set()
    assert ended.wait(20)


def test_a_worker_whose_window_is_gone_is_told_nothing(qapp: object) -> None:
    worker, hold = Worker(name="orphan"), threading.Event()
    worker.run(lambda _job: hold.wait(20), fail, fail)
    (thread,) = worker._threads
    shiboken6.delete(worker)
    hold.set()
    thread.join()  # an error on the thread would be a warning, which fails the test
