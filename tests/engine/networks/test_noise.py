"""Noise is a function of seed, layer and position, nearly normal, and its injection differentiable."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spade_studio.engine.networks.noise import NoiseInjection, TextureNoise


def test_fields_are_nearly_standard_normal_and_independent() -> None:
    noise = TextureNoise(torch.tensor([1, 2]))
    fields = torch.cat([noise.field(layer, 128, 128, torch.float32) for layer in (0, 1)])[:, 0]  # [4, 128, 128]
    flat = fields.flatten(1).double()
    assert flat.mean(1).abs().max() < 0.03
    assert (flat.std(1) - 1).abs().max() < 0.02
    kurtosis = (flat - flat.mean(1, keepdim=True)).pow(4).mean(1) / flat.var(1).square()
    assert (kurtosis - 2.7).abs().max() < 0.15  # 3 less 0.3, that of a sum of four
    correlation = torch.corrcoef(flat)
    assert (correlation - torch.eye(4)).abs().max() < 0.03
    for step in (1, 2, 8, 32):
        for shifted in (fields.roll(step, 1), fields.roll(step, 2), fields.roll((step, step), (1, 2))):
            assert (fields * shifted).mean((1, 2)).abs().max() < 0.04


def test_fields_are_the_same_at_every_size_and_time() -> None:
    noise = TextureNoise.of(7)
    small, large = noise.field(3, 16, 16, torch.float32), noise.field(3, 32, 48, torch.float32)
    assert torch.equal(small, large[:, :, :16, :16])
    assert small[0, 0, 0, :4].mul(147.8).round().tolist() == EXPECTED


EXPECTED = [-85.0, 3.0, -19.0, -210.0]


def test_seeds_of_pixels_redraw_only_there() -> None:
    seeds = np.full((64, 64), 7, np.int32)
    seeds[:, 40:] = 8
    mixed = TextureNoise.of(seeds).field(0, 32, 32, torch.float32)
    one, other = (TextureNoise.of(seed).field(0, 32, 32, torch.float32) for seed in (7, 8))
    assert torch.equal(mixed[..., :20], one[..., :20])
    assert torch.equal(mixed[..., 20:], other[..., 20:])


def test_large_seeds_are_seeds() -> None:
    assert not torch.equal(TextureNoise.of(2**40 + 3).field(0, 4, 4, torch.float32), TextureNoise.of(4).field(0, 4, 4, torch.float32))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_injection_adds_by_strength_and_passes_gradients(dtype: torch.dtype) -> None:
    injection = NoiseInjection(3, 2).to(dtype)
    with torch.no_grad():
        injection.strength.copy_(torch.tensor([0.0, 1.0, -2.0]))
    x = torch.randn(2, 3, 5, 4, dtype=dtype, requires_grad=True)
    noise = TextureNoise(torch.tensor([1, 2]))
    field = noise.field(2, 5, 4, dtype)
    out = injection(x, noise)
    assert torch.equal(out[:, 0], x[:, 0])
    assert torch.allclose(out, x + field * injection.strength.view(1, 3, 1, 1))
    weight = torch.randn_like(out)
    (out * weight).sum().backward()
    assert x.grad is not None
    assert injection.strength.grad is not None
    assert torch.equal(x.grad, weight)
    assert torch.allclose(injection.strength.grad, (weight * field).sum((0, 2, 3)))
