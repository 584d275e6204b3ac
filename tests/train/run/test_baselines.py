"""CRN and SIMS from the command line to weights that render, and CRN that grows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image

from spade_studio.engine.networks.config import CRNConfig
from spade_studio.engine.rendering.renderer import Renderer
from spade_studio.engine.weights.inspect import load_weights
from spade_studio.train.cli.main import main
from spade_studio.train.config.content import ContentConfig
from spade_studio.train.learning.content import ContentFeatures
from spade_studio.train.pretrained import vgg
from spade_studio.train.run.directory import RunDirectory, list_runs
from spade_studio.train.run.events import EventReader, StepLogged

SKY, GRASS = 156, 123


@pytest.fixture
def content(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Give the options of a content network, a sixteenth as wide as the real one."""
    real = vgg._CONVOLUTIONS  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(vgg, "_CONVOLUTIONS", {kind: tuple(tuple(w // 16 for w in block) for block in net) for kind, net in real.items()})
    path = tmp_path / "hed.safetensors"
    safetensors.torch.save_file(ContentFeatures(ContentConfig(1.0, "hed_vgg16", "x")).state_dict(), path)
    return ["--losses.content.network", "hed_vgg16", "--losses.content.file", str(path)]


@pytest.fixture
def photos(make: Any) -> Path:
    for number in range(12):
        labels = np.full((80, 80), SKY, np.uint8)
        labels[30 + 2 * number :] = GRASS
        photo = np.where((labels == SKY)[..., None], np.array([90, 140, 250]), np.array([90, 200, 60])).astype(np.uint8)
        for folder, pixels in (("images", photo), ("labels", labels)):
            path = make.root / folder / f"p{number:02}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)
    return make.root


def train(photos: Path, tmp_path: Path, name: str, *options: str) -> RunDirectory:
    runs = tmp_path / "runs"
    given = ["new", str(photos), "--preset", "tiny", "--runs", str(runs), "--name", name, "--data.validation", "4", "--console", "quiet"]
    assert main([*given, "--steps", "3", "--batch-size", "2", *options]) == 0
    return list_runs(runs)[-1]


def test_crn_trains_resumes_exports_renders_and_grows(photos: Path, tmp_path: Path, content: list[str]) -> None:
    options = ["--architecture", "crn-diverse", "--generator.base-channels", "32", "--generator.pictures", "2", *content]
    run = train(photos, tmp_path, "small", *options, "--monitor.sample-every-steps", "3", "--monitor.metrics-every-images", "6")
    steps = [event for event in EventReader(run.events_path).read_new() if isinstance(event, StepLogged)]
    assert [set(event.losses) for event in steps] == [{"generator.content"}] * 3
    assert steps[-1].learning_rates == (1e-4, 0.0)
    assert len(list(run.samples_path.iterdir())) == 1
    assert main(["resume", str(run.path), "--console", "quiet"]) == 0
    weights = tmp_path / "small.safetensors"
    assert main(["export", str(run.path), "--output", str(weights), "--with-discriminator"]) == 0
    assert [path.name for path in tmp_path.glob("small*")] == ["small.safetensors"]  # there is no discriminator
    renderer = Renderer.load(weights, device="cpu")
    renderer.set_style(renderer.style_from_seed(0))
    renderer.set_layout(np.full((64, 128), SKY, np.uint8))
    assert renderer.render().shape == (1, 64, 128, 3)

    large = ["--geometry.load-size", "128", "--geometry.crop-size", "128", "--init-from", str(weights), "--initial.last-modules", "2"]
    grown = train(photos, tmp_path, "large", *options, *large)
    assert "the modules above that start anew" in (grown.path / "log.txt").read_text(encoding="utf-8")
    before, after = load_weights(weights), load_weights(grown.weights_path)
    assert isinstance(after.info.generator, CRNConfig)
    assert len(after.info.generator.widths) == 6
    for number in range(4):  # as they were
        name = f"stages.{number}.conv_1.weight"
        assert torch.equal(before.generator[name], after.generator[name])
    assert not torch.equal(before.generator["stages.4.conv_1.weight"], after.generator["stages.4.conv_1.weight"])  # it is trained
    assert "stages.5.conv_1.weight" in after.generator


def test_sims_trains_on_its_bank_and_is_exported_with_it(
    photos: Path, tmp_path: Path, content: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--architecture", "sims", "--generator.base-channels", "4", "--data.workers", "1", *content]
    runs = tmp_path / "none"
    assert main(["new", str(photos), "--preset", "tiny", "--runs", str(runs), "--console", "quiet", *options]) == 1
    assert "data.bank is empty" in capsys.readouterr().err
    bank = tmp_path / "photos.bank"
    assert main(["bank", str(photos), "--output", str(bank), "--licence", "none", "--size", "64x64", "--held-out", "4"]) == 0
    cache = ("--data.cache", str(tmp_path))
    run = train(photos, tmp_path, "sims", *options, "--data.bank", str(bank), *cache, "--monitor.sample-every-steps", "3")
    assert len(list(tmp_path.glob("*.pictures"))) == 1
    steps = [event for event in EventReader(run.events_path).read_new() if isinstance(event, StepLogged)]
    assert set(steps[0].losses) == {"generator.content", "generator.labels"}
    weights = tmp_path / "out" / "lakes.safetensors"
    weights.parent.mkdir()
    assert main(["export", str(run.path), "--output", str(weights)]) == 0
    assert (weights.parent / "lakes.bank").read_bytes() == bank.read_bytes()
    renderer = Renderer.load(weights, device="cpu")
    report = renderer.set_layout(np.asarray(Image.open(photos / "labels" / "p00.png")))
    assert report.origin is not None
    assert report.origin.photographs
    assert renderer.render().shape == (1, 64, 64, 3)
