"""The weights that come with the project, and the script that made them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from spade_studio.engine.files import sha256_of
from spade_studio.engine.rendering.renderer import Renderer
from spade_studio.engine.weights import default_weights_path, inspect_weights
from spade_studio.train.config.architectures import architecture

ROOT = Path(__file__).resolve().parents[3]
IDS = (156, 134, 158, 168, 123, 110, 154, 177, 148, 95, 96)


def test_the_default_weights_say_what_they_are() -> None:
    info = inspect_weights(default_weights_path())
    textured = architecture("spade-textured").config(12, base_channels=24, hidden_width=64, upsampling="more", crop_size=256)
    assert info.generator == textured
    assert info.channels is not None
    assert info.channels.label_set is not None
    assert (info.channels.label_set.name, info.channels.known_ids, info.channels.unlabeled_channel) == ("COCO-Stuff", IDS, 11)
    assert (info.training_size, info.steps, info.averaged) == ((256, 256), 2350, True)
    assert info.can_use_style_image
    assert "no clear licence" in info.licence
    assert default_weights_path().stat().st_size < 40_000_000


def test_the_model_card_is_of_these_weights() -> None:
    path = default_weights_path()
    card = path.with_suffix(".md").read_text(encoding="utf-8")
    info = inspect_weights(path)
    assert sha256_of(path) in card
    assert "256x256 pixels at the end" in card
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
