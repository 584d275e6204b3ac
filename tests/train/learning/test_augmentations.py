"""Augmentations change pictures and their layouts alike, differentiably, by the step's seed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

import pytest
import torch
from torch import Tensor

from spade_studio.train.config.losses import Augmentation
from spade_studio.train.learning.augmentations import AUGMENTATIONS, augmented

NAMES = get_args(Augmentation)


def marked(count: int = 24, side: int = 32) -> tuple[Tensor, Tensor]:
    """Pictures whose red says where they are, beside planes that say the same."""
    place = torch.rand(count, 1, side, side, generator=torch.Generator().manual_seed(1)) * 0.5 + 0.25
    return place.repeat(1, 2, 1, 1), place.repeat(1, 3, 1, 1)


def seeds(seed: int, places: Iterable[int] = range(24)) -> list[tuple[int, ...]]:
    return [(seed, 0, 0, place) for place in places]


def test_the_table_has_every_name() -> None:
    assert tuple(AUGMENTATIONS) == NAMES


def test_without_names_nothing_changes() -> None:
    planes, pictures = marked()
    assert torch.equal(augmented(planes, pictures, (), seeds(3)), torch.cat((planes, pictures), 1))


@pytest.mark.parametrize("name", NAMES)
def test_seeds_decide_and_gradients_pass(name: Augmentation) -> None:
    planes, pictures = marked()
    pictures.requires_grad_()
    seen = [augmented(planes, pictures, (name,), seeds(seed)) for seed in (0, 0, 1, 2, 3, 4, 5)]
    assert torch.equal(seen[0], seen[1])
    assert any(not torch.equal(seen[0], other) for other in seen[2:])
    sum(x.sum() for x in seen[2:]).backward()  # pyright: ignore[reportAttributeAccessIssue]
    assert pictures.grad is not None
    assert pictures.grad.abs().sum() > 0


@pytest.mark.parametrize("name", ["translation", "cut_out", "zoom"])
def test_layouts_go_with_their_pictures(name: Augmentation) -> None:
    planes, pictures = marked()
    changed = 0
    for seed in range(6):
        seen = augmented(planes, pictures, (name,), seeds(seed))
        assert seen.shape[0] == 24
        if name == "zoom":  # one is repeated, the other interpolated
            coarse = [torch.nn.functional.avg_pool2d(x, 2) for x in (seen[:, :1], seen[:, 2:3])]
            assert (coarse[0] - coarse[1]).abs().mean() < 0.1
        else:
            assert torch.equal(seen[:, 0], seen[:, 2])
        changed += not torch.equal(seen, torch.cat((planes, pictures), 1))
    assert changed


def test_some_pictures_stay_in_place() -> None:
    planes, pictures = marked()
    for name in ("translation", "cut_out"):
        same = (augmented(planes, pictures, (name,), seeds(0))[:, 2:] == pictures).flatten(1).all(1)
        assert 0 < int(same.sum()) < 24


def test_colours_change_and_layouts_do_not() -> None:
    planes, pictures = marked()
    seen = augmented(planes, pictures, ("colour",), seeds(0))
    assert torch.equal(seen[:, :2], planes)
    assert (seen[:, 2:] - pictures).abs().mean((1, 2, 3)).min() > 0


@pytest.mark.parametrize("name", NAMES)
def test_every_picture_has_random_numbers_of_its_own(name: Augmentation) -> None:
    planes, pictures = marked()
    whole = augmented(planes, pictures, (name,), seeds(5))
    order = [3, 0, *range(23, 9, -1)]
    part = augmented(planes[order], pictures[order], (name,), seeds(5, order))
    assert torch.allclose(whole[order], part, rtol=0, atol=1e-6)
    same = augmented(planes[:1].expand(24, -1, -1, -1), pictures[:1].expand(24, -1, -1, -1), (name,), seeds(5))
    assert len({picture.numpy().tobytes() for picture in same}) > 5
