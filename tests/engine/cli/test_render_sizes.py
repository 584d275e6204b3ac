"""spade-render at any size: exactly the asked pixels, the layout's aspect, levels of detail, and the same picture again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image

from spade_studio.engine.detail import levels
from spade_studio.engine.detail.config import CompactConfig
from spade_studio.engine.pictures.provenance import read_provenance

Render = Callable[..., Any]


@pytest.fixture
def upscaler(tmp_path: Path) -> Path:
    """A network of scale 4 that adds a texture of its own."""
    generator = torch.Generator().manual_seed(0)
    shapes = CompactConfig(4, 4, 1).shapes()
    state = {name: 0.1 * torch.randn(shape, generator=generator) for name, shape in shapes.items()}
    path = tmp_path / "texture.safetensors"
    path.write_bytes(safetensors.torch.save(state))
    return path


@pytest.mark.parametrize(
    ("layout", "wanted"),
    [((52, 52), (128, 128)), ((300, 400), (128, 171)), ((270, 480), (128, 228)), ((100, 239), (128, 306)), ((60, 180), (128, 384)),
     ((400, 300), (171, 128))],
)  # fmt: skip
def test_pictures_have_the_trained_short_side_and_the_maps_aspect(
    layout: tuple[int, int], wanted: tuple[int, int], render: Render, kit: Any, tmp_path: Path
) -> None:
    labels = np.zeros(layout, np.uint8) + np.array([10, 30], np.uint8).repeat([layout[1] // 2, layout[1] - layout[1] // 2])
    done = render(kit.save(tmp_path / "map.png", labels.astype(np.uint8)), "--output", tmp_path / "out")
    assert (done.code, done.err) == (0, "")
    assert kit.read(tmp_path / "out" / "map.png").shape[:2] == wanted


def test_the_trained_size_is_what_the_generator_gives(render: Render, kit: Any, tmp_path: Path) -> None:
    path = kit.save(tmp_path / "map.png", kit.label_map(1, 64, 96))
    assert render(path, "--output", tmp_path / "raw", "--raw-size", "--size", "128x128").code == 0
    assert render(path, "--output", tmp_path / "none", "--detail", "none", "--size", "128x128").code == 0
    assert render(path, "--output", tmp_path / "auto", "--size", "128x128").code == 0
    raw, none, auto = ((tmp_path / name / "map.png").read_bytes() for name in ("raw", "none", "auto"))
    assert raw == none == auto
    for form in ("raw", "none"):
        options = ("--raw-size",) if form == "raw" else ("--detail", "none")
        assert render(path, "--output", tmp_path / form, "--size", "128x128", "--format", "npy", *options).code == 0
    assert (np.load(tmp_path / "raw" / "map.npy") == np.load(tmp_path / "none" / "map.npy")).all()


@pytest.mark.parametrize("size", ["256x192", "455x256", "306x128", "768x256", "101x77", "52x40", "640x700"])
@pytest.mark.parametrize("level", ["none", "full"])
def test_any_size_comes_out_exactly(
    size: str, level: str, render: Render, kit: Any, upscaler: Path, weights: Path, tmp_path: Path
) -> None:
    width, height = map(int, size.split("x"))
    path = kit.save(tmp_path / "map.png", kit.label_map(2, height // 4 * 4, width // 4 * 4))
    options = ("--detail", "none") if level == "none" else ("--upscaler", upscaler)
    done = render(path, "--output", tmp_path / "out", "--size", size, *options)
    assert (done.code, done.err) == (0, "")
    picture = kit.read(tmp_path / "out" / "map.png")
    assert picture.shape == (height, width, 3)
    about, _ = read_provenance(tmp_path / "out" / "map.png")
    assert about.picture_size == (height, width)
    assert min(about.size) == 128
    assert about.detail == level
    used = () if level == "none" else options
    again = render("--from", tmp_path / "out" / "map.png", "--output", tmp_path / "again", *used, "--weights", weights)
    assert "the same picture, bit for bit" in again.out + again.err
    assert (kit.read(tmp_path / "again" / "map.png") == picture).all()


def test_crop_keeps_the_aspect_and_stretch_is_told(render: Render, kit: Any, tmp_path: Path) -> None:
    labels = np.full((64, 128), 10, np.uint8)
    labels[:, 32:96] = 30
    path = kit.save(tmp_path / "map.png", labels)
    done = render(path, "--output", tmp_path / "stretch", "--size", "128x128")
    assert "1 map was stretched to the aspect of --size" in done.err
    done = render(path, "--output", tmp_path / "crop", "--size", "128x128", "--fit", "crop")
    assert (done.code, done.err) == (0, "")
    stretched, cropped = (read_provenance(tmp_path / name / "map.png")[0].labels for name in ("stretch", "crop"))
    assert set(np.unique(stretched)) == {10, 30}
    assert set(np.unique(cropped)) == {30}


def test_npy_is_the_picture_in_numbers(render: Render, kit: Any, upscaler: Path, tmp_path: Path) -> None:
    path = kit.save(tmp_path / "map.png", kit.label_map(2))
    for form in ("png", "npy"):
        assert render(path, "--output", tmp_path / "out", "--size", "300x300", "--upscaler", upscaler, "--format", form).code == 0
    values = np.load(tmp_path / "out" / "map.npy")
    assert (values.shape, values.dtype) == ((3, 300, 300), np.float32)
    difference = (values.transpose(1, 2, 0) + 1) * 127.5 - kit.read(tmp_path / "out" / "map.png")
    assert np.abs(difference).max() < 3  # the generator's picture is rounded before it goes into the network of a PNG


def test_another_upscaler_is_told(render: Render, kit: Any, upscaler: Path, weights: Path, tmp_path: Path) -> None:
    path = kit.save(tmp_path / "map.png", kit.label_map(2))
    assert render(path, "--output", tmp_path / "out", "--size", "300x300", "--upscaler", upscaler).code == 0
    other = tmp_path / "other.safetensors"
    state = {name: torch.zeros(shape) for name, shape in CompactConfig(4, 5, 1).shapes().items()}
    other.write_bytes(safetensors.torch.save(state))
    done = render("--from", tmp_path / "out" / "map.png", "--output", tmp_path / "again", "--upscaler", other, "--weights", weights)
    assert done.code == 0
    assert "another upscaler: 'texture'" in done.err


def test_a_level_that_is_not_installed_is_not_offered(
    render: Render, maps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(levels._FILES, "fast", "no_such_file.safetensors")
    assert levels.available_levels() == ("none", "full")
    done = render(maps, "--output", tmp_path / "out", "--detail", "fast")
    assert done.code == 1
    assert "no_such_file.safetensors is not installed. Expected none or full" in done.err
    assert list((tmp_path / "out").iterdir()) == []


def test_fast_is_the_installed_student(
    render: Render, kit: Any, upscaler: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(levels, "_folder", lambda: upscaler.parent)
    monkeypatch.setitem(levels._FILES, "fast", upscaler.name)
    path = kit.save(tmp_path / "map.png", kit.label_map(2))
    for name, options in (("fast", ("--detail", "fast")), ("none", ("--detail", "none"))):
        assert render(path, "--output", tmp_path / name, "--size", "256x256", *options).code == 0
    fast, none = (kit.read(tmp_path / name / "map.png").astype(float) for name in ("fast", "none"))
    assert np.abs(fast - none).mean() > 1
    assert read_provenance(tmp_path / "fast" / "map.png")[0].detail_name == "texture"


def test_a_file_that_is_no_upscaler_ends_it_at_once(render: Render, maps: Path, weights: Path, tmp_path: Path) -> None:
    done = render(maps, "--output", tmp_path / "out", "--upscaler", weights)
    assert done.code == 1
    assert "holds a generator of SPADE Studio" in done.err
    Image.new("RGB", (4, 4)).save(tmp_path / "x.png")
    assert "is a PNG picture" in render(maps, "--output", tmp_path / "out", "--upscaler", tmp_path / "x.png").err
