"""``spade-train profile``: the table of a step's operations, in the terminal and in the run's folder."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch._C._autograd import DeviceType
from torch.nn import functional

from spade_studio.train.cli import profiling
from spade_studio.train.cli.profiling import Operation, operations, step_words, table
from spade_studio.train.config.run import TrainConfig
from spade_studio.train.datasets.loading import Batch
from spade_studio.train.learning.trainer import Trainer


@pytest.mark.parametrize("every", ["1", "16"])
def test_a_step_is_taken_apart_and_the_run_left_alone(
    train: Any, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every: str
) -> None:
    monkeypatch.setattr(profiling, "rate_of", lambda *_: 1e12)
    taken: list[list[int]] = []
    weights: set[float] = set()  # of the R1 penalty in what is timed and in what is counted

    def train_step(self: Trainer, batches: list[Batch]) -> None:  # a small part of it: the profiler takes long for a whole one
        taken.append([len(batch) for batch in batches])
        weights.add(self.config.losses.r1_weight)
        for batch in batches:
            functional.conv2d(batch.photos.requires_grad_(), torch.ones(4, 3, 3, 3, requires_grad=True)).relu().sum().backward()

    monkeypatch.setattr(Trainer, "train_step", train_step)

    def count_step(config: TrainConfig, *_: Any) -> Any:
        weights.add(config.losses.r1_weight)
        return SimpleNamespace(operations=2.5e9)

    monkeypatch.setattr(profiling, "count_step", count_step)
    options = ["--preset", "tiny", "--runs", tmp_path / "runs", "--create-only", "--batch-size", "4", "--accumulation", "2"]
    options += ["--losses.r1-weight", "10", "--losses.r1-every", every]
    assert train("new", data, *options).code == 0
    (run,) = (tmp_path / "runs").glob("*-tiny")
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    done = train("profile", run)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("A step of 4 pictures on cpu in float32: ")
    assert "\n10.0 GFLOP at " in done.out
    assert "(MFU) of the 1,000.0 that a convolution reaches." in done.out
    assert done.out.endswith(f"Also by the sizes of inputs: {run / 'profile.txt'}\n")
    assert taken == [[2, 2]] * 6
    assert weights == ({0.0} if every == "16" else {10.0})
    assert ("\nThe R1 penalty of one step in 16 is left out.\n" in done.out) == (every == "16")
    rows = [line.split() for line in done.out.splitlines() if "aten::" in line]
    times = [float(row[0].replace(",", "")) for row in rows]
    assert len(rows) > 5
    assert times == sorted(times, reverse=True)
    convolution = next(row for row in rows if row[3] == "aten::convolution_backward")
    assert int(convolution[2]) == 2
    text = (run / "profile.txt").read_text("utf-8")
    assert text.startswith(done.out[: done.out.index("Also by")])
    assert "aten::convolution_backward (2x4x62x62, 2x3x64x64, 4x3x3x3)" in text
    assert before == {path: path.read_bytes() for path in run.rglob("*") if path.is_file() and path.name != "profile.txt"}


def test_a_gpus_time_is_counted_by_operation_and_once() -> None:
    def event(key: str, on_cpu: float, on_gpu: float, kind: DeviceType = DeviceType.CPU, shapes: Any = ()) -> Any:
        times = {"self_cpu_time_total": on_cpu, "self_device_time_total": on_gpu}
        return SimpleNamespace(key=key, count=2, device_type=kind, input_shapes=shapes, **times)

    events = [
        event("aten::add", 5, 100),
        event("kernel", 0, 100, DeviceType.CUDA),
        event("cudaLaunchKernel", 50, 0),
        event("aten::mm", 7, 300, shapes=[[2, 3], [], [3, 4]]),
    ]
    assert operations(events, on_gpu=True) == [Operation("aten::mm (2x3, 3x4)", 2, 3e-4), Operation("aten::add", 2, 1e-4)]
    assert [one.name for one in operations(events, on_gpu=False)] == ["cudaLaunchKernel", "aten::mm (2x3, 3x4)", "aten::add"]


def test_what_is_not_listed_is_added_up() -> None:
    found = [Operation("a", 3, 0.006), Operation("b", 1, 0.003), Operation("c", 2, 0.001)]
    assert table(found, 1).splitlines() == [
        "          ms    share    calls  operation",
        "        6.00    60.0%        3  a",
        "        4.00    40.0%        3  2 others",
    ]
    assert table([], 5) == "          ms    share    calls  operation"
    words = step_words(8, 2.0, 6e9, 1e10, "cuda in bfloat16")
    assert words == (
        "A step of 8 pictures on cuda in bfloat16: 2.000 s, 4.00 images/s.\n"
        "6.0 GFLOP at 3.0 GFLOP/s: 30% (MFU) of the 10.0 that a convolution reaches."
    )
