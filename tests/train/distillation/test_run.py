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
from spade_studio.train.distillation import run as run_module
from spade_studio.train.distillation.config import DistillConfig, PairsConfig
from spade_studio.train.distillation.learning import Distiller, PatchDiscriminator, lattice
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


def test_a_lattice_is_what_repeats_from_block_to_block() -> None:
    pattern = torch.tensor([[0.0, 1.0], [2.0, 3.0]])
    found = lattice(pattern.repeat(1, 1, 6, 6), 2)
    assert torch.allclose(found, (pattern.flatten() - 1.5).view(1, 1, 4, 1, 1).expand(1, 1, 4, 6, 6))
    blocks = torch.rand(1, 1, 6, 6).repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert float(lattice(blocks, 2).abs().max()) < 1e-6


def test_the_discriminator_counts_from_its_step(config: DistillConfig) -> None:
    pairs = Pairs(np.zeros((2, 3, 12, 12), np.uint8), np.full((2, 3, 48, 48), 200, np.uint8))
    distiller = Distiller(dataclasses.replace(config, adversarial_from=0.5), pairs, torch.device("cpu"))
    names = [set(distiller.advance()) for _ in range(6)]
    assert names == [{"pixel", "lattice"}] * 3 + [{"pixel", "lattice", "adversarial", "discriminator"}] * 3


def state_of(distiller: Distiller) -> dict[str, torch.Tensor]:
    networks = {"student": distiller.student, "average": distiller.average, "discriminator": distiller.discriminator}
    return {f"{name}.{key}": value.clone() for name, network in networks.items() for key, value in network.named_parameters()}


def test_steps_that_are_not_finite_move_nothing(config: DistillConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = Pairs(*(np.random.default_rng(0).integers(0, 256, (2, 3, side, side)).astype(np.uint8) for side in (12, 48)))
    distiller = Distiller(dataclasses.replace(config, adversarial_from=0.0), pairs, torch.device("cpu"))
    distiller.advance()
    before = state_of(distiller)
    batch = Distiller._batch

    def broken(self: Distiller) -> tuple[torch.Tensor, torch.Tensor]:
        given, targets = batch(self)
        return given, targets * float("nan")

    with monkeypatch.context() as patch:
        patch.setattr(Distiller, "_batch", broken)
        for number in (1, 2):
            assert np.isnan(distiller.advance()["pixel"])
            assert (distiller.step, distiller.skipped) == (1 + number, number)
    assert all(torch.equal(value, before[name]) for name, value in state_of(distiller).items())
    assert np.isfinite(distiller.advance()["discriminator"])
    assert distiller.skipped == 0
    assert all(bool(value.isfinite().all()) for value in state_of(distiller).values())


def test_a_discriminator_that_is_not_finite_does_not_move(config: DistillConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = Pairs(*(np.random.default_rng(0).integers(0, 256, (2, 3, side, side)).astype(np.uint8) for side in (12, 48)))
    distiller = Distiller(dataclasses.replace(config, adversarial_from=0.0), pairs, torch.device("cpu"))
    before = state_of(distiller)
    forward = PatchDiscriminator.forward
    calls = 0

    def last_broken(self: PatchDiscriminator, pictures: torch.Tensor, beside: torch.Tensor) -> torch.Tensor:
        nonlocal calls
        calls += 1
        return forward(self, pictures, beside) * (float("inf") if calls == 3 else 1)  # of the student, of targets, of what it made

    monkeypatch.setattr(PatchDiscriminator, "forward", last_broken)
    distiller.advance()
    after = state_of(distiller)
    assert distiller.skipped == 1
    assert all(torch.equal(after[name], value) for name, value in before.items() if name.startswith("discriminator"))
    assert not all(torch.equal(after[name], value) for name, value in before.items() if name.startswith("student"))


def test_many_steps_that_are_not_finite_end_it(config: DistillConfig, maker: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "MOST_SKIPPED", 3)
    perfect = Distiller._batch
    monkeypatch.setattr(Distiller, "_batch", lambda self: tuple(x * (float("nan") if self.step >= 2 else 1) for x in perfect(self)))
    said: list[str] = []
    with pytest.raises(EngineError, match="3 steps in a row were not finite, last pixel, lattice, adversarial; the checkpoint before is"):
        run(tmp_path / "run", config, maker, said)
    skipped = [text for text in said if "skipped" in text]
    assert skipped == [f"step {step} was skipped: pixel, lattice, adversarial is not finite" for step in (3, 4, 5)]
    state = torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)
    assert all(bool(value.isfinite().all()) for value in state["student"].values())
    assert inspect_upscaler(tmp_path / "run" / "detail_fast.safetensors").steps == state["step"]


def test_a_checkpoint_never_is_ahead_of_the_students_file(
    config: DistillConfig, maker: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(run_module, "save_upscaler", fails)
    with pytest.raises(OSError, match="no space left"):
        run(tmp_path / "run", config, maker)
    assert not (tmp_path / "run" / "checkpoint.pt").exists()


def test_logged_means_are_of_the_steps_that_have_the_term(
    config: DistillConfig, maker: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "_LOG_EVERY", 5)

    def advance(self: Distiller) -> dict[str, float]:
        self.step += 1
        return {"pixel": 2.0} if self.step < 4 else {"pixel": 2.0, "adversarial": 3.0}

    monkeypatch.setattr(Distiller, "advance", advance)
    assert run(tmp_path / "run", config, maker)
    line = json.loads((tmp_path / "run" / "steps.jsonl").read_text("utf-8").splitlines()[0])
    assert (line["pixel"], line["adversarial"]) == (2.0, 3.0)
    monkeypatch.setattr(run_module, "_LOG_EVERY", 3)
    state = torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)
    torch.save({**state, "step": 4}, tmp_path / "run" / "checkpoint.pt")
    assert run(tmp_path / "run", config, maker)
    line = json.loads((tmp_path / "run" / "steps.jsonl").read_text("utf-8").splitlines()[-1])
    assert (line["step"], line["pixel"], line["adversarial"]) == (6, 2.0, 3.0)


@pytest.mark.parametrize("kind", ["list", "empty", "step", "tensor", "optimizer"])
def test_other_checkpoints_are_refused(config: DistillConfig, maker: Make, tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "run"
    assert run(folder, dataclasses.replace(config, steps=1), maker)
    path = folder / "checkpoint.pt"
    state = torch.load(path, weights_only=True)
    name = next(iter(state["student"]))
    others: dict[str, Any] = {
        "list": [1],
        "empty": {},
        "step": {**state, "step": "two"},
        "tensor": {**state, "student": {**state["student"], name: torch.zeros(2)}},
        "optimizer": {**state, "student_optimizer": 5},
    }
    torch.save(others[kind], path)
    with pytest.raises(EngineError, match=r"checkpoint\.pt cannot be read"):
        run(folder, dataclasses.replace(config, steps=1), maker)


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
