"""One thread for what takes long: jobs run one after the other, tell how far they are, and can be taken back."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
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
        """Take it back: it ends where it next tells of its progress, and its end is not told."""
        self._is_cancelled.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether it was taken back."""
        return self._is_cancelled.is_set()

    def report(self, progress: Progress) -> None:
        """Tell how far it is; called by the job itself.

        Raises:
            TakenBack: Nobody waits for it any more.
        """
        if self.is_cancelled:
            raise TakenBack
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
            self._tell_end(EngineError("there is not enough memory", "", "Close other programs, or choose smaller weights"))
        except Exception as error:  # noqa: BLE001 - the thread's border: whatever it is has to reach the person
            self._tell_end(EngineError(f"that did not work: {type(error).__name__}: {error}"))

    def _tell_end(self, end: object) -> None:
        if not self.is_cancelled:
            self._tell(self, end)


@dataclass(frozen=True, eq=False)
class _Done:
    value: Any


class Worker(QObject):
    """Runs jobs on a thread that begins with the first of them.

    Args:
        parent: Of Qt.
        name: Of the thread.
    """

    _told = Signal(object, object)  # job, what it says

    def __init__(self, parent: QObject | None = None, name: str = "worker") -> None:
        super().__init__(parent)
        self._name = name
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._waiting: dict[Job, tuple[Callable[[Any], object], Callable[[EngineError], object], Callable[[Progress], object]]] = {}
        # The signal is emitted on the thread and must be received on this one.
        self._told.connect(self._on_told, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        do: Callable[[Job], _T],
        done: Callable[[_T], object],
        failed: Callable[[EngineError], object],
        progress: Callable[[Progress], object] = lambda _progress: None,
    ) -> Job:
        """Have something done after all that was asked for before.

        Args:
            do: Called on the thread; it tells by :meth:`Job.report` how far it is, and so learns whether to go on.
            done: Called on this thread with what it returned.
            failed: Called on this thread with the error that ended it.
            progress: Called on this thread.
        """
        self._waiting = {other: waiting for other, waiting in self._waiting.items() if not other.is_cancelled}
        job = Job(do, self._told.emit)
        self._waiting[job] = done, failed, progress
        self._queue.put(job)
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name=self._name)
            self._thread.start()
        return job

    def close(self) -> None:
        """Take all jobs back and join the thread; nothing is told afterwards."""
        for job in self._waiting:
            job.cancel()
        self._waiting.clear()
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _serve(self) -> None:
        while (job := self._queue.get()) is not None:
            job.run()
            del job  # what it holds shall not wait for the next one

    def _on_told(self, job: Job, told: object) -> None:
        waiting = self._waiting.get(job)
        if waiting is None or job.is_cancelled:
            self._waiting.pop(job, None)
            return
        done, failed, progress = waiting
        if isinstance(told, Progress):
            progress(told)
            return
        del self._waiting[job]
        if isinstance(told, EngineError):
            failed(told)
        elif isinstance(told, _Done):
            done(told.value)
