"""``spade-train check``, ``label`` and ``prepare``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spade_studio.train.datasets import open_dataset
from spade_studio.train.datasets.check import QUICK_SAMPLES

# ---- check


def test_sound_data(train: Any, data: Path) -> None:
    done = train("check", data)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"{data} (folder, labels of COCO-Stuff)\n16 photographs with label maps, all read")
    assert done.out.endswith("\nReady for training\n")


def test_the_json_is_all_that_is_printed(train: Any, data: Path) -> None:
    done = train("check", data, "--json")
    report = json.loads(done.out)
    assert (done.code, done.err) == (0, "")
    assert (report["samples"], report["problems"], report["exit_code"]) == (16, [], 0)
    assert {label["name"]: label["pictures"] for label in report["labels"]} == {"sky-other": 8, "mountain": 8, "elephant": 1}
    Path(data, "labels/p03.png").unlink()
    done = train("check", data, "--json")
    report = json.loads(done.out)
    assert (done.code, report["exit_code"], report["problems"][0]["file"]) == (1, 1, "images/p03.png")


def remove_map(make: Any) -> None:
    (make.root / "labels/p03.png").unlink()


def remove_photo(make: Any) -> None:
    (make.root / "images/p03.png").unlink()


def shrink_map(make: Any) -> None:
    make.map("labels/p03.png", 156, 71, 80)


def spoil_id(make: Any) -> None:
    make.map("labels/p03.png", 200, 72, 80)


def cut_photo(make: Any) -> None:
    path = make.root / "images/p03.png"
    path.write_bytes(path.read_bytes()[:500])


def colour_map(make: Any) -> None:
    make.photo("labels/p03.png", 72, 80)


def widen_map(make: Any) -> None:
    make.map("labels/p03.png", 24001, 72, 80, np.uint16)


def remove_photos(make: Any) -> None:
    for path in (make.root / "images").iterdir():
        path.unlink()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (remove_map, "images/p03.png has no label map"),
        (remove_photo, "labels/p03.png"),
        (shrink_map, "labels/p03.png"),
        (spoil_id, "200 (5760 pixels), the first at x 0, y 0"),
        (cut_photo, "images/p03.png"),
        (colour_map, "labels/p03.png"),
        (widen_map, "labels/p03.png"),
        (remove_photos, "no image"),
    ],
)
def test_what_cannot_be_trained_on_ends_with_1(damage: Any, words: str, train: Any, data: Path, make: Any) -> None:
    damage(make)
    done = train("check", data)
    assert done.code == 1
    assert words in done.out
    assert "to put right before training" in done.out.splitlines()[-1]
    assert done.err == ""


def test_warnings_end_with_0(train: Any, data: Path, make: Any) -> None:
    make.pair("twin", 156, 2, 72, 80)
    make.pair("tiny", 156, 99, 20, 20)
    done = train("check", data)
    assert done.code == 0
    assert "1 photographs that occur more than once: p02 = twin" in done.out
    assert "below 64 pixels: tiny" in done.out
    assert "labels that no picture shows: person, bicycle" in done.out


def test_no_data_at_all(train: Any, tmp_path: Path) -> None:
    assert train("check", tmp_path / "nowhere").code == 1
    (tmp_path / "empty").mkdir()
    done = train("check", tmp_path / "empty")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("Error: ")


def test_a_preset_counts_labels_that_it_lacks(train: Any, data: Path) -> None:
    report = json.loads(train("check", data, "--preset", "tiny", "--json").out)
    assert (report["unmapped_pixels"], report["unlabeled_pixels"]) == (36 * 80, 36 * 80)
    assert report["channels"].startswith("12 channels")
    assert "elephant" not in report["empty_labels"]
    assert "of these 3.1% have labels without a channel of their own" in train("check", data, "--preset", "tiny").out


def test_another_label_set(train: Any, data: Path, tmp_path: Path) -> None:
    label_set = tmp_path / "set.json"
    labels = [{"id": number, "name": f"label {number}", "color": f"#0000{number:02x}"} for number in (21, 134, 156)]
    label_set.write_text(json.dumps({"name": "Mine", "unlabeled_id": 255, "labels": labels}))
    report = json.loads(train("check", data, "--label-set", label_set, "--json").out)
    assert (report["exit_code"], report["channels"].startswith("5 channels")) == (0, True)
    done = train("check", data, "--label-set", tmp_path / "none.json")
    assert (done.code, "none.json" in done.err) == (1, True)


def test_the_quick_form(train: Any, make: Any) -> None:
    for number in range(QUICK_SAMPLES + 5):
        make.pair(f"p{number:03}")
    assert json.loads(train("check", make.root, "--quick", "--json").out)["samples_read"] == QUICK_SAMPLES
    assert json.loads(train("check", make.root, "--json").out)["samples_read"] == QUICK_SAMPLES + 5


def test_a_zip_is_read_in_place(train: Any, data: Path, make: Any, tmp_path: Path) -> None:
    archive = make.zip(tmp_path / "data.zip", "top/")
    before = sorted(tmp_path.iterdir())
    report = json.loads(train("check", archive, "--json").out)
    assert (report["samples"], report["exit_code"]) == (16, 0)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(("kind", "pictures"), [("coco_stuff", 4), ("ade20k", 4), ("ade20k_outdoor", 4), ("cityscapes", 4)])
def test_published_data(kind: str, pictures: int, train: Any, published: Any) -> None:
    report = json.loads(train("check", published(kind), "--kind", kind, "--json").out)
    assert (report["kind"], report["samples"], report["exit_code"]) == (kind, pictures, 0)
    done = train("check", published(kind), "--split", "validation")
    assert (done.code, done.out) == (1, "")  # that part was not downloaded


# ---- label


@pytest.fixture(scope="module")
def segmentation_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a small model that calls everything a tree."""
    transformers = pytest.importorskip("transformers", reason="needs the optional package transformers")
    import torch

    folder = tmp_path_factory.mktemp("model")
    config = transformers.SegformerConfig(
        num_encoder_blocks=2, depths=[1, 1], sr_ratios=[2, 1], hidden_sizes=[8, 8], patch_sizes=[3, 3], strides=[2, 2],
        num_attention_heads=[1, 1], mlp_ratios=[1, 1], decoder_hidden_size=8, id2label={0: "sky-other", 1: "tree", 2: "grass"},
    )
    torch.manual_seed(0)
    model = transformers.SegformerForSemanticSegmentation(config)
    with torch.no_grad():
        model.decode_head.classifier.bias.copy_(torch.tensor([0.0, 100.0, 0.0]))
    model.save_pretrained(folder)
    transformers.SegformerImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def test_photographs_get_label_maps_that_can_be_trained_on(segmentation_model: Path, train: Any, make: Any) -> None:
    for number in range(4):
        make.photo(f"images/p{number}.png", 72, 80, number)
    done = train("label", make.root, "--model", segmentation_model, "--device", "cpu")
    assert (done.code, done.out) == (0, f"4 label maps written to {make.root / 'labels'}, 0 were there\n")
    assert (np.asarray(Image.open(make.root / "labels/p0.png")) == 168).all()
    assert train("check", make.root).code == 0
    again = train("label", make.root, "--model", segmentation_model, "--device", "cpu")
    assert (again.code, again.out) == (0, f"0 label maps written to {make.root / 'labels'}, 4 were there\n")
    assert train("label", make.root, "--model", segmentation_model, "--overwrite").out.startswith("4 label maps written")


def test_maps_of_another_set_go_elsewhere(segmentation_model: Path, train: Any, make: Any, tmp_path: Path) -> None:
    make.photo("images/p.png", 72, 80)
    target = tmp_path / "other" / "labels"
    done = train("label", make.root, "--model", segmentation_model, "--label-set", "ade20k", "--output", target)
    assert done.code == 0
    assert (np.asarray(Image.open(target / "p.png")) == 5).all()  # tree
    assert json.loads((tmp_path / "other" / "label_set.json").read_text())["unlabeled_id"] == 0


def test_photographs_that_cannot_be_read_are_named(segmentation_model: Path, train: Any, make: Any) -> None:
    make.photo("images/good.png", 72, 80)
    (make.root / "images/bad.jpg").write_bytes(b"no picture")
    done = train("label", make.root, "--model", segmentation_model)
    assert done.code == 1
    assert done.out.startswith("1 label maps written")
    assert "Error: bad.jpg" in done.err


def test_no_model_and_no_photographs(segmentation_model: Path, train: Any, make: Any, tmp_path: Path) -> None:
    make.photo("images/p.png", 72, 80)
    (tmp_path / "empty").mkdir()
    done = train("label", make.root, "--model", tmp_path / "empty")
    assert (done.code, done.out) == (1, "")
    assert "cannot be loaded" in done.err
    assert "has no photograph" in train("label", tmp_path / "empty", "--model", segmentation_model).err
    assert "none.json" in train("label", make.root, "--model", segmentation_model, "--label-set", "none.json").err


# ---- prepare


def test_instance_maps_of_coco(train: Any, make: Any) -> None:
    for number in (9, 10):
        make.photo(f"train_img/{number:012}.jpg", 72, 80, number)
        make.map(f"train_label/{number:012}.png", 156, 72, 80)
    missing = train("prepare", "coco", make.root)
    assert (missing.code, missing.out) == (1, "")
    assert "there is no instances_train2017.json" in missing.err
    square = [[2.0, 1.0, 6.0, 1.0, 6.0, 5.0, 2.0, 5.0]]
    images = [{"id": number, "file_name": f"{number:012}.jpg"} for number in (9, 11)]
    annotations = make.root / "elsewhere.json"
    annotations.write_text(
        json.dumps({"images": images, "annotations": [{"image_id": number, "segmentation": square} for number in (9, 11)]})
    )
    done = train("prepare", "coco", make.root, "--annotations", annotations)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        f"2 instance maps written to {make.root / 'train_inst'}, 0 were there",
        "  1 pictures have no instance; their maps are equal to the pixel maps",
        "  1 pictures of the annotations have no pixel map here",
    ]
    instances = open_dataset(make.root).read(0).instances
    assert instances is not None
    assert set(np.unique(instances)) == {156, 256}
    assert train("prepare", "coco", make.root, "--annotations", annotations).out.startswith("0 instance maps written")
    assert json.loads(train("check", make.root, "--json").out)["with_instances"] == 2
