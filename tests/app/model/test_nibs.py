"""Tips of brushes that leave silhouettes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from spade_studio.app.model.nibs import Trail, silhouette
from spade_studio.app.model.raster import Nib

TIPS = [nib for nib in Nib if nib.is_silhouette]


@pytest.mark.parametrize("nib", TIPS)
@pytest.mark.parametrize("diameter", [1, 3, 9, 64])
def test_every_silhouette_has_pixels_and_its_size(nib, diameter):
    for variant in range(7):
        mask = silhouette(nib, diameter, variant)
        assert mask.shape == (diameter, diameter)
        assert mask.dtype == bool
        assert mask.any()


@pytest.mark.parametrize("nib", TIPS)
def test_silhouettes_differ_from_discs_and_from_each_other(nib):
    masks = [silhouette(nib, 64, variant) for variant in range(7)]
    assert all((one != other).any() for one, other in pairwise(masks))
    assert all(mask.mean() < 0.75 for mask in masks)


@pytest.mark.parametrize("nib", TIPS)
def test_a_stroke_in_steps_leaves_what_one_in_a_go_does(nib):
    whole, steps = np.zeros((80, 300), bool), np.zeros((80, 300), bool)
    points = [(20.0 + 13 * index, 40.0) for index in range(19)]
    for trail, mask, way in ((Trail(nib), whole, [points[0], points[-1]]), (Trail(nib), steps, points)):
        for start, end in [(way[0], way[0]), *pairwise(way)]:
            if (patch := trail.to(start, end, 32, (80, 300))) is not None:
                mask[patch.box.slices] |= patch.mask
    assert np.asarray(whole.any(axis=0))[20:250].all()
    np.testing.assert_array_equal(steps, whole)


def test_a_trail_outside_the_map_leaves_nothing():
    assert Trail(Nib.ROCK).to((-90, -90), (-60, -90), 16, (64, 64)) is None
