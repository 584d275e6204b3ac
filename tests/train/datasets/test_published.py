from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spade_studio.engine.labels import LabelChannels
from spade_studio.train.datasets import (
    Ade20kDataset,
    Ade20kOutdoorDataset,
    CityscapesDataset,
    CocoStuffDataset,
    DataError,
    open_dataset,
    read_scene_list,
)
from spade_studio.train.datasets.outdoor_scenes import is_outdoor


@pytest.mark.parametrize(
    ("photos", "labels", "instances"),
    [("train_img", "train_label", "train_inst"), ("train2017", "stuffthingmaps/train2017", "instances/train2017")],
)
def test_coco_stuff(make: Any, photos: str, labels: str, instances: str) -> None:
    make.photo(f"{photos}/000000000009.jpg")
    make.map(f"{labels}/000000000009.png", 255)
    make.map(f"{instances}/000000000009.png", 300, dtype=np.uint16)
    make.photo("val_img/000000000010.jpg")
    dataset = open_dataset(make.root)
    assert isinstance(dataset, CocoStuffDataset)
    assert dataset.channels == LabelChannels.coco_stuff()
    sample = dataset.read(0)
    assert (sample.name, set(np.unique(sample.labels))) == ("000000000009", {255})
    assert sample.instances is not None
    assert int(sample.instances.max()) == 300
    with pytest.raises(DataError, match="pixel maps of COCO-Stuff validation"):
        open_dataset(make.root, split="validation")


def test_coco_stuff_without_instance_maps(make: Any) -> None:
    make.photo("val2017/1.jpg")
    make.map("annotations/val2017/1.png", 181)
    dataset = open_dataset(make.root, split="validation")
    assert dataset.kind == "coco_stuff"
    assert dataset.read(0).instances is None


def ade(make: Any) -> None:
    lines: list[str] = []
    for number, scene in enumerate(["bedroom", "mountain_snowy", "church_outdoor", "church_indoor"], 1):
        name = f"ADE_train_{number:08}"
        make.photo(f"images/training/{name}.jpg")
        make.map(f"annotations/training/{name}.png", number - 1)
        lines.append(f"{name} {scene}")
    (make.root / "sceneCategories.txt").write_text("\n".join(lines) + "\n")


def test_ade20k_zero_is_unlabeled_and_first(make: Any) -> None:
    ade(make)
    dataset = open_dataset(make.root)
    assert type(dataset) is Ade20kDataset
    assert len(dataset) == 4
    labels = dataset.read(0).labels
    assert dataset.channels.lookup()[labels].max() == 0
    assert (dataset.channels.unlabeled_channel, dataset.channels.semantic_channels) == (0, 151)
    make.map("annotations/training/ADE_train_00000001.png", 151)
    with pytest.raises(DataError, match="151"):
        dataset.read(0)


def test_the_outdoor_part_goes_by_scene_category(make: Any, tmp_path: Path) -> None:
    ade(make)
    outdoor = open_dataset(make.root, "ade20k_outdoor")
    assert isinstance(outdoor, Ade20kOutdoorDataset)
    assert [outdoor.name(index) for index in range(len(outdoor))] == ["ADE_train_00000002", "ADE_train_00000003"]
    assert outdoor.pairing_problems == ()
    scenes = tmp_path / "scenes.txt"
    scenes.write_text("# mine\nbedroom\n\n")
    chosen = open_dataset(make.root, "ade20k_outdoor", scenes=read_scene_list(scenes))
    assert [chosen.name(index) for index in range(len(chosen))] == ["ADE_train_00000001"]
    scenes.write_text("#\n")
    with pytest.raises(DataError, match="names no scene"):
        read_scene_list(scenes)
    with pytest.raises(DataError, match="1 scene categories"):
        open_dataset(make.root, "ade20k", scenes={"spaceship"})
    (make.root / "sceneCategories.txt").unlink()
    with pytest.raises(DataError, match=r"sceneCategories\.txt"):
        open_dataset(make.root, "ade20k_outdoor")


def test_outdoor_words() -> None:
    assert all(map(is_outdoor, ["street", "coast", "house", "skyscraper", "casino_outdoor", "lake", "building_facade"]))
    assert not any(map(is_outdoor, ["bedroom", "kitchen", "art_gallery", "stadium_indoor", "church/indoor", "misc"]))


def test_cityscapes(make: Any) -> None:
    base = "aachen/aachen_000000_000019"
    make.photo(f"leftImg8bit/train/{base}_leftImg8bit.png")
    labels = np.full((6, 8), 7)
    labels[0, 0] = 255
    make.map(f"gtFine/train/{base}_gtFine_labelIds.png", labels)
    make.map(f"gtFine/train/{base}_gtFine_color.png", 99)
    make.map(f"gtFine/train/{base}_gtFine_instanceIds.png", 26001, dtype=np.uint16)
    dataset = open_dataset(make.root)
    assert isinstance(dataset, CityscapesDataset)
    assert dataset.pairing_problems == ()
    sample = dataset.read(0)
    assert sample.name == base
    assert sample.instances is not None
    assert int(sample.instances[0, 0]) == 26001
    channels = dataset.channels.lookup()[sample.labels]
    assert (channels[0, 0], channels[1, 1]) == (-1, 7)
    make.map(f"gtFine/train/{base}_gtFine_labelIds.png", 34)
    with pytest.raises(DataError, match="34"):
        dataset.read(0)


def test_coco_maps_of_the_shared_folder_keep_their_instances(shared: Callable[..., Path]) -> None:
    from spade_studio.engine.labels import load_label_set
    from spade_studio.train.datasets.decoding import decode_instance_map, decode_label_map

    folder = shared("data", "coco_stuff_maps")
    for path in sorted(folder.glob("*.png")):
        labels = decode_label_map(path.read_bytes(), path.name, load_label_set("coco_stuff"))
        instances = decode_instance_map((folder / "instances" / path.name).read_bytes(), path.name)
        assert labels.shape == instances.shape
        assert set(np.unique(labels)) <= {*range(182), 255}
