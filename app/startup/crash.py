"""Handling of uncaught exceptions: a report is saved, the user sees an unobtrusive message, and the program continues."""

from __future__ import annotations

import faulthandler
import logging
import os
import platform
import secrets
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import IO

from filelock import FileLock, Timeout

from spade_studio.app.startup.log import last_lines, without_home

MOST_REPORTS = 20
_MOST_IN_ONE_RUN = 5  # an error in a mouse move handler can occur a hundred times per second
_MAX_NATIVE_BYTES = 256 << 10
_LIBRARIES = ("spade-studio", "torch", "numpy", "pillow", "opencv-python-headless", "pyside6-essentials", "safetensors")


@dataclass(frozen=True)
class Failure:
    """An unexpected error.

    Attributes:
        line: One-sentence message for the user.
        report: Report file with the details; None where it could not be written or the limit of reports was reached.
    """

    line: str
    report: Path | None


class Reports:
    """The folder of error reports; only the newest few are kept.

    Args:
        folder: The folder; it need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._native: IO[bytes] | None = None
        self._native_path = folder / f"native-{secrets.token_hex(6)}.trace"
        self._lock = FileLock(self._native_path.with_suffix(".lock"), thread_local=False)

    def all(self) -> list[Path]:
        """Return the report files, newest first."""
        with suppress(OSError):
            return sorted(self.folder.glob("report-*.txt"), key=lambda path: path.name, reverse=True)
        return []

    def write(self, details: str) -> Path | None:
        """Write a report of the details, the system and the last log lines; return its path, or None where it cannot be written."""
        now = datetime.now().astimezone()
        path = self.folder / f"report-{now:%Y-%m-%d-%H%M%S}-{secrets.token_hex(2)}.txt"
        text = "\n\n".join((f"SPADE Studio error report, {now:%Y-%m-%d %H:%M:%S %z}", details.strip(), _environment(), _log()))
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            path.write_text(without_home(text) + "\n", "utf-8", "backslashreplace")  # file names may contain surrogate escapes
            for old in self.all()[MOST_REPORTS:]:
                old.unlink(missing_ok=True)
        except OSError:
            return None
        return path

    def watch_native(self) -> None:
        """Enable fault handling: a crash in native code writes the stack traces of all threads to a file."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
            self._native = self._native_path.open("wb")
        except (OSError, Timeout):
            return
        faulthandler.enable(self._native)

    def end(self) -> None:
        """Remove the native trace file of this process at a normal exit."""
        if self._native is not None:
            faulthandler.disable()
            self._native.close()
            self._native = None
            with suppress(OSError):
                self._native_path.unlink(missing_ok=True)
        if self._lock.is_locked:
            self._lock.release()
            with suppress(OSError):
                Path(self._lock.lock_file).unlink(missing_ok=True)

    def collect_native(self) -> Path | None:
        """Turn native traces of ended processes into reports and return the newest; None where there are none."""
        newest: Path | None = None
        for path, lock in self._left_behind():
            with suppress(OSError):
                with path.open("rb") as file:
                    trace = file.read(_MAX_NATIVE_BYTES).decode("utf-8", "replace").strip()
                if trace:
                    newest = self.write(f"The program was ended by a crash in native code.\n\n{trace}") or newest
                path.unlink()
            lock.release()
            with suppress(OSError):
                Path(lock.lock_file).unlink(missing_ok=True)
        return newest

    def _left_behind(self) -> Iterator[tuple[Path, FileLock]]:
        with suppress(OSError):
            for path in sorted(self.folder.glob("native-*.trace")):
                lock = FileLock(path.with_suffix(".lock"), thread_local=False)
                try:
                    lock.acquire(timeout=0)
                except (Timeout, OSError):
                    continue
                yield path, lock


def install(tell: Callable[[Failure], None], reports: Reports | None = None) -> None:
    """Write uncaught exceptions of all threads to the terminal, the log and a report; pass those of this thread to ``tell``."""
    seen: set[str] = set()

    def report(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> Path | None:
        text = "".join(traceback.format_exception(kind, error, trace))
        with suppress(OSError, ValueError):  # the terminal may have been closed
            print(text, end="", file=sys.stderr)  # noqa: T201 - for who started it from a terminal
        logging.getLogger("spade_studio").error("uncaught exception\n%s", text.rstrip())
        place = f"{kind.__name__} {traceback.format_tb(trace)[-1:]}"
        if reports is None or place in seen or len(seen) >= _MOST_IN_ONE_RUN:
            return None
        seen.add(place)
        return reports.write(text)

    def on_exception(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        path = report(kind, error, trace)
        if issubclass(kind, Exception):
            tell(Failure(f"{kind.__name__}: {error}", path))

    def on_thread_exception(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_type is not SystemExit:
            report(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)

    sys.excepthook = on_exception
    threading.excepthook = on_thread_exception


def _environment() -> str:
    lines = [f"Python {platform.python_version()} on {platform.platform()}, {os.cpu_count()} processors"]
    for name in _LIBRARIES:
        with suppress(metadata.PackageNotFoundError):
            lines.append(f"{name} {metadata.version(name)}")
    loaded = [name for name in ("torch", "cv2", "PySide6") if name in sys.modules]
    return "\n".join(("What it runs on", *lines, f"loaded: {', '.join(loaded) or 'none of torch, cv2, PySide6'}"))


def _log() -> str:
    return "\n".join(("The last lines of the log", *(last_lines() or ["(none)"])))
