"""Plans: near the trained size, in the layout's or the asked aspect, padded to what the generator can make."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spade_studio.engine.rendering import result_plan
from spade_studio.engine.rendering.frame_sizes import Size, SizeWish
from spade_studio.engine.rendering.renderer import Renderer
from spade_studio.engine.rendering.result_plan import ResultPlan, ResultWish, plan_result, raw_factor


def nearest(height: int, width: int) -> Size:
    """A generator of stride 64."""
    return max(64, round(height / 64) * 64), max(64, round(width / 64) * 64)


def plan(layout: Size, wish: ResultWish, training: Size = (256, 256)) -> ResultPlan:
    return plan_result(layout, wish, training, nearest, 64)


@pytest.mark.parametrize(
    ("layout", "wish", "base", "rendered", "result", "detail"),
    [
        ((512, 512), ResultWish(), (256, 256), (256, 256), (256, 256), "none"),
        ((480, 640), ResultWish(), (256, 341), (256, 384), (256, 341), "none"),
        ((480, 640), ResultWish((768, 1024), "auto"), (256, 341), (256, 384), (768, 1024), "full"),
        ((480, 640), ResultWish((192, 256), "auto"), (256, 341), (256, 384), (192, 256), "none"),
        ((480, 640), ResultWish((512, 512), "fast"), (256, 256), (256, 256), (512, 512), "fast"),
        ((480, 640), ResultWish(SizeWish()), (256, 341), (256, 384), (256, 341), "none"),
        ((480, 640), ResultWish(SizeWish("side", 1000), "auto"), (256, 341), (256, 384), (750, 1000), "full"),
        ((480, 640), ResultWish(SizeWish("layout"), "auto"), (256, 341), (256, 384), (480, 640), "full"),
        ((1080, 1920), ResultWish(), (256, 455), (256, 512), (256, 455), "none"),
        ((100, 239), ResultWish(), (256, 612), (256, 640), (256, 612), "none"),
        ((200, 600), ResultWish(), (256, 768), (256, 768), (256, 768), "none"),
        ((600, 200), ResultWish(), (768, 256), (768, 256), (768, 256), "none"),
    ],
)
def test_sizes(layout: Size, wish: ResultWish, base: Size, rendered: Size, result: Size, detail: str) -> None:
    found = plan(layout, wish)
    assert (found.base, found.rendered, found.result, found.detail) == (base, rendered, result, detail)
    assert found.is_plain == (detail == "none" and base == result)


@pytest.mark.parametrize(
    ("layout", "training", "result"),
    [
        ((64, 64), (256, 256), (512, 512)),
        ((480, 640), (256, 256), (512, 683)),
        ((600, 200), (256, 256), (1536, 512)),
        ((700, 705), (256, 256), (512, 512)),  # an aspect that counts as the trained one
        ((256, 512), (384, 768), (512, 1024)),
        ((64, 64), (64, 64), (64, 64)),  # more than twice as trained is asked for by nobody but a person
        ((64, 64), (512, 512), (512, 512)),
        ((64, 64), (640, 640), (640, 640)),
    ],
)
def test_the_automatic_size_is_512_where_that_is_at_most_twice_as_trained(layout: Size, training: Size, result: Size) -> None:
    found = plan(layout, ResultWish(SizeWish("automatic")), training)
    assert found.result == result
    assert found.base == plan(layout, ResultWish(), training).base


def test_without_a_network_for_details_the_automatic_size_is_the_trained_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_plan, "available_levels", lambda: ("none", "full"))
    assert plan((480, 640), ResultWish(SizeWish("automatic"))) == plan((480, 640), ResultWish())


def test_the_automatic_size_has_the_fast_detail_that_the_window_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    wish = ResultWish(SizeWish("automatic"), "auto")
    assert plan((480, 640), wish).detail == "fast"
    monkeypatch.setattr(result_plan, "available_levels", lambda: ("none", "fast"))
    assert plan((480, 640), wish).detail == "fast"
    assert plan((480, 640), replace(wish, upscaler=Path("own.safetensors"))).detail == "full"
    assert plan((480, 640), replace(wish, size=(512, 683))).detail == "full"  # which was asked for, and is told to be missing


def test_weights_of_another_aspect_keep_their_short_side() -> None:
    assert plan((256, 512), ResultWish(), (256, 512)).base == (256, 512)
    assert plan((400, 400), ResultWish(), (256, 512)).base == (256, 256)


def test_a_picture_no_larger_than_the_trained_one_needs_no_detail() -> None:
    assert plan((512, 512), ResultWish((512, 512), "auto"), (512, 512)).detail == "none"


def test_crop_takes_the_middle_and_stretch_all() -> None:
    crop = plan((480, 640), ResultWish((512, 512), fit="crop"))
    assert crop.part == (0, 80, 480, 480)
    assert crop.stretch == 1
    stretch = plan((480, 640), ResultWish((512, 512)))
    assert stretch.part == (0, 0, 480, 640)
    assert stretch.stretch == pytest.approx(0.75)
    assert plan((480, 640), ResultWish((300, 900), fit="crop")).part == (133, 0, 213, 640)


def test_padding_repeats_edges_and_is_cut_off_at_any_scale() -> None:
    found = plan((480, 640), ResultWish())
    plane = np.random.default_rng(0).integers(0, 9, found.base).astype(np.uint8)
    padded = found.padded(plane)
    assert padded.shape == found.rendered
    assert (padded[:, :21] == plane[:, :1]).all()
    assert (padded[:, -22:] == plane[:, -1:]).all()
    picture = np.repeat(padded[..., None], 3, 2)
    assert (found.cropped(picture)[..., 0] == plane).all()
    assert found.cropped(picture[::2, ::2]).shape[:2] == (128, 171)


def test_raw_pictures_are_compared_by_their_short_side() -> None:
    assert raw_factor((512, 512), (256, 256)) == 2
    assert raw_factor((256, 768), (256, 256)) == 1


def test_a_renderer_plans_with_its_own_numbers(tiny: Any, tiny_weights: Path) -> None:
    renderer = Renderer.load(tiny_weights, device="cpu", dtype="float32")
    found = renderer.plan((300, 400), ResultWish((120, 160)))
    assert (found.base, found.rendered, found.result) == ((64, 85), (64, 96), (120, 160))
    labels = tiny.label_map(1, 300, 400)
    assert renderer.fitted(labels, found).shape == (64, 96)
