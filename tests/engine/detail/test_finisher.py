"""A level's upscaler, and a file in its place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from spade_studio.engine.detail import levels
from spade_studio.engine.detail.config import CompactConfig
from spade_studio.engine.detail.finisher import Finisher
from spade_studio.engine.errors import WeightsError


def network(path: Path, seed: int) -> Path:
    generator = torch.Generator().manual_seed(seed)
    state = {key: 0.1 * torch.randn(shape, generator=generator) for key, shape in CompactConfig(4, 4, 2).shapes().items()}
    path.write_bytes(safetensors.torch.save(state))
    return path


def test_a_file_takes_a_levels_place_until_it_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network(tmp_path / "full.safetensors", 1)
    monkeypatch.setitem(levels._FILES, "full", "full.safetensors")
    monkeypatch.setattr(levels, "_folder", lambda: tmp_path)
    own = network(tmp_path / "own.safetensors", 2)
    finisher = Finisher("cpu", "float32")
    image = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)

    def made(path: Path | None = None) -> np.ndarray:
        picture = finisher.finish_bytes(image, (16, 16), "full", path)
        assert picture is not None
        return picture

    included = made()
    replaced = finisher.replace("full", own)
    assert replaced is not None
    assert finisher.upscaler("full") is replaced
    other = made()
    assert (other != included).any()
    finisher.release_memory()
    assert (made() == other).all()
    assert (made(tmp_path / "full.safetensors") == included).all()  # what is asked for by its path comes first
    (tmp_path / "broken.safetensors").write_bytes(b"no")
    with pytest.raises(WeightsError):
        finisher.replace("full", tmp_path / "broken.safetensors")
    assert (made() == other).all()
    assert finisher.replace("full", None) is None
    assert (made() == included).all()
