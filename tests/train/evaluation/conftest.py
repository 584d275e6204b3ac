"""A small data set of sky, grass and tree, tiny weights for it, a tiny segmentation model, and a small graph file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image

from spade_studio.engine.labels import LabelChannels, load_label_set
from spade_studio.engine.networks.config import EncoderConfig, GeneratorConfig
from spade_studio.engine.networks.encoder import Encoder
from spade_studio.engine.networks.generator import Generator
from spade_studio.engine.weights import save_bundle

SKY, GRASS, TREE, UNLABELED = 156, 123, 168, 255


@pytest.fixture
def data(make: Any) -> Path:
    """Give 20 pictures: sky, a horizon that falls, grass and a tree, some pixels unlabeled."""
    for number in range(20):
        labels = np.full((64, 64), SKY, np.uint8)
        labels[20 + number :] = GRASS
        labels[30:50, 10:20] = TREE
        labels[:4, :4] = UNLABELED
        photo = np.zeros((64, 64, 3), np.uint8)
        photo[labels == SKY], photo[labels == GRASS], photo[labels == TREE] = (90, 140, 250), (90, 200, 60), (20, 80, 20)
        photo += np.random.default_rng(number).integers(0, 6, photo.shape, np.uint8)
        for folder, pixels in (("images", photo), ("labels", labels)):
            path = make.root / folder / f"p{number:02}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)
    return make.root


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give tiny weights with an encoder that know sky and grass, not tree."""
    torch.manual_seed(0)
    channels = LabelChannels.from_label_set(load_label_set("coco_stuff"), (SKY, GRASS), "last", edge=False)
    config = GeneratorConfig(semantic_channels=3, base_channels=4, hidden_width=8, z_width=8, crop_size=64, input="noise")
    encoder = EncoderConfig(base_channels=2, layers=5, z_width=8)
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_bundle(
        path,
        generator_config=config,
        generator=Generator(config).state_dict(),
        channels=channels,
        encoder_config=encoder,
        encoder=Encoder(encoder).state_dict(),
        training_size=(64, 64),
        name="tiny",
        steps=0,
        data="none",
        licence="none",
        averaged=False,
        half=False,
    )
    return path


@pytest.fixture(scope="session")
def color_segmenter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a graph file that tells classes by colour: 3 sky (blue), 5 tree (dark), 10 grass (green)."""
    weight, bias = torch.zeros(11, 3, 1, 1), torch.full((11,), -9.0)
    weight[3, 2], bias[3] = 4.0, -1.0
    weight[10, 1], weight[10, 2], bias[10] = 2.0, -1.0, 0.0
    weight[5], bias[5] = -1.0, -1.0
    side = 64
    graph = {
        "ops": [
            {"op": "CONV_2D", "out": 1, "in": [0], "w": "w", "b": "b", "s": [1, 1], "d": [1, 1], "pad": 0, "act": 0},
            {"op": "RESIZE_BILINEAR", "out": 2, "in": [1], "size": [side, side], "align": False, "half": False},
        ],
        "input": 0,
        "output": 2,
    }
    path = tmp_path_factory.mktemp("segmenter") / "colors.safetensors"
    path.write_bytes(safetensors.torch.save({"w": weight, "b": bias}, {"graph": json.dumps(graph)}))
    return path


@pytest.fixture(scope="session")
def transformers_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a tiny model of transformers, random but for liking one class."""
    transformers = pytest.importorskip("transformers", reason="needs the optional package transformers")
    names = ["sky", "tree", "grass", "flying saucer"]
    config = transformers.SegformerConfig(
        num_encoder_blocks=2,
        depths=[1, 1],
        sr_ratios=[2, 1],
        hidden_sizes=[8, 8],
        patch_sizes=[3, 3],
        strides=[2, 2],
        num_attention_heads=[1, 1],
        mlp_ratios=[1, 1],
        decoder_hidden_size=8,
        id2label=dict(enumerate(names)),
    )
    torch.manual_seed(0)
    model = transformers.SegformerForSemanticSegmentation(config)
    with torch.no_grad():
        model.decode_head.classifier.bias.copy_(torch.tensor([50.0, 0.0, 0.0, 0.0]))
    folder = tmp_path_factory.mktemp("model")
    model.save_pretrained(folder)
    transformers.SegformerImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


@pytest.fixture
def evaluate(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    """Give a function that runs ``spade-eval`` and returns its exit code, output and errors."""
    from spade_studio.train.evaluation.cli import main

    for variable in ("RANK", "WORLD_SIZE", "LOCAL_RANK"):
        monkeypatch.delenv(variable, raising=False)

    def call(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call
