"""The guard of an update under a gradient scaler: when infinite gradients are a search for a scale, and when they are the end."""

from __future__ import annotations

import pytest
import torch

from spade_studio.train.learning.optimizer import Side


@pytest.mark.parametrize(("scale", "finite"), [(65536.0, True), (2.0**-12, False)])
def test_infinite_gradients_count_once_no_scale_helps(scale: float, finite: bool) -> None:
    side = Side([torch.nn.Linear(1, 1)], 0.1, (0.0, 0.9))
    for parameter in side.parameters:
        parameter.grad = torch.full_like(parameter, torch.nan)
    before = [parameter.clone() for parameter in side.parameters]
    scaler = torch.amp.GradScaler("cpu", init_scale=scale)
    scaler.scale(torch.ones(()))  # makes the scale
    assert bool(side.update(scaler, torch.ones(()))) is finite
    assert all(torch.equal(a, b) for a, b in zip(before, side.parameters, strict=True))
