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


@pytest.fixture
def regions(tmp_path: Path) -> np.ndarray:
    """Three textures of their own in the upper half of a layout: one small number, one large, and one in the middle of them."""
    regions = np.zeros((64, 64), np.uint16)
    regions[:32, :32], regions[:32, 32:], regions[10:20, 20:50] = 1, 300, 65535
    np.save(tmp_path / "regions.npy", regions.astype(np.int64))
    return regions


def test_a_texture_map_redraws_its_regions_and_is_recorded(
    render: Render, kit: Any, textured: Path, layout: Path, regions: np.ndarray, tmp_path: Path
) -> None:
    kit.save(tmp_path / "regions.png", regions)
    common = (layout, "--weights", textured, "--texture", 4, "--size", "128x128", "--detail", "none", "--variations", 2)
    for name, options in {"plain": (), "png": ("regions.png",), "npy": ("regions.npy",)}.items():
        more = ("--texture-map", tmp_path / options[0]) if options else ()
        done = render(*common, *more, "--output", tmp_path / name)
        assert done.code == 0, done.err
    for number in (0, 1):
        plain, png, npy = (kit.read(tmp_path / name / f"lake_{number:04}.png").astype(int) for name in ("plain", "png", "npy"))
        assert (png == npy).all()
        assert np.abs(png - plain)[:40].mean() > 2 * np.abs(png - plain)[100:].mean()
        about, _ = read_provenance(tmp_path / "npy" / f"lake_{number:04}.png")
        assert about.texture == 4 + number
        assert about.texture_regions is not None
        assert (about.texture_regions == regions).all()
    done = render("--from", tmp_path / "npy" / "lake_0001.png", "--weights", textured, "--output", tmp_path / "again")
    assert done.code == 0, done.err
    assert "bit for bit" in done.out + done.err


def test_a_texture_map_of_nothing_changes_nothing(render: Render, textured: Path, layout: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "none.npy", np.zeros((64, 64), np.uint8))
    for name, options in {"plain": (), "none": ("--texture-map", tmp_path / "none.npy")}.items():
        assert render(layout, "--weights", textured, *options, "--output", tmp_path / name).code == 0
    assert (tmp_path / "plain" / "lake.png").read_bytes() == (tmp_path / "none" / "lake.png").read_bytes()


@pytest.mark.parametrize(
    ("name", "array", "said"),
    [
        ("a.npy", np.zeros((64, 32), np.uint16), "32 x 64 pixels"),
        ("a.npy", np.zeros((4, 64, 64), np.uint16), "shape [4, 64, 64]"),
        ("a.npy", np.full((64, 64), 65536), "from 65536 to 65536"),
        ("a.npy", np.full((64, 64), -1), "from -1 to -1"),
        ("a.npy", np.zeros((64, 64), np.float32), "type float32"),
        ("a.npy", np.array([None]), "no usable .npy"),
        ("a.png", np.zeros((64, 64, 3), np.uint8), "of mode RGB"),
        ("missing.png", None, "there is no such file"),
    ],
)
def test_what_is_no_texture_map_is_refused(
    render: Render, kit: Any, textured: Path, layout: Path, tmp_path: Path, name: str, array: Any, said: str
) -> None:
    path = tmp_path / name
    if path.suffix == ".npy":
        np.save(path, array, allow_pickle=True)
    elif array is not None:
        kit.save(path, array)
    done = render(layout, "--weights", textured, "--texture-map", path, "--output", tmp_path / "out")
    assert done.code == 1
    assert said in done.err


def test_weights_without_textures_refuse_a_map_of_them(render: Render, layout: Path, regions: np.ndarray, tmp_path: Path) -> None:
    done = render(layout, "--texture-map", tmp_path / "regions.npy", "--output", tmp_path / "out")
    assert done.code == 1
    assert "have no textures" in done.err
