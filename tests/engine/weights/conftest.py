"""Tiny networks with random weights, and files of them in every form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from spade_studio.engine.labels import LabelChannels
from spade_studio.engine.networks.build import build_generator
from spade_studio.engine.networks.config import AnyGeneratorConfig, DiscriminatorConfig, EncoderConfig, GeneratorConfig
from spade_studio.engine.networks.discriminator import MultiscaleDiscriminator
from spade_studio.engine.networks.encoder import Encoder
from spade_studio.engine.weights import save_bundle

StateDict = dict[str, Tensor]
Build = Callable[[AnyGeneratorConfig | EncoderConfig | DiscriminatorConfig], StateDict]


@pytest.fixture(scope="session")
def tiny() -> GeneratorConfig:
    """The smallest generator with noise input, as a published training would leave it."""
    return GeneratorConfig(5, base_channels=2, hidden_width=3, norm="batch", input="noise", z_width=4, crop_size=64)


@pytest.fixture(scope="session")
def tiny_encoder() -> EncoderConfig:
    return EncoderConfig(base_channels=2, z_width=4)


@pytest.fixture(scope="session")
def build() -> Build:
    """Make the state dict of a network with random weights; the same for the same configuration."""

    def make(config: AnyGeneratorConfig | EncoderConfig | DiscriminatorConfig) -> StateDict:
        generator = torch.Generator().manual_seed(7)
        with torch.device("meta"):
            if isinstance(config, EncoderConfig):
                network: torch.nn.Module = Encoder(config)
            elif isinstance(config, DiscriminatorConfig):
                network = MultiscaleDiscriminator(config)
            else:
                network = build_generator(config)
        return {
            name: torch.tensor(3) if tensor.dtype == torch.int64 else torch.rand(tensor.shape, generator=generator) * 0.1 + 0.01
            for name, tensor in network.state_dict().items()
        }

    return make


@pytest.fixture
def published(tmp_path: Path) -> Callable[..., Path]:
    """Write a folder of the published form; keyword names are file names without ``.pth``, ``opt`` the entries of opt.txt."""

    def write(opt: Mapping[str, object] | None = None, *, legacy: bool = False, **parts: Mapping[str, Any]) -> Path:
        folder = tmp_path / "checkpoint"
        folder.mkdir(exist_ok=True)
        for name, state in parts.items():
            torch.save(state, folder / f"{name.removeprefix('epoch_')}.pth", _use_new_zipfile_serialization=not legacy)
        if opt is not None:
            lines = ["----------------- Options ---------------"]
            lines += [f"{key:>25}: {value!s:<30}\t[default: None]" for key, value in opt.items()]
            (folder / "opt.txt").write_text("\n".join([*lines, "----------------- End -------------------"]), encoding="utf-8")
        return folder

    return write


@pytest.fixture
def bundle(tmp_path: Path, tiny: GeneratorConfig, tiny_encoder: EncoderConfig, build: Build) -> Callable[..., Path]:
    """Write a bundle of the tiny networks; keyword arguments replace those of ``save_bundle``."""

    def write(file_name: str = "tiny.safetensors", /, **changes: Any) -> Path:
        values: dict[str, Any] = {
            "generator_config": tiny,
            "generator": build(tiny),
            "channels": LabelChannels.plain(5, unlabeled=True, edge=False),
            "encoder_config": tiny_encoder,
            "encoder": build(tiny_encoder),
            "training_size": (64, 64),
            "name": "tiny",
            "steps": 12,
            "data": "nothing",
            "licence": "none",
            "averaged": True,
        }
        path = tmp_path / file_name
        save_bundle(path, **(values | changes))
        return path

    return write
