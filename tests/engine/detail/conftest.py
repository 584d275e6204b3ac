"""Small super-resolution networks with random weights, and files of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import Tensor

from spade_studio.engine.detail.config import CompactConfig, RRDBConfig, UpscalerConfig

State = dict[str, Tensor]


@pytest.fixture
def rrdb() -> RRDBConfig:
    return RRDBConfig(width=6, blocks=2, growth=3, doublings=2)


@pytest.fixture
def compact() -> CompactConfig:
    return CompactConfig(scale=4, width=5, layers=2)


@pytest.fixture
def build() -> Callable[[UpscalerConfig], State]:
    """Make a state dict whose pictures are neither black nor white, the same for the same configuration."""

    def make(config: UpscalerConfig) -> State:
        generator = torch.Generator().manual_seed(3)
        state: State = {}
        for name, shape in config.shapes().items():
            values = torch.randn(shape, generator=generator)
            state[name] = values / (9 * shape[1]) ** 0.5 if len(shape) == 4 else 0.2 + 0.05 * values
        return state

    return make


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a state dict, or what holds it: as safetensors, or with torch.save where the name ends in .pth."""

    def save(content: object, name: str = "up.safetensors", *, legacy: bool = False) -> Path:
        path = tmp_path / name
        if name.endswith(".safetensors"):
            path.write_bytes(safetensors.torch.save(content))  # type: ignore[arg-type]
        else:
            torch.save(content, path, _use_new_zipfile_serialization=not legacy)
        return path

    return save
