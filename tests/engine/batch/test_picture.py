"""One picture of a batch, and what files say of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spade_studio.engine.batch.picture import render_described
from spade_studio.engine.errors import RenderError, StyleError
from spade_studio.engine.labels import Label, LabelSet
from spade_studio.engine.pictures.packing import pack_style, unpack_style
from spade_studio.engine.pictures.picture_files import write_picture
from spade_studio.engine.pictures.provenance import has_provenance, pack_layout, pack_settings, read_provenance
from spade_studio.engine.rendering.frame_sizes import SizeWish
from spade_studio.engine.rendering.renderer import Renderer


@pytest.fixture(scope="module")
def renderer(tiny_weights: Path) -> Renderer:
    return Renderer.load(tiny_weights, device="cpu", dtype="float32")


def test_it_is_the_picture_that_the_renderer_makes_and_says_so(renderer: Renderer, tiny: Any) -> None:
    labels = tiny.label_map(1)
    made = render_described(renderer, labels, None, None, None, 5)
    renderer.set_style(renderer.style_from_seed(5))
    renderer.set_layout(labels)
    np.testing.assert_array_equal(made.image, renderer.render()[0])
    assert made.about.seed == 5
    assert made.about.z is not None
    np.testing.assert_array_equal(made.about.z, renderer.style_from_seed(5))
    np.testing.assert_array_equal(made.about.labels, labels)


def test_sizes_may_be_wishes(renderer: Renderer, tiny: Any) -> None:
    labels = tiny.label_map(1, 64, 128)
    sizes = [None, (96, 96), SizeWish("layout"), SizeWish("side", 64)]
    shapes = [render_described(renderer, labels, None, None, size, 5).image.shape[:2] for size in sizes]
    assert shapes == [(64, 128), (96, 96), (64, 128), (32, 64)]
    with pytest.raises(RenderError, match="multiples of 32"):
        render_described(renderer, labels, None, None, (50, 50), 5)


def test_layouts_of_other_sets_are_carried_over_by_name(renderer: Renderer, tiny: Any) -> None:
    other = LabelSet("Other", (Label(7, "label 2", (1, 2, 3)), Label(8, "moon", (4, 5, 6))), unlabeled_id=0)
    labels = np.full((64, 64), 7, np.uint8)
    labels[:10] = 8
    made = render_described(renderer, labels, None, other, None, 1)
    assert made.unknown == {8: 640}
    assert (made.about.labels[10:] == 20).all()


def test_a_code_must_fit(renderer: Renderer, tiny: Any) -> None:
    with pytest.raises(StyleError):
        render_described(renderer, tiny.label_map(1), None, None, None, np.zeros(3, np.float32))


def test_weights_without_style_take_none(tiny_layout_weights: Path, tiny: Any) -> None:
    renderer = Renderer.load(tiny_layout_weights, device="cpu", dtype="float32")
    made = render_described(renderer, tiny.label_map(1), None, None, None, 5)
    assert (made.about.z, made.about.seed) == (None, None)


def test_files_tell_whether_they_say_how_they_were_rendered(renderer: Renderer, tiny: Any, tmp_path: Path) -> None:
    made = render_described(renderer, tiny.label_map(1), np.arange(4096).reshape(64, 64) % 7, None, None, 5)
    texts = {**pack_settings(made.about), **pack_layout(made.about.labels, made.about.instances)}
    for suffix in ("png", "jpg", "webp"):
        write_picture(tmp_path / f"a.{suffix}", made.image, suffix, texts, 80)  # pyright: ignore[reportArgumentType]
    assert has_provenance(tmp_path / "a.png")
    np.testing.assert_array_equal(read_provenance(tmp_path / "a.png")[1], made.image)
    for suffix in ("jpg", "webp"):
        assert not has_provenance(tmp_path / f"a.{suffix}")
        with Image.open(tmp_path / f"a.{suffix}") as image:
            assert json.loads(image.getexif().get_ifd(0x8769)[0x9286][8:]) == texts
    write_picture(tmp_path / "plain.png", made.image, "png")
    assert not has_provenance(tmp_path / "plain.png")
    assert not has_provenance(tmp_path / "none.png")
    for length in (4, 8, 12, 40, 300):
        (tmp_path / "cut.png").write_bytes((tmp_path / "a.png").read_bytes()[:length])
        has_provenance(tmp_path / "cut.png")


def test_records_too_large_for_exif_are_left_out(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.jpg", np.zeros((8, 8, 3), np.uint8), "jpg", {"spade-studio": "x" * 70_000})
    with Image.open(tmp_path / "a.jpg") as image:
        assert not image.getexif()


def test_quality_counts(tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    for suffix in ("jpg", "webp"):
        sizes: list[int] = []
        for quality in (20, 90):
            write_picture(tmp_path / "a", picture, suffix, None, quality)  # pyright: ignore[reportArgumentType]
            sizes.append((tmp_path / "a").stat().st_size)
        assert sizes[0] < sizes[1]


def test_style_codes_come_back() -> None:
    code = np.linspace(-3, 3, 8, dtype=np.float32)
    np.testing.assert_array_equal(unpack_style(pack_style(code)), code)
