from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spade_studio.engine.pictures.picture_files import PictureFormat, is_whole, write_picture

PICTURE = np.random.default_rng(0).integers(0, 256, (8, 6, 3), np.uint8).repeat(8, axis=0).repeat(8, axis=1)


def test_png_keeps_every_pixel_and_the_text(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png", PICTURE, "png", {"key": "value"})
    with Image.open(tmp_path / "a.png") as image:
        assert image.info["key"] == "value"
        assert (np.asarray(image) == PICTURE).all()


@pytest.mark.parametrize(("picture_format", "name"), [("jpg", "JPEG"), ("webp", "WEBP")])
def test_lossy_pictures_stay_close(tmp_path: Path, picture_format: PictureFormat, name: str) -> None:
    path = tmp_path / f"a.{picture_format}"
    write_picture(path, PICTURE, picture_format)
    with Image.open(path) as image:
        assert image.format == name
        assert np.abs(np.asarray(image).astype(int) - PICTURE).mean() < 12


def test_npy_holds_the_floats(tmp_path: Path) -> None:
    values = np.random.default_rng(0).uniform(-1, 1, (3, 8, 6)).astype(np.float32)
    write_picture(tmp_path / "a.npy", values, "npy")
    loaded = np.load(tmp_path / "a.npy")
    assert loaded.dtype == np.float32
    assert (loaded == values).all()


def test_a_picture_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    with pytest.raises(TypeError):
        write_picture(path, np.zeros((2, 2, 3), np.complex64), "png")  # pyright: ignore[reportArgumentType]
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["a.png"]


def test_empty_files_and_folders_are_no_pictures(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    (tmp_path / "folder.png").mkdir()
    write_picture(tmp_path / "a.png", PICTURE, "png")
    assert [is_whole(tmp_path / name) for name in ("empty.png", "folder.png", "missing.png", "a.png")] == [False, False, False, True]
