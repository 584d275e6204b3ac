"""What a run writes down: events, log, sample grids, scalars for TensorBoard."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
from PIL import Image

STEP_KEYS = {
    *("kind", "time", "step", "epoch", "images_seen", "losses", "learning_rates", "seconds_per_step", "images_per_second"),
    *("loading_share", "memory_mib"),
}


def test_events(reference_run: Any) -> None:
    lines = (reference_run.path / "events.jsonl").read_text("utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    assert all(isinstance(event, dict) and event["kind"] for event in events)
    assert [event["time"] for event in events] == sorted(event["time"] for event in events)
    steps = [event for event in events if "step" in event]
    assert [event["step"] for event in steps] == list(range(1, 11))  # tiny logs them all
    for event in steps:
        assert set(event) == STEP_KEYS
        assert set(event["losses"]) == {
            *("discriminator.fake", "discriminator.real", "generator.adversarial", "generator.feature_matching", "generator.kl"),
        }
        assert event["images_seen"] == 4 * event["step"]
        assert event["epoch"] == event["step"] / 4
    started, ended = events[0], events[-1]
    assert (started["kind"], started["at_step"], started["steps"], started["processes"]) == ("run_started", 0, 10, 1)
    assert (ended["kind"], ended["at_step"], ended["reason"]) == ("run_ended", 10, "finished")
    assert [event["at_step"] for event in events if event["kind"] == "checkpoint"] == [4, 8, 10]
    assert [event["file"] for event in events if event["kind"] == "samples"] == ["step_00000005.png", "step_00000010.png"]


def test_the_log_has_what_the_terminal_was_told(reference_run: Any) -> None:
    lines = reference_run.log.splitlines()
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d  ", line) for line in lines)
    text = reference_run.log
    assert "Ready for training" in text  # the quick check of the data
    assert "Training starts: 10 steps, 1 process on cpu" in text
    assert "step 7/10  epoch 1.75" in text
    assert "Checkpoint of step 8: step_00000008.pt" in text
    assert "Finished after step 10: Weights:" in text


def test_sample_grids(reference_run: Any) -> None:
    grids = [np.asarray(Image.open(reference_run.path / f"samples/step_{step:08}.png")) for step in (5, 10)]
    assert grids[0].shape == grids[1].shape
    assert grids[0].shape[0] > 2 * 128  # two rows
    assert grids[0].shape[1] > 6 * 128  # layout, photo, reconstruction and three styles, enlarged
    # Layout and photograph stay what they were, and what is made of them does not.
    border = 2 * (4 + 128) + 2
    assert np.array_equal(grids[0][:, :border], grids[1][:, :border])
    assert not np.array_equal(grids[0][:, border:], grids[1][:, border:])


def test_scalars_and_pictures_for_tensorboard(reference_run: Any) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    (file,) = reference_run.path.rglob("events.out.tfevents*")
    read = EventAccumulator(str(file))
    read.Reload()
    logged = {event["step"]: event["losses"]["generator.kl"] for event in reference_run.events("step")}
    (tag,) = [tag for tag in read.Tags()["scalars"] if "kl" in tag]
    assert {scalar.step: scalar.value for scalar in read.Scalars(tag)} == {step: np.float32(value) for step, value in logged.items()}
    (pictures,) = read.Tags()["images"]
    assert [picture.step for picture in read.Images(pictures)] == [5, 10]


def test_the_configuration_is_whole(reference_run: Any) -> None:
    from spade_studio.train.config.run import TrainConfig

    config = TrainConfig.read(reference_run.path / "config.json")
    assert (config.schedule.length, config.schedule_unit, config.batch_size, config.seed) == (10, "steps", 4, 0)
    assert config.monitor.trackers == ("tensorboard",)
    assert json.loads((reference_run.path / "config.json").read_bytes()) == config.to_json()
