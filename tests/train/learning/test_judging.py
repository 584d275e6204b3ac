"""Judging fakes and photographs together against the discriminator's own forward pass."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from spade_studio.engine.networks.config import DiscriminatorConfig
from spade_studio.engine.networks.discriminator import MultiscaleDiscriminator
from spade_studio.engine.networks.layout import Layout
from spade_studio.train.learning.judging import Features, judged
from spade_studio.train.learning.preparation import initialize, keep_channels_last, keep_spectral_norms_wide

LABELS, SIDE, COUNT = 5, 32, 2


def discriminator(norm: Any) -> MultiscaleDiscriminator:
    torch.manual_seed(0)
    network = MultiscaleDiscriminator(DiscriminatorConfig(LABELS + 1, 4, 3, norm=norm)).double().train()
    initialize(network, 1.0)
    keep_channels_last(network)
    keep_spectral_norms_wide(network)
    return network


def planes_of(count: int) -> Tensor:
    labels = np.random.default_rng(1).integers(-1, LABELS, (count, SIDE, SIDE))
    return Layout.from_channels(labels, LABELS + 1, edge_channel=True).planes("cpu", torch.float64)


def weighted(features: Features, seed: int) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    parts = [layer for scale in features for layer in scale]
    return torch.stack([(part * torch.randn(part.shape, generator=random, dtype=part.dtype)).sum() for part in parts]).sum()


@pytest.mark.parametrize("photos_learn", [True, False])
@pytest.mark.parametrize("norm", ["instance", "batch", "none"])
@pytest.mark.parametrize("augmented", [False, True])
def test_features_gradients_and_buffers_are_those_of_one_pass(norm: Any, *, photos_learn: bool, augmented: bool) -> None:
    ours, whole = discriminator(norm), copy.deepcopy(discriminator(norm))
    planes = planes_of(2 * COUNT if augmented else COUNT)
    pictures = torch.randn(2 * COUNT, 3, SIDE, SIDE, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    pictures = pictures.contiguous(memory_format=torch.channels_last)
    mine, theirs = (pictures[:COUNT].clone().requires_grad_() for _ in range(2))
    for network in (ours, whole):
        network.requires_grad_(photos_learn)

    fakes, photos = judged(ours, planes, torch.cat((mine, pictures[COUNT:])), photos_learn=photos_learn)
    both = torch.cat((planes if augmented else torch.cat((planes, planes)), torch.cat((theirs, pictures[COUNT:]))), 1)
    expected = whole(both)
    for found, wanted in zip((fakes, photos), (0, 1), strict=True):
        for scale, expected_scale in zip(found, expected, strict=True):
            for layer, expected_layer in zip(scale, expected_scale, strict=True):
                torch.testing.assert_close(layer, expected_layer.chunk(2)[wanted], rtol=0, atol=1e-10)

    loss = weighted(fakes, 3)
    expected_loss = weighted([[layer.chunk(2)[0] for layer in scale] for scale in expected], 3)
    if photos_learn:
        loss = loss + weighted(photos, 4)
        expected_loss = expected_loss + weighted([[layer.chunk(2)[1] for layer in scale] for scale in expected], 4)
    loss.backward()
    expected_loss.backward()
    assert mine.grad is not None
    assert float(mine.grad.abs().max()) > 1e-3
    torch.testing.assert_close(mine.grad, theirs.grad, rtol=1e-9, atol=1e-9)
    for (name, parameter), other in zip(ours.named_parameters(), whole.parameters(), strict=True):
        assert (parameter.grad is not None) == photos_learn
        if parameter.grad is not None:
            torch.testing.assert_close(parameter.grad, other.grad, rtol=1e-9, atol=1e-8, msg=name)
    for (name, buffer), other in zip(ours.named_buffers(), whole.buffers(), strict=True):
        torch.testing.assert_close(buffer, other, rtol=0, atol=1e-12, msg=name)
    assert all(module.training for module in ours.modules())


def test_photographs_that_do_not_learn_have_no_graph_and_planes_are_convolved_once() -> None:
    network = discriminator("instance").requires_grad_(False)
    seen: list[tuple[int, ...]] = []
    original = torch.nn.functional.conv2d

    def conv2d(x: Tensor, *arguments: Any, **options: Any) -> Tensor:
        seen.append(tuple(x.shape[:2]))
        return original(x, *arguments, **options)

    pictures = torch.randn(2 * COUNT, 3, SIDE, SIDE, dtype=torch.float64, requires_grad=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.nn.functional, "conv2d", conv2d)
        fakes, photos = judged(network, planes_of(COUNT), pictures, photos_learn=False)
    assert seen.count((COUNT, LABELS + 1)) == len(fakes) == 2
    assert all(layer.requires_grad for scale in fakes for layer in scale)
    assert not any(layer.requires_grad for scale in photos for layer in scale)
