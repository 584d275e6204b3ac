from __future__ import annotations

import io
import json
import multiprocessing
import struct
import zipfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spade_studio.engine.labels import Label, LabelChannels, LabelSet, load_label_set
from spade_studio.train.datasets import DataError, FolderDataset, open_dataset

# ---- what is read


def test_pairs_are_read_as_they_are(make: Any) -> None:
    photo = make.photo("images/b.png", 6, 8, 1)
    labels = make.map("labels/b.png", 156)
    make.pair("a")
    dataset = open_dataset(make.root)
    assert isinstance(dataset, FolderDataset)
    assert [dataset.name(index) for index in range(len(dataset))] == ["a", "b"]
    sample = dataset.read(1)
    assert (sample.photo == photo).all()
    assert (sample.labels == labels).all()
    assert sample.instances is None
    assert sample.name == "b"


def test_without_a_label_set_values_are_those_of_coco_stuff(make: Any) -> None:
    make.pair("a")
    dataset = open_dataset(make.root)
    assert dataset.label_set == load_label_set("coco_stuff")
    assert dataset.channels == LabelChannels.coco_stuff()


def test_a_label_set_file_tells_the_labels(make: Any) -> None:
    labels = LabelSet("Mine", (Label(3, "rock", (1, 2, 3)), Label(7, "lake", (4, 5, 6))), unlabeled_id=0)
    make.pair("a", values=7)
    (make.root / "label_set.json").write_text(json.dumps(labels.to_json()))
    dataset = open_dataset(make.root)
    assert dataset.label_set == labels
    assert dataset.channels.lookup()[[3, 7, 0]].tolist() == [0, 1, 2]
    assert (dataset.channels.edge_channel, dataset.channels.semantic_channels) == (3, 4)


@pytest.mark.parametrize("text", ["{", '{"name": "x"}'])
def test_a_broken_label_set_file_is_named(make: Any, text: str) -> None:
    make.pair("a")
    (make.root / "label_set.json").write_text(text)
    with pytest.raises(DataError, match=r"label_set\.json"):
        open_dataset(make.root)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_instance_maps_have_8_or_16_bits(make: Any, dtype: Any) -> None:
    make.pair("a")
    values = np.arange(48).reshape(6, 8) * (1000 if dtype == np.uint16 else 1)
    make.map("instances/a.png", values, dtype=dtype)
    instances = open_dataset(make.root).read(0).instances
    assert instances is not None
    assert instances.dtype == np.int32
    assert (instances == values).all()


def test_palette_indices_are_ids(make: Any) -> None:
    make.photo("images/a.png", 2, 2)
    image = Image.frombytes("P", (2, 2), bytes([0, 1, 156, 255]))
    image.putpalette([9, 9, 9] * 256)
    (make.root / "labels").mkdir()
    image.save(make.root / "labels/a.png")
    assert open_dataset(make.root).read(0).labels.tolist() == [[0, 1], [156, 255]]


def test_folders_in_folders_upper_case_and_hidden_files(make: Any) -> None:
    make.pair("deep/er/a")
    make.photo("images/b.JPG")
    make.map("labels/b.PNG", 156)
    make.photo("images/._b.jpg")
    (make.root / "images/notes.txt").write_text("not a picture")
    dataset = open_dataset(make.root)
    assert [entry.name for entry in dataset.entries] == ["b", "deep/er/a"]
    assert dataset.pairing_problems == ()


def test_photographs_may_lie_beside_the_maps(make: Any) -> None:
    make.photo("a.jpg")
    make.map("labels/a.png", 156)
    dataset = open_dataset(make.root)
    assert [entry.photo for entry in dataset.entries] == ["a.jpg"]
    assert dataset.pairing_problems == ()


def test_photographs_are_turned_upright(make: Any) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by a quarter
    make.photo("images/a.png", 6, 8, exif=exif)
    make.map("labels/a.png", 156, height=8, width=6)
    assert open_dataset(make.root).read(0).photo.shape == (8, 6, 3)


# ---- in a zip file


@pytest.mark.parametrize("top", ["", "landscapes/"])
def test_a_zip_file_is_read_in_place(make: Any, tmp_path: Path, top: str) -> None:
    make.pair("a", seed=1)
    make.pair("b", seed=2)
    archive = make.zip(tmp_path / "data.zip", top)
    before = sorted(tmp_path.rglob("*"))
    dataset, folder = open_dataset(archive), open_dataset(make.root)
    assert [dataset.name(0), dataset.name(1)] == ["a", "b"]
    for index in range(2):
        assert (dataset.read(index).photo == folder.read(index).photo).all()
        assert (dataset.read(index).labels == folder.read(index).labels).all()
    assert sorted(tmp_path.rglob("*")) == before


def test_a_zip_file_is_read_by_other_processes(make: Any, tmp_path: Path) -> None:
    for number in range(4):
        make.pair(f"p{number}", seed=number, height=40, width=50)
    dataset = open_dataset(make.zip(tmp_path / "data.zip"))
    expected = [dataset.read(index).photo for index in range(4)]  # the archive is open here
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        found = list(pool.map(dataset.read, range(4)))
    assert all((sample.photo == photo).all() for sample, photo in zip(found, expected, strict=True))


def test_a_damaged_member_of_a_zip_file_is_named(make: Any, tmp_path: Path) -> None:
    make.pair("a", height=40, width=40)
    archive = make.zip(tmp_path / "data.zip")
    content = bytearray(archive.read_bytes())
    with zipfile.ZipFile(archive) as opened:
        offset = opened.getinfo("images/a.png").header_offset
    content[offset + 200] ^= 0xFF
    archive.write_bytes(content)
    with pytest.raises(DataError, match=r"images/a\.png") as caught:
        open_dataset(archive).read(0)
    assert caught.value.kind == "unreadable"


def test_a_cut_zip_file_is_no_zip_file(make: Any, tmp_path: Path) -> None:
    make.pair("a")
    archive = make.zip(tmp_path / "data.zip")
    archive.write_bytes(archive.read_bytes()[:-30])
    with pytest.raises(DataError, match="zip"):
        open_dataset(archive)


def test_the_real_landscapes(shared: Callable[..., Path]) -> None:
    dataset = open_dataset(shared("data", "landscapes.zip"))
    assert (len(dataset), dataset.pairing_problems) == (4352, ())
    sample = dataset.read(0)
    assert sample.photo.shape[:2] == sample.labels.shape
    assert min(sample.labels.shape) == 288


# ---- what is refused


def kind_of(make: Any) -> str:
    with pytest.raises(DataError) as caught:
        open_dataset(make.root).read(0)
    assert "a.png" in str(caught.value)
    return caught.value.kind


def test_another_size(make: Any) -> None:
    make.photo("images/a.png", 6, 8)
    make.map("labels/a.png", 156, height=6, width=7)
    assert kind_of(make) == "sizes differ"


def test_instances_of_another_size(make: Any) -> None:
    make.pair("a")
    make.map("instances/a.png", 1, height=5)
    assert kind_of(make) == "sizes differ"


def test_an_unknown_id_is_named_with_its_place(make: Any) -> None:
    make.photo("images/a.png")
    labels = np.full((6, 8), 156)
    labels[2, 5] = 200
    make.map("labels/a.png", labels)
    with pytest.raises(DataError, match=r"labels/a\.png holds the value 200 \(1 pixels\), the first at x 5, y 2.*0\.\.181, 255"):
        open_dataset(make.root).read(0)


@pytest.mark.parametrize(("mode", "color"), [("RGB", (0, 0, 9)), ("RGBA", 0), ("LA", 0), ("I;16", 300)])
def test_maps_of_another_kind(make: Any, mode: str, color: Any) -> None:
    make.photo("images/a.png")
    (make.root / "labels").mkdir()
    Image.new(mode, (8, 6), color).save(make.root / "labels/a.png")
    assert kind_of(make) == "not a label map"


def test_a_jpeg_is_no_label_map(make: Any) -> None:
    make.photo("images/a.png")
    make.map("labels/a.jpg", 156)
    with pytest.raises(DataError, match="JPEG") as caught:
        open_dataset(make.root).read(0)
    assert caught.value.kind == "not a label map"


@pytest.mark.parametrize("name", ["images/a.png", "labels/a.png"])
@pytest.mark.parametrize("keep", [0, 30, 0.7])
def test_truncated_files(make: Any, name: str, keep: float) -> None:
    make.photo("images/a.png", 64, 64)
    make.map("labels/a.png", np.random.default_rng(0).integers(0, 182, (64, 64)), 64, 64)
    path = make.root / name
    content = path.read_bytes()
    path.write_bytes(content[: int(keep if keep >= 1 else keep * len(content))])
    assert kind_of(make) == "unreadable"


def test_a_truncated_jpeg(make: Any) -> None:
    make.photo("images/a.jpg", 64, 64)
    make.map("labels/a.png", 156, 64, 64)
    path = make.root / "images/a.jpg"
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataError, match=r"images/a\.jpg"):
        open_dataset(make.root).read(0)


def test_a_map_that_claims_to_be_huge_is_not_decoded(make: Any) -> None:
    make.pair("a")
    buffer = io.BytesIO()
    Image.new("L", (8, 6)).save(buffer, "PNG")
    content = bytearray(buffer.getvalue())
    content[16:24] = struct.pack(">II", 60000, 60000)
    (make.root / "labels/a.png").write_bytes(content)
    with pytest.raises(DataError, match="60000 x 60000"):
        open_dataset(make.root).read(0)


def test_a_missing_place_and_an_empty_one(make: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        open_dataset(make.root)
    make.root.mkdir()
    with pytest.raises(DataError, match="no training data"):
        open_dataset(make.root)
    (tmp_path / "text.zip").write_text("no zip")
    with pytest.raises(DataError, match="neither a folder nor a zip"):
        open_dataset(tmp_path / "text.zip")
    with pytest.raises(DataError, match="kind 'coco'"):
        open_dataset(make.root, "coco")


# ---- partners


def test_missing_partners_are_told_and_left_out(make: Any) -> None:
    for name in ("a", "b"):
        make.pair(name)
        make.map(f"instances/{name}.png", 1)
    make.photo("images/only.png")
    make.map("labels/lonely.png", 156)
    make.pair("c")
    make.photo("images/b.jpg")
    dataset = open_dataset(make.root)
    assert [entry.name for entry in dataset.entries] == ["a", "b"]
    found = {(problem.kind, problem.file) for problem in dataset.pairing_problems}
    assert {("missing partner", "images/only.png"), ("missing partner", "labels/lonely.png"), ("missing partner", "labels/c.png")} <= found
    assert ("two of a name", "images/b.jpg") in found


# ---- other channels and parts


def test_fewer_labels_leave_the_others_unlabeled(make: Any) -> None:
    make.pair("a", values=0)
    own = open_dataset(make.root)
    few = LabelChannels.from_label_set(own.label_set, [156, 134], "last", edge=True)
    dataset = own.with_channels(few)
    labels = dataset.read(0).labels
    assert dataset.channels.unknown_ids(labels) == {0: 48}
    assert dataset.channels.lookup()[0] == 2
    assert own.channels.semantic_channels == 184


def test_the_split_is_fixed_by_names(make: Any) -> None:
    for number in range(10):
        make.pair(f"p{number}")
    dataset = open_dataset(make.root)
    training, validation = dataset.split(3)
    names = {validation.name(index) for index in range(3)}
    assert (len(training), len(validation)) == (7, 3)
    assert names | {training.name(index) for index in range(7)} == {dataset.name(index) for index in range(10)}
    for number in range(10, 13):
        make.pair(f"p{number}")
    again = open_dataset(make.root).split(3)[1]
    assert names & {again.name(index) for index in range(3)}
    assert [len(part) for part in dataset.split(100)] == [5, 5]
