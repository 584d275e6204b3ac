"""Background workers, whose progress, results and errors are delivered on the thread that submitted the job."""

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
    """Raised inside a cancelled job to end it."""


@dataclass(frozen=True)
class Progress:
    """The progress of a job.

    Attributes:
        text: Description of the present step.
        done: Completed amount, in the unit of ``total``.
        total: Total amount, in any unit; 0 where it is unknown.
    """

    text: str
    done: int = 0
    total: int = 0


class Job:
    """A submitted job; see :meth:`Worker.run`."""

    def __init__(self, do: Callable[[Job], object], tell: Callable[[Job, object], None]) -> None:
        self._do = do
        self._tell = tell
        self._is_cancelled = threading.Event()

    def cancel(self) -> None:
        """Cancel the job: it ends at its next check, and none of its callbacks is called."""
        self._is_cancelled.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether the job was cancelled."""
        return self._is_cancelled.is_set()

    def check(self) -> None:
        """End the job if it was cancelled; called by the job itself at intervals.

        Raises:
            TakenBack: The job was cancelled.
        """
        if self.is_cancelled:
            raise TakenBack

    def report(self, progress: Progress) -> None:
        """Report progress; called by the job itself.

        Raises:
            TakenBack: The job was cancelled.
        """
        self.check()
        self._tell(self, progress)

    def run(self) -> None:
        """Run the job on the present thread and deliver its result or error."""
        if self.is_cancelled:
            return
        # An exception references its traceback's frames, and these reference networks. No variable of this frame may reference the
        # exception in turn, or the cycle would keep them alive until the next garbage collection.
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
    """Runs jobs in the order of submission on threads that exist only while there are jobs.

    Args:
        parent: Qt parent.
        name: Name of the threads.
        threads: Maximum number of concurrent jobs.
        is_daemon: Whether the threads are daemons, so that neither :meth:`close` nor process exit waits for running jobs.
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
        # The signal is emitted on a worker thread and must be received on this one.
        self._told.connect(self._tell_news, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        do: Callable[[Job], _T],
        done: Callable[[_T], object],
        failed: Callable[[EngineError], object],
        progress: Callable[[Progress], object] = lambda _progress: None,
    ) -> Job:
        """Submit a job.

        Args:
            do: Called on a worker thread; it should call :meth:`Job.report` or :meth:`Job.check` at intervals.
            done: Called on the submitting thread with the return value of ``do``.
            failed: Called on the submitting thread with the error that ended the job; an unexpected exception is passed as an
                :class:`EngineError` and then raised on that thread.
            progress: Called on the submitting thread with every report.

        Raises:
            RuntimeError: The system cannot start another thread.
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
        """Whether a job is queued, running, or has callbacks outstanding."""
        return any(not job.is_cancelled for job in self._listeners)

    def wait(self) -> None:
        """Block until all jobs, including those submitted meanwhile, have finished and their callbacks have been called."""
        while self._threads or self._news:
            for thread in tuple(self._threads):
                thread.join()
            self._tell_news()

    def close(self) -> None:
        """Cancel all jobs and join the threads unless they are daemons; no callback is called afterwards."""
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
            del job  # release its references before the next job

    def _note(self, job: Job, told: object) -> None:
        """Queue a message of a job for delivery; called on the job's thread."""
        self._news.append((job, told))
        with suppress(RuntimeError):  # the QObject has been deleted
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
            traceback.clear_frames(told.error.__traceback__)  # Python keeps a reference to the last uncaught exception
            # An exception such as SystemExit ends only the job, not the program.
            raise told.error if isinstance(told.error, Exception) else RuntimeError(f"a job ended with {told.error!r}")
