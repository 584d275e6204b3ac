"""Jobs on the worker's thread: order, progress, taking back."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
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
    [(EngineError("bad", "good", "mend it"), "bad. Expected good. mend it."), (MemoryError(), "memory"), (KeyError("x"), "KeyError")],
)
def test_errors_of_all_kinds_are_told(raised: Exception, words: str, worker: Worker, qtbot: QtBot) -> None:
    errors: list[EngineError] = []

    def do(_job: Job) -> None:
        raise raised

    worker.run(do, fail, errors.append, fail)
    qtbot.waitUntil(lambda: bool(errors))
    assert words in str(errors[0])


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
        worker.run(do, fail, lambda error: errors.append(str(error)), fail)
        qtbot.waitUntil(lambda: bool(errors))
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
