from __future__ import annotations

import numpy as np
import pytest

from spade_studio.engine.errors import StyleError
from spade_studio.engine.style import interpolate_styles, style_from_seed


def test_a_seed_gives_the_same_code_everywhere() -> None:
    """Saved documents hold seeds: these numbers must never change."""
    assert style_from_seed(0, 3).tolist() == pytest.approx([0.12573022, -0.13210486, 0.64042264])
    assert style_from_seed(2**63 - 1, 256).dtype == np.float32
    assert np.array_equal(style_from_seed(7, 16)[:8], style_from_seed(7, 8))
    assert not np.array_equal(style_from_seed(1, 8), style_from_seed(2, 8))


def test_codes_are_standard_normal_and_truncation_shrinks_them() -> None:
    code = style_from_seed(3, 10000)
    assert abs(code.mean()) < 0.05
    assert abs(code.std() - 1) < 0.05
    np.testing.assert_allclose(style_from_seed(3, 10000, 0.5), code / 2, rtol=1e-6)
    assert not style_from_seed(3, 8, 0).any()


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_seeds_out_of_range_are_named(seed: int) -> None:
    with pytest.raises(StyleError, match=f"the seed {seed}"):
        style_from_seed(seed, 8)


@pytest.mark.parametrize("truncation", [-0.1, 11, float("nan")])
def test_truncations_out_of_range_are_named(truncation: float) -> None:
    with pytest.raises(StyleError, match="truncation"):
        style_from_seed(0, 8, truncation)


def test_interpolation_follows_the_circle() -> None:
    a, b = np.array([2, 0, 0], np.float32), np.array([0, 4, 0], np.float32)
    np.testing.assert_allclose(interpolate_styles(a, b, 0), a, atol=1e-6)
    np.testing.assert_allclose(interpolate_styles(a, b, 1), b, atol=1e-6)
    middle = interpolate_styles(a, b, 0.5)
    assert middle.dtype == np.float32
    np.testing.assert_allclose(middle, np.array([1, 1, 0]) * 3 / np.sqrt(2), atol=1e-6)


def test_interpolated_codes_keep_the_length_of_a_normal_prior() -> None:
    a, b = style_from_seed(0, 256), style_from_seed(1, 256)
    shortest = min(np.linalg.norm(a), np.linalg.norm(b))
    for t in np.linspace(0, 1, 9):
        assert np.linalg.norm(interpolate_styles(a, b, t)) >= 0.99 * shortest
    assert np.linalg.norm((a + b) / 2) < 0.8 * shortest


@pytest.mark.parametrize("b", [[1, 1], [3, 3], [-2, -2], [0, 0]])
def test_codes_without_a_circle_are_mixed_straight(b: list[float]) -> None:
    found = interpolate_styles(np.array([1, 1], np.float32), np.array(b, np.float32), 0.25)
    np.testing.assert_allclose(found, 0.75 * np.array([1, 1]) + 0.25 * np.array(b), atol=1e-5)


def test_codes_of_different_lengths_are_named() -> None:
    with pytest.raises(StyleError, match=r"\(3,\) and \(4,\)"):
        interpolate_styles(np.zeros(3, np.float32), np.zeros(4, np.float32), 0.5)
    with pytest.raises(StyleError):
        interpolate_styles(np.zeros((1, 3), np.float32), np.zeros((1, 3), np.float32), 0.5)
