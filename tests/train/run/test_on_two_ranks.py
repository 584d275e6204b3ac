"""Runs of two processes: equal to the bit after a rank was killed, after signals, after torchrun started them again."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spade_studio.train.cli.main import main

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are looked for in /proc"),
]

Wait = Callable[[Callable[[], bool], str], None]

# 13 pictures are trained on, 4 a step in parts of one picture a rank; in the last step of an epoch there is one picture for both.
# Batch norms over both ranks would send some hundred messages a step: they have a test of their own.
OPTIONS = ["--accumulation", "2", "--data.validation", "4", "--steps", "18", "--generator.norm", "instance"]

FAILING = """
import os
from spade_studio.train.learning.step import TrainingNetworks
second_turn = TrainingNetworks.discriminator_step
def failing(*args, **options):
    if os.environ["RANK"] == "1":
        raise ValueError("the cause of it all")
    return second_turn(*args, **options)
TrainingNetworks.discriminator_step = failing
"""


@pytest.fixture(scope="module")
def uneven(tmp_path_factory: pytest.TempPathFactory, data_at: Callable[[Path, int], Path]) -> Path:
    return data_at(tmp_path_factory.mktemp("uneven") / "data", 17)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory, uneven: Path, trainings_at: Callable[[Path, Path], Any]) -> Any:
    """Give a run of two processes that another torchrun than our own has started with `new`."""
    trainings = trainings_at(tmp_path_factory.mktemp("uninterrupted"), uneven)
    trainings(*trainings.new_arguments(*OPTIONS), ranks=2)
    assert [path.name for path in trainings.root.iterdir() if path.is_dir()] == ["00000-run"]
    return trainings.run()


@pytest.fixture
def two(tmp_path: Path, uneven: Path, trainings_at: Callable[[Path, Path], Any]) -> Any:
    made = trainings_at(tmp_path / "runs", uneven)
    yield made
    made.close()


def processes_of(run: Any, rank: str = "") -> list[int]:
    """Return the ids of the processes that a launcher has started for a run: all, or those of one rank."""
    found: list[int] = []
    for folder in Path("/proc").iterdir():
        try:
            arguments = (folder / "cmdline").read_bytes()
            environment = (folder / "environ").read_bytes().split(b"\0")
        except (OSError, NotADirectoryError):
            continue
        if folder.name.isdigit() and str(run.path).encode() in arguments and (not rank or f"RANK={rank}".encode() in environment):
            found.append(int(folder.name))
    return found


def test_a_run_ends_alike_however_its_ranks_were_started(uninterrupted: Any) -> None:
    assert uninterrupted.steps() == list(range(1, 19))
    (started,) = uninterrupted.events("run_started")
    assert started["processes"] == 2
    # 4 + 4 + 4 + 1 pictures an epoch; the one is seen by the first rank, and the second takes another for it
    assert [event["images_seen"] for event in uninterrupted.events("step")][:5] == [4, 8, 12, 14, 18]


def test_ranks_are_killed_interrupted_paused_and_signalled(two: Any, uninterrupted: Any, waiting: Wait) -> None:
    cache = ("--data.cache", str(two.root.parent / "decoded"))  # one of both decodes for both
    process = two.start(*two.new_arguments(*OPTIONS, *cache, "--nproc-per-node", "2"))
    run = two.run()
    run.wait_for_step(5)
    (second,) = processes_of(run, "1")
    killed = time.monotonic()
    os.kill(second, signal.SIGKILL)
    two.end(process, expected=1)
    assert time.monotonic() - killed < 60
    assert not processes_of(run)
    assert run.checkpoints() == [4]
    assert run.steps()[-1] < 8

    # Ctrl+C before the ranks have begun is not forgotten.
    process = two.start("resume", str(run.path), "--nproc-per-node", "2")
    waiting(lambda: bool(processes_of(run, "0")), "no rank was started")
    process.send_signal(signal.SIGINT)
    two.end(process)
    assert run.events()[-1]["reason"] == "stopped"
    assert run.steps() == run.checkpoints()[:1] == [5]

    # Paused, all ranks wait. In the second pause one rank alone gets a signal, as from a system that wants its memory back: all stop.
    process = two.start("resume", str(run.path), "--nproc-per-node", "2")
    waiting(lambda: len(run.events("run_started")) == 3, "not started again")
    assert main(["pause", str(run.path)]) == 0
    waiting(lambda: len(run.events("run_paused")) == 1, "no pause")
    paused = run.events("run_paused")[0]["at_step"]
    assert run.steps()[-1:] in ([], [paused])
    assert main(["pause", str(run.path), "--end"]) == 0
    waiting(lambda: run.steps()[-1] > paused, "no step after the pause")
    assert main(["pause", str(run.path)]) == 0
    waiting(lambda: len(run.events("run_paused")) == 2, "no second pause")
    (second,) = processes_of(run, "1")
    os.kill(second, signal.SIGTERM)
    two.end(process)
    stopped = run.events()[-1]
    assert stopped["reason"] == "stopped"
    assert run.checkpoints()[0] == stopped["at_step"] == run.events("run_paused")[1]["at_step"] == run.steps()[-1] < 17

    # Killed again, it goes on by itself.
    process = two.start("resume", str(run.path), "--nproc-per-node", "2", "--max-restarts", "1")
    run.wait_for_step(stopped["at_step"] + 1)
    (first,) = processes_of(run, "0")
    os.kill(first, signal.SIGKILL)
    two.end(process)
    assert [event["at_step"] for event in run.events("run_started")][:4] == [0, 4, 5, stopped["at_step"]]
    assert len(run.events("run_started")) == 5
    assert len(run.events("run_paused")) == 2  # what was asked before it goes on does not count
    assert run.events()[-1]["reason"] == "finished"
    assert run.weights == uninterrupted.weights


SYNCHRONIZED = """
import dataclasses, io, os, sys
from pathlib import Path
import torch
from spade_studio.train.config.run import TrainConfig
from spade_studio.train.learning.distributed import joined_ranks
from spade_studio.train.run.data import open_run_data
from spade_studio.train.learning.trainer import Trainer

config = TrainConfig.read(Path(sys.argv[1]))
# Five pictures, four a step in two parts: the second step of an epoch has one picture, and no second part.
config = dataclasses.replace(config, data=dataclasses.replace(config.data, validation=4), statistics_images=2)
with joined_ranks("cpu") as ranks:
    def trainer():
        return Trainer(config, open_run_data(config).training, ranks)
    def train(trainer, steps):
        batches = iter(trainer.loader())
        for _ in range(steps):
            assert trainer.train_step(next(batches)).finite
    one = trainer()
    train(one, 1)
    state = io.BytesIO()
    torch.save(ranks.from_first(one.state_dict()), state)
    train(one, 2)
    other = trainer()
    state.seek(0)
    other.load_state_dict(1, torch.load(state, weights_only=True))
    train(other, 2)
    assert any("SynchronizedBatchNorm" == type(module).__name__ for module in one.generator.modules())
    assert (one.step, one.images_seen, one.epoch) == (other.step, other.images_seen, other.epoch) == (3, 10, 1.8)
    for network in ("generator", "encoder", "discriminator"):
        mine, theirs = getattr(one, network).state_dict(), getattr(other, network).state_dict()
        assert all(torch.equal(tensor, theirs[name]) for name, tensor in mine.items()), network
    sums = ranks.gather([float(parameter.detach().double().sum()) for parameter in one.generator.parameters()])
    assert not sums or sums[0] == sums[1]
# A thread of a group that outlives it may end the process with SIGABRT.
names = [Path("/proc/self/task", thread, "comm").read_text().strip() for thread in os.listdir("/proc/self/task")]
assert not [name for name in names if "gloo" in name], names
"""


def test_statistics_over_ranks_go_on_where_they_were(two: Any, data_at: Callable[[Path, int], Path], tmp_path: Path) -> None:
    data = data_at(tmp_path / "few", 9)
    assert main([*two.new_arguments("--accumulation", "2", data=data), "--create-only"]) == 0
    process = two.start(str(two.run().path / "config.json"), main=SYNCHRONIZED, ranks=2)
    two.end(process)


def test_the_traceback_of_a_rank_is_shown(two: Any) -> None:
    begun = time.monotonic()
    said = two(*two.new_arguments(*OPTIONS), code=FAILING, ranks=2, expected=1)
    assert time.monotonic() - begun < 60
    assert "ValueError: the cause of it all" in said
    assert "Traceback (most recent call last)" in said
    ended = two.run().events()[-1]
    assert (ended["kind"], ended["reason"]) == ("run_ended", "failed")
    assert "lost touch with the others" in ended["message"]
