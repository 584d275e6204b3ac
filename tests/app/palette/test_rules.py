"""What the palette decides without a window: what is listed, what is near, what an icon is, where a label lies."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

import qtawesome

from spade_studio.app.model.label_choice import is_same_set, known_ids
from spade_studio.app.model.label_switching import lost_labels
from spade_studio.app.model.nearest_label import nearest_label
from spade_studio.app.palette.finding import find_label
from spade_studio.app.palette.listing import Choice, Offer, listed, touched
from spade_studio.app.palette.memory import MOST_RECENT, PaletteMemory
from spade_studio.app.ui.label_icons import _WORDS, icon_of
from spade_studio.app.ui.settings import Settings
from spade_studio.engine.labels import LabelChannels, LabelSet, load_label_set

KNOWN_IDS = (156, 134, 158, 168, 123, 110, 154, 177, 148, 95, 96)
COCO, ADE, CITY = (load_label_set(name) for name in ("coco_stuff", "ade20k", "cityscapes"))


def known_labels():
    return [COCO.by_id(label_id) for label_id in KNOWN_IDS]


def nearest(label_set: LabelSet, name: str, candidates):
    label = label_set.by_name(name)
    assert label is not None
    found = nearest_label(label, candidates)
    return found.name if found else None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("skyscraper", "building-other"),
        ("clouds", "sky-other"),
        ("river", "water-other"),
        ("hill", "mountain"),
        ("sand", "dirt"),
        ("flower", "bush"),
        ("pavement", "road"),
        ("leaves", "tree"),
        ("gravel", "dirt"),
        ("laptop", None),
        ("pizza", None),
    ],
)
def test_what_weights_of_landscapes_do_not_know_has_a_sensible_stand_in(name, expected):
    assert nearest(COCO, name, known_labels()) == expected


@pytest.mark.parametrize(
    ("source", "name", "target", "expected"),
    [
        (COCO, "building-other", ADE, "building"),
        (COCO, "snow", ADE, "mountain"),
        (ADE, "palm", CITY, "vegetation"),
        (ADE, "sofa", COCO, "couch"),
        (CITY, "guard rail", ADE, "railing"),
        (CITY, "rider", COCO, "person"),
        (ADE, "skyscraper", CITY, "building"),
    ],
)
def test_sets_stand_in_for_each_other(source, name, target, expected):
    assert nearest(source, name, target.labels) == expected


def test_labels_of_one_kind_stand_in_for_each_other_and_none_for_itself():
    assert nearest(COCO, "wall-brick", [COCO.by_name("wall-stone"), COCO.by_name("sea")]) == "wall-stone"
    assert nearest(COCO, "banana", [COCO.by_name("apple"), COCO.by_name("sea")]) == "apple"  # of one group
    tree = COCO.by_name("tree")
    assert tree is not None
    assert nearest_label(tree, [tree]) is None


def test_known_labels_are_listed_in_the_order_of_the_weights():
    offer = Offer(COCO.labels, KNOWN_IDS, frozenset({60}), (148, 60))
    assert [label.id for label in listed(offer, Choice())] == list(KNOWN_IDS)
    assert [label.id for label in listed(offer, Choice("favourites"))] == [60]
    assert [label.id for label in listed(offer, Choice("recent"))] == [148, 60]
    assert len(listed(offer, Choice("all"))) == 171
    assert {label.group for label in listed(offer, Choice("group", "ground"))} == {"ground"}
    assert "sky" in offer.groups


def test_a_search_looks_through_the_whole_set_and_puts_what_the_weights_know_first():
    offer = Offer(COCO.labels, KNOWN_IDS)
    found = [label.name for label in listed(offer, Choice("favourites"), "PLANT")]
    assert found[:3] == ["tree", "grass", "bush"]
    assert "flower" in found
    assert [label.name for label in listed(offer, Choice(), "stream brook")] == ["river"]
    assert listed(offer, Choice("all"), "xyz") == ()


def test_without_weights_nothing_counts_as_unknown():
    offer = Offer(CITY.labels, None)
    assert all(offer.is_known(label.id) for label in CITY.labels)
    assert len(listed(offer, Choice())) == len(CITY.labels)


def test_recent_labels_keep_their_places():
    assert touched((1, 2, 3), 2, 3) == (1, 2, 3)
    assert touched((1, 2, 3), 4, 3) == (4, 1, 2)


@pytest.mark.parametrize("name", [f"mdi6.{icon}" for icon in _WORDS])
def test_every_icon_exists(qapp, name):
    assert not qtawesome.icon(name).isNull()


@pytest.mark.parametrize("label_set", [COCO, ADE, CITY], ids=lambda one: one.name)
def test_common_labels_of_every_set_have_icons(label_set):
    names = [name for name in ("sky", "building", "person", "car", "road", "bus") if label_set.by_name(name)]
    assert len(names) == 6
    assert all(icon_of(label) for name in names if (label := label_set.by_name(name)))
    assert sum(bool(icon_of(label)) for label in label_set.labels) > len(label_set.labels) * 0.4


def test_a_label_is_found_with_its_share_and_regions():
    labels = np.zeros((100, 200), np.uint8)
    labels[10:20, 10:20] = labels[50:90, 100:160] = 7
    labels[20, 20] = 7  # only a corner touches: a region of its own
    found = find_label(labels, 7)
    assert found.share == pytest.approx((100 + 2400 + 1) / 20000)
    assert found.regions == 3
    assert found.box == (10, 10, 160, 90)
    assert found.largest == (100, 50, 160, 90)
    assert find_label(labels, 9) == find_label(labels, 200)
    assert find_label(labels, 9).regions == 0


def test_a_single_pixel_of_a_huge_map_is_found():
    labels = np.zeros((4096, 4096), np.uint8)
    labels[4095, 4095] = 3
    found = find_label(labels, 3)
    assert found.regions == 1
    assert found.largest == (4095, 4095, 4096, 4096)


def test_what_does_not_map_is_told_with_pixels_and_a_stand_in():
    labels = np.full((10, 10), 156, np.uint8)  # sky
    labels[:3] = 158  # snow, which ADE20K lacks
    labels[3] = 15  # a cat
    assert COCO.unlabeled_id is not None
    labels[4] = COCO.unlabeled_id
    lost = lost_labels(labels, COCO, ADE)
    assert [(entry.name, entry.pixels, entry.nearest and entry.nearest.name) for entry in lost] == [
        ("snow", 30, "mountain"),
        ("bird", 10, "animal"),
    ]
    assert lost_labels(labels, COCO, COCO) == []


def test_an_eraser_in_a_set_without_unlabeled_loses_nothing():
    labels = np.full((4, 4), 255, np.uint8)
    assert lost_labels(labels, CITY, COCO) == []


def test_weights_that_hold_a_part_of_a_set_have_that_set():
    part = LabelSet(COCO.name, COCO.labels[100:120], COCO.unlabeled_id)
    assert is_same_set(part, COCO)
    assert not is_same_set(ADE, COCO)
    renamed = LabelSet(COCO.name, ADE.labels, COCO.unlabeled_id)
    assert not is_same_set(renamed, COCO)


def test_labels_of_another_set_are_known_by_name():
    channels = LabelChannels.from_label_set(COCO, KNOWN_IDS, "last", edge=False)
    assert known_ids(COCO, channels) == KNOWN_IDS
    names = [label.name for label_id in known_ids(ADE, channels) if (label := ADE.by_id(label_id))]
    assert {"sky", "tree", "grass", "building", "mountain"} <= set(names)
    assert "bed" not in names


def test_favourites_and_recent_labels_are_remembered_for_every_set(tmp_path):
    path = tmp_path / "settings.ini"
    settings = Settings(path)
    memory = PaletteMemory(settings)
    assert memory.toggle_favourite(COCO, 156)
    memory.toggle_favourite(COCO, 168)
    assert not memory.toggle_favourite(COCO, 168)
    memory.toggle_favourite(ADE, 3)
    for label_id in range(20):
        memory.touch(COCO, label_id)
    settings.save()
    again = PaletteMemory(Settings(path))
    assert again.favourites(COCO) == {156}
    assert again.favourites(ADE) == {3}
    assert len(again.recent(COCO)) == MOST_RECENT
    assert again.recent(CITY) == ()


@pytest.mark.parametrize("text", ["nonsense", "[1]", '{"COCO-Stuff": 3}', '{"COCO-Stuff": {"recent": [1, "none"], "favourites": 4}}'])
def test_a_damaged_memory_is_no_memory(tmp_path, text):
    settings = Settings(tmp_path / "settings.ini")
    settings.palette = text
    memory = PaletteMemory(settings)
    assert memory.favourites(COCO) == frozenset()
    assert memory.recent(COCO) == ()
    assert memory.toggle_favourite(COCO, 156)
