"""Styles as values, and as JSON from anywhere."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage

from spade_studio.app.styles import pictures
from spade_studio.app.styles.style import MAX_CODE, Style, blend, style_of
from spade_studio.app.styles.style_json import MAX_PICTURE_BYTES, style_from_json, style_to_json
from spade_studio.engine.errors import StyleError
from spade_studio.engine.style import interpolate_styles, style_from_seed

CODE = (np.arange(8) / 3).astype(np.float32)
HASH = "ab" * 32


def test_a_seed_as_trained_stays_a_seed_and_a_weaker_one_becomes_its_code() -> None:
    assert style_of(7).for_renderer(8) == 7
    np.testing.assert_array_equal(style_of(7).with_strength(0.5).for_renderer(8), style_from_seed(7, 8, 0.5))


def test_strength_is_a_factor_on_a_code() -> None:
    style = style_of(CODE).with_strength(1.5)
    np.testing.assert_allclose(style.for_renderer(8), CODE * 1.5, rtol=1e-6)
    with pytest.raises(StyleError, match="8 numbers"):
        style.for_renderer(12)


def test_a_code_fits_the_weights_it_was_made_with_and_a_seed_fits_all() -> None:
    style = Style("reference", code=CODE, weights=HASH)
    assert style.fits(8, HASH)
    assert not style.fits(8, "cd" * 32)
    assert not style.fits(12, HASH)
    assert style_of(3).fits(12, HASH)


def test_a_blend_mixes_at_the_strength_of_its_ends() -> None:
    mixed = blend(style_of(1).with_strength(0.5), style_of(CODE), 0.25, 8)
    assert mixed.code is not None
    np.testing.assert_array_equal(mixed.code, interpolate_styles(style_from_seed(1, 8, 0.5), CODE, 0.25))


@pytest.mark.parametrize("strength", [-0.1, 1.6, float("nan")])
def test_strength_has_limits(strength: float) -> None:
    with pytest.raises(StyleError, match="strength"):
        style_of(1).with_strength(strength)


@pytest.mark.parametrize(
    "style",
    [
        Style("seed", 5, strength=0.75),
        Style("reference", 12, CODE, 1.25, "Küste", HASH, b"\xff\xd8picture"),
        Style("built-in", code=CODE, label="Noon", weights=HASH),
    ],
)
def test_json_brings_a_style_back(style: Style) -> None:
    back = style_from_json(json.loads(json.dumps(style_to_json(style))))
    assert back is not None
    assert back.is_same(style)
    assert (back.origin, back.seed, back.strength, back.label, back.weights, back.picture) == (
        style.origin, style.seed, style.strength, style.label, style.weights, style.picture
    )  # fmt: skip


def test_a_lone_seed_is_a_style_as_early_documents_have_it() -> None:
    style = style_from_json({"seed": 4321})
    assert style is not None
    assert style.for_renderer(8) == 4321


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"seed": -1},
        {"seed": True},
        {"seed": 2**63},
        {"seed": "5"},
        {"seed": 5, "origin": "elsewhere"},
        {"seed": 5, "strength": 9},
        {"seed": 5, "strength": "1"},
        {"seed": 5, "strength": float("nan")},
        {"origin": "reference", "seed": 5},
        {"origin": "reference", "code": "no base64!"},
        {"origin": "reference", "code": base64.b64encode(b"123").decode()},
        {"origin": "reference", "code": base64.b64encode(np.array([np.inf], "<f4").tobytes()).decode()},
        {"origin": "reference", "code": base64.b64encode(bytes(4 * MAX_CODE + 4)).decode()},
        {"origin": "reference", "code": [1, 2]},
        {"origin": ["seed"], "seed": 5},
    ],
)
def test_what_is_out_of_bounds_is_no_style(data: dict[str, object]) -> None:
    assert style_from_json(data) is None


def test_odd_extras_are_left_out() -> None:
    huge = base64.b64encode(bytes(MAX_PICTURE_BYTES + 3)).decode()
    style = style_from_json({"seed": 1, "label": "two\nlines\0" + "x" * 200, "weights": "../..", "picture": huge})
    assert style is not None
    assert style.label == ("twolines" + "x" * 200)[:120]
    assert (style.weights, style.picture) == ("", b"")


def test_colours_hidden_in_pictures_from_the_clipboard_do_not_matter():
    for hidden in (QColor(0, 0, 0, 0), QColor(255, 0, 255, 0)):
        image = QImage(5, 3, QImage.Format.Format_ARGB32)
        image.fill(hidden)
        image.setPixelColor(1, 2, QColor(10, 20, 30))
        pixels = pictures.to_array(image)
        assert pixels.shape == (3, 5, 3)
        assert pixels[2, 1].tolist() == [10, 20, 30]
        assert pixels[0].tolist() == [[128] * 3] * 5
