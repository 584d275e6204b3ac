"""Runs that fail: numbers that are not finite, a disk that is full; the last good checkpoint stays, and the run can go on from it."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from spade_studio.engine.files import sha256_of
from spade_studio.engine.weights import inspect_weights
from spade_studio.train.cli.main import main
from spade_studio.train.config.presets import preset
from spade_studio.train.learning import objective, step, trainer
from spade_studio.train.run import checkpoints, monitor
from spade_studio.train.run.directory import RunDirectory
from spade_studio.train.run.events import EventReader, RunEnded, StepLogged

MiB = 1 << 20


def hashes_as_written(run: Any) -> dict[str, str]:
    """Return the hashes of checkpoints, by name, as latest.json has them; the files must still have them."""
    latest = json.loads((run.path / "checkpoints/latest.json").read_bytes())
    written = {entry["file"]: entry["sha256"] for entry in latest["checkpoints"]}
    assert {path.name: sha256_of(path) for path in run.path.glob("checkpoints/*.pt")} == written
    return written


def test_losses_that_are_not_finite(trainings: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    adversarial, calls = objective.generator_adversarial, 0

    def spoilt(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        return adversarial(*args) * (float("nan") if calls == 3 or calls >= 6 else 1.0)

    monkeypatch.setattr(objective, "generator_adversarial", spoilt)
    assert main(trainings.new_arguments("--steps", "16")) == 1
    assert (
        "Error: 10 steps in a row were not finite, last generator.adversarial; the checkpoints before are untouched. Expected finite "
        "losses. Export the last checkpoint and start a run from it (--init-from) with a lower learning rate"
    ) in capsys.readouterr().err
    run = trainings.run()
    assert [event["step"] for event in run.events("step") if event["losses"]["generator.adversarial"] is None] == [3, *range(6, 16)]
    warnings = [event["message"] for event in run.events("warning")]
    assert warnings == [f"Step {number} was skipped: generator.adversarial is not finite." for number in (3, *range(6, 16))]
    ended = run.events()[-1]
    assert (ended["kind"], ended["reason"], ended["at_step"]) == ("run_ended", "failed", 15)
    assert "10 steps in a row were not finite" in ended["message"]
    # Steps 8 and 12 were checkpoints' turns.
    assert list(hashes_as_written(run)) == ["step_00000004.pt"]
    assert not (run.path / "weights.safetensors").exists()
    monkeypatch.undo()
    assert main(["resume", str(run.path)]) == 0
    assert run.steps() == list(range(5, 17))
    assert run.events()[-1]["reason"] == "finished"


def test_a_learning_rate_that_nothing_survives(trainings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(trainings.new_arguments("--steps", "14", "--optimizer.learning-rate", "1e14")) == 1
    assert "10 steps in a row were not finite" in capsys.readouterr().err
    run = trainings.run()
    assert run.events()[-1]["reason"] == "failed"
    assert not list(run.path.glob("checkpoints/*.pt"))


class LateVerdicts:
    """Tells of a step when the next one is there, or somebody waits, as for a GPU."""

    def __init__(self) -> None:
        self.pending: bool | None = None

    def read(self, flag: torch.Tensor) -> bool | None:
        earlier, self.pending = self.pending, bool(flag)
        return earlier

    def wait(self) -> bool | None:
        pending, self.pending = self.pending, None
        return pending


@pytest.mark.parametrize("late", [False, True])
def test_the_last_step_does_not_overwrite_what_is_good(trainings: Any, monkeypatch: pytest.MonkeyPatch, late: bool) -> None:
    if late:
        monkeypatch.setattr(trainer, "_Verdicts", LateVerdicts)
    real, calls = step.discriminator_adversarial, 0

    def spoilt(*args: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        return real(*args, **options) * (float("inf") if calls > 2 * 4 else 1.0)  # twice a step

    monkeypatch.setattr(step, "discriminator_adversarial", spoilt)
    assert main(trainings.new_arguments("--steps", "6", "--keep-checkpoints", "1")) == 0
    run = trainings.run()
    assert [event["message"] for event in run.events("warning")] == [
        f"Step {number} was skipped: discriminator.fake, discriminator.real is not finite." for number in (5, 6)
    ]
    assert list(hashes_as_written(run)) == ["step_00000004.pt"]
    assert run.events()[-1]["reason"] == "finished"
    assert inspect_weights(run.path / "weights.safetensors").steps == 6


def test_memory_that_runs_out_while_measuring_is_told_and_the_run_goes_on(trainings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    def measured(*unused: Any) -> Any:
        nonlocal calls
        calls += 1
        raise torch.OutOfMemoryError("CUDA out of memory") if calls == 1 else RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(monitor, "measure", measured)
    assert main(trainings.new_arguments("--steps", "4", "--monitor.metrics-every-images", "8")) == 0
    run = trainings.run()
    assert [event["message"].partition(".")[0] for event in run.events("warning")] == [
        "Nothing was shown or measured: cpu ran out of memory"
    ] * 2
    assert run.events()[-1]["reason"] == "finished"


def test_a_fault_while_measuring_ends_the_run(trainings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def measured(*unused: Any) -> Any:
        raise RuntimeError("shapes cannot be multiplied")

    monkeypatch.setattr(monitor, "measure", measured)
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        main(trainings.new_arguments("--steps", "2", "--monitor.metrics-every-images", "8"))


def test_pictures_that_cannot_be_read_any_more_are_left_out_up_to_a_limit(
    trainings: Any, data_at: Callable[[Path, int], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = data_at(tmp_path / "own", 18)
    assert main(trainings.new_arguments("--steps", "4", data=own)) == 0
    run = trainings.run()
    capsys.readouterr()
    config = json.loads((run.path / "config.json").read_text())
    for name in ("p00", "p05"):
        (own / "images" / f"{name}.png").write_bytes(b"")
    config["schedule"]["constant"], config["data"]["most_unreadable"] = 8.0, 2
    (run.path / "config.json").write_text(json.dumps(config))
    assert main(["resume", str(run.path)]) == 0
    warnings = [event["message"] for event in run.events("warning")]
    assert [words.partition(" so far")[0][-1] for words in warnings if "Another sample is trained on in its place" in words] == ["1", "2"]
    config["schedule"]["constant"], config["data"]["most_unreadable"] = 20.0, 1
    (run.path / "config.json").write_text(json.dumps(config))
    assert main(["resume", str(run.path)]) == 1
    assert "more than 1 samples could not be read while training" in capsys.readouterr().err
    ended = run.events()[-1]
    assert (ended["reason"], ended["at_step"]) == ("failed", run.checkpoints()[0])  # saved first
    hashes_as_written(run)


# ---- a full disk


def test_a_disk_that_is_full_for_a_checkpoint(trainings: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    written, files = checkpoints.atomic_writer, 0

    class Full:
        def __init__(self, file: Any) -> None:
            self.file, self.left = file, MiB

        def write(self, data: bytes) -> int:
            self.left -= len(data)
            if self.left < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return self.file.write(data)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.file, name)

    @contextmanager
    def filling_up(path: Path) -> Generator[Any]:
        nonlocal files
        files += path.suffix == ".pt"
        with written(path) as file:
            yield Full(file) if files == 2 else file

    monkeypatch.setattr(checkpoints, "atomic_writer", filling_up)
    assert main(trainings.new_arguments()) == 1
    run = trainings.run()
    assert (
        f"Error: step_00000008.pt could not be written to {run.path / 'checkpoints'}: the disk is full; the last whole checkpoint is that "
        "of step 4. Make room, then resume the run."
    ) in capsys.readouterr().err
    assert "the disk is full" in run.events()[-1]["message"]
    assert list(hashes_as_written(run)) == ["step_00000004.pt"]
    assert main(["resume", str(run.path)]) == 0
    assert run.steps() == list(range(5, 11))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("name", ["log.txt", "events.jsonl"])
def test_a_disk_that_is_full_for_what_is_told(finished: Any, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = finished.path / name
    aside = told.rename(finished.path / "aside")
    told.symlink_to("/dev/full")
    before = hashes_as_written(finished)
    assert main(["resume", str(finished.path)]) == 1
    assert f"{finished.path} cannot be written: No space left on device. Make room, then resume the run." in capsys.readouterr().err
    assert hashes_as_written(finished) == before
    told.unlink()
    aside.rename(told)
    assert main(["resume", str(finished.path)]) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_disk_that_is_full_for_the_weights(finished: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from spade_studio.engine.weights import bundle

    def full(path: Path) -> Any:
        del path
        return Path("/dev/full").open("wb")

    monkeypatch.setattr(bundle, "atomic_writer", full)
    before = finished.weights
    assert main(["resume", str(finished.path)]) == 1
    said = capsys.readouterr().err
    assert "weights.safetensors cannot be written: No space left on device; the last checkpoint is whole. Make room" in said
    assert finished.weights == before
    assert finished.events()[-1]["reason"] == "failed"


ON_A_SMALL_DISK = """
mount -t tmpfs -o size=10m none "$DISK" || exit 77
"$@"; first=$?
cp -a "$DISK/00000-run" "$OUT/full"
mount -o remount,size=100m "$DISK"
"$PYTHON" -m spade_studio.train.cli resume "$DISK/00000-run"; second=$?
cp -a "$DISK/00000-run" "$OUT/after"
echo "$first $second"
"""


@pytest.mark.slow
def test_a_disk_that_fills_up(trainings: Any, reference_run: Any, tmp_path: Path, at: Callable[[Path], Any]) -> None:
    """On a real file system of 10 MiB, which has room for one checkpoint and a half."""
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare")
    disk, out = tmp_path / "disk", tmp_path / "out"
    disk.mkdir()
    out.mkdir()
    trainings.root = disk
    environment = trainings.environment | {"DISK": str(disk), "OUT": str(out), "PYTHON": sys.executable}
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", ON_A_SMALL_DISK, "sh", sys.executable, "-m", "spade_studio.train.cli"]
    done = subprocess.run([*command, *trainings.new_arguments()], env=environment, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("this user may not mount a file system of its own")
    assert done.stdout.split() == ["1", "0"], done.stderr
    assert "Error: step_00000008.pt could not be written to" in done.stderr
    assert "the disk is full; the last whole checkpoint is that of step 4. Make room, then resume the run." in done.stderr
    full, after = at(out / "full"), at(out / "after")
    assert list(hashes_as_written(full)) == ["step_00000004.pt"]
    assert sorted(path.name for path in (full.path / "checkpoints").iterdir()) == ["latest.json", "step_00000004.pt"]
    assert full.events()[-1]["reason"] == "failed"
    assert after.steps() == list(range(5, 11))
    assert after.weights == reference_run.weights


def test_a_run_that_new_did_not_make_refuses_data_with_other_labels(
    tmp_path: Path, landscape_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    shutil.copytree(landscape_data, data)
    _call_mountains_hills(data)
    tiny = preset("tiny")
    run = RunDirectory.create(tmp_path / "runs", "garden", dataclasses.replace(tiny, data=dataclasses.replace(tiny.data, path=str(data))))
    assert main(["resume", str(run.path), "--console", "quiet"]) == 1
    words = "id 134 is hill in the data (Garden), and mountain in the label set COCO-Stuff."
    assert f"Error: {words} Expected a label set that agrees with the data's." in capsys.readouterr().err
    (ended,) = EventReader(run.events_path).read_new()
    assert isinstance(ended, RunEnded)
    assert words in ended.message


def test_a_run_whose_data_comes_to_say_otherwise_goes_on_and_is_exported(tmp_path: Path, landscape_data: Path) -> None:
    data, runs = tmp_path / "data", tmp_path / "runs"
    shutil.copytree(landscape_data, data)
    monitor = ["--monitor.sample-every-steps", "0", "--monitor.metrics-every-images", "0", "--console", "quiet"]
    options = ["--preset", "tiny", "--name", "garden", "--schedule.constant", "1", "--data.validation", "2", *monitor]
    assert main(["new", str(data), "--runs", str(runs), *options]) == 0
    _call_mountains_hills(data)
    run = runs / "00000-garden"
    assert main(["export", str(run), "--output", str(tmp_path / "garden.safetensors")]) == 0
    config = json.loads((run / "config.json").read_bytes())
    config["schedule"]["constant"] = 2
    (run / "config.json").write_text(json.dumps(config))
    assert main(["resume", str(run), "--console", "quiet"]) == 0
    steps = [event.step for event in EventReader(run / "events.jsonl").read_new() if isinstance(event, StepLogged)]
    assert steps == [1, 2]


def _call_mountains_hills(data: Path) -> None:
    labels = [{"id": 134, "name": "hill", "color": "#000086"}, {"id": 156, "name": "sky-other", "color": "#00009c"}]
    (data / "label_set.json").write_text(json.dumps({"name": "Garden", "unlabeled_id": 255, "labels": labels}))
