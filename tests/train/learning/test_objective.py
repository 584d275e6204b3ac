"""Terms of the generator's objective that are not the paper's."""

from __future__ import annotations

import pytest
import torch

from spade_studio.engine.networks.layout import Layout
from spade_studio.train.config.losses import ContentConfig, LossConfig
from spade_studio.train.learning.objective import Generated, objective

LOSSES = LossConfig(
    adversarial_weight=0,
    feature_matching_weight=0,
    perceptual_weight=0,
    kl_weight=0,
    content=ContentConfig(weight=1),
    colour_weight=3,
)


def colour(fake: torch.Tensor, photos: torch.Tensor, own: int) -> torch.Tensor:
    layout = Layout.from_channels(torch.zeros(len(fake), 64, 64, dtype=torch.int64).numpy(), 2)
    made = Generated(fake, photos, layout, own, [], [], None, LOSSES, None, 0.5, (0,), tuple(range(len(fake))))
    terms = dict(objective(made))
    assert set(terms) == {"colour"}
    return terms["colour"]


def test_colour_compares_means_of_parts_of_the_pictures_with_their_photographs_style() -> None:
    photos = torch.rand(3, 3, 64, 64) - 0.5
    parts = torch.rand(3, 3, 8, 8) * 0.4 - 0.2
    fake = photos + parts.repeat_interleave(8, 2).repeat_interleave(8, 3)
    assert colour(fake, photos, 2).item() == pytest.approx(0.5 * 3 * parts[:2].abs().mean().item(), rel=1e-5)


def test_colour_leaves_texture_free() -> None:
    photos = torch.zeros(1, 3, 64, 64)
    checks = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).repeat(32, 32).expand(1, 3, 64, 64)
    assert colour(checks, photos, 1).item() == pytest.approx(0, abs=1e-6)
