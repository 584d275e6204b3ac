"""Label maps of all the forms that programs give them."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spade_studio.engine.errors import LabelError
from spade_studio.engine.labels import load_label_set
from spade_studio.engine.pictures.instance_maps import read_instance_map
from spade_studio.engine.pictures.label_maps import read_label_picture
from spade_studio.engine.pictures.map_readings import read_label_map

IDS = np.array([[0, 1, 2, 3], [156, 134, 154, 255]], np.uint8)


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


def test_grey_values_are_ids(tmp_path: Path) -> None:
    labels = read_label_map(save(IDS, tmp_path / "grey.png"), None)
    assert labels.dtype == np.uint8
    assert (labels == IDS).all()


def test_palette_indices_are_ids_whatever_their_colours(tmp_path: Path) -> None:
    image = Image.frombytes("P", (4, 2), IDS.tobytes())
    image.putpalette([7, 7, 7] * 256)
    image.save(tmp_path / "palette.png", transparency=0)
    assert (read_label_map(tmp_path / "palette.png", load_label_set("coco_stuff")) == IDS).all()


@pytest.mark.parametrize(("depth", "packed"), [(1, [0b01000000]), (2, [0b00011011]), (4, [0x01, 0x2F])])
def test_ids_of_few_bits_are_not_stretched(tmp_path: Path, depth: int, packed: list[int]) -> None:
    width = 8 // depth * len(packed) if depth != 1 else 4
    path = raw_png(tmp_path / "few.png", width, 1, depth, 0, bytes([0, *packed]))
    expected = {1: [0, 1, 0, 0], 2: [0, 1, 2, 3], 4: [0, 1, 2, 15]}[depth]
    assert read_label_map(path, None).tolist() == [expected]
    assert read_instance_map(path).tolist() == [expected]


def test_colours_are_looked_up_in_the_label_set(tmp_path: Path) -> None:
    coco = load_label_set("coco_stuff")
    colors = coco.palette()[IDS]
    assert (read_label_map(save(colors, tmp_path / "rgb.png"), coco) == IDS).all()
    opaque = np.concatenate([colors, np.full((2, 4, 1), 255, np.uint8)], axis=2)
    assert (read_label_map(save(opaque, tmp_path / "rgba.png"), coco) == IDS).all()


def test_gaugan_colours_are_known(tmp_path: Path) -> None:
    gaugan = np.array([[[0x9C, 0xEE, 0xDD], [0x9E, 0x9E, 0xAA]]], np.uint8)  # sky, snow
    assert read_label_map(save(gaugan, tmp_path / "gaugan.png"), load_label_set("coco_stuff")).tolist() == [[156, 158]]


def test_other_colours_are_counted_and_located(tmp_path: Path) -> None:
    coco = load_label_set("coco_stuff")
    colors = coco.palette()[IDS]
    colors[1, 2] = (1, 2, 3)
    path = save(colors, tmp_path / "smooth.png")
    with pytest.raises(LabelError, match=r"smooth\.png has 1 of 8 pixels.*x 2 y 1 #010203"):
        read_label_map(path, coco)


def test_colours_without_a_label_set_say_what_is_missing(tmp_path: Path) -> None:
    colors = np.array([[[9, 8, 7], [0, 0, 0]]], np.uint8)
    with pytest.raises(LabelError, match="--label-set"):
        read_label_map(save(colors, tmp_path / "rgb.png"), None)


def test_ids_that_are_saved_as_colours_are_ids(tmp_path: Path) -> None:
    path = save(np.repeat(IDS[..., None], 3, axis=2), tmp_path / "rgb.png")
    assert (read_label_map(path, load_label_set("coco_stuff")) == IDS).all()
    assert (read_label_map(path, None) == IDS).all()


def test_transparency_is_refused_and_located(tmp_path: Path) -> None:
    colors = np.full((3, 3, 4), 255, np.uint8)
    colors[2, 1, 3] = 254
    with pytest.raises(LabelError, match=r"not opaque, the first at x 1, y 2"):
        read_label_map(save(colors, tmp_path / "soft.png"), load_label_set("coco_stuff"))


def test_ids_of_16_bits_are_ids_as_far_as_there_are_so_many(tmp_path: Path) -> None:
    assert (read_label_map(save(IDS.astype(np.uint16), tmp_path / "ids.png"), None) == IDS).all()
    instances = IDS.astype(np.uint16)
    instances[1, 2] = 24001
    with pytest.raises(LabelError, match=r"16 bits per channel and values up to 24001.*instance ids"):
        read_label_map(save(instances, tmp_path / "deep.png"), None)


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_alpha_that_is_opaque_does_not_matter(tmp_path: Path, mode: str) -> None:
    path = save(IDS, tmp_path / "alpha.png", mode)
    assert (read_label_map(path, load_label_set("coco_stuff")) == IDS).all()


def test_so_many_colours_are_a_photograph(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (100, 100, 3), np.uint8)
    with pytest.raises(LabelError, match="more than 4,096 colours"):
        read_label_map(save(noise, tmp_path / "noise.png"), load_label_set("coco_stuff"))


def test_maps_of_many_strips_are_whole(tmp_path: Path) -> None:
    ids = np.random.default_rng(0).integers(0, 180, (1500, 1000), np.uint8)
    coco = load_label_set("coco_stuff")
    picture = read_label_picture(save(ids, tmp_path / "grey.png"))
    assert (picture.places == ids).all()
    assert picture.counts.tolist() == np.bincount(ids.ravel(), minlength=256).tolist()
    in_colors = read_label_picture(save(coco.palette()[ids], tmp_path / "rgb.png"))
    assert in_colors.colors is not None
    assert (in_colors.colors[in_colors.places] == (coco.palette()[ids].astype(np.uint32) @ np.array([65536, 256, 1], np.uint32))).all()
    assert in_colors.first_of(np.arange(len(in_colors.counts)) == in_colors.places[-1, -1], 10_000)[-1][:2] == (999, 1499)


def test_colours_of_16_bits_are_refused(tmp_path: Path) -> None:
    path = raw_png(tmp_path / "deep.png", 1, 1, 16, 2, bytes(7))
    with pytest.raises(LabelError, match="16 bits"):
        read_label_map(path, load_label_set("coco_stuff"))


def test_jpeg_is_refused_with_the_reason(tmp_path: Path) -> None:
    Image.fromarray(IDS).save(tmp_path / "map.png", "JPEG")
    with pytest.raises(LabelError, match="JPEG and WebP change ids"):
        read_label_map(tmp_path / "map.png", None)


@pytest.mark.parametrize("reader", [lambda path: read_label_map(path, None), read_instance_map])
def test_bombs_and_damage_are_errors_that_name_the_file(tmp_path: Path, reader: Any) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)
    whole = save(noise, tmp_path / "whole.png").read_bytes()
    second_header = whole[:33] + chunk(b"IHDR", struct.pack(">IIBBBBB", 9000, 9000, 8, 0, 0, 0, 0)) + whole[33:]
    text_bomb = whole[:33] + chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(1 << 24))) + whole[33:]
    files = {
        "bomb": raw_png(tmp_path / "b.png", 60_000, 60_000, 8, 0, b"").read_bytes(),
        "flat": raw_png(tmp_path / "f.png", 0, 5, 8, 0, b"").read_bytes(),
        "second header": second_header,
        "text bomb": text_bomb,
        "truncated": whole[: len(whole) // 2],
        "header only": whole[:33],
        "broken": whole[:60] + b"\0\0\0\0" + whole[64:],
        "nothing": b"",
        "text": b"not a picture",
        "depth": raw_png(tmp_path / "d.png", 1, 1, 7, 0, b"\0\0").read_bytes(),
    }
    for name, content in files.items():
        path = tmp_path / f"{name}.png"
        path.write_bytes(content)
        with pytest.raises(LabelError) as caught:
            reader(path)
        assert str(path) in str(caught.value), name
    for path in (tmp_path, tmp_path / "missing.png"):
        with pytest.raises(LabelError, match="no such file"):
            reader(path)
