from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from spade_studio.engine.errors import LabelError
from spade_studio.engine.labels import LabelChannels, LabelSet, load_label_set

ALL = {
    "coco": LabelChannels.coco_stuff(),
    "ade first": LabelChannels.ade20k(),
    "ade last": LabelChannels.ade20k("last"),
    "cityscapes": LabelChannels.cityscapes(),
    "landscape": LabelChannels.from_label_set(load_label_set("coco_stuff"), [156, 134, 168], "last", edge=False),
    "plain": LabelChannels.plain(4, unlabeled=True, edge=True),
    "plain wide": LabelChannels.plain(300, unlabeled=False, edge=False),
}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("coco", "184 channels: 182 COCO-Stuff labels (0..181), unlabeled (182), instance edges (183)"),
        ("ade first", "151 channels: unlabeled (0), 150 ADE20K labels (1..150)"),
        ("ade last", "151 channels: 150 ADE20K labels (0..149), unlabeled (150)"),
        ("cityscapes", "36 channels: 34 Cityscapes labels (0..33), 1 unused (34), instance edges (35)"),
        ("landscape", "4 channels: 3 COCO-Stuff labels (0..2), unlabeled (3)"),
        ("plain", "4 channels: 2 labels without names (0..1), unlabeled (2), instance edges (3)"),
        ("plain wide", "300 channels: 256 labels without names (0..255), 44 unused (256..299)"),
    ],
)
def test_channels_are_explained_in_words(name: str, words: str) -> None:
    assert ALL[name].explain() == words


@pytest.mark.parametrize("name", ALL)
def test_channels_survive_json(name: str) -> None:
    channels = ALL[name]
    assert LabelChannels.from_json(json.loads(json.dumps(channels.to_json()))) == channels


def test_lookup_gives_the_channel_of_every_id() -> None:
    coco = ALL["coco"].lookup()
    assert coco.dtype == np.int16
    assert coco.tolist() == [*range(182)] + [182] * 74
    assert ALL["ade first"].lookup().tolist() == [*range(151)] + [0] * 105
    assert ALL["ade last"].lookup().tolist() == [150, *range(150)] + [150] * 105
    assert ALL["cityscapes"].lookup().tolist() == [*range(34)] + [-1] * 222
    landscape = ALL["landscape"].lookup()
    assert landscape[[156, 134, 168, 255, 0]].tolist() == [0, 1, 2, 3, 3]
    assert ALL["plain"].lookup()[[0, 1, 2, 3, 255]].tolist() == [0, 1, 2, 2, 2]
    assert ALL["plain wide"].lookup().tolist() == [*range(256)]


def test_known_ids_are_in_the_order_of_channels() -> None:
    assert ALL["landscape"].known_ids == (156, 134, 168)
    assert ALL["ade first"].known_ids == tuple(range(1, 151))
    assert ALL["cityscapes"].known_ids == tuple(range(34))
    assert ALL["plain"].known_ids == (0, 1)


@pytest.mark.parametrize(
    ("name", "unknown"),
    [
        ("landscape", {0: 3, 182: 1}),
        ("coco", {182: 1}),
        ("ade first", {156: 2, 168: 1, 182: 1, 255: 4}),
        ("cityscapes", {156: 2, 168: 1, 182: 1, 255: 4}),
        ("plain", {156: 2, 168: 1, 182: 1}),
        ("plain wide", {}),
    ],
)
def test_unknown_ids_are_counted_and_unlabeled_is_not_one(name: str, unknown: dict[int, int]) -> None:
    label_map = np.array([[156, 156, 168, 0, 0, 0, 182, 255, 255, 255, 255]], np.uint8)
    assert ALL[name].unknown_ids(label_map) == unknown


def test_unlabeled_of_the_set_is_never_unknown_even_without_a_channel() -> None:
    channels = LabelChannels.from_label_set(load_label_set("coco_stuff"), [156], None, edge=True)
    assert channels.lookup()[255] == -1
    assert channels.unknown_ids(np.array([[255, 156, 7]], np.uint8)) == {7: 1}


@pytest.mark.parametrize(("ids", "message"), [([156, 156], "two channels"), ([255], "not of label set"), ([], "at least one label")])
def test_impossible_ids_are_refused(ids: list[int], message: str) -> None:
    with pytest.raises(LabelError, match=message):
        LabelChannels.from_label_set(load_label_set("coco_stuff"), ids, "last", edge=False)


def test_plain_channels_need_room_for_a_label() -> None:
    assert LabelChannels.plain(3, unlabeled=True, edge=True).known_ids == (0,)
    with pytest.raises(LabelError, match="at least 3"):
        LabelChannels.plain(2, unlabeled=True, edge=True)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("semantic_channels", 10**9, "32767"),
        ("semantic_channels", 0, "32767"),
        ("semantic_channels", "4", "type str"),
        ("semantic_channels", 3, "edge channel"),
        ("edge_channel", 0, "the last one"),
        ("edge_channel", False, "type bool"),
        ("unlabeled_channel", 3, "0 to 2"),
        ("unlabeled_channel", -1, "negative"),
        ("channel_of_id", [0, 1], "JSON object"),
        ("channel_of_id", {}, "at least one label"),
        ("channel_of_id", {"256": 0}, "0 to 255"),
        ("channel_of_id", {"-1": 0}, "0 to 255"),
        ("channel_of_id", {"\u0663": 0}, "0 to 255"),
        ("channel_of_id", {"0": 3}, "0 to 2"),
        ("channel_of_id", {"0": -2}, "negative"),
        ("channel_of_id", {"0": None}, "null"),
        ("label_set", {}, "lacks"),
        ("label_set", 5, "JSON object"),
        ("more", 5, "unknown entries more"),
    ],
)
def test_hostile_channels_are_refused(key: str, value: object, message: str) -> None:
    data: dict[str, Any] = {**ALL["plain"].to_json(), key: value}
    with pytest.raises(LabelError, match=message):
        LabelChannels.from_json(data)


def test_incomplete_channels_are_refused() -> None:
    data = ALL["plain"].to_json()
    del data["edge_channel"]
    with pytest.raises(LabelError, match="lacks edge_channel"):
        LabelChannels.from_json(data)


def test_label_set_without_its_own_unlabeled_value_can_have_an_unlabeled_channel() -> None:
    label_set = LabelSet("Mine", load_label_set("cityscapes").labels[:2], None)
    channels = LabelChannels.from_label_set(label_set, [1, 0], "first", edge=True)
    assert channels.lookup()[[0, 1, 2]].tolist() == [2, 1, 0]
    assert channels.unknown_ids(np.array([[2, 0]], np.uint8)) == {2: 1}
    assert channels.explain() == "4 channels: unlabeled (0), 2 Mine labels (1..2), instance edges (3)"
