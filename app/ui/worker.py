"""Work in the background: jobs on threads, whose progress, results and errors are told on the thread that asked for them."""

from __future__ import annotations

import threading
import traceback
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from spade_studio.engine.errors import EngineError

_T = TypeVar("_T")


class TakenBack(Exception):  # noqa: N818 - it is no error
    """Ends a job that nobody waits for any more."""


@dataclass(frozen=True)
class Progress:
    """How far a job is.

    Attributes:
        text: What it does just now.
        done: Of ``total``, in whatever unit.
        total: 0 where it is not known how much there is.
    """

    text: str
    done: int = 0
    total: int = 0


class Job:
    """Work under way; see :meth:`Worker.run`."""

    def __init__(self, do: Callable[[Job], object], tell: Callable[[Job, object], None]) -> None:
        self._do = do
        self._tell = tell
        self._is_cancelled = threading.Event()

    def cancel(self) -> None:
        """Take it back: it ends at its next check, and its end is not told."""
        self._is_cancelled.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether it was taken back."""
        return self._is_cancelled.is_set()

    def check(self) -> None:
        """Learn whether to go on; called by the job itself between its parts.

        Raises:
            TakenBack: Nobody waits for it any more.
        """
        if self.is_cancelled:
            raise TakenBack

    def report(self, progress: Progress) -> None:
        """Tell how far it is, and learn whether to go on, as :meth:`check`."""
        self.check()
        self._tell(self, progress)

    def run(self) -> None:
        """Do it, on the worker's thread."""
        if self.is_cancelled:
            return
        # An error holds the frames it went through, and they the networks they worked with: no variable of this frame may hold it in
        # turn, or both would stay until the collector comes.
        try:
            self._tell_end(_Done(self._do(self)))
        except TakenBack:
            return
        except EngineError as error:
            self._tell_end(error)
        except MemoryError:
            self._tell_end(EngineError("there is not enough memory", "", "Close other programs, or try something smaller"))
        except BaseException as error:  # noqa: BLE001 - the thread's border: whatever it is has to reach the person
            self._tell_end(_Broken(error))

    def _tell_end(self, end: object) -> None:
        if not self.is_cancelled:
            self._tell(self, end)


@dataclass(frozen=True, eq=False)
class _Done:
    value: Any


@dataclass(frozen=True, eq=False)
class _Broken:
    error: BaseException


@dataclass(frozen=True, eq=False)
class _Listener:
    done: Callable[[Any], object]
    failed: Callable[[EngineError], object]
    progress: Callable[[Progress], object]


class Worker(QObject):
    """Runs jobs in the order in which they were asked for, on threads that are there only while there is something to do.

    Args:
        parent: Of Qt.
        name: Of the threads.
        threads: Number of jobs that run at once.
        is_daemon: Whether neither :meth:`close` nor the end of the process waits for a job that has begun.
    """

    _told = Signal()

    def __init__(self, parent: QObject | None = None, name: str = "worker", *, threads: int = 1, is_daemon: bool = False) -> None:
        super().__init__(parent)
        self._name, self._most, self._is_daemon = name, threads, is_daemon
        self._lock = threading.Lock()
        self._queue: deque[Job] = deque()
        self._threads: list[threading.Thread] = []
        self._listeners: dict[Job, _Listener] = {}
        self._news: deque[tuple[Job, object]] = deque()
        # The signal is emitted on a thread and must be received on this one.
        self._told.connect(self._tell_news, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        do: Callable[[Job], _T],
        done: Callable[[_T], object],
        failed: Callable[[EngineError], object],
        progress: Callable[[Progress], object] = lambda _progress: None,
    ) -> Job:
        """Have something done after what was asked for before.

        Args:
            do: Called on a thread; :meth:`Job.report` and :meth:`Job.check` say whether to go on.
            done: Called on this thread with what it returned.
            failed: Called on this thread with the error that ended it. An error of the program is told as one too, and then raised.
            progress: Called on this thread.

        Raises:
            RuntimeError: The system has no thread left for it.
        """
        self._listeners = {other: listener for other, listener in self._listeners.items() if not other.is_cancelled}
        job = Job(do, self._note)
        with self._lock:
            if len(self._threads) < self._most:
                thread = threading.Thread(target=self._serve, name=self._name, daemon=self._is_daemon)
                thread.start()  # it waits for the lock
                self._threads.append(thread)
            self._listeners[job] = _Listener(done, failed, progress)
            self._queue.append(job)
        return job

    @property
    def is_busy(self) -> bool:
        """Whether something is being done, or what came of it has not been told yet."""
        return any(not job.is_cancelled for job in self._listeners)

    def wait(self) -> None:
        """Return when all is done and told, also what is asked for meanwhile."""
        while self._threads or self._news:
            for thread in tuple(self._threads):
                thread.join()
            self._tell_news()

    def close(self) -> None:
        """Take all jobs back, and join the threads unless they are daemons; nothing is told afterwards."""
        for job in self._listeners:
            job.cancel()
        self._listeners.clear()
        if not self._is_daemon:
            for thread in tuple(self._threads):
                thread.join()
        self._news.clear()

    def _serve(self) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    self._threads.remove(threading.current_thread())
                    return
                job = self._queue.popleft()
            job.run()
            del job  # what it holds shall not wait for the next one

    def _note(self, job: Job, told: object) -> None:
        """Take what a job tells, on its thread."""
        self._news.append((job, told))
        with suppress(RuntimeError):  # the window is gone
            self._told.emit()

    def _tell_news(self) -> None:
        while self._news:
            self._tell(*self._news.popleft())

    def _tell(self, job: Job, told: object) -> None:
        listener = self._listeners.get(job)
        if listener is None or job.is_cancelled:
            self._listeners.pop(job, None)
            return
        if isinstance(told, Progress):
            listener.progress(told)
            return
        del self._listeners[job]
        if isinstance(told, _Done):
            listener.done(told.value)
        elif isinstance(told, EngineError):
            listener.failed(told)
        elif isinstance(told, _Broken):
            listener.failed(EngineError(f"that did not work: {type(told.error).__name__}: {told.error}"))
            traceback.clear_frames(told.error.__traceback__)  # Python keeps the last error that nobody caught
            # What ends a program, such as SystemExit, ended a job only.
            raise told.error if isinstance(told.error, Exception) else RuntimeError(f"a job ended with {told.error!r}")
