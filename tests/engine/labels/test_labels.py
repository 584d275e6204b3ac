from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from spade_studio.engine.errors import LabelError
from spade_studio.engine.labels import (
    UNLABELED_COLOR,
    Label,
    LabelSet,
    built_in_label_sets,
    check_label_map,
    load_label_set,
)

TWO_LABELS: dict[str, Any] = {
    "name": "Mine",
    "unlabeled_id": 255,
    "labels": [{"id": 3, "name": "sky", "color": "#0080ff", "synonyms": ["heaven"]}, {"id": 7, "name": "Grass", "color": "#00FF00"}],
}


def changed(path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    data = json.loads(json.dumps(TWO_LABELS))
    place = data
    for step in path[:-1]:
        place = place[step]
    if value is KeyError:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return data


def test_built_in_sets_are_those_of_the_datasets() -> None:
    assert built_in_label_sets() == ("coco_stuff", "ade20k", "cityscapes")
    coco, ade, cityscapes = map(load_label_set, built_in_label_sets())
    assert [label.id for label in coco.labels] == list(range(182))
    assert [label.id for label in ade.labels] == list(range(1, 151))
    assert [label.id for label in cityscapes.labels] == list(range(34))
    assert (coco.unlabeled_id, ade.unlabeled_id, cityscapes.unlabeled_id) == (255, 0, None)
    # Values that the landscape maps hold.
    names = {156: "sky-other", 134: "mountain", 158: "snow", 168: "tree", 123: "grass", 154: "sea", 177: "water-other", 148: "road"}
    assert {i: label.name for i in names if (label := coco.by_id(i))} == names
    assert [label.name for label in ade.labels if label.id in (65, 110, 150)] == ["coffee table", "swimming pool", "flag"]


def test_coco_stuff_has_groups_kinds_and_unused_things() -> None:
    coco = load_label_set("coco_stuff")
    assert all(label.group for label in coco.labels)
    assert all(label.kind == ("thing" if label.id < 91 else "stuff") for label in coco.labels)
    unused = {label.name for label in coco.labels if label.unused}
    assert unused == {
        "street sign", "hat", "shoe", "eye glasses", "plate", "mirror", "window", "desk", "door", "blender", "hair brush",
    }  # fmt: skip
    group = {label.name: label.group for label in coco.labels}
    assert [group[name] for name in ("sea", "snow", "mountain", "moss", "fence", "zebra", "cake")] == [
        "water", "ground", "solid", "plant", "structural", "animal", "food",
    ]  # fmt: skip


def test_coco_stuff_colors_are_distinct_to_the_eye() -> None:
    coco = load_label_set("coco_stuff")
    colors = coco.palette()[:182].astype(int)
    distance = np.abs(colors[:, None] - colors[None]).sum(axis=2) + 999 * np.eye(182, dtype=int)
    assert distance.min() >= 12, np.argwhere(distance == distance.min())
    assert np.abs(colors - np.array(UNLABELED_COLOR)).sum(axis=1).min() >= 12
    sky, grass = colors[156], colors[123]
    assert sky.argmax() == 2, "the sky is blue"
    assert grass.argmax() == 1, "grass is green"


def test_gaugan_colors_carry_the_id_in_the_red_byte_and_clash_with_no_other_label() -> None:
    coco = load_label_set("coco_stuff")
    gaugan = {color: label.id for label in coco.labels for color in label.other_colors}
    assert len(gaugan) == 32
    assert all(color[0] == number for color, number in gaugan.items())
    own = {label.color: label.id for label in coco.labels}
    assert all(own[color] == number for color, number in gaugan.items() if color in own)


@pytest.mark.parametrize("name", built_in_label_sets())
def test_built_in_set_survives_json(name: str) -> None:
    label_set = load_label_set(name)
    assert LabelSet.from_json(json.loads(json.dumps(label_set.to_json()))) == label_set


@pytest.mark.parametrize("name", ["COCO-Stuff", "coco stuff", "Coco_Stuff", "ADE20k", "CITYSCAPES"])
def test_display_names_find_the_built_in_set(name: str) -> None:
    assert load_label_set(name).name in ("COCO-Stuff", "ADE20K", "Cityscapes")


def test_names_are_found_in_any_case_and_win_over_synonyms() -> None:
    coco = load_label_set("coco_stuff")
    by_name = {name: label.id for name in (" SKY-other ", "sky", "Ocean", "window", "forest") if (label := coco.by_name(name))}
    assert by_name == {" SKY-other ": 156, "sky": 156, "Ocean": 154, "window": 67, "forest": 168}
    assert coco.by_name("nothing of the kind") is None
    assert coco.by_id(255) is None
    assert coco.by_id(182) is None


def packed(colors: NDArray[np.uint8]) -> list[int]:
    return (colors.astype(np.int64) @ (1 << 16, 1 << 8, 1)).tolist()


@pytest.mark.parametrize("name", ["coco_stuff", "ade20k"])
def test_colors_of_the_palette_mean_their_ids(name: str) -> None:
    label_set = load_label_set(name)
    assert label_set.unlabeled_id is not None
    # ADE20K gives road and skyscraper one colour, which means road.
    ids = [*(label.id for label in label_set.labels if (name, label.id) != ("ade20k", 49)), label_set.unlabeled_id]
    assert [label_set.id_of_color[color] for color in packed(label_set.palette()[ids])] == ids


def test_shared_colors_mean_the_lowest_id() -> None:
    cityscapes, ade = load_label_set("cityscapes"), load_label_set("ade20k")
    meant = [cityscapes.id_of_color[color] for color in packed(cityscapes.palette()[[0, 3, 4, 18, 17, 7]])]
    assert meant == [0, 0, 0, 17, 17, 7]
    assert [ade.id_of_color[color] for color in packed(ade.palette()[[7, 49]])] == [7, 7]


def test_colors_of_gaugan_and_black_are_known_to_coco_stuff() -> None:
    coco = load_label_set("coco_stuff")
    assert [coco.id_of_color[color] for color in (0x9CEEDD, 0x869664, 0xA8C832, 0)] == [156, 134, 168, 255]


def test_black_means_nothing_where_a_set_has_no_unlabeled_value() -> None:
    assert LabelSet("Mine", (Label(0, "a", (1, 1, 1)),), unlabeled_id=None).id_of_color == {0x010101: 0}


def test_label_map_of_any_integer_type_becomes_contiguous_bytes() -> None:
    wide = np.arange(12, dtype=np.int64).reshape(3, 4).T
    checked = check_label_map(wide, "x")
    assert checked.dtype == np.uint8
    assert checked.flags.c_contiguous
    np.testing.assert_array_equal(checked, wide)
    assert check_label_map(checked, "x") is checked


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((2, 2, 3), np.uint8), "height x width"),
        (np.zeros((0, 2), np.uint8), "shape"),
        (np.zeros((2, 2), np.float32), "float32"),
        (np.zeros((2, 2), bool), "bool"),
        (np.full((2, 2), 256), "256"),
        (np.full((2, 2), -1), "-1"),
        (["sky"], "shape"),
    ],
)
def test_unusable_label_maps_are_refused_by_name(array: object, message: str) -> None:
    with pytest.raises(LabelError, match=message) as caught:
        check_label_map(array, "folder/a.png")
    assert "folder/a.png" in str(caught.value)


def test_custom_set_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(TWO_LABELS), encoding="utf-8-sig")
    label_set = load_label_set(path)
    assert label_set == load_label_set(str(path)) == LabelSet.from_json(TWO_LABELS)
    grass = label_set.by_name("grass")
    assert grass is not None
    assert (grass.id, grass.color, label_set.unlabeled_id) == (7, (0, 255, 0), 255)
    palette = label_set.palette()
    assert palette.shape == (256, 3)
    assert palette[3].tolist() == [0, 128, 255]
    assert palette[0].tolist() == palette[255].tolist() == list(UNLABELED_COLOR)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"9" * 5000, "not JSON"),
        (b"[]", "JSON object"),
        (b" " * ((1 << 20) + 1), "larger"),
    ],
)
def test_hostile_files_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "mine.json"
    path.write_bytes(content)
    with pytest.raises(LabelError, match=message):
        load_label_set(path)


@pytest.mark.parametrize("name", ["no such set", "bad\0name", ""])
def test_missing_files_name_the_choices(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LabelError, match=r"coco_stuff, ade20k, cityscapes, or a JSON file"):
        load_label_set(name)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("name",), KeyError, "lacks name"),
        (("name",), 3, "name is of type int"),
        (("name",), "x" * 101, "1 to 100"),
        (("unlabeled_id",), KeyError, "lacks unlabeled_id"),
        (("unlabeled_id",), 256, "unlabeled_id 256"),
        (("unlabeled_id",), 3, "id 3 twice"),
        (("unlabeled_id",), True, "unlabeled_id is of type bool"),
        (("extra",), 1, "unknown entries extra"),
        (("labels",), {}, "list of labels"),
        (("labels",), [], "0 labels"),
        (("labels",), [None] * 256, "256 labels"),
        (("labels", 0), "sky", "a label is of type str"),
        (("labels", 0, "id"), 7, "id 7 twice"),
        (("labels", 0, "id"), 255, "0 to 254"),
        (("labels", 0, "id"), -1, "0 to 254"),
        (("labels", 0, "id"), 10**4000, "bits"),
        (("labels", 0, "id"), 1.0, "type float"),
        (("labels", 0, "name"), "grass", "two labels named"),
        (("labels", 0, "name"), " ", "no name"),
        (("labels", 0, "name"), "sky\u202e", "printable"),
        (("labels", 0, "name"), "y" * 101, "100 printable"),
        (("labels", 0, "name"), None, "null"),
        (("labels", 0, "color"), "red", "#rrggbb"),
        (("labels", 0, "color"), "#0080f\uff10", "#rrggbb"),
        (("labels", 0, "color"), [0, 0, 0], "type list"),
        (("labels", 0, "synonyms"), "heaven", "a list"),
        (("labels", 0, "synonyms"), [1], "synonym"),
        (("labels", 0, "synonyms"), ["s"] * 33, "32"),
        (("labels", 0, "other_colors"), ["#12345"], "#rrggbb"),
        (("labels", 0, "kind"), "person", "thing"),
        (("labels", 0, "unused"), 1, "true or false"),
    ],
)
def test_hostile_entries_are_refused(path: tuple[str | int, ...], value: object, message: str) -> None:
    with pytest.raises(LabelError, match=message) as caught:
        LabelSet.from_json(changed(path, value))
    assert len(str(caught.value)) < 600


def test_sets_agree_with_the_facts_they_were_made_from(shared: Callable[..., Path]) -> None:
    for name in built_in_label_sets():
        label_set = load_label_set(name)
        facts = json.loads(shared("label_sets", f"{name}.json").read_text("utf-8"))["labels"]
        real = [fact for fact in facts if (name, fact["id"]) not in (("coco_stuff", 182), ("ade20k", 0))]
        assert [fact["id"] for fact in real] == [label.id for label in label_set.labels]
        for fact, label in zip(real, label_set.labels, strict=True):
            # The facts of ADE20K hold only the first word of a name.
            assert label.name == fact["name"] or label.name.split(" ")[0] == fact["name"]
            color = tuple(bytes.fromhex(fact.get("color", fact.get("gaugan_color", "#"))[1:]))
            if name == "coco_stuff":
                assert label.other_colors == ((color,) if color else ())
                assert label.kind == fact["kind"]
            else:
                assert label.color == color


def test_real_maps_have_known_ids(shared: Callable[..., Path]) -> None:
    coco = load_label_set("coco_stuff")
    paths = sorted(shared("data", "coco_stuff_maps").glob("*.png"))
    assert paths
    for path in paths:
        with Image.open(path) as image:
            label_map = check_label_map(np.array(image), path.name)
        assert all(coco.by_id(i) or i == 255 for i in np.unique(label_map).tolist())
