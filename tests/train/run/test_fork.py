"""Runs that go on from another run's checkpoint, with its optimisers, under other options."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from spade_studio.train.cli.main import main
from spade_studio.train.learning.trainer import Trainer
from spade_studio.train.run.checkpoints import read_checkpoint


def test_a_fork_goes_on_with_the_optimisers_at_other_rates(
    finished: Any, at: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[tuple[Any, ...]] = []
    real = Trainer.train_step

    def noted(self: Any, *arguments: Any) -> Any:
        adam = self.optimizers.generator.adam
        moment = next(iter(adam.state.values()))["exp_avg"].clone()
        done = real(self, *arguments)
        seen.append((self.step, adam.param_groups[0]["lr"], adam.param_groups[0]["betas"], moment))
        return done

    monkeypatch.setattr(Trainer, "train_step", noted)
    runs = finished.path.parent / "runs"
    options = ["--optimizer.learning-rate", "0.01", "--optimizer.betas", "0.5", "0.9", "--losses.kl-weight", "0.1", "--console", "plain"]
    assert main(["new", "--fork", str(finished.path), "--runs", str(runs), "--name", "forked", "--steps", "12", *options]) == 0
    assert "Training goes on after step 10: 12 steps" in capsys.readouterr().err
    assert [step for step, *_ in seen] == [11, 12]
    moments = read_checkpoint(finished.checkpoint(10)).parts["optimizers"]["generator"]["state"]
    first = seen[0]
    assert first[1:3] == (0.005, (0.5, 0.9))
    assert torch.equal(first[3], moments[0]["exp_avg"])
    forked = at(runs / "00000-forked")
    assert forked.checkpoints() == [12, 10]
    assert forked.events()[-1]["reason"] == "finished"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--steps", "12", "--generator.base-channels", "8"], "generator.base_channels is 8, and 00000-run was trained with 4"),
        (["--steps", "10"], "the training of 10 steps ends before step 10 of 00000-run"),
        (["--steps", "12", "--init-from", "some.safetensors"], "some.safetensors beside --fork"),
        (["--steps", "12", "--optimizer.warmup-steps", "10"], "optimizer.warmup_steps is 10, and 00000-run is at step 10"),
        (["--steps", "12", "--labels.ids", "156"], "Start from its weights (--init-from)"),
    ],
)
def test_what_cannot_be_forked_leaves_no_folder(finished: Any, options: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    runs = finished.path.parent / "runs"
    assert main(["new", "--fork", str(finished.path), "--runs", str(runs), *options]) == 1
    assert words in capsys.readouterr().err
    assert not runs.exists()
