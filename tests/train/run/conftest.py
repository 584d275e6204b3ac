"""Whole runs of spade-train: tiny data, the command line in processes of its own, and what may be put into these before it starts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

STEPS = 10
OPTIONS = [
    *("--preset", "tiny", "--name", "run", "--steps", str(STEPS), "--console", "plain", "--data.validation", "2"),
    *("--monitor.best-metric", "none", "--statistics-images", "8", "--checkpoint-every-steps", "4", "--monitor.sample-every-steps", "5"),
]
"""Of all runs here: checkpoints after steps 4 and 8, and after the last."""

LANDSCAPE = (156, 134, 168, 123, 154)  # ids of COCO-Stuff: sky, mountain, tree, grass, sea
LONGEST = 120.0  # seconds that anything may take


def make_data(root: Path, count: int, ids: tuple[int, ...] = LANDSCAPE) -> Path:
    """Write photographs of 80 x 72 pixels with label maps; values of the map are taken from ``ids`` in turn."""
    for folder in ("images", "labels"):
        (root / folder).mkdir(parents=True)
    for number in range(count):
        pixels = np.random.default_rng(number).integers(0, 256, (72, 80, 3), np.uint8)
        Image.fromarray(pixels).save(root / f"images/p{number:02}.png")
        labels = np.full((72, 80), ids[0], np.uint8)
        labels[30 + number :] = ids[1 + number % (len(ids) - 1)]
        labels[50:, : 20 + number] = ids[1 + (number + 1) % (len(ids) - 1)]
        Image.fromarray(labels).save(root / f"labels/p{number:02}.png")
    return root


@dataclass(frozen=True)
class Run:
    """A run's folder, and what a test wants to know of it."""

    path: Path

    @property
    def weights(self) -> bytes:
        return (self.path / "weights.safetensors").read_bytes()

    @property
    def log(self) -> str:
        return (self.path / "log.txt").read_text("utf-8")

    def events(self, kind: str = "") -> list[dict[str, Any]]:
        """Return the events of a kind, or all; a line that is no JSON fails."""
        events = [json.loads(line) for line in (self.path / "events.jsonl").read_text("utf-8").splitlines()]
        return [event for event in events if kind in ("", event["kind"])]

    def steps(self) -> list[int]:
        """Return the logged steps since the run started the last time."""
        events = self.events()
        last = max(place for place, event in enumerate(events) if event["kind"] == "run_started")
        return [event["step"] for event in events[last:] if event["kind"] == "step"]

    def checkpoints(self) -> list[int]:
        """Return the steps of the checkpoints that count, the newest first."""
        latest = json.loads((self.path / "checkpoints/latest.json").read_bytes())
        return [entry["step"] for entry in latest["checkpoints"]]

    def checkpoint(self, step: int) -> Path:
        return self.path / f"checkpoints/step_{step:08}.pt"

    def wait_for_step(self, step: int) -> None:
        """Return when a step was logged by a run that is at work."""
        events = self.path / "events.jsonl"
        wait_until(lambda: events.exists() and f'"step":{step},' in events.read_text("utf-8"), f"no step {step}")

    def copy(self, target: Path) -> Run:
        shutil.copytree(self.path, target)
        return Run(target)


def wait_until(condition: Callable[[], bool], words: str) -> None:
    end = time.monotonic() + LONGEST
    while not condition():
        assert time.monotonic() < end, f"{words} within {LONGEST} s"
        time.sleep(0.01)


MAIN = """
import sys
from spade_studio.train.cli.main import main
if __name__ == "__main__":
    sys.exit(main())
"""


class Trainings:
    """Starts spade-train in processes of its own, each with one thread.

    Args:
        root: Gets the runs.
        data: What is trained on.
    """

    def __init__(self, root: Path, data: Path) -> None:
        self.root, self.data = root, data
        self.environment = {name: value for name, value in os.environ.items() if name not in ("RANK", "WORLD_SIZE", "LOCAL_RANK")}
        self.environment |= {"OMP_NUM_THREADS": "1"}
        self.started: list[subprocess.Popen[str]] = []

    def run(self, number: int = 0) -> Run:
        return Run(self.root / f"{number:05}-run")

    def new_arguments(self, *options: str, data: Path | None = None) -> list[str]:
        return ["new", str(data or self.data), "--runs", str(self.root), *OPTIONS, *options]

    def start(self, *arguments: str, code: str = "", ranks: int = 0, main: str = MAIN) -> subprocess.Popen[str]:
        """Start spade-train.

        Args:
            *arguments: Its command line.
            code: Executed before it, in the same process.
            ranks: How many processes another torchrun than spade-train's own starts; 0 for no torchrun.
            main: What ``code`` is followed by.
        """
        command = [sys.executable]
        if ranks:
            command += ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(ranks)]
        if code or main != MAIN:
            script = self.root / f"script{len(self.started)}.py"
            script.parent.mkdir(parents=True, exist_ok=True)
            script.write_text(code + main, "utf-8")
            command += [str(script)]
        else:
            command += ["-m", "spade_studio.train.cli"]
        process = subprocess.Popen([*command, *arguments], env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.started.append(process)
        return process

    def __call__(self, *arguments: str, code: str = "", ranks: int = 0, expected: int = 0) -> str:
        """Execute spade-train, check its exit code, and return what it said on stderr."""
        return self.end(self.start(*arguments, code=code, ranks=ranks), expected)

    def end(self, process: subprocess.Popen[str], expected: int = 0) -> str:
        """Wait for a process, check its exit code, and return what it said on stderr."""
        _, said = process.communicate(timeout=LONGEST)
        assert process.returncode == expected, said
        return said

    def close(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.communicate()


@pytest.fixture(scope="session")
def landscape_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a data set of 18 pictures, two of which are held out."""
    return make_data(tmp_path_factory.mktemp("landscapes") / "data", 18)


@pytest.fixture
def trainings(tmp_path: Path, landscape_data: Path) -> Any:
    """Give what starts spade-train; all that still runs is killed at the end."""
    made = Trainings(tmp_path / "runs", landscape_data)
    yield made
    made.close()


@pytest.fixture(scope="session")
def reference_run(tmp_path_factory: pytest.TempPathFactory, landscape_data: Path) -> Run:
    """Give a run that nothing interrupted; tests change copies of it only."""
    trainings = Trainings(tmp_path_factory.mktemp("reference"), landscape_data)
    trainings(*trainings.new_arguments("--monitor.trackers", "tensorboard"))
    return trainings.run()


@pytest.fixture
def finished(reference_run: Run, tmp_path: Path) -> Run:
    """Give a copy of a finished run."""
    return reference_run.copy(tmp_path / "00000-run")


@pytest.fixture(scope="session")
def data_at() -> Callable[[Path, int], Path]:
    """Give what makes a data set of so many pictures in a folder."""
    return make_data


@pytest.fixture(scope="session")
def trainings_at() -> Callable[[Path, Path], Trainings]:
    """Give what starts spade-train with other runs and data."""
    return Trainings


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Let torch compute here as it does in the processes that :class:`Trainings` starts."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def waiting() -> Callable[[Callable[[], bool], str], None]:
    """Give the function that waits for a condition."""
    return wait_until


@pytest.fixture
def at() -> Callable[[Path], Run]:
    """Give what opens the folder of a run."""
    return Run
