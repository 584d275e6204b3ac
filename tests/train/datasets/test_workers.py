"""Processes that read: what becomes of them when the training process, or all of its group, is told to end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spade_studio.train.datasets import workers

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")

LONGEST = 120.0  # seconds to start Python, torch and a worker on a busy machine
SCRIPT = """
import multiprocessing, resource, signal, sys, time
from multiprocessing import forkserver

from spade_studio.train.config.data import GeometryConfig
from spade_studio.train.datasets import open_dataset
from spade_studio.train.datasets.loading import BatchLoader, Collate, TrainingSet
from spade_studio.train.datasets.sampler import ResumableSampler

def batches():
    data = TrainingSet(open_dataset(sys.argv[1]), GeometryConfig("crop", crop_size=32), 1)
    collate = Collate(data.dataset.channels, ((8, 8, 3), (16, 16, 3), (32, 32, 3)))
    return iter(BatchLoader(data, ResumableSampler(len(data), 8, seed=1, parts=8), collate, workers=1))

def pids():
    return [process.pid for process in multiprocessing.active_children()]

def tell(*words):
    print(*words, flush=True)

def main():
    for name in ("SIGTERM", "SIGHUP", "SIGUSR1"):
        signal.signal(getattr(signal, name), lambda *_: None)
    here = batches()
    next(here)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    tell("reading", *pids())
    if sys.argv[2] == "end":
        globals()["kept"] = here
        raise SystemExit(3)
    sys.stdin.readline()
    for _ in range(10):
        assert len(next(here)) == 8
    began, before = time.monotonic(), pids()
    here.close()
    tell("closed", round(time.monotonic() - began, 3), before == pids(), *pids())
    again = batches()
    next(again)
    tell("again", forkserver._forkserver._forkserver_pid, *pids())
    time.sleep(600)

if __name__ == "__main__":
    main()
"""


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_for_the_end(pids: list[int], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while any(map(is_running, pids)) and time.monotonic() < until:
        time.sleep(0.1)
    return not any(map(is_running, pids))


class Reading:
    """The script at work, in a session of its own."""

    def __init__(self, make: Any, folder: Path, mode: str) -> None:
        for number in range(16):
            make.photo(f"images/p{number}.png", 40, 44, number)
            make.map(f"labels/p{number}.png", np.random.default_rng(number).choice((156, 134, 0), (40, 44)), 40, 44)
        script = folder / "reading.py"
        script.write_text(SCRIPT)
        self.process = subprocess.Popen(
            [sys.executable, str(script), str(make.root), mode],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )

    def told(self, first: str) -> list[str]:
        assert self.process.stdout is not None
        words = self.process.stdout.readline().split()
        if words[:1] != [first]:
            self.process.kill()
            assert self.process.stderr is not None
            pytest.fail(f"{words} in place of {first}: {self.process.stderr.read()}")
        return words[1:]

    def go_on(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()


@pytest.fixture
def start(make: Any, tmp_path: Path) -> Iterator[Any]:
    started: list[Reading] = []

    def begin(mode: str) -> Reading:
        started.append(Reading(make, tmp_path, mode))
        return started[-1]

    yield begin
    for reading in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(reading.process.pid, signal.SIGKILL)
        reading.process.communicate()


def test_workers_outlive_the_signals_of_a_group_and_end_with_the_training_process(start: Any) -> None:
    reading = start("stay")
    (worker,) = map(int, reading.told("reading"))
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
        os.killpg(reading.process.pid, number)
    time.sleep(0.5)
    reading.go_on()  # ten steps of eight parts under a limit of 64 open files
    seconds, *others = reading.told("closed")
    assert others == ["False"]
    assert float(seconds) < 4  # torch waits for five, then kills
    assert wait_for_the_end([worker], 1)
    server, worker = map(int, reading.told("again"))
    assert is_running(worker)
    reading.process.kill()
    assert wait_for_the_end([worker, server], 10)


def test_a_program_that_ends_while_it_reads_does_not_wait_for_workers(start: Any) -> None:
    reading = start("end")
    (worker,) = map(int, reading.told("reading"))
    began = time.monotonic()
    assert reading.process.wait(LONGEST) == 3
    assert time.monotonic() - began < 10
    assert wait_for_the_end([worker], 5)


def test_as_many_workers_as_the_cores_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)))
    assert workers.worker_count(None, 1, on_cpu=False) == 16
    assert workers.worker_count(None, 8, on_cpu=False) == 7
    assert workers.worker_count(None, 1, on_cpu=True) == 2
    assert workers.worker_count(5, 64, on_cpu=True) == 5
    assert workers.worker_count(0, 1, on_cpu=False) == 0
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    assert workers.worker_count(None, 4, on_cpu=False) == workers.worker_count(None, 1, on_cpu=True) == 1
