"""A tiny generator, a tiny teacher and a few layouts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from spade_studio.engine.detail.config import RRDBConfig
from spade_studio.engine.detail.upscaler import Upscaler
from spade_studio.engine.labels import LabelChannels, load_label_set
from spade_studio.engine.networks.config import GeneratorConfig
from spade_studio.engine.networks.generator import Generator
from spade_studio.engine.rendering.renderer import Renderer
from spade_studio.engine.weights import save_bundle
from spade_studio.train.datasets import open_dataset
from spade_studio.train.distillation.config import DistillConfig, PairsConfig
from spade_studio.train.distillation.pairs import PairMaker

IDS = (156, 168, 154)


@pytest.fixture
def config() -> DistillConfig:
    return DistillConfig(PairsConfig(count=34, crop=12), width=4, layers=1, steps=6, batch=2, patch=8, save_every=2, dtype="float32")


@pytest.fixture
def files(tmp_path: Path, make: Any) -> tuple[Path, Path, Path]:
    """Data, weights and a teacher's file."""
    for i, id_ in enumerate(IDS):
        make.pair(f"p{i}", id_, i, 20, 30)
    channels = LabelChannels.from_label_set(load_label_set("coco_stuff"), IDS, "last", False)
    generator_config = GeneratorConfig(channels.semantic_channels, base_channels=2, hidden_width=3, z_width=4, crop_size=32)
    torch.manual_seed(0)
    weights = tmp_path / "weights.safetensors"
    save_bundle(
        weights,
        generator_config=generator_config,
        generator=Generator(generator_config).state_dict(),
        channels=channels,
        training_size=(32, 32),
        name="tiny",
        steps=None,
        data="",
        licence="",
        averaged=None,
    )
    teacher = tmp_path / "teacher.safetensors"
    state = {name: torch.randn(shape) * 0.1 for name, shape in RRDBConfig(4, 1, 2, 2).shapes().items()}
    teacher.write_bytes(safetensors.torch.save(state))
    return make.root, weights, teacher


@pytest.fixture
def maker(files: tuple[Path, Path, Path]) -> Callable[[PairsConfig], PairMaker]:
    def build(config: PairsConfig) -> PairMaker:
        data, weights, teacher = files
        renderer = Renderer.load(weights, device="cpu", dtype="float32")
        return PairMaker(renderer, Upscaler.load(teacher, device="cpu", dtype="float32"), open_dataset(data), config)

    return build
