from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from spade_studio.engine.labels import LabelSet, load_label_set
from spade_studio.train.datasets import DataError, open_dataset
from spade_studio.train.datasets.check import check_dataset
from spade_studio.train.datasets.label_photos import Segmenter, label_photos, map_classes


class Halves:
    """Calls the upper half of every photograph class 0 and the lower one class 1."""

    def __init__(self, *names: str) -> None:
        self.class_names: Mapping[int, str] = dict(enumerate(names))
        self.seen: list[tuple[int, ...]] = []

    def classes(self, photo: NDArray[np.uint8]) -> NDArray[np.int64]:
        self.seen.append(photo.shape)
        found = np.zeros(photo.shape[:2], np.int64)
        found[len(found) // 2 :] = 1
        return found


# ---- names of classes


def test_names_of_coco_panoptic_models_are_found() -> None:
    mapping = map_classes({0: "person", 1: "sky-other-merged", 2: "grass-merged", 3: "Sea"})
    assert mapping.label_set == load_label_set("coco_stuff")
    assert mapping.id_of_class == {0: 0, 1: 156, 2: 123, 3: 154}
    assert mapping.unknown == ()


def test_ade_names_become_ade_ids() -> None:
    ade = load_label_set("ade20k")
    mapping = map_classes({number: label.name for number, label in enumerate(ade.labels)})
    assert mapping.label_set == ade
    assert [mapping.id_of_class[number] for number in range(150)] == list(range(1, 151))
    assert map_classes({0: "building;edifice"}, ade).id_of_class == {0: 2}


def test_unknown_classes_become_unlabeled() -> None:
    mapping = map_classes({0: "tree", 1: "flying saucer"}, load_label_set("ade20k"))
    assert mapping.unknown == ("flying saucer",)
    assert mapping.apply(np.array([[0, 1, 7, -1]])).tolist() == [[5, 0, 0, 0]]


def test_a_model_of_its_own_classes_gets_a_set_of_its_own() -> None:
    mapping = map_classes({0: "crater;pit", 3: "regolith", 4: "regolith"})
    assert [(label.id, label.name) for label in mapping.label_set.labels] == [(0, "crater"), (3, "regolith"), (4, "regolith (4)")]
    assert mapping.label_set.unlabeled_id == 255
    assert len({label.color for label in mapping.label_set.labels}) == 3
    assert LabelSet.from_json(mapping.label_set.to_json()) == mapping.label_set
    with pytest.raises(DataError, match="no label set"):
        map_classes({number: f"c{number}" for number in range(300)}, "model")


# ---- folders


def test_the_result_can_be_trained_on(make: Any) -> None:
    make.photo("images/deep/a.jpg", 70, 80, 1)
    make.photo("images/b.png", 64, 90, 2)
    seen: list[tuple[int, int]] = []
    report = label_photos(make.root, Halves("sky", "sea"), label_set=load_label_set("coco_stuff"), progress=lambda *done: seen.append(done))
    assert (report.folder, report.written, report.kept, report.problems) == (make.root / "labels", 2, 0, ())
    assert seen == [(1, 2), (2, 2)]
    checked = check_dataset(open_dataset(make.root))
    assert (checked.exit_code, checked.samples) == (0, 2)
    labels = open_dataset(make.root).read(0).labels
    assert labels[-1, 0] == 154


@pytest.mark.parametrize("inside", [False, True])
def test_photographs_without_a_folder_named_images(make: Any, inside: bool) -> None:
    make.photo("images/a.png" if inside else "a.png", 70, 80)
    given = make.root / "images" if inside else make.root
    report = label_photos(given, Halves("tree", "grass"))
    assert report.folder == make.root / "labels"
    again = label_photos(given, Halves("tree", "grass"))
    assert (again.written, again.kept) == (0, 1)
    assert len(open_dataset(make.root)) == 1


def test_maps_of_another_set_bring_their_label_set(make: Any) -> None:
    make.photo("images/a.png", 70, 80)
    label_photos(make.root, Halves("crater", "regolith"))
    dataset = open_dataset(make.root)
    assert [label.name for label in dataset.label_set.labels] == ["crater", "regolith"]
    assert json.loads((make.root / "label_set.json").read_text())["unlabeled_id"] == 255
    make.photo("images/b.png", 70, 80)
    with pytest.raises(DataError, match="Labels of the model from before"):
        label_photos(make.root, Halves("tree", "grass"), label_set=load_label_set("coco_stuff"))
    label_photos(make.root, Halves("tree", "grass"), label_set=load_label_set("coco_stuff"), overwrite=True)
    assert open_dataset(make.root).label_set == load_label_set("coco_stuff")


def test_photographs_are_turned_upright_first(make: Any) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    make.photo("images/a.jpg", 70, 90, exif=exif)
    halves = Halves("tree", "grass")
    label_photos(make.root, halves)
    assert halves.seen == [(90, 70, 3)]
    assert open_dataset(make.root).read(0).labels.shape == (90, 70)


def test_unknown_pixels_and_broken_photographs_are_told(make: Any) -> None:
    make.photo("images/a.png", 70, 80)
    (make.root / "images/broken.jpg").write_bytes(b"no picture")
    report = label_photos(make.root, Halves("tree", "flying saucer"), label_set=load_label_set("coco_stuff"))
    assert report.unknown_classes == {"flying saucer": 2800}
    assert (report.written, [problem.file for problem in report.problems]) == (1, ["broken.jpg"])
    assert set(np.unique(np.asarray(Image.open(make.root / "labels/a.png")))) == {168, 255}


def test_no_photograph(make: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not a folder"):
        label_photos(make.root, Halves("tree"))
    with pytest.raises(DataError, match="no photograph"):
        label_photos(tmp_path, Halves("tree"))


# ---- the model


def test_without_transformers_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(DataError, match="pip install transformers"):
        Segmenter("anything", torch.device("cpu"))


def test_a_segmentation_model_of_a_local_folder(make: Any, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers", reason="needs the optional package transformers")
    names = ["sky-other", "tree", "grass"]
    config = transformers.SegformerConfig(
        num_encoder_blocks=2, depths=[1, 1], sr_ratios=[2, 1], hidden_sizes=[8, 8], patch_sizes=[3, 3], strides=[2, 2],
        num_attention_heads=[1, 1], mlp_ratios=[1, 1], decoder_hidden_size=8, id2label=dict(enumerate(names)),
    )
    torch.manual_seed(0)
    model = transformers.SegformerForSemanticSegmentation(config)
    with torch.no_grad():  # a random network likes one class everywhere; this one says tree
        model.decode_head.classifier.bias.copy_(torch.tensor([0.0, 100.0, 0.0]))
    model.save_pretrained(tmp_path / "model")
    transformers.SegformerImageProcessor(size={"height": 32, "width": 32}).save_pretrained(tmp_path / "model")
    make.photo("images/a.png", 70, 80)
    segmenter = Segmenter(str(tmp_path / "model"), torch.device("cpu"))
    assert segmenter.class_names == dict(enumerate(names))
    report = label_photos(make.root, segmenter)
    assert report.written == 1
    assert (open_dataset(make.root).read(0).labels == 168).all()


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="needs the optional package transformers")
    with pytest.raises(DataError, match="cannot be loaded"):
        Segmenter(str(tmp_path), torch.device("cpu"))
