"""The weights that come with the project, and the script that made them."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from spade_studio.engine.config import GeneratorConfig
from spade_studio.engine.files import sha256_of
from spade_studio.engine.renderer import Renderer
from spade_studio.engine.weights import default_weights_path, inspect_weights, load_weights

ROOT = Path(__file__).resolve().parents[3]
IDS = (156, 134, 158, 168, 123, 110, 154, 177, 148, 95, 96)


def test_the_default_weights_say_what_they_are() -> None:
    info = inspect_weights(default_weights_path())
    assert info.generator == GeneratorConfig(12, 24, hidden_width=64, norm="batch", input="noise", crop_size=128)
    assert info.channels is not None
    assert info.channels.label_set is not None
    assert (info.channels.label_set.name, info.channels.known_ids, info.channels.unlabeled_channel) == ("COCO-Stuff", IDS, 11)
    assert (info.training_size, info.steps, info.averaged) == ((128, 128), 2511, True)
    assert info.can_use_style_image
    assert "no clear licence" in info.licence
    assert default_weights_path().stat().st_size < 40_000_000


def test_the_model_card_is_of_these_weights() -> None:
    path = default_weights_path()
    card = path.with_suffix(".md").read_text(encoding="utf-8")
    info = inspect_weights(path)
    assert sha256_of(path) in card
    assert "2,511 steps" in card
    assert info.channels is not None
    assert info.channels.label_set is not None
    names = [label.name for number in IDS if (label := info.channels.label_set.by_id(number))]
    assert len(names) == len(IDS)
    assert ", ".join(names) in card
    assert "licence" in card


def test_the_default_weights_render() -> None:
    renderer = Renderer.load(None, device="cpu", dtype="float32")
    labels = np.full((64, 64), 156, np.uint8)
    labels[32:] = 123
    renderer.set_style(renderer.style_from_seed(1))
    report = renderer.set_layout(labels, size=(64, 64))
    picture = renderer.render()[0].astype(float)
    assert report.unknown_ids == {}
    sky, grass = picture[4:28].mean((0, 1)), picture[36:60].mean((0, 1))
    assert sky[2] > sky[0] - 20
    assert grass[1] > grass[2]
    assert np.abs(sky - grass).max() > 30


@pytest.mark.reference
def test_the_default_weights_are_the_bootstrap_weights_value_for_value(shared_folder: Path, tmp_path: Path) -> None:
    folder = shared_folder / "weights" / "landscape_bootstrap"
    published, ours = load_weights(folder), load_weights(default_weights_path())
    assert published.encoder is not None
    assert ours.encoder is not None
    assert all(torch.equal(ours.generator[name], tensor) for name, tensor in published.generator.items())
    assert all(torch.equal(ours.encoder[name], tensor) for name, tensor in published.encoder.items())
    spec = importlib.util.spec_from_file_location("make_default_weights", ROOT / "packaging" / "make_default_weights.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.convert(folder, tmp_path / "again.safetensors")
    # The bytes also hold the label set's colours, which may change after these weights were made.
    again = load_weights(tmp_path / "again.safetensors")
    assert replace(again.info, path=ours.info.path, channels=ours.info.channels) == ours.info
    assert again.info.channels is not None
    assert again.info.channels.known_ids == IDS
    assert all(torch.equal(again.generator[name], tensor) for name, tensor in ours.generator.items())
