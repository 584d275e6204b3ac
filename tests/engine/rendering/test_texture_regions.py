"""A texture that is another one in some regions: rendered, shown and recorded alike."""

from __future__ import annotations

import queue
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spade_studio.engine.batch.picture import render_described
from spade_studio.engine.errors import RenderError, StyleError
from spade_studio.engine.networks.noise import texture_of
from spade_studio.engine.rendering.renderer import Renderer
from spade_studio.engine.rendering.result_plan import ResultWish
from spade_studio.engine.rendering.service import RendererReady, RenderRequest, RenderResult, RenderService


@pytest.fixture(scope="module")
def textured(tiny: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.bundle(tmp_path_factory.mktemp("textured") / "textured.safetensors", noise_injection=True)


@pytest.fixture(scope="module")
def renderer(textured: Path) -> Renderer:
    return Renderer.load(textured, device="cpu", dtype="float32")


def left_quarter(height: int, width: int, number: int = 7) -> np.ndarray:
    regions = np.zeros((height, width), np.uint16)
    regions[:, : width // 4] = number
    return regions


def test_seeds_stay_where_there_is_no_region() -> None:
    seeds = texture_of(2**40 + 5, left_quarter(4, 8))
    assert isinstance(seeds, np.ndarray)
    assert seeds.dtype == np.int32
    assert (seeds[:, 2:] == 5).all()
    every = texture_of(5, np.arange(1 << 16, dtype=np.uint16)[None])
    assert isinstance(every, np.ndarray)
    assert len(np.unique(every)) == 1 << 16
    assert texture_of(5, None) == texture_of(5, np.zeros((4, 8), np.uint16)) == 5


def test_the_texture_changes_in_its_region_only(renderer: Renderer, tiny: Any) -> None:
    labels = tiny.label_map(1, 64, 512)

    def picture(regions: np.ndarray | None) -> np.ndarray:
        return render_described(renderer, labels, None, None, (64, 512), 5, texture=3, texture_regions=regions).image.astype(int)

    before, after = picture(None), picture(left_quarter(64, 512))
    assert np.abs(after - before)[:, :64].mean() > 1
    assert (after == before)[:, 320:].all()
    assert (picture(left_quarter(64, 512, 8)) != after)[:, :64].any()  # every number is a texture of its own
    assert (picture(np.zeros((64, 512), np.uint16)) == before).all()


def test_the_texture_is_the_pictures_own_whatever_was_rendered_before(renderer: Renderer, tiny: Any) -> None:
    labels = tiny.label_map(1)
    renderer.set_texture(4)
    first = render_described(renderer, labels, None, None, None, 5).image
    renderer.set_texture(9, left_quarter(8, 8))
    assert (render_described(renderer, labels, None, None, None, 5).image == first).all()


def test_regions_are_recorded_at_the_size_of_the_generators_picture(renderer: Renderer, tiny: Any) -> None:
    labels = tiny.label_map(1, 96, 128)
    made = render_described(renderer, labels, None, None, ResultWish((120, 160)), 5, texture=3, texture_regions=left_quarter(96, 128))
    assert made.about.texture == 3
    assert made.about.texture_regions is not None
    assert made.about.texture_regions.shape == made.about.labels.shape
    assert abs((made.about.texture_regions == 7).mean() - 0.25) < 0.02
    without = render_described(renderer, labels, None, None, None, 5, texture=3, texture_regions=np.zeros((96, 128), np.uint16))
    assert without.about.texture_regions is None


def test_what_are_no_regions_is_named(renderer: Renderer, tiny: Any) -> None:
    with pytest.raises(StyleError, match="uint16"):
        renderer.set_texture(3, np.zeros((8, 8), np.int32))  # pyright: ignore[reportArgumentType]
    with pytest.raises(RenderError, match="texture regions of shape"):
        render_described(renderer, tiny.label_map(1, 64, 64), None, None, None, 5, texture_regions=left_quarter(32, 64))


def test_the_window_shows_what_is_exported(renderer: Renderer, textured: Path, tiny: Any) -> None:
    labels, regions = tiny.label_map(1, 96, 128), left_quarter(96, 128)
    wish = ResultWish((120, 160))
    exported = render_described(renderer, labels, None, None, wish, 5, texture=3, texture_regions=regions).image
    deliveries: queue.Queue[Any] = queue.Queue()
    service = RenderService(lambda: Renderer.load(textured, device="cpu", dtype="float32"), deliveries.put)
    service.start()
    try:
        assert isinstance(deliveries.get(timeout=30), RendererReady)
        pictures: list[np.ndarray] = []
        for revision, plane in enumerate((None, regions, np.array(regions), None)):
            service.submit(RenderRequest(revision, labels, 5, texture=3, texture_regions=plane, result=wish))
            while True:
                result = deliveries.get(timeout=30)
                assert isinstance(result, RenderResult), result
                if not result.more_follows:
                    break
            pictures.append(result.image)
    finally:
        service.close()
    assert (pictures[1] == exported).all()
    assert (pictures[2] == exported).all()
    assert (pictures[0] == pictures[3]).all()
    assert (pictures[0] != exported).any()
