"""``spade-train new``: the configuration that a command line means, and the run's folder."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest

from spade_studio.engine.errors import ConfigError
from spade_studio.train.cli.commands import resolve
from spade_studio.train.cli.main import parse
from spade_studio.train.cli.options import New, PresetName
from spade_studio.train.config.losses import ScheduleConfig
from spade_studio.train.config.networks import GeneratorOptions
from spade_studio.train.config.presets import preset
from spade_studio.train.config.run import TrainConfig
from spade_studio.train.datasets import open_dataset
from spade_studio.train.run import trackers
from spade_studio.train.run.directory import RunDirectory
from spade_studio.train.run.launch import torchrun_command

# Options that make the networks of any preset small.
SHRUNK = [
    "--generator.base-channels=2", "--generator.hidden-width=4", "--encoder.base-channels=4", "--encoder.layers=5",
    "--discriminator.base-channels=4", "--discriminator.layers=3", "--geometry.load-size=136", "--geometry.crop-size=128",
    "--batch-size=2",
]
KINDS = {
    "coco-stuff": "coco_stuff", "ade20k": "ade20k", "ade20k-outdoor": "ade20k_outdoor", "cityscapes": "cityscapes",
    "flickr-landscapes": "folder", "landscapes": "folder", "compact": "folder", "tiny": "folder",
}


def resolved(*arguments: object) -> TrainConfig:
    command = parse(["new", *map(str, arguments)])
    assert isinstance(command, New)
    return resolve(command)


# ---- what options mean


@pytest.mark.parametrize("name", get_args(PresetName))
def test_a_preset_alone_is_the_preset_with_the_data(name: str) -> None:
    expected = preset(name)
    expected = dataclasses.replace(expected, data=dataclasses.replace(expected.data, path=str(Path("data").absolute())))
    assert resolved("data", "--preset", name) == expected
    assert resolved(f"--preset={name}", "data") == expected


def test_landscapes_is_the_preset_where_none_is_named() -> None:
    assert resolved("data") == resolved("data", "--preset", "landscapes")


def test_any_value_of_the_configuration_can_be_given() -> None:
    config = resolved(
        "data", "--preset", "tiny", "--losses.perceptual.network", "hed_vgg16", "--losses.perceptual.file", "hed.safetensors",
        "--losses.perceptual.tap-weights", "0", "0", "1", "0", "0", "--losses.kl_form", "sum", "--optimizer.betas", "0.5", "0.9",
        "--labels.ids", "3", "1", "--geometry.no-flip", "--generator.kernel-size", "5", "--generator.spectral-norm", "False",
        "--monitor.trackers", "tensorboard", "wandb", "--compute.dtype", "bfloat16", "--seed", "7", "--batch-size", "6",
    )
    assert config.losses.perceptual.network == "hed_vgg16"
    assert config.losses.perceptual.tap_weights == (0, 0, 1, 0, 0)
    assert (config.losses.kl_form, config.optimizer.betas, config.labels.ids, config.geometry.flip) == ("sum", (0.5, 0.9), (3, 1), False)
    assert (config.generator.kernel_size, config.generator.spectral_norm) == (5, False)
    assert config.monitor.trackers == ("tensorboard", "wandb")
    assert (config.compute.dtype, config.seed, config.batch_size) == ("bfloat16", 7, 6)
    assert config.generator.base_channels == preset("tiny").generator.base_channels


def test_short_options_stand_for_values_of_the_configuration() -> None:
    config = resolved("data", "--device", "cuda:1", "--nproc-per-node", "4", "--init-from", "some.safetensors")
    assert (config.compute.device, config.compute.processes_per_node) == ("cuda:1", 4)
    assert config.initial.weights == str(Path("some.safetensors").absolute())
    assert config.initial.gain == preset("compact").initial.gain


@pytest.mark.parametrize(
    ("name", "options", "schedule", "unit"),
    [
        ("compact", ["--steps", "80"], ScheduleConfig(40, 40, 0.02), "steps"),  # half of it falls, as in the preset
        ("compact", ["--steps", "3"], ScheduleConfig(2, 1, 0.02), "steps"),
        ("compact", ["--steps", "1"], ScheduleConfig(0, 1, 0.02), "steps"),
        ("compact", ["--epochs", "2.5"], ScheduleConfig(1.25, 1.25, 0.02), "epochs"),
        ("cityscapes", ["--epochs", "10"], ScheduleConfig(5, 5), "epochs"),
        ("cityscapes", ["--steps", "10"], ScheduleConfig(5, 5), "steps"),
        ("coco-stuff", ["--steps", "7"], ScheduleConfig(7, 0), "steps"),
        ("coco-stuff", ["--epochs", "7", "--schedule.decay", "300"], ScheduleConfig(1.75, 5.25), "epochs"),
    ],
)
def test_another_length_keeps_the_shape(name: str, options: list[str], schedule: ScheduleConfig, unit: str) -> None:
    config = resolved("data", "--preset", name, *options)
    assert (config.schedule, config.schedule_unit) == (schedule, unit)
    assert config.schedule.length == float(options[1])
    rest = dataclasses.replace(config, schedule=preset(name).schedule, schedule_unit=preset(name).schedule_unit)
    assert rest == resolved("data", "--preset", name)


def test_an_architecture_brings_its_recipe_and_options_beside_it_win() -> None:
    config = resolved("data", "--preset", "ade20k", "--architecture", "pix2pixhd")
    assert config.generator == GeneratorOptions("pix2pixhd")
    assert (config.losses.adversarial, config.optimizer.two_time_scales) == ("least_squares", False)
    assert not config.discriminator.spectral_norm
    assert config.labels == preset("ade20k").labels
    options = ["--generator.blocks", "3", "--architecture", "pix2pixhd", "--preset", "ade20k"]  # in any order
    mixed = resolved("--losses.adversarial", "hinge", "data", *options)
    assert (mixed.losses.adversarial, mixed.generator.blocks, mixed.optimizer.two_time_scales) == ("hinge", 3, False)


def test_an_architecture_with_styles_keeps_the_encoder() -> None:
    assert resolved("data", "--architecture", "spade-noise").encoder.used
    assert not resolved("data", "--architecture", "spade-compact").encoder.used


def test_paths_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = resolved(
        "some/data.zip", "--losses.perceptual.file", "a.pth", "--initial.weights", "b.pth", "--labels.label-set", "../c.json",
        "--monitor.frechet-network", "d.pth",
    )
    files = [config.losses.perceptual.file, config.initial.weights, config.labels.label_set, config.monitor.frechet_network]
    assert files == [str(tmp_path / name) for name in ("a.pth", "b.pth", "../c.json", "d.pth")]
    assert config.data.path == str(tmp_path / "some/data.zip")
    assert resolved("data", "--labels.label-set", "ade20k", "--labels.ids").labels.label_set == "ade20k"
    assert resolved(tmp_path / "data").data.path == str(tmp_path / "data")


def test_data_named_twice_is_refused() -> None:
    assert resolved("data", "--data.path", "data").data.path == str(Path("data").absolute())
    with pytest.raises(ConfigError, match="Leave the option out"):
        resolved("data", "--data.path", "more")


# ---- the run's folder


def test_the_folder_of_a_run_holds_what_the_command_meant(
    train: Any, data: Path, tmp_path: Path, only_run: Callable[[], RunDirectory]
) -> None:
    options = ["--preset", "tiny", "--steps", "6", "--losses.kl-weight", "0.5", "--seed", "3"]
    done = train("new", data, *options, "--runs", tmp_path / "runs", "--name", "first try", "--create-only")
    run = only_run()
    assert done == (0, f"{run.path}\n", "")
    assert run.path.name == "00000-first-try"
    assert run.config() == resolved(data, *options)
    text = json.loads(run.config_path.read_text())
    assert (text["seed"], text["losses"]["kl_weight"]) == (3, 0.5)
    assert {name: text["schedule"][name] for name in ("constant", "decay", "final")} == {"constant": 6.0, "decay": 0.0, "final": 0.0}


def test_a_run_is_named_by_its_preset_and_training_starts_at_once(
    train: Any, data: Path, tmp_path: Path, only_run: Callable[[], RunDirectory]
) -> None:
    done = train("new", data, "--preset", "tiny", "--steps", "1", "--runs", tmp_path / "runs", "--console", "plain")
    run = only_run()
    assert (done.code, run.path.name) == (0, "00000-tiny")
    assert done.out == ""
    assert f"Run: {run.path}\n" in done.err
    assert done.err.endswith(f"Finished after step 1: Weights: {run.weights_path}\n")


@pytest.mark.parametrize("name", get_args(PresetName))
def test_every_preset_takes_data_of_its_kind(
    name: str, train: Any, published: Callable[[str], Path], tmp_path: Path, only_run: Callable[[], RunDirectory]
) -> None:
    data = published(KINDS[name])
    assert train("new", data, "--preset", name, "--runs", tmp_path / "runs", "--create-only").code == 0
    assert only_run().config() == resolved(data, "--preset", name)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--init-from", "none.safetensors"], "--init-from is "),
        (["--losses.perceptual.file", "none.pth"], "losses.perceptual.file is "),
        (["--monitor.frechet-network", "none.pth"], "monitor.frechet_network is "),
        (["--labels.label-set", "none.json"], "none.json"),
        (["--labels.ids", "7", "299"], "299"),
        (["--nproc-per-node", "3"], "batch_size 4 for 3 processes with accumulation 1. Expected a multiple of 3"),
        (["--data.kind", "cityscapes"], "leftImg8bit"),
    ],
)
def test_what_cannot_be_trained_makes_no_folder(options: list[str], words: str, train: Any, data: Path, tmp_path: Path) -> None:
    done = train("new", data, "--preset", "tiny", "--runs", tmp_path / "runs", *options)
    assert done.code == 1
    assert done.err.startswith("Error: ")
    assert words in done.err
    assert not (tmp_path / "runs").exists()


def test_data_that_is_not_there(train: Any, tmp_path: Path) -> None:
    done = train("new", tmp_path / "nowhere", "--runs", tmp_path / "runs")
    words = "there is no such file or folder. Expected a folder of training data, or a zip file of one."
    assert done == (1, "", f"Error: {tmp_path / 'nowhere'}: {words}\n")
    assert not (tmp_path / "runs").exists()
    (tmp_path / "empty").mkdir()
    assert "spade-train label makes label maps" in train("new", tmp_path / "empty", "--runs", tmp_path / "runs").err


def test_data_that_brings_its_own_labels(
    train: Any, data: Path, tmp_path: Path, only_run: Callable[[], RunDirectory]
) -> None:
    names = {21: "elephant", 134: "hill", 156: "sky-other"}
    labels = [{"id": number, "name": name, "color": f"#0000{number:02x}"} for number, name in names.items()]
    (data / "label_set.json").write_text(json.dumps({"name": "Garden", "unlabeled_id": 255, "labels": labels}))
    options = ["--preset", "tiny", "--runs", tmp_path / "runs"]
    # The preset's COCO-Stuff would be trained on names that the data does not mean.
    for last in ("--create-only", "--dry-run"):
        done = train("new", data, *options, last)
        assert (done.code, done.out) == (1, "")
        assert done.err.startswith("Error: id 134 is hill in the data (Garden), and mountain in the label set COCO-Stuff.")
    assert train("check", data, "--preset", "tiny").err == done.err
    assert not (tmp_path / "runs").exists()
    assert train("new", data, *options, "--labels.label-set", "", "--labels.ids", "--create-only").code == 0
    labels_config = only_run().config().labels
    assert (labels_config.label_set, labels_config.ids) == ("", ())
    assert labels_config.channels(open_dataset(data).label_set).semantic_channels == 4


def test_own_labels_that_agree_are_taken(train: Any, data: Path, tmp_path: Path) -> None:
    labels = [{"id": 156, "name": "Sky-Other", "color": "#0000ff"}, {"id": 134, "name": "mountain", "color": "#00ff00"}]
    (data / "label_set.json").write_text(json.dumps({"name": "Some", "unlabeled_id": 255, "labels": labels}))
    assert train("new", data, "--preset", "tiny", "--runs", tmp_path / "runs", "--create-only").code == 0
    assert train("check", data, "--preset", "tiny").code == 0


def test_a_published_set_needs_a_preset_of_its_labels(train: Any, published: Callable[[str], Path], tmp_path: Path) -> None:
    done = train("new", published("ade20k"), "--preset", "coco-stuff", "--data.kind", "auto", "--runs", tmp_path / "runs", "--create-only")
    assert done.code == 1
    assert "in the data (ADE20K), and " in done.err


def test_a_file_where_the_folder_of_runs_should_be(train: Any, data: Path, tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("")
    done = train("new", data, "--preset", "tiny", "--runs", tmp_path / "runs")
    assert done.code == 1
    assert done.err.startswith(f"Error: no run can be made in {tmp_path / 'runs'}")


def test_several_processes_are_started_through_torchrun(
    train: Any, data: Path, tmp_path: Path, only_run: Callable[[], RunDirectory], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Any] = []
    monkeypatch.setattr("spade_studio.train.cli.commands.launch", lambda *given: started.append(given) or 0)
    options = ["--preset", "tiny", "--nproc-per-node", "2", "--max-restarts", "3", "--console", "plain"]
    assert train("new", data, *options, "--runs", tmp_path / "runs").code == 0
    run = only_run()
    assert started == [(RunDirectory(run.path), ["resume", str(run.path.absolute()), "--console", "plain"], 2, 3)]
    assert run.config().compute.processes_per_node == 2
    assert train("resume", run.path, "--nproc-per-node", "4", "--device", "cpu").code == 0
    assert started[1][1:] == (["resume", str(run.path.absolute()), "--console", "auto", "--device", "cpu"], 4, 0)
    assert train("resume", run.path, "--nproc-per-node", "3").err.startswith("Error: batch_size 4 for 3 processes")
    assert len(started) == 2
    command = torchrun_command(started[0][1], 2, 3)
    assert command[1:3] == ["-m", "spade_studio.train.run.launcher"]
    assert command[-5:] == ["spade_studio.train.cli", *started[0][1]]


def test_ranks_of_several_machines_need_devices_for_those_of_this_one(
    train: Any, data: Path, tmp_path: Path, only_run: Callable[[], RunDirectory], monkeypatch: pytest.MonkeyPatch
) -> None:
    ranks = SimpleNamespace(is_first=True, world_size=4, from_first=lambda value: value)
    asked: list[int] = []
    monkeypatch.setattr("spade_studio.train.learning.distributed.joined_ranks", lambda device: nullcontext(ranks))
    monkeypatch.setattr("spade_studio.train.cli.commands.is_rank", lambda: True)
    monkeypatch.setattr("spade_studio.train.cli.commands.refuse_missing", lambda config, processes: asked.append(processes))
    monkeypatch.setattr("spade_studio.train.cli.commands._train", lambda run, command: 0)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    assert train("new", data, "--preset", "tiny", "--runs", tmp_path / "runs").code == 0
    assert (asked, only_run().path.name) == ([2], "00000-tiny")
    assert "batch_size 6 for 4 processes" in train("new", data, "--preset", "tiny", "--batch-size", "6", "--runs", tmp_path / "runs").err


# ---- saying what would be trained


@pytest.mark.parametrize("name", get_args(PresetName))
def test_a_dry_run_of_every_preset(name: str, train: Any, published: Callable[[str], Path], tmp_path: Path) -> None:
    # Networks of full size would only take longer.
    shrunk = [] if name == "tiny" else SHRUNK
    data = published(KINDS[name])
    done = train("new", data, "--preset", name, *shrunk, "--runs", tmp_path / "runs", "--dry-run")
    assert (done.code, done.err) == (0, "")
    written, _, words = done.out.partition("\n\n")
    config = resolved(data, "--preset", name, *shrunk)
    assert TrainConfig.from_json(json.loads(written)) == config
    for start in ("Data: ", "Layout: ", "Generator: ", "Discriminator: ", "Steps: ", "Batch: ", "Memory: ", "Time: "):
        assert f"\n{start}" in f"\n{words}"
    assert ("\nEncoder: " in words) == config.encoder.used
    assert "GFLOP a picture" in words
    assert not (tmp_path / "runs").exists()


def test_a_dry_run_counts_steps(train: Any, data: Path) -> None:
    options = ["new", data, "--preset", "tiny", "--dry-run"]
    words = train(*options).out
    assert "8 photographs to train on, 8 held out (folder, labels of COCO-Stuff)\n" in words
    assert "Steps:         20 (2 an epoch), 80 pictures\n" in words
    assert "Batch:         4 pictures: 1 process with 1 part of 4\n" in words
    words = train(*options, "--epochs", "5", "--nproc-per-node", 2, "--accumulation", 2).out
    assert "Steps:         10 (2 an epoch), 40 pictures\n" in words
    assert "Batch:         4 pictures: 2 processes with 2 parts of 1\n" in words


# ---- files, forks, and what is not here


def test_values_of_a_file_stand_over_the_preset_and_under_options(tmp_path: Path) -> None:
    part = tmp_path / "part.toml"
    part.write_text('batch_size = 6\n[optimizer]\nlearning_rate = 3e-4\n[data]\npath = "photos"\n', "utf-8")
    config = resolved("--config", part, "--preset", "tiny", "--batch-size", "2")
    assert (config.batch_size, config.optimizer.learning_rate) == (2, 3e-4)
    assert config.data.path == str(Path("photos").absolute())
    assert config.generator == preset("tiny").generator
    yaml = tmp_path / "part.yml"
    yaml.write_text("# rates\nbatch_size: 6\noptimizer: {learning_rate: 3e-4}\ndata:\n  path: photos\n", "utf-8")
    assert resolved("--config", yaml, "--preset", "tiny", "--batch-size", "2") == config
    whole = tmp_path / "config.json"
    expected = dataclasses.replace(config, seed=3)
    whole.write_text(json.dumps(expected.to_json()), "utf-8")
    assert resolved(f"--config={whole}") == expected
    moved = resolved("elsewhere", "--config", whole)
    assert moved.data.path == str(Path("elsewhere").absolute())
    assert dataclasses.replace(moved, data=expected.data) == expected


def test_a_fork_starts_from_its_runs_configuration_and_from_no_preset(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "runs", "old", resolved("data", "--preset", "tiny"))
    written = json.loads(run.config_path.read_text())
    del written["average_decay"], written["optimizer"]["betas"]  # as a program without them has written it
    run.config_path.write_text(json.dumps(written))
    config = resolved("--fork", run.path, "--steps", "40")
    assert (config.average_decay, config.optimizer) == (run.config().average_decay, run.config().optimizer)
    part = tmp_path / "part.toml"
    part.write_text("[optimizer]\nlearning_rate = 3e-4\n", "utf-8")
    expected = dataclasses.replace(config, optimizer=dataclasses.replace(config.optimizer, learning_rate=3e-4))
    assert resolved("--fork", run.path, "--steps", "40", "--config", part) == expected


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.toml", "batch_size = ", "cannot be read as a configuration"),
        ("a.toml", "batchsize = 3", "batchsize"),
        ("a.json", "[1]", "holds no object"),
        ("a.yaml", "batch_size: 3\nbatch_size: 4", r"line 2, column 1: the key 'batch_size' twice. Expected JSON.*TOML or YAML"),
        ("a.json", '{"batch_size": "many"}', "batch_size is 'many'"),
    ],
)
def test_files_that_are_no_configuration(tmp_path: Path, name: str, text: str, words: str) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=words):
        resolved("data", "--config", tmp_path / name)


def test_what_is_not_here_leaves_no_folder(train: Any, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    common = ["new", data, "--preset", "tiny", "--runs", tmp_path / "runs"]
    done = train(*common, "--device", "cuda:77")
    assert (done.code, "'cuda:77'" in done.err) == (1, True)
    monkeypatch.setattr(trackers.importlib.util, "find_spec", lambda name: None)
    done = train(*common, "--monitor.trackers", "tensorboard")
    assert (done.code, "needs the package tensorboard" in done.err) == (1, True)
    assert not (tmp_path / "runs").exists()
