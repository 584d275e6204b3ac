from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spade_studio.engine.networks.layout import instance_edges
from spade_studio.train.datasets import DataError, open_dataset
from spade_studio.train.datasets.coco_masks import region_mask
from spade_studio.train.datasets.prepare_coco import instance_map, prepare_coco

SQUARE = [[2.0, 1.0, 6.0, 1.0, 6.0, 5.0, 2.0, 5.0]]  # columns 2..5, rows 1..4


def write_annotations(make: Any, regions: list[tuple[int, Any]], name: str = "annotations/instances_train2017.json") -> None:
    path = make.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    images = [{"id": number, "file_name": f"{number:012}.jpg"} for number in (9, 10, 11)]
    annotations = [{"image_id": image, "segmentation": region, "category_id": 1, "iscrowd": 0} for image, region in regions]
    path.write_text(json.dumps({"images": images, "annotations": annotations}))


def compress(lengths: list[int]) -> str:
    """Write COCO's compressed form from its description, to read it back."""
    text = ""
    for place, length in enumerate(lengths):
        value = length - lengths[place - 2] if place > 2 else length
        while True:
            group, value = value & 31, value >> 5
            more = value != (-1 if group & 16 else 0)
            text += chr(48 + group + 32 * more)
            if not more:
                break
    return text


# ---- regions


def test_a_polygon_covers_its_pixels() -> None:
    mask = region_mask(SQUARE, 8, 10, "x")
    inner = np.zeros((8, 10), bool)
    inner[1:5, 2:6] = True
    outer = np.zeros((8, 10), bool)
    outer[0:6, 1:7] = True  # a border pixel that is half covered may belong to it or not
    assert (mask & inner).sum() == inner.sum()
    assert not (mask & ~outer).any()


def test_large_polygons_have_their_area() -> None:
    angles = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    corners = np.stack((150 + 100 * np.cos(angles), 160 + 100 * np.sin(angles)), 1).reshape(-1).tolist()
    assert region_mask([corners], 320, 300, "x").sum() == pytest.approx(np.pi * 100**2, rel=0.02)


def test_the_polygons_of_an_annotation_are_joined() -> None:
    other = [[2.0, 1.0, 4.0, 1.0, 4.0, 5.0, 2.0, 5.0]]
    assert (region_mask(SQUARE + other, 8, 10, "x") == region_mask(SQUARE, 8, 10, "x")).all()
    assert not region_mask([[1, 1, 3, 3]], 8, 10, "x").any()


@pytest.mark.parametrize("seed", range(5))
def test_run_lengths_go_down_the_columns(seed: int) -> None:
    mask = np.random.default_rng(seed).random((37, 53)) < (0.02, 0.3, 0.5, 0.98, 0.999)[seed]
    flat = np.concatenate(([False], mask.T.reshape(-1)))
    places = np.flatnonzero(np.append(flat[1:] != flat[:-1], True))
    lengths = np.diff(np.concatenate(([0], places))).tolist()
    assert (region_mask({"counts": lengths, "size": [37, 53]}, 37, 53, "x") == mask).all()
    assert (region_mask({"counts": compress(lengths), "size": [37, 53]}, 37, 53, "x") == mask).all()


def test_compressed_run_lengths_as_coco_writes_them() -> None:
    # 6, 1, 40, 4, 5, 4 by hand: the fourth is 4 - 1 = 3, then 5 - 40 = -35, then 4 - 4 = 0
    assert compress([6, 1, 40, 4, 5, 4]) == "61X13mN0"
    assert (region_mask({"counts": "61X13mN0", "size": [6, 10]}, 6, 10, "x").sum()) == 9


@pytest.mark.parametrize(
    "region",
    [
        {"counts": [3, 4], "size": [8, 10]},
        {"counts": [40, -1, 41], "size": [8, 10]},
        {"counts": [80], "size": [10, 8]},
        {"counts": "~", "size": [8, 10]},
        {"counts": "P", "size": [8, 10]},
        {"size": [8, 10]},
        [["a", "b"]],
        [[1, 2, 3, 4, 5]],
        [[0, 0, 1e300, 0, 0, 1e300]],
        "polygon",
        None,
    ],
)
def test_broken_regions_are_named(region: Any) -> None:
    with pytest.raises(DataError, match="annotation 7"):
        region_mask(region, 8, 10, "annotation 7")


# ---- maps


def test_instances_stand_over_labels_with_ids_of_their_own() -> None:
    labels = np.full((8, 10), 3, np.uint8)
    labels[:, 9] = 200
    found = instance_map(labels, [SQUARE, {"counts": [0, 8, 72], "size": [8, 10]}], "x", [])
    assert found.dtype == np.uint16
    assert set(np.unique(found)) == {3, 200, 256, 257}
    assert (found[:, 0] == 257).all()
    assert found[2, 3] == 256
    edges = instance_edges(found)
    assert edges[:, 8:].all()  # between labels
    assert edges[2, 0]  # between instance and label
    assert not edges[3, 4]


def test_two_touching_instances_of_a_label_get_an_edge(make: Any) -> None:
    make.photo("train_img/000000000009.jpg", 8, 10)
    make.map("train_label/000000000009.png", 0, 8, 10)
    halves = [{"counts": [0, 40, 40], "size": [8, 10]}, {"counts": [40, 40], "size": [8, 10]}]
    write_annotations(make, [(9, half) for half in halves])
    prepare_coco(make.root)
    instances = open_dataset(make.root).read(0).instances
    assert instances is not None
    edges = instance_edges(instances)
    assert edges[:, 4:6].all()
    assert edges.sum() == 16


@pytest.mark.parametrize(
    ("labels", "instances"), [("train_label", "train_inst"), ("stuffthingmaps/train2017", "instances/train2017")]
)
def test_every_pixel_map_gets_an_instance_map(make: Any, labels: str, instances: str) -> None:
    make.map(f"{labels}/000000000009.png", 0, 8, 10)
    make.map(f"{labels}/000000000010.png", 7, 8, 10)
    write_annotations(make, [(9, SQUARE), (11, SQUARE)])
    seen: list[tuple[int, int]] = []
    report = prepare_coco(make.root, progress=lambda done, total: seen.append((done, total)))
    assert report.folder == make.root / instances
    assert (report.written, report.kept, report.without_annotations, report.unused_annotations) == (2, 0, 1, 1)
    assert seen == [(1, 2), (2, 2)]
    assert sorted(path.name for path in report.folder.iterdir()) == ["000000000009.png", "000000000010.png"]


def test_an_interrupted_command_goes_on(make: Any) -> None:
    make.map("train_label/000000000009.png", 0, 8, 10)
    write_annotations(make, [(9, SQUARE)])
    path = prepare_coco(make.root).folder / "000000000009.png"
    path.write_bytes(b"kept")
    report = prepare_coco(make.root)
    assert (report.written, report.kept) == (0, 1)
    assert path.read_bytes() == b"kept"
    assert prepare_coco(make.root, overwrite=True).written == 1
    assert path.read_bytes() != b"kept"


def test_the_validation_part_and_a_file_elsewhere(make: Any, tmp_path: Any) -> None:
    make.map("val_label/000000000010.png", 0, 8, 10)
    write_annotations(make, [(10, SQUARE)], "elsewhere.json")
    with pytest.raises(DataError, match=r"instances_val2017\.json"):
        prepare_coco(make.root, "validation")
    assert prepare_coco(make.root, "validation", annotations=make.root / "elsewhere.json").folder.name == "val_inst"
    with pytest.raises(DataError, match="no pixel maps"):
        prepare_coco(make.root, "train")


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"images": [{"id": 1}], "annotations": []}', '{"images": [], "annotations": [{"image_id": 3}]}']
)
def test_a_broken_annotation_file_is_named(make: Any, text: str) -> None:
    make.map("train_label/000000000009.png", 0, 8, 10)
    (make.root / "instances_train2017.json").write_text(text)
    with pytest.raises(DataError, match=r"instances_train2017\.json"):
        prepare_coco(make.root)


def test_annotations_that_cannot_be_used_are_named_left_out_and_counted(make: Any) -> None:
    make.map("train_label/000000000009.png", 0, 8, 10)
    write_annotations(make, [(9, SQUARE), (9, {"counts": [12], "size": [3, 4]})])
    path = make.root / "annotations/instances_train2017.json"
    path = path if path.exists() else make.root / "instances_train2017.json"
    data = json.loads(path.read_text())
    data["annotations"] += [{"id": 5, "image_id": 9, "bbox": [0, 0, 1, 1]}, {"id": 6, "image_id": 99, "segmentation": []}, 7]
    data["annotations"] += [{"id": 8, "image_id": [], "segmentation": []}, {"id": "\u001b[2J", "image_id": 9}]
    path.write_text(json.dumps(data))
    report = prepare_coco(make.root)
    assert report.written == 1
    assert report.skipped_annotations == len(report.skipped) == 6
    told = ("5 has no segmentation", "6 is of a picture", "number 4 is no JSON", "1 of 000000000009")
    for piece in told:
        assert any(piece in why for why in report.skipped), piece
    assert not any("\x1b" in why for why in report.skipped)
    assert np.asarray(Image.open(report.folder / "000000000009.png")).max() == 256


def test_annotations_of_which_none_can_be_used_are_an_error(make: Any) -> None:
    make.map("train_label/000000000009.png", 0, 8, 10)
    write_annotations(make, [(9, {})])
    path = next(make.root.rglob("instances_train2017.json"))
    data = json.loads(path.read_text())
    del data["annotations"][0]["segmentation"]
    path.write_text(json.dumps(data))
    with pytest.raises(DataError, match=r"none of the 1 annotations.*has no segmentation"):
        prepare_coco(make.root)
