"""Exports of runs, and trainings that start from weights: with other labels, from the default weights, from what does not fit."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from spade_studio.engine.cli.main import main as render_main
from spade_studio.engine.errors import WeightsError
from spade_studio.engine.networks.config import GeneratorConfig
from spade_studio.engine.rendering.renderer import Renderer
from spade_studio.engine.weights import default_weights_path, inspect_weights, load_weights
from spade_studio.train.cli.main import main
from spade_studio.train.config.networks import InitialConfig
from spade_studio.train.config.presets import LANDSCAPE_IDS, preset, with_architecture
from spade_studio.train.config.run import TrainConfig
from spade_studio.train.learning.distributed import Ranks
from spade_studio.train.learning.trainer import Trainer
from spade_studio.train.run.checkpoints import read_checkpoint
from spade_studio.train.run.data import open_run_data
from spade_studio.train.run.export import ExportOptions, write_weights

NEW_IDS = (149, 147)  # of COCO-Stuff, and not of tiny


def make_trainer(config: TrainConfig) -> Trainer:
    return Trainer(config, open_run_data(config).training, Ranks(0, 1, torch.device("cpu")))


def starting_from(path: Path, run: Any, **changes: Any) -> TrainConfig:
    config = TrainConfig.read(run.path / "config.json")
    return dataclasses.replace(config, initial=InitialConfig(weights=str(path)), seed=99, **changes)


def at_step(said: str) -> int:
    return int(said.rsplit("(step ", 1)[1].rstrip(")\n"))


@pytest.fixture
def exported(finished: Any, tmp_path: Path) -> Path:
    """Give weights with a discriminator beside, as continuing a training needs them."""
    path = tmp_path / "lakes.safetensors"
    assert main(["export", str(finished.path), "--output", str(path), "--with-discriminator", "--full-precision"]) == 0
    return path


# ---- export


def test_the_newest_is_what_the_run_itself_has_written(finished: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "out.safetensors"
    assert main(["export", str(finished.path), "--output", str(path)]) == 0
    assert at_step(capsys.readouterr().out) == 10
    assert path.read_bytes() == finished.weights
    info = inspect_weights(path)
    assert (info.name, info.steps, info.averaged, info.licence) == ("run", 10, True, "Not stated")
    assert info.data == "16 photographs with label maps (folder, labels of COCO-Stuff)"


def test_any_checkpoint_by_its_step(finished: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "eight.safetensors"
    assert main(["export", str(finished.path), "--output", str(path), "--step", "8"]) == 0
    assert at_step(capsys.readouterr().out) == inspect_weights(path).steps == 8
    assert main(["export", str(finished.path), "--output", str(path), "--step", "7"]) == 1
    assert "Error: 00000-run has no checkpoint of step 7. Expected one of 4, 8, 10." in capsys.readouterr().err


def test_the_best_where_there_is_one(finished: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["export", str(finished.path), "--output", str(tmp_path / "best.safetensors"), "--best"]
    assert main(arguments) == 1
    assert "Error: 00000-run has no best checkpoint yet" in capsys.readouterr().err
    latest = finished.path / "checkpoints" / "latest.json"
    latest.write_text(json.dumps({**json.loads(latest.read_text()), "best": {"step": 4, "value": 0.5}}))
    assert main(arguments) == 0
    assert at_step(capsys.readouterr().out) == 4
    assert inspect_weights(tmp_path / "best.safetensors").steps == 4


def test_what_is_said_of_them_is_up_to_the_caller(finished: Any, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--name", "Lakes", "--licence", "CC0", "--data-description", "noise"]
    assert main(["export", str(finished.path), *words]) == 0
    info = inspect_weights(finished.path / "weights.safetensors")
    assert (info.name, info.licence, info.data) == ("Lakes", "CC0", "noise")
    assert str(finished.path / "weights.safetensors") in capsys.readouterr().out


def test_a_run_without_checkpoints(trainings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(trainings.new_arguments("--create-only")) == 0
    assert main(["export", str(trainings.run().path)]) == 1
    assert "Error: 00000-run has no checkpoint yet" in capsys.readouterr().err


def test_the_training_data_need_not_be_there(finished: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = finished.path / "config.json"
    text = config.read_text("utf-8")
    gone = json.dumps(str(tmp_path / "gone"))
    config.write_text(text.replace(json.dumps(json.loads(text)["data"]["path"]), gone), "utf-8")
    with_data = load_file(finished.path / "weights.safetensors")
    path = tmp_path / "without.safetensors"
    assert main(["export", str(finished.path), "--output", str(path)]) == 0
    said = capsys.readouterr()
    assert "Without the training data" in said.err
    assert str(tmp_path / "gone") in said.err
    without = load_file(path)
    assert without.keys() == with_data.keys()
    other = {name.rpartition(".")[2] for name, tensor in without.items() if not torch.equal(tensor, with_data[name])}
    assert other == {"running_mean", "running_var"}
    assert inspect_weights(path).data.startswith("16 photographs with label maps")


def test_weights_of_the_last_step_and_under_the_published_names(
    finished: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    last, folder = tmp_path / "last.safetensors", tmp_path / "published"
    assert main(["export", str(finished.path), "--output", str(last), "--unaveraged", "--full-precision"]) == 0
    assert inspect_weights(last).averaged is False
    parts = read_checkpoint(finished.checkpoint(10)).parts
    options = ["--unaveraged", "--published", "--with-discriminator", "--licence", "CC0"]
    assert main(["export", str(finished.path), "--output", str(folder), *options]) == 0
    assert "no place for --name, --data-description and --licence" in capsys.readouterr().err
    for letter, part in (("G", "generator"), ("E", "encoder"), ("D", "discriminator")):
        state = torch.load(folder / f"latest_net_{letter}.pth", weights_only=True)
        assert state.keys() == parts[part].keys()
        assert all(torch.equal(tensor, parts[part][name]) for name, tensor in state.items())
    live = {name.removeprefix("generator."): tensor for name, tensor in load_file(last).items() if name.startswith("generator.")}
    assert torch.equal(live["fc.weight"], parts["generator"]["fc.weight"])


@pytest.mark.parametrize("name", ["spade-textured", "crn"])
def test_networks_that_the_published_code_lacks_leave_no_published_folder(name: str, landscape_data: Path, tmp_path: Path) -> None:
    config = with_architecture(preset("tiny"), name)
    config = dataclasses.replace(
        config,
        data=dataclasses.replace(config.data, path=str(landscape_data), validation=2),
        generator=dataclasses.replace(config.generator, base_channels=4, hidden_width=4),
    )
    with pytest.raises(WeightsError, match=r"the published form cannot hold these weights.*Export without --published"):
        write_weights(tmp_path / "published", make_trainer(config), "run", ExportOptions(averaged=False, published=True))
    assert not list(tmp_path.glob("*publ*"))


def test_it_renders(finished: Any, exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    renderer = Renderer.load(exported, device="cpu", dtype="float32")
    data = Path(TrainConfig.read(finished.path / "config.json").data.path)
    labels = data / "labels/p03.png"
    renderer.set_style(renderer.style_from_seed(3))
    renderer.set_layout(np.asarray(Image.open(labels)), size=(64, 64))
    picture = renderer.render()[0]
    assert picture.shape == (64, 64, 3)
    assert np.ptp(picture) > 0
    out = tmp_path / "pictures"
    options = ["--weights", str(exported), "--device", "cpu", "--dtype", "float32", "--size", "64x64", "--seed", "3", "--output", str(out)]
    assert render_main([str(labels), *options]) == 0, capsys.readouterr().err
    assert np.array_equal(np.asarray(Image.open(out / "p03.png")), picture)
    # The style of a photograph: the encoder came along.
    assert render_main([str(labels), *options[:-4], "--style", str(data / "images/p03.png"), "--output", str(tmp_path / "styled")]) == 0
    assert not np.array_equal(np.asarray(Image.open(tmp_path / "styled/p03.png")), picture)


# ---- going on from weights


def test_all_three_networks_go_on(finished: Any, exported: Path) -> None:
    trainer = make_trainer(starting_from(exported, finished))
    assert trainer.notes == ("Started from lakes.safetensors, which has the same labels.",)
    parts = read_checkpoint(finished.checkpoint(10)).parts
    assert trainer.discriminator is not None
    for name, tensor in trainer.discriminator.state_dict().items():
        assert torch.equal(tensor, parts["discriminator"][name]), name
    stored = load_weights(exported)
    assert stored.encoder is not None
    assert trainer.encoder is not None
    for network, state in ((trainer.generator, stored.generator), (trainer.encoder, stored.encoder)):
        for name, tensor in network.state_dict().items():
            assert name.endswith("num_batches_tracked") or torch.equal(tensor, state[name]), name
    # The averaged weights of the run, to the bit, since they were stored in full.
    for name, tensor in parts["averages"]["generator"]["network"].items():
        if name.endswith(("weight", "weight_orig", "bias")):
            assert torch.equal(tensor, stored.generator[name]), name


def test_a_run_goes_on_from_weights_and_no_longer_needs_them(trainings: Any, exported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exported.with_name("lakes.discriminator.safetensors").unlink()
    assert main(trainings.new_arguments("--init-from", str(exported), "--steps", "4")) == 0
    run = trainings.run()
    assert [event["message"] for event in run.events("warning")] == [
        "Started from lakes.safetensors, which has the same labels.",
        "There is no discriminator beside lakes.safetensors: it starts anew.",
    ]
    assert main(trainings.new_arguments("--init-from", str(exported), "--create-only")) == 0
    exported.unlink()
    (run.path / "weights.safetensors").unlink()
    assert main(["resume", str(run.path)]) == 0
    assert main(["export", str(run.path)]) == 0
    assert len(run.events("warning")) == 2
    # A run that has not begun does need them.
    assert main(["resume", str(trainings.run(1).path)]) == 1
    assert "lakes.safetensors" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(("kept", "added"), [(LANDSCAPE_IDS[2:9:2], ()), (LANDSCAPE_IDS[::-1], NEW_IDS)])
def test_other_labels(finished: Any, exported: Path, kept: tuple[int, ...], added: tuple[int, ...]) -> None:
    config = starting_from(exported, finished)
    ids = (*added, *kept)
    trainer = make_trainer(dataclasses.replace(config, labels=dataclasses.replace(config.labels, ids=ids, unlabeled="first")))
    begun = f"Started from lakes.safetensors: {len(kept)} labels were carried over by name"
    assert trainer.notes[0].startswith(begun)
    assert ("new: " in trainer.notes[0]) == bool(added)
    stored = load_weights(exported).generator
    judged = load_file(exported.with_name("lakes.discriminator.safetensors"))
    channels = {number: LANDSCAPE_IDS.index(number) for number in kept}
    seen = 0
    assert trainer.discriminator is not None
    for mine, theirs in ((trainer.generator.state_dict(), stored), (trainer.discriminator.state_dict(), judged)):
        for name, tensor in mine.items():
            if name.endswith(("mlp_shared.0.weight", "model0.0.weight")):
                seen += 1
                assert torch.equal(tensor[:, 0], theirs[name][:, len(LANDSCAPE_IDS)])  # unlabeled
                for number, channel in channels.items():
                    assert torch.equal(tensor[:, 1 + ids.index(number)], theirs[name][:, channel]), (name, number)
                for number in added:
                    drawn = tensor[:, 1 + ids.index(number)]
                    assert float(drawn.abs().max()) > 0
                    assert not any(torch.equal(drawn, theirs[name][:, channel]) for channel in range(len(LANDSCAPE_IDS) + 1))
                assert torch.equal(tensor[:, 1 + len(ids) :], theirs[name][:, 1 + len(LANDSCAPE_IDS) :])  # the picture's colours
            elif name.endswith(("weight_orig", "bias", "fc.weight")):
                assert torch.equal(tensor, theirs[name]), name
    assert seen > 10
    assert trainer.train_step(next(iter(trainer.loader()))).finite


def test_the_default_weights_load_exactly_into_their_preset(landscape_data: Path) -> None:
    config = preset("landscapes")
    config = dataclasses.replace(
        config,
        data=dataclasses.replace(config.data, path=str(landscape_data), validation=2),
        initial=InitialConfig(weights=str(default_weights_path())),
        losses=dataclasses.replace(config.losses, perceptual_weight=0.0, texture_weight=0.0),
    )
    trainer = make_trainer(config)
    assert trainer.notes[0] == f"Started from {default_weights_path().name}, which has the same labels."
    stored = load_weights(default_weights_path())
    assert stored.info.generator is not None
    as_trained = GeneratorConfig.from_json(stored.info.generator.to_json() | {"norm": "sync_batch"})  # of one process: no difference
    assert (as_trained, stored.info.encoder) == (trainer.generator_config, trainer.encoder_config)
    assert trainer.encoder is not None
    assert stored.encoder is not None
    for network, state in ((trainer.generator, stored.generator), (trainer.encoder, stored.encoder)):
        for name, tensor in network.state_dict().items():
            assert name.endswith("num_batches_tracked") or torch.equal(tensor, state[name].float()), name


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda config: with_architecture(config, "pix2pixhd++"), "holds a generator of kind spade, and the training has one of kind"),
        (lambda config: with_options(config, base_channels=8), r"\(generator\) has the shape"),
        (lambda config: with_options(config, hidden_width=16), r"mlp_.*\(generator\) has the shape"),
        (lambda config: with_options(config, input="layout"), r"fc.bias in .*\(generator\) has the shape"),
    ],
)
def test_another_architecture_is_refused(finished: Any, exported: Path, change: Callable[[TrainConfig], TrainConfig], words: str) -> None:
    with pytest.raises(WeightsError, match=words) as caught:
        make_trainer(change(starting_from(exported, finished)))
    assert str(exported) in str(caught.value)


def with_options(config: TrainConfig, **options: Any) -> TrainConfig:
    encoder = dataclasses.replace(config.encoder, used=options.get("input") != "layout")
    return dataclasses.replace(config, generator=dataclasses.replace(config.generator, **options), encoder=encoder)


def test_channels_of_weights_without_names_are_carried_over_by_number_and_said_so(exported: Path, finished: Any, tmp_path: Path) -> None:
    with safe_open(exported, "pt") as file:
        described = json.loads(file.metadata()["spade-studio-weights"])
    described["channels"]["label_set"] = None
    nameless = tmp_path / "nameless.safetensors"
    save_file(load_file(exported), nameless, {"spade-studio-weights": json.dumps(described)})
    (said, *_) = make_trainer(starting_from(nameless, finished)).notes
    assert "nameless.safetensors, which names no labels: 12 of 12 channels were carried over by number" in said
    assert "--initial.label-set" in said
    config = starting_from(nameless, finished)
    named = dataclasses.replace(config, initial=dataclasses.replace(config.initial, label_set="coco_stuff"))
    with pytest.raises(WeightsError, match="COCO-Stuff has 182 labels, the generator 12 channels"):
        make_trainer(named)
