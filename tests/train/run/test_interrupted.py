"""Runs that are cut off, stopped, or find a damaged checkpoint go on to the same bytes as one that nothing interrupted."""

from __future__ import annotations

import json
import os
import signal
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from spade_studio.train.cli.main import main
from spade_studio.train.datasets import cache
from spade_studio.train.learning.step import TrainingNetworks
from spade_studio.train.learning.trainer import Trainer
from spade_studio.train.run import checkpoints, loop

Wait = Callable[[Callable[[], bool], str], None]

# The generator has moved, the discriminator has not.
IN_STEP = """
import os, signal
from pathlib import Path
from spade_studio.train.learning.step import TrainingNetworks
second_turn, steps = TrainingNetworks.discriminator_step, 0
def interrupted(self, *args, **options):
    global steps
    steps += 1
    if steps == {step}:
        {action}
    return second_turn(self, *args, **options)
TrainingNetworks.discriminator_step = interrupted
"""


def in_step(step: int, action: str) -> str:
    """Return code that does something in the middle of a step, counted from 1 in every process."""
    return IN_STEP.format(step=step, action=action)


def killed_in_step(step: int) -> str:
    return in_step(step, "os.kill(os.getpid(), signal.SIGKILL)")


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
@pytest.mark.slow
def test_killed_in_the_middle_of_steps(trainings: Any, reference_run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    cache = ("--data.cache", str(trainings.root.parent / "decoded"))
    trainings(*trainings.new_arguments(*cache), code=killed_in_step(3), expected=-signal.SIGKILL)
    run = trainings.run()
    assert run.steps() == [1, 2]
    assert not list(run.path.glob("checkpoints/*"))
    # Without a checkpoint it starts again from its seed, dies after one, and goes on from that.
    trainings("resume", str(run.path), code=killed_in_step(7), expected=-signal.SIGKILL)
    assert run.steps() == [1, 2, 3, 4, 5, 6]
    assert run.checkpoints() == [4]
    assert main(["resume", str(run.path)]) == 0
    assert "Training goes on after step 4" in capsys.readouterr().err
    assert run.steps() == [5, 6, 7, 8, 9, 10]
    assert [event["at_step"] for event in run.events("run_started")] == [0, 0, 4]
    assert sum("16 samples are decoded once" in event["message"] for event in run.events("note")) == 1
    assert run.events()[-1] | {"time": 0, "message": ""} == {
        "kind": "run_ended",
        "at_step": 10,
        "reason": "finished",
        "message": "",
        "time": 0,
    }
    assert run.weights == reference_run.weights


@pytest.mark.skipif(os.name == "nt", reason="there are no such signals")
@pytest.mark.slow
@pytest.mark.usefixtures("interruptible")
def test_stopped_by_a_signal_and_by_the_file(trainings: Any, reference_run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    said = trainings(*trainings.new_arguments(), code=in_step(3, "os.kill(os.getpid(), signal.SIGINT)"))
    run = trainings.run()
    assert (run.steps(), run.checkpoints()) == ([1, 2, 3], [3])
    assert f"Stopped after step 3: Go on with: spade-train resume {run.path}" in said
    stop = run.path / "STOP"
    stop.touch()  # what was asked before it goes on does not count
    real = TrainingNetworks.discriminator_step

    def step(self: Any, *arguments: Any, **options: Any) -> Any:
        if len(run.steps()) == 2:  # in the middle of the third
            stop.touch()
        return real(self, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(TrainingNetworks, "discriminator_step", step)
        assert main(["resume", str(run.path)]) == 0
    assert (run.steps(), run.checkpoints()) == ([4, 5, 6], [6, 4, 3])
    assert [(event["at_step"], event["reason"]) for event in run.events("run_ended")] == [(3, "stopped"), (6, "stopped")]
    assert main(["resume", str(run.path)]) == 0
    assert run.steps() == [7, 8, 9, 10]
    assert not stop.exists()
    assert run.weights == reference_run.weights


@pytest.mark.slow
def test_a_paused_run_waits_as_it_is_and_loses_neither_bits_nor_pace(trainings: Any, reference_run: Any, waiting: Wait) -> None:
    run = trainings.run()
    pause = run.path / "PAUSE"
    process = trainings.start(*trainings.new_arguments(), code=in_step(3, f"Path({str(pause)!r}).touch()"))
    waiting(lambda: (run.path / "events.jsonl").exists() and bool(run.events("run_paused")), "no pause")
    time.sleep(1.2)  # more than two looks whether the pause is over
    assert run.events()[-1] | {"time": 0} == {"kind": "run_paused", "time": 0, "at_step": 3}
    assert run.steps() == [1, 2, 3]
    assert not list(run.path.glob("checkpoints/*"))
    pause.unlink()
    said = trainings.end(process)
    (paused,), (continued,) = run.events("run_paused"), run.events("run_continued")
    assert continued["at_step"] == 3
    assert 1.2 <= continued["seconds"] <= continued["time"] - paused["time"] + 0.1
    assert "Paused after step 3\nGoing on after step 3, paused for 0:00:0" in said
    (after,) = (event for event in run.events("step") if event["step"] == 4)
    assert after["seconds_per_step"] <= after["time"] - continued["time"] + 0.1  # what it waited is not counted
    assert after["images_per_second"] >= 4 / (after["time"] - continued["time"] + 0.1)
    assert run.steps() == list(range(1, 11))
    assert run.weights == reference_run.weights


@pytest.mark.slow
def test_a_paused_run_can_be_stopped_and_goes_on_without_the_old_pause(trainings: Any, reference_run: Any, waiting: Wait) -> None:
    run = trainings.run()
    process = trainings.start(*trainings.new_arguments(), code=in_step(3, f"Path({str(run.path / 'PAUSE')!r}).touch()"))
    waiting(lambda: (run.path / "events.jsonl").exists() and bool(run.events("run_paused")), "no pause")
    (run.path / "STOP").touch()
    trainings.end(process)
    assert [event["kind"] for event in run.events()[-3:]] == ["run_paused", "checkpoint", "run_ended"]
    assert run.events()[-1]["reason"] == "stopped"
    assert run.checkpoints() == [3]
    assert (run.path / "PAUSE").exists()
    assert main(["resume", str(run.path)]) == 0
    assert not (run.path / "PAUSE").exists()
    assert len(run.events("run_paused")) == 1
    assert run.steps() == [4, 5, 6, 7, 8, 9, 10]
    assert run.weights == reference_run.weights


@pytest.mark.skipif(os.name == "nt", reason="there are no such signals")
@pytest.mark.slow
def test_a_run_at_work_keeps_others_out_and_heeds_a_request_to_stop(trainings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    process = trainings.start(*trainings.new_arguments("--steps", "5000"))
    run = trainings.run()
    run.wait_for_step(2)
    assert main(["resume", str(run.path)]) == 1
    assert "Error: 00000-run is being trained by another process" in capsys.readouterr().err
    assert main(["stop", str(run.path), "--wait"]) == 0
    assert capsys.readouterr().out == ""
    trainings.end(process)
    assert run.events()[-1]["reason"] == "stopped"
    assert run.checkpoints()[0] == run.steps()[-1] == run.events()[-1]["at_step"] < 5000
    assert main(["stop", str(run.path)]) == 0
    told = capsys.readouterr()
    assert "00000-run is not being trained on this machine" in told.out + told.err


def test_a_run_that_finished_is_not_trained_again(finished: Any, reference_run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    (finished.path / "weights.safetensors").unlink()
    assert main(["resume", str(finished.path)]) == 0
    assert "Finished after step 10" in capsys.readouterr().err
    assert finished.steps() == []
    assert finished.checkpoints() == [10, 8, 4]
    assert finished.weights == reference_run.weights


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_run_that_goes_on_does_not_hold_the_checkpoint(finished: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    finished.checkpoint(10).unlink()
    read: list[weakref.ref[Any]] = []
    held: list[bool] = []
    real_read, real_step = checkpoints.read_checkpoint, Trainer.train_step

    def noted(path: Path) -> Any:
        checkpoint = real_read(path)
        networks = ("generator", "averages", "optimizers")
        read.append(weakref.ref(checkpoint))
        read.extend(weakref.ref(tensor) for name in networks for tensor in tensors_of(checkpoint.parts[name]))
        return checkpoint

    def step(self: Any, *arguments: Any) -> Any:
        maps = Path("/proc/self/maps")
        held.append(any(ref() is not None for ref in read) or (maps.exists() and ".pt" in maps.read_text()))
        return real_step(self, *arguments)

    monkeypatch.setattr(checkpoints, "read_checkpoint", noted)
    monkeypatch.setattr(Trainer, "train_step", step)
    assert main(["resume", str(finished.path)]) == 0
    assert len(read) > 20
    assert held == [False, False]


def tensors_of(state: Any) -> list[torch.Tensor]:
    """Return the tensors in a tree of dicts and lists."""
    if isinstance(state, torch.Tensor):
        return [state]
    parts = state.values() if isinstance(state, dict) else state if isinstance(state, list) else ()
    return [tensor for part in parts for tensor in tensors_of(part)]


def test_a_damaged_checkpoint_gives_way_to_the_one_before(finished: Any, reference_run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    damage(finished.checkpoint(10))
    assert main(["resume", str(finished.path)]) == 0
    said = capsys.readouterr().err
    warnings = [event["message"] for event in finished.events("warning")]
    assert warnings == [
        "the checkpoint step_00000010.pt is damaged: its bytes are not those that were written.",
        "Going on from the checkpoint of step 8 instead.",
    ]
    for warning in warnings:
        assert f"Warning: {warning}" in said
        assert f"Warning: {warning}" in finished.log
    assert finished.steps() == [9, 10]
    assert finished.weights == reference_run.weights


def test_only_damaged_checkpoints_end_a_run(finished: Any, capsys: pytest.CaptureFixture[str]) -> None:
    for step in (4, 8, 10):
        damage(finished.checkpoint(step))
    before = finished.weights
    assert main(["resume", str(finished.path)]) == 1
    said = capsys.readouterr().err
    assert "Error: no checkpoint in" in said
    assert all(f"step_{step:08}.pt is damaged" in said for step in (4, 8, 10))
    assert finished.events()[-1]["reason"] == "failed"
    assert finished.weights == before


@pytest.mark.parametrize("measures", [True, False])
def test_what_is_shown_and_measured_changes_nothing(trainings: Any, reference_run: Any, measures: bool) -> None:
    every = ["--monitor.sample-every-steps", "3" if measures else "0", "--monitor.metrics-every-images", "8" if measures else "0"]
    best = ["--monitor.best-metric", "reconstruction_l1"] if measures else []
    assert main(trainings.new_arguments(*every, *best)) == 0
    run = trainings.run()
    assert [event["at_step"] for event in run.events("samples")] == ([3, 6, 9, 10] if measures else [])
    measured = run.events("metrics")
    assert [event["at_step"] for event in measured] == ([2, 4, 6, 8, 10] if measures else [])
    assert run.weights == reference_run.weights
    if not measures:
        return
    # The best checkpoint is kept, as the events tell it.
    values = [event["values"]["reconstruction_l1"] for event in measured]
    assert [event["best"] for event in measured] == [value < min(values[:place], default=1e9) for place, value in enumerate(values)]
    best_step = [event["at_step"] for event in measured if event["best"]][-1]
    assert json.loads((run.path / "checkpoints/latest.json").read_bytes())["best"]["step"] == best_step
    assert run.checkpoint(best_step).exists()


def test_only_what_no_step_depends_on_may_be_changed(
    finished: Any, change: Callable[[Path, str, Any], None], capsys: pytest.CaptureFixture[str]
) -> None:
    config = finished.path / "config.json"
    change(config, "seed", 7)
    assert main(["resume", str(finished.path)]) == 1
    assert "Error: config.json has seed 7, and the run was trained with 0. Expected the same (" in capsys.readouterr().err
    assert (finished.events()[-1]["reason"], finished.events()[-1]["at_step"]) == ("failed", 10)
    change(config, "seed", 0)
    change(config, "schedule.constant", 11.0)
    change(config, "monitor.sample_rows", 1)
    assert main(["resume", str(finished.path)]) == 0
    said = capsys.readouterr().err
    assert "schedule.constant is now 11.0; it was 10.0." in said
    assert "monitor.sample_rows is now 1; it was 2." in said
    assert finished.steps() == [11]


@pytest.fixture
def change() -> Callable[[Path, str, Any], None]:
    """Give a function that sets a value of a config.json by its dotted name."""

    def set_value(path: Path, name: str, value: Any) -> None:
        config = json.loads(path.read_bytes())
        *sections, last = name.split(".")
        section = config
        for part in sections:
            section = section[part]
        assert last in section
        section[last] = value
        path.write_text(json.dumps(config), "utf-8")

    return set_value


def test_other_pictures_are_gone_on_with_when_that_is_said(
    trainings: Any, data_at: Callable[[Path, int], Path], tmp_path: Path, change: Callable[[Path, str, Any], None],
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    own = data_at(tmp_path / "own", 18)
    assert main(trainings.new_arguments("--steps", "3", data=own)) == 0
    run = trainings.run()
    for folder in ("images", "labels"):
        (own / folder / "p03.png").unlink()
    change(run.path / "config.json", "schedule.constant", 6.0)
    capsys.readouterr()
    assert main(["resume", str(run.path)]) == 1
    assert "resume with --accept-data-change" in capsys.readouterr().err
    assert main(["resume", str(run.path), "--accept-data-change"]) == 0
    assert "holds other pictures than at the checkpoint; the run goes on with those that are there now" in capsys.readouterr().err
    assert run.steps() == [4, 5, 6]
    change(run.path / "config.json", "schedule.constant", 7.0)
    assert main(["resume", str(run.path)]) == 0  # the data are those of the newest checkpoint now


def test_a_run_ends_after_so_many_minutes_and_goes_on(trainings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(loop.time, "monotonic", lambda: clock[0])
    real = Trainer.train_step

    def step(self: Any, *arguments: Any) -> Any:
        clock[0] += 30.0
        return real(self, *arguments)

    monkeypatch.setattr(Trainer, "train_step", step)
    assert main(trainings.new_arguments("--minutes", "1.5")) == 0
    run = trainings.run()
    assert (run.events()[-1]["reason"], run.checkpoints()[0]) == ("stopped", 3)
    assert main(["resume", str(run.path), "--minutes", "1"]) == 0
    assert run.steps() == [4, 5]


def test_a_stop_counts_while_pictures_are_decoded(trainings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real = cache._append

    def append(*arguments: Any) -> Any:
        (trainings.run().path / "STOP").touch()
        return real(*arguments)

    monkeypatch.setattr(cache, "_append", append)
    folder = trainings.root.parent / "decoded"
    assert main(trainings.new_arguments("--data.cache", str(folder))) == 0
    assert (trainings.run().events()[-1]["reason"], trainings.run().steps()) == ("stopped", [1])
    assert not list(folder.glob("*.pictures"))
