"""Textures of spade-render: by the style's seed, by their own, and in the picture's record."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spade_studio.engine.batch.picture import render_described
from spade_studio.engine.pictures.picture_files import write_picture
from spade_studio.engine.pictures.provenance import pack_layout, pack_settings, read_provenance
from spade_studio.engine.rendering.renderer import Renderer

Render = Callable[..., Any]


@pytest.fixture(scope="module")
def textured(tiny: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.bundle(tmp_path_factory.mktemp("textured") / "textured.safetensors", noise_injection=True)


@pytest.fixture
def layout(kit: Any, tmp_path: Path) -> Path:
    kit.save(tmp_path / "maps" / "lake.png", kit.label_map(5, 64, 64))
    return tmp_path / "maps" / "lake.png"


def test_a_texture_of_its_own_redraws_and_is_recorded(render: Render, kit: Any, textured: Path, layout: Path, tmp_path: Path) -> None:
    pictures: dict[str, Any] = {}
    for name, options in {"seed": (), "same": ("--texture", 3), "other": ("--texture", 4)}.items():
        done = render(layout, "--weights", textured, "--output", tmp_path / name, "--seed", 3, *options)
        assert done.code == 0, done.err
        pictures[name] = kit.read(tmp_path / name / "lake.png")
        assert read_provenance(tmp_path / name / "lake.png")[0].texture == (4 if name == "other" else 3)
    assert (pictures["seed"] == pictures["same"]).all()
    assert np.abs(pictures["seed"].astype(int) - pictures["other"]).mean() > 1
    done = render("--from", tmp_path / "other" / "lake.png", "--weights", textured, "--output", tmp_path / "again")
    assert done.code == 0, done.err
    assert (kit.read(tmp_path / "again" / "lake.png") == pictures["other"]).all()


def test_variations_have_textures_one_after_the_other(render: Render, kit: Any, textured: Path, layout: Path, tmp_path: Path) -> None:
    done = render(layout, "--weights", textured, "--output", tmp_path / "out", "--variations", 2, "--texture", 7)
    assert done.code == 0, done.err
    assert [read_provenance(tmp_path / "out" / f"lake_{i:04}.png")[0].texture for i in (0, 1)] == [7, 8]


def test_weights_without_textures_refuse_one(render: Render, layout: Path, tmp_path: Path) -> None:
    done = render(layout, "--output", tmp_path / "out", "--texture", 7)
    assert done.code == 1
    assert "have no textures" in done.err


def test_a_picture_whose_texture_has_regions_is_rendered_again(render: Render, kit: Any, textured: Path, tmp_path: Path) -> None:
    renderer = Renderer.load(textured, device="cpu", dtype="float32")
    regions = np.zeros((64, 64), np.uint16)
    regions[:32] = 9
    made = render_described(renderer, kit.label_map(5, 64, 64), None, None, None, 3, texture=4, texture_regions=regions)
    about = made.about
    texts = {**pack_settings(about), **pack_layout(about.labels, about.instances, about.texture_regions)}
    write_picture(tmp_path / "lake.png", made.image, "png", texts)
    done = render("--from", tmp_path / "lake.png", "--weights", textured, "--output", tmp_path / "again")
    assert done.code == 0, done.err
    assert "bit for bit" in done.out + done.err
    again, _ = read_provenance(tmp_path / "again" / "lake.png")
    assert again.texture_regions is not None
    assert (again.texture_regions == regions).all()
