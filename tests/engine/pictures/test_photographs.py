"""Photographs: upright, opaque, and refused with a reason."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from spade_studio.engine.errors import StyleError
from spade_studio.engine.pictures.photographs import read_style_image


def save(array: Any, path: Path, mode: str | None = None) -> Path:
    image = Image.fromarray(np.asarray(array))
    (image.convert(mode) if mode else image).save(path)
    return path


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def raw_png(path: Path, width: int, height: int, depth: int, color_type: int, rows: bytes) -> Path:
    header = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
    return path


def test_photographs_become_upright_rgb(tmp_path: Path) -> None:
    photo = np.zeros((4, 6, 3), np.uint8)
    photo[:, :3] = 200
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    Image.fromarray(photo).save(tmp_path / "photo.webp", exif=exif, lossless=True)
    upright = read_style_image(tmp_path / "photo.webp")
    assert upright.shape == (6, 4, 3)
    assert upright[:3].min() == 200
    assert upright[3:].max() == 0


def test_grey_and_deep_pictures_become_rgb(tmp_path: Path) -> None:
    assert read_style_image(save(np.full((2, 3), 40000, np.uint16), tmp_path / "deep.png")).tolist() == [[[156] * 3] * 3] * 2
    assert read_style_image(save(np.full((2, 3), 40, np.uint8), tmp_path / "grey.png")).tolist() == [[[40] * 3] * 3] * 2


def test_style_images_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no picture")
    whole = save(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8), tmp_path / "whole.png").read_bytes()
    (tmp_path / "truncated.png").write_bytes(whole[:200])
    raw_png(tmp_path / "large.png", 9000, 9000, 8, 0, b"")
    raw_png(tmp_path / "bomb.png", 90_000, 90_000, 8, 0, b"")
    for name in ("text.jpg", "truncated.png", "large.png", "bomb.png", "missing.png"):
        with pytest.raises(StyleError, match=name):
            read_style_image(tmp_path / name)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photographs_are_turned_as_pillow_turns_them(tmp_path: Path, orientation: int) -> None:
    photo = np.random.default_rng(0).integers(0, 255, (4, 6, 3), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(photo).save(tmp_path / "photo.png", exif=exif)
    with Image.open(tmp_path / "photo.png") as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    assert (read_style_image(tmp_path / "photo.png") == expected).all()


@pytest.mark.parametrize("hidden", [0, 255])
def test_colours_that_transparency_hides_do_not_matter(tmp_path: Path, hidden: int) -> None:
    picture = np.full((2, 3, 4), hidden, np.uint8)
    picture[..., 3] = [0, 255, 51]
    picture[:, 1:, :3] = 200
    seen = read_style_image(save(picture, tmp_path / "cut_out.png"))
    assert seen[0].tolist() == [[128] * 3, [200] * 3, [142] * 3]


def test_palettes_and_keys_hide_colours_too(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[0, 1]], np.uint8)).convert("P")
    image.putpalette([255, 0, 255, 10, 20, 30])
    image.save(tmp_path / "palette.png", transparency=0)
    assert read_style_image(tmp_path / "palette.png").tolist() == [[[128] * 3, [10, 20, 30]]]
    Image.fromarray(np.array([[[255, 0, 255], [1, 2, 3]]], np.uint8)).save(tmp_path / "key.png", transparency=(255, 0, 255))
    assert read_style_image(tmp_path / "key.png").tolist() == [[[128] * 3, [1, 2, 3]]]


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"\0\0\0\x1cftypavif\0\0\0\0mif1avif", "AVIF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIF"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0miafheic", "HEIF"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0avifmiaf", "AVIF"),
        (b"\xff\x0a" + bytes(20), "JPEG XL"),
        (b"8BPS\0\1", "Photoshop"),
    ],
)
def test_pictures_that_cannot_be_read_are_called_what_they_are(tmp_path: Path, start: bytes, kind: str) -> None:
    (tmp_path / "photo.jpg").write_bytes(start + bytes(100))
    with pytest.raises(StyleError, match=f"photo.jpg is a picture of kind {kind}.*Convert it"):
        read_style_image(tmp_path / "photo.jpg")


def test_messages_hold_no_objects(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no picture")
    with pytest.raises(StyleError) as caught:
        read_style_image(tmp_path / "text.jpg")
    assert "object at" not in str(caught.value)
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(StyleError, match="is empty"):
        read_style_image(tmp_path / "empty.jpg")
