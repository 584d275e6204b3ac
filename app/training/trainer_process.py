"""Trainer processes that outlive the window: started, found again by a note in the run's folder, and killed with their children."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

from spade_studio.app.training.tools import tool_command
from spade_studio.engine.errors import EngineError
from spade_studio.train.run.directory import RunDirectory

_NOTE = "trainer.json"
_OUTPUT = "trainer_output.txt"
_LONGEST_OUTPUT = 4000
_START_WORD = 19

# Trainers started by this program that have not been reaped yet (POSIX).
_children: list[subprocess.Popen[bytes]] = []


class TrainerProcessError(EngineError):
    """A trainer could not be started or killed."""


@dataclass(frozen=True)
class TrainerNote:
    """Record of the process started for a run.

    Attributes:
        pid: Process id.
        started: Start time in seconds since 1970.
        identity: Token that distinguishes the process from later ones with the same id; empty if unavailable.
        folder: Folder of the run, to detect a copied run, which contains the note of the original.
    """

    pid: int
    started: float
    identity: str = ""
    folder: str = ""


def start_trainer(run: RunDirectory) -> TrainerNote:
    """Start or resume a run in a process of its own session, which keeps running after this program ends.

    Raises:
        TrainerProcessError: The run is already being trained, or the process cannot be started.
    """
    if run.is_running():
        raise TrainerProcessError(f"{run.path.name} is being trained already", "", "Wait for its end, or stop it")
    command = tool_command("spade-train", ["resume", str(run.path.absolute()), "--console", "quiet"])
    output = run.path / _OUTPUT
    started = time.time()
    try:
        run.clear_requests()
    except OSError as error:
        words = f"nothing can be written in {run.path}: {error.strerror or error}"
        raise TrainerProcessError(words, "a folder that can be written") from error
    flags = getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)  # Windows only
    try:
        with output.open("wb") as errors:
            process = subprocess.Popen(
                command,
                cwd=run.path,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
                creationflags=flags,
            )
    except OSError as error:
        raise TrainerProcessError(f"{command[0]} cannot be started: {error.strerror or error}") from error
    _children[:] = [child for child in _children if child.poll() is None]
    _children.append(process)
    note = TrainerNote(process.pid, started, _identity_of(process.pid), str(run.path.absolute()))
    with suppress(OSError):  # only needed to find the process again; training works without it
        (run.path / _NOTE).write_text(json.dumps(asdict(note)), encoding="utf-8")
    return note


def read_note(run: RunDirectory) -> TrainerNote | None:
    """Return the record of the last process started for a run; None if there is none."""
    try:
        data: object = json.loads((run.path / _NOTE).read_bytes())
        values = cast("dict[str, object]", data)
        texts = (str(values.get("identity", "")), str(values.get("folder", "")))
        return TrainerNote(int(cast("int", values["pid"])), float(cast("float", values["started"])), *texts)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def is_alive(run: RunDirectory, note: TrainerNote) -> bool:
    """Whether the recorded process is running and is still that trainer, not one that reuses its id."""
    if note.folder != str(run.path.absolute()):
        return False
    for child in _children:
        if child.poll() is None and child.pid == note.pid:
            return True
    return note.pid > 0 and bool(note.identity) and _identity_of(note.pid) == note.identity


def end_trainer(run: RunDirectory) -> None:
    """Kill the recorded trainer and all its child processes; steps since the last checkpoint are lost.

    Raises:
        TrainerProcessError: The trainer was not started by this program, or may not be killed.
    """
    note = read_note(run)
    if note is None or not is_alive(run, note):
        raise TrainerProcessError(f"{run.path.name} was not started from this program", "", "Stop and keep works for any run")
    try:
        if os.name == "nt":
            subprocess.run(["taskkill", "/PID", str(note.pid), "/T", "/F"], check=True, capture_output=True)
            return
        for pid in _with_children(note.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    except (OSError, subprocess.CalledProcessError) as error:
        raise TrainerProcessError(f"{run.path.name} cannot be ended: {error}") from error


def last_output(run: RunDirectory) -> str:
    """Return the end of the last trainer's console output; empty if there is none."""
    try:
        return (run.path / _OUTPUT).read_bytes()[-_LONGEST_OUTPUT:].decode(errors="replace").strip()
    except OSError:
        return ""


def _identity_of(pid: int) -> str:
    """Return a process's system-specific start time, unique among processes with the same id; empty if there is none."""
    if sys.platform == "linux":
        try:
            words = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
            boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        except OSError:
            return ""
        # A zombie has ended. The twentieth field after the name is the start time in clock ticks since boot.
        return "" if len(words) < _START_WORD + 1 or words[0] == "Z" else f"{boot}:{words[_START_WORD]}"
    if os.name == "nt":
        script = f"(Get-Process -Id {pid}).StartTime.ToFileTimeUtc()"
        command = ["powershell", "-NoProfile", "-NonInteractive", "-Command", script]
    else:
        command = ["ps", "-p", str(pid), "-o", "lstart="]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=False).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _with_children(pid: int) -> list[int]:
    """Return a process and all its descendants, parents first, so that a killed parent cannot start more."""
    children: dict[int, list[int]] = {}
    for child, parent in _parents():
        children.setdefault(parent, []).append(child)
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += children.get(one, [])
    return found


def _parents() -> list[tuple[int, int]]:
    if sys.platform == "linux":
        pairs = []
        for path in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError, ValueError, IndexError):
                pairs.append((int(path.parent.name), int(path.read_text(errors="replace").rpartition(")")[2].split()[1])))
        return pairs
    listing = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, timeout=5, check=False).stdout
    return [(int(words[0]), int(words[1])) for words in map(str.split, listing.splitlines()) if len(words) == 2]
