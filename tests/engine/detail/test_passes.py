"""Sizes of passes: a picture reduced before the first, never by more than half, and results within reach of resampling."""

from __future__ import annotations

import itertools

import pytest

from spade_studio.engine.detail.passes import LEAST_SHORT_SIDE, MOST_STRETCH, Size, first_size, pass_sizes


@pytest.mark.parametrize(
    ("base", "result", "scale", "wanted"),
    [
        ((256, 256), (512, 512), 4, [(128, 128)]),
        ((256, 256), (256, 256), 4, [(128, 128)]),
        ((256, 256), (1024, 1024), 4, [(128, 128), (256, 256)]),
        ((256, 256), (2048, 2048), 4, [(128, 128), (512, 512)]),
        ((256, 256), (8192, 8192), 4, [(128, 128), (512, 512), (2048, 2048)]),
        ((256, 256), (600, 600), 4, [(128, 128)]),
        ((256, 256), (700, 700), 4, [(128, 128), (256, 256)]),
        ((256, 341), (512, 683), 4, [(128, 170)]),
        ((256, 341), (1536, 2048), 4, [(128, 170), (384, 512)]),
        ((256, 768), (1024, 3072), 4, [(128, 384), (256, 768)]),
        ((192, 192), (512, 512), 4, [(128, 128)]),
        ((128, 128), (512, 512), 4, [(128, 128)]),
        ((64, 64), (256, 256), 4, [(64, 64)]),
        ((256, 256), (512, 512), 2, [(256, 256)]),
        ((256, 256), (1024, 1024), 2, [(256, 256), (512, 512)]),
        ((256, 256), (1024, 1024), 8, [(128, 128)]),
        ((256, 256), (2048, 2048), 1, [(256, 256)]),
    ],
)
def test_sizes(base: Size, result: Size, scale: int, wanted: list[Size]) -> None:
    assert list(pass_sizes(base, result, scale)) == wanted


@pytest.mark.parametrize("scale", [2, 3, 4, 8])
def test_every_size_is_reached_without_losing_more_than_half(scale: int) -> None:
    for short in (64, 128, 192, 256, 300):
        for side in range(50, 4000, 37):
            base, result = (short, round(short * 1.5)), (side, round(side * 1.5))
            sizes = pass_sizes(base, result, scale)
            assert sizes[0] == first_size(base, scale)
            assert min(sizes[0]) >= min(short, LEAST_SHORT_SIDE)
            for before, after in itertools.pairwise(sizes):
                assert scale * min(before) / 2 - 1 <= min(after) <= scale * min(before)
            assert scale * min(sizes[-1]) * MOST_STRETCH >= side - 1
