"""Tiny real networks, layouts and bundles for the tests of the engine; test modules cannot import each other, so a fixture has them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from spade_studio.engine.labels import Label, LabelChannels, LabelSet
from spade_studio.engine.networks.config import EncoderConfig, GeneratorConfig
from spade_studio.engine.networks.encoder import Encoder
from spade_studio.engine.networks.generator import Generator
from spade_studio.engine.networks.layout import Layout
from spade_studio.engine.weights import save_bundle

LABELS = LabelSet("Tiny", tuple(Label(10 * i, f"label {i}", (20 * i, 90, 200 - 20 * i)) for i in range(1, 5)), unlabeled_id=255)


class Tiny:
    """What tests of the engine are made of."""

    ids = (10, 20, 30, 40)
    z_width = 8

    @staticmethod
    def config(**changes: Any) -> GeneratorConfig:
        """Six channels, base width 4, hidden width 8, built for 64x64."""
        values: dict[str, Any] = {"semantic_channels": 6, "base_channels": 4, "hidden_width": 8, "z_width": Tiny.z_width, "crop_size": 64}
        return GeneratorConfig(**(values | changes))

    @staticmethod
    def generator(config: GeneratorConfig, seed: int = 0) -> Generator:
        """In evaluation, with running statistics of a few layouts: untrained ones give pictures of pure black and white."""
        generator = Generator(config).eval()
        generator.load_state_dict(Tiny.state(config, seed))
        return generator

    @staticmethod
    @cache
    def state(config: GeneratorConfig, seed: int = 0) -> dict[str, Tensor]:
        torch.manual_seed(seed)
        generator = Generator(config).train()
        height, width = 2 * config.stride, 3 * config.stride
        with torch.no_grad():
            for step in range(6):
                labels = Tiny.channels(step, height, width, config.semantic_channels - 1, batch=2)
                layout = Layout.from_channels(labels, config.semantic_channels, edge_channel=True, replicate=config.replicates_layout)
                generator(layout, None if config.style_width is None else torch.randn(2, config.style_width))
            for parameter in (p for name, p in generator.named_parameters() if name.endswith(".strength")):
                parameter.uniform_(0.1, 0.4)  # they begin with 0
            for name, buffer in generator.named_buffers():
                if name.endswith(("running_mean", "running_var")):
                    buffer.mul_(torch.rand(buffer.shape) / 2 + 0.75)  # nothing shall cancel
        return generator.state_dict()

    @staticmethod
    def channels(seed: int, height: int = 64, width: int = 64, labels: int = 5, batch: int = 1) -> NDArray[np.int64]:
        """Discs of labels on a ground, like a painted map: [batch, height, width]."""
        random = np.random.default_rng(seed)
        y, x = np.mgrid[:height, :width]
        maps = np.full((batch, height, width), random.integers(labels))
        for one in maps:
            for _ in range(6):
                centre, radius = random.uniform((0, 0), (height, width)), random.uniform(0.08, 0.3) * max(height, width)
                one[(y - centre[0]) ** 2 + (x - centre[1]) ** 2 < radius**2] = random.integers(labels)
        return maps

    @staticmethod
    def layout(
        seed: int,
        height: int = 64,
        width: int = 64,
        *,
        edges: bool = True,
        channels: int = 6,
        replicate: bool = False,
    ) -> Layout:
        """One layout of discs; with ``edges`` the last channel marks their borders."""
        labels = Tiny.channels(seed, height, width, channels - 1)
        return Layout.from_channels(labels, channels, edge_channel=edges, replicate=replicate)

    @staticmethod
    def style(seed: int, count: int = 1) -> NDArray[np.float32]:
        return np.random.default_rng(seed).standard_normal((count, Tiny.z_width)).astype(np.float32)

    @staticmethod
    def label_map(seed: int, height: int = 64, width: int = 64) -> NDArray[np.uint8]:
        """uint8 [height, width] of :attr:`ids`."""
        return np.array(Tiny.ids, np.uint8)[Tiny.channels(seed, height, width, 4)[0]]

    @staticmethod
    def bundle(path: Path, *, noise: bool = True, encoder: bool = True, seed: int = 0, **changes: Any) -> Path:
        """Write a bundle that knows :attr:`ids`, unlabeled and instance edges; stride 32, trained at 64x64."""
        channels = LabelChannels.from_label_set(LABELS, Tiny.ids, "last", edge=True)
        config = Tiny.config(input="noise" if noise else "layout", **changes)
        encoder = encoder and noise
        torch.manual_seed(seed)
        encoder_config = EncoderConfig(base_channels=2, layers=5, z_width=Tiny.z_width)
        save_bundle(
            path,
            generator_config=config,
            generator=Tiny.state(config, seed),
            channels=channels,
            encoder_config=encoder_config if encoder else None,
            encoder=Encoder(encoder_config).state_dict() if encoder else None,
            training_size=config.picture_size,
            name=path.stem,
            steps=None,
            data="",
            licence="",
            averaged=None,
            half=False,
        )
        return path


@pytest.fixture(scope="session")
def tiny() -> type[Tiny]:
    return Tiny


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle with style input and encoder."""
    return Tiny.bundle(tmp_path_factory.mktemp("tiny") / "tiny.safetensors")


@pytest.fixture(scope="session")
def tiny_layout_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle that takes the layout only."""
    return Tiny.bundle(tmp_path_factory.mktemp("tiny") / "layout.safetensors", noise=False)
