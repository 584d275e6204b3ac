"""Trackers: what they hold can be read back, a run that goes on goes on there, and a failure is one that can be caught."""

from __future__ import annotations

import json
import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spade_studio.engine.errors import EngineError
from spade_studio.train.run.events import MetricsMeasured, StepLogged
from spade_studio.train.run.trackers import TensorBoardTracker, TrackerError, WandbTracker, event_scalars, open_trackers

CONFIG = {"seed": 3, "data": {"path": "pictures"}}
PIXELS = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)


def read_back(folder: Path) -> Any:
    accumulators = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    found = accumulators.EventAccumulator(str(folder), size_guidance={"images": 0, "scalars": 0})
    found.Reload()
    return found


def steps(folder: Path, name: str) -> dict[int, float]:
    return {event.step: event.value for event in read_back(folder).Scalars(name)}


# ---- TensorBoard


def test_tensorboard_files_hold_scalars_pictures_and_the_configuration(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    tracker = TensorBoardTracker(tmp_path / "tensorboard", CONFIG)
    tracker.scalars(10, {"generator/kl": 0.5, "generator/gan": None})
    tracker.scalars(20, {"generator/kl": 0.25, "progress/images_seen": 80})
    tracker.picture(20, "samples", PIXELS)
    tracker.close()
    assert steps(tmp_path / "tensorboard", "generator/kl") == {10: 0.5, 20: 0.25}
    found = read_back(tmp_path / "tensorboard")
    assert sorted(found.Tags()["scalars"]) == ["generator/kl", "progress/images_seen"]
    (picture,) = found.Images("samples")
    assert (picture.step, picture.width, picture.height) == (20, 7, 5)
    path = tmp_path / "picture.png"
    path.write_bytes(picture.encoded_image_string)
    with Image.open(path) as image:
        assert np.array_equal(np.array(image), PIXELS)
    (text,) = found.Tensors("config/text_summary")
    assert json.loads(text.tensor_proto.string_val[0].decode().removeprefix("```json").removesuffix("```")) == CONFIG


def test_what_was_taken_in_is_in_the_file_before_the_end(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    tracker = TensorBoardTracker(tmp_path)
    tracker.scalars(10, {"generator/kl": 0.5})
    assert steps(tmp_path, "generator/kl") == {10: 0.5}  # a process that is killed now has lost nothing
    tracker.close()


@pytest.fixture(autouse=True)
def numbers_of_one_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files of one second sort as they were made, however many this process has made before: their names end in a number."""
    try:
        from tensorboard.summary.writer import event_file_writer
    except ImportError:
        return
    monkeypatch.setattr(event_file_writer, "_global_uid", event_file_writer.AtomicCounter(1000))


def test_steps_that_are_done_again_count_once(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    first = TensorBoardTracker(tmp_path, CONFIG)
    for step in (10, 20, 30):
        first.scalars(step, {"kl": step})
    first.close()
    again = TensorBoardTracker(tmp_path, CONFIG, purge_step=11)
    for step in (20, 30, 40):
        again.scalars(step, {"kl": -step})
    again.close()
    assert steps(tmp_path, "kl") == {10: 10, 20: -20, 30: -30, 40: -40}
    assert len(read_back(tmp_path).Tensors("config/text_summary")) == 1


def test_a_run_that_starts_again_from_nothing_keeps_nothing(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    first = TensorBoardTracker(tmp_path, CONFIG)
    first.scalars(10, {"kl": 1})
    first.close()
    again = TensorBoardTracker(tmp_path, CONFIG, purge_step=0)
    again.scalars(5, {"kl": 2})
    again.close()
    assert steps(tmp_path, "kl") == {5: 2}
    assert len(read_back(tmp_path).Tensors("config/text_summary")) == 1


def test_a_disk_that_goes_away_is_a_tracker_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorboard")
    before = set(threading.enumerate())
    tracker = TensorBoardTracker(tmp_path / "tensorboard")
    tracker.scalars(1, {"kl": 1})
    failed: list[object] = []
    monkeypatch.setattr(threading, "excepthook", failed.append)  # tensorboard's thread dies of it, as loudly as threads do
    shutil.rmtree(tmp_path / "tensorboard")
    with pytest.raises(TrackerError, match=r"TensorBoard failed: FileNotFoundError"):
        tracker.scalars(2, {"kl": 2})
    with pytest.raises(TrackerError, match="TensorBoard failed"):
        tracker.picture(2, "samples", PIXELS)
    with pytest.raises(TrackerError, match="TensorBoard failed"):
        tracker.close()
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
    assert len(failed) == 1


def test_a_place_that_cannot_be_written_is_a_tracker_error(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    (tmp_path / "tensorboard").write_text("a file")
    with pytest.raises(TrackerError, match="TensorBoard failed"):
        open_trackers(["tensorboard"], tmp_path, "00000-x", CONFIG)


# ---- Weights & Biases, which is not installed where tests run


class FakeRun:
    def __init__(self, calls: list[tuple[str, Any]]) -> None:
        self.calls = calls

    def define_metric(self, name: str, step_metric: str) -> None:
        self.calls.append(("define_metric", (name, step_metric)))

    def log(self, values: dict[str, Any]) -> None:
        self.calls.append(("log", values))

    def finish(self) -> None:
        self.calls.append(("finish", None))


@pytest.fixture
def wandb(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Put a module that records calls in place of wandb."""
    module: Any = ModuleType("wandb")
    module.calls = []

    def init(**options: Any) -> FakeRun:
        module.calls.append(("init", options))
        return FakeRun(module.calls)

    module.init = init
    module.Settings = lambda **options: options
    module.Image = lambda pixels: ("image", pixels.shape)
    monkeypatch.setitem(sys.modules, "wandb", module)
    monkeypatch.delenv("WANDB_PROJECT", raising=False)
    return module


def test_wandb_is_told_all(tmp_path: Path, wandb: Any) -> None:
    tracker = WandbTracker(tmp_path, "00000-x", CONFIG)
    tracker.scalars(10, {"generator/kl": 0.5, "generator/gan": None})
    tracker.picture(10, "samples", PIXELS)
    tracker.close()
    (_, options), *rest = wandb.calls
    assert options["name"] == "00000-x"
    assert options["project"] == "spade-studio"
    assert options["dir"] == str(tmp_path)
    assert options["config"] == CONFIG
    assert "mode" not in options, "WANDB_MODE would not count"
    # Steps are a value: W&B drops what comes with a step of its own that is smaller than one before.
    assert rest == [
        ("define_metric", ("*", "step")),
        ("log", {"step": 10, "generator/kl": 0.5}),
        ("log", {"step": 10, "samples": ("image", (5, 7, 3))}),
        ("finish", None),
    ]


def test_a_run_that_goes_on_keeps_its_id(tmp_path: Path, wandb: Any) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    for name in ("one", "one", "other"):
        WandbTracker(tmp_path / name, name).close()
    ids = [options["id"] for call, options in wandb.calls if call == "init"]
    assert ids[0] == ids[1] != ids[2]
    assert len(ids[0]) == 8
    assert {options["resume"] for call, options in wandb.calls if call == "init"} == {"allow"}


def test_the_users_project_is_used(tmp_path: Path, wandb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_PROJECT", "landscapes")
    WandbTracker(tmp_path, "x").close()
    assert wandb.calls[0][1]["project"] == "landscapes"


def test_nobody_logged_in_tells_what_to_do(tmp_path: Path, wandb: Any) -> None:
    class UsageError(Exception):
        pass

    def init(**_: Any) -> None:
        raise UsageError("No API key configured. Use `wandb login` to log in.\nmore")

    wandb.init = init
    with pytest.raises(TrackerError, match=r"UsageError: No API key configured.*WANDB_MODE=offline") as caught:
        WandbTracker(tmp_path, "x")
    assert "more" not in str(caught.value)
    assert isinstance(caught.value.__cause__, UsageError)


@pytest.mark.parametrize(
    "use",
    [
        lambda tracker: tracker.scalars(1, {"kl": 1.0}),
        lambda tracker: tracker.picture(1, "samples", PIXELS),
        lambda tracker: tracker.close(),
    ],
    ids=["scalars", "picture", "close"],
)
def test_a_network_that_goes_away_is_a_tracker_error(
    tmp_path: Path, wandb: Any, monkeypatch: pytest.MonkeyPatch, use: Callable[[WandbTracker], None]
) -> None:
    tracker = WandbTracker(tmp_path, "x")

    def fail(*_: object) -> None:
        raise ConnectionResetError("connection reset by peer")

    monkeypatch.setattr(FakeRun, "log", fail)
    monkeypatch.setattr(FakeRun, "finish", fail)
    with pytest.raises(TrackerError, match="Weights & Biases failed: ConnectionResetError: connection reset by peer"):
        use(tracker)


def test_ctrl_c_is_no_tracker_error(tmp_path: Path, wandb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tracker = WandbTracker(tmp_path, "x")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(FakeRun, "log", interrupt)
    with pytest.raises(KeyboardInterrupt):
        tracker.scalars(1, {})


# ---- opening


def test_trackers_are_opened_by_name(tmp_path: Path, wandb: Any) -> None:
    pytest.importorskip("tensorboard")
    assert open_trackers([], tmp_path, "00000-x", CONFIG) == []
    trackers = open_trackers(["tensorboard", "wandb"], tmp_path, "00000-x", CONFIG, 5)
    for tracker in trackers:
        tracker.scalars(6, {"kl": 1.0})
        tracker.close()
    assert steps(tmp_path / "tensorboard", "kl") == {6: 1.0}
    assert ("log", {"step": 6, "kl": 1.0}) in wandb.calls


def test_where_one_cannot_be_opened_the_others_are_closed(tmp_path: Path, wandb: Any) -> None:
    with pytest.raises(TrackerError, match=r"no tracker 'comet'.*tensorboard or wandb"):
        open_trackers(["wandb", "comet"], tmp_path, "00000-x", CONFIG)
    assert wandb.calls[-1] == ("finish", None)


@pytest.mark.parametrize("name", ["tensorboard", "wandb"])
def test_a_missing_package_is_named_with_the_command_that_installs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for module in [loaded for loaded in sys.modules if loaded.startswith("torch.utils.tensorboard")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(EngineError) as caught:
        open_trackers([name], tmp_path, "00000-x", CONFIG)
    assert f"pip install {name}" in str(caught.value)
    assert f"spade-studio[{name}]" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


# ---- what is told


def test_events_become_values_in_sections() -> None:
    losses = {"generator.kl": 0.5, "discriminator.fake": None}
    event = StepLogged(10, 1.25, 40, losses, (1e-4, 4e-4), 0.25, 16.0, loading_share=0.1, memory_mib=900)
    assert event_scalars(event) == {
        "generator/kl": 0.5,
        "discriminator/fake": None,
        "learning_rate/generator": 1e-4,
        "learning_rate/discriminator": 4e-4,
        "progress/epoch": 1.25,
        "progress/images_seen": 40,
        "speed/images_per_second": 16.0,
        "speed/seconds_per_step": 0.25,
        "speed/loading_share": 0.1,
        "memory/mib": 900,
    }
    assert event_scalars(MetricsMeasured(10, {"l1": 0.2, "diversity": None})) == {"metrics/l1": 0.2, "metrics/diversity": None}
