"""Distillation: it learns, goes on to the bit where it stopped, and what it writes is an upscaler."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spade_studio.engine.detail.config import CompactConfig
from spade_studio.engine.detail.files import inspect_upscaler
from spade_studio.engine.detail.upscaler import Upscaler
from spade_studio.engine.errors import ConfigError, EngineError
from spade_studio.train.cli.main import main
from spade_studio.train.distillation.config import DistillConfig, PairsConfig
from spade_studio.train.distillation.learning import Distiller
from spade_studio.train.distillation.pairs import PairMaker, Pairs
from spade_studio.train.distillation.run import DistillFolder, distill

Make = Callable[[PairsConfig], PairMaker]
WORDS = {"name": "tiny", "data": "", "licence": ""}


def run(folder: Path, config: DistillConfig, maker: Make, said: list[str] | None = None, **options: Any) -> bool:
    say = (lambda text: None) if said is None else said.append
    return distill(
        DistillFolder(folder), config, maker(config.pairs), pairs=folder.parent / "pairs", device="cpu", words=WORDS, say=say, **options
    )


def test_a_student_learns_its_teacher() -> None:
    """A teacher that doubles contrast about grey, which the repeated pixels do not."""
    inputs = np.random.default_rng(0).integers(64, 192, (8, 3, 12, 12)).astype(np.uint8)
    doubled = np.clip(2 * inputs.astype(int) - 128, 0, 255).astype(np.uint8)
    targets = doubled.repeat(4, 2).repeat(4, 3)
    config = DistillConfig(PairsConfig(8, crop=12), 8, 1, steps=150, batch=4, patch=10, rate=0.01, adversarial=0, dtype="float32")
    distiller = Distiller(config, Pairs(inputs, targets), torch.device("cpu"))
    losses = [distiller.advance()["pixel"] for _ in range(150)]
    assert losses[0] == pytest.approx(np.abs(doubled - inputs.astype(float)).mean() / 255, rel=0.2)
    assert np.mean(losses[-10:]) < 0.3 * losses[0]


def test_gradients_reach_the_beginning_of_a_long_chain() -> None:
    pairs = Pairs(*(np.random.default_rng(0).integers(0, 256, (2, 3, side, side)).astype(np.uint8) for side in (12, 48)))
    config = DistillConfig(PairsConfig(2, crop=12), 16, 16, batch=1, patch=8, adversarial=0, dtype="float32")
    distiller = Distiller(config, pairs, torch.device("cpu"))
    for _ in range(3):
        distiller.advance()
    first, last = (distiller.student.body[place].weight.grad for place in (0, -1))
    assert isinstance(first, torch.Tensor)
    assert isinstance(last, torch.Tensor)
    assert float(first.abs().mean()) > 0.001 * float(last.abs().mean())


def test_the_discriminator_counts_from_its_step(config: DistillConfig) -> None:
    pairs = Pairs(np.zeros((2, 3, 12, 12), np.uint8), np.full((2, 3, 48, 48), 200, np.uint8))
    distiller = Distiller(dataclasses.replace(config, adversarial_from=0.5), pairs, torch.device("cpu"))
    names = [set(distiller.advance()) for _ in range(6)]
    assert names == [{"pixel"}] * 3 + [{"pixel", "adversarial", "discriminator"}] * 3


def test_it_goes_on_to_the_bit(config: DistillConfig, maker: Make, tmp_path: Path) -> None:
    assert run(tmp_path / "whole", config, maker)
    said: list[str] = []
    broken = tmp_path / "broken"
    original = Distiller.advance

    def advance(self: Distiller) -> dict[str, float]:
        losses = original(self)
        if self.step == 3:
            os.kill(os.getpid(), signal.SIGTERM)  # a background job would ignore SIGINT
        return losses

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Distiller, "advance", advance)
        assert not run(broken, config, maker, said)
    assert said[-1].startswith("Stopped after step 3")
    assert run(broken, config, maker, said)
    assert any("Going on after step 3" in text for text in said)
    whole, again = (torch.load(tmp_path / name / "checkpoint.pt", weights_only=True) for name in ("whole", "broken"))
    for part in ("student", "average", "discriminator"):
        for name, tensor in whole[part].items():
            assert torch.equal(tensor, again[part][name]), name
    assert (tmp_path / "whole" / "detail_fast.safetensors").read_bytes() == (broken / "detail_fast.safetensors").read_bytes()


def test_other_options_and_damage_are_refused(config: DistillConfig, maker: Make, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    assert run(folder, config, maker)
    with pytest.raises(EngineError, match="other options"):
        run(folder, dataclasses.replace(config, rate=0.1), maker)
    (folder / "checkpoint.pt").write_bytes(b"PK\x03\x04")
    with pytest.raises(EngineError, match=r"checkpoint\.pt cannot be read"):
        run(folder, config, maker)
    for change in ({"patch": 13}, {"steps": 0}, {"rate": float("nan")}, {"batch": True}):
        with pytest.raises(ConfigError):
            dataclasses.replace(config, **change)  # type: ignore[arg-type]


def test_the_command(files: tuple[Path, Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, weights, teacher = files
    folder = tmp_path / "out"
    command = ["distill", str(data), "--output", str(folder), "--weights", str(weights), "--teacher", str(teacher), "--device", "cpu"]
    options = ["--width", "4", "--layers", "1", "--steps", "2", "--batch", "1", "--patch", "8", "--name", "quick"]
    options += ["--pairs.count", "2", "--pairs.crop", "12"]
    assert main([*command, *options, "--pairs-only"]) == 0
    assert (folder / "pairs" / "pairs.json").is_file()
    assert not (folder / "checkpoint.pt").exists()
    assert main([*command, *options]) == 0
    assert "detail_fast.safetensors (step 2)" in capsys.readouterr().out
    info = inspect_upscaler(folder / "detail_fast.safetensors")
    assert (info.config, info.name, info.steps) == (CompactConfig(4, 4, 1), "quick", 2)
    made = Upscaler.load(folder / "detail_fast.safetensors", device="cpu").upscale(np.full((3, 5, 6), 0.5, np.float32))
    assert made is not None
    assert made.shape == (3, 20, 24)
    assert json.loads((folder / "distill.json").read_text("utf-8"))["config"]["width"] == 4
    assert main([*command, *options, "--seed", "3"]) == 1
