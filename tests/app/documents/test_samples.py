"""Label PNGs in and out: exact, whole or not at all, and unimpressed by hostile files."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spade_studio.app.documents import samples
from spade_studio.app.documents.errors import SaveError
from spade_studio.engine.errors import LabelError
from spade_studio.engine.labels import load_label_set
from spade_studio.engine.pictures.label_maps import read_label_picture
from spade_studio.engine.pictures.map_readings import read_label_map, settle

COCO = load_label_set("coco_stuff")


def noise(height: int = 20, width: int = 30) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (height, width), dtype=np.uint8)


def test_saved_indices_are_the_ids_and_colours_the_sets(tmp_path):
    labels = noise()
    samples.write_labels(tmp_path / "a.png", labels, COCO)
    with Image.open(tmp_path / "a.png") as image:
        assert image.mode == "P"
        np.testing.assert_array_equal(np.asarray(image), labels)
        palette = np.array(image.getpalette(), np.uint8).reshape(-1, 3)
    np.testing.assert_array_equal(palette, COCO.palette())
    np.testing.assert_array_equal(read_label_map(tmp_path / "a.png", COCO), labels)
    picture = read_label_picture(tmp_path / "a.png")
    assert settle(picture, load_label_set("cityscapes")).label_set == COCO


def test_a_map_exported_in_colours_comes_back(tmp_path):
    labels = np.array([[156, 168, 255], [123, 156, 255]], np.uint8)
    samples.write_colors(tmp_path / "colours.png", labels, COCO)
    with Image.open(tmp_path / "colours.png") as image:
        assert image.mode == "RGB"
    np.testing.assert_array_equal(read_label_map(tmp_path / "colours.png", COCO), labels)


@pytest.mark.parametrize("sample", samples.SAMPLES, ids=lambda sample: sample.file_name)
def test_samples_hold_only_labels_of_the_default_weights(sample):
    labels = samples.read_sample(sample)
    assert labels.shape == (256, 256)
    assert set(np.unique(labels).tolist()) <= {156, 134, 158, 168, 123, 110, 154, 177, 148, 95, 96}
    assert len(np.unique(labels)) >= 4


def test_a_failed_save_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    samples.write_labels(path, noise(), COCO)
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SaveError, match=r"no space left on device.*another folder"):
        samples.write_labels(path, noise(9, 9), COCO)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.png"]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(SaveError, match="not_there"):
        samples.write_labels(tmp_path / "not_there" / "a.png", noise(), COCO)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, data: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


HOSTILE = {
    "empty": b"",
    "text": b"not a picture at all, but long enough to be one",
    "huge": png(60000, 60000),
    "no_pixels": png(0, 0),
    "too_few_pixels": png(100, 100, b"\0" * 200),
    "truncated": png(100, 100, bytes(10100))[:60],
    "jpeg": b"\xff\xd8\xff\xe0" + b"\0" * 60,
    "text_bomb": png(4, 4, bytes(20))[:33] + chunk(b"zTXt", b"a\0\0" + zlib.compress(b"x" * 80_000_000)) + png(4, 4, bytes(20))[33:],
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_hostile_files_are_refused_with_what_to_do(tmp_path, name):
    path = tmp_path / f"{name}.png"
    path.write_bytes(HOSTILE[name])
    with pytest.raises(LabelError) as caught:
        read_label_map(path, COCO)
    assert path.name in str(caught.value)
    assert caught.value.expected


def test_a_folder_or_nothing_is_refused(tmp_path):
    for path in (tmp_path, Path("nowhere.png")):
        with pytest.raises(LabelError):
            read_label_map(path, COCO)
