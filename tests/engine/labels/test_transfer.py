from __future__ import annotations

import numpy as np

from spade_studio.engine.labels import Label, LabelChannels, LabelSet, load_label_set
from spade_studio.engine.labels.transfer import LabelTransfer, UnknownLabels

MINE = LabelSet(
    "Mine",
    (
        Label(1, "Heaven", (1, 1, 1), synonyms=("sky-other",)),
        Label(2, "grass", (2, 2, 2)),
        Label(3, "dragon", (3, 3, 3)),
        Label(4, "sea", (4, 4, 4)),
        Label(9, "snow", (9, 9, 9)),
    ),
    unlabeled_id=0,
)


def landscape() -> LabelChannels:
    return LabelChannels.from_label_set(load_label_set("coco_stuff"), (156, 123, 154), "last", edge=False)


def test_ids_of_the_weights_own_set_stay_and_unknown_ones_are_counted() -> None:
    labels = np.array([[156, 123, 7, 255], [7, 200, 154, 156]], np.uint8)
    carried, unknown = LabelTransfer(None, landscape()).apply(labels)
    assert (carried == labels).all()
    assert unknown == {7: 2, 200: 1}


def test_labels_are_carried_over_by_name() -> None:
    labels = np.array([[1, 2, 3, 4, 0, 9, 77]], np.uint8)
    carried, unknown = LabelTransfer(MINE, landscape()).apply(labels)
    assert carried.tolist() == [[156, 123, 255, 154, 255, 255, 255]]
    # The dragon is no COCO label, snow is one that these weights do not know, 77 is no label at all.
    assert unknown == {3: 1, 9: 1, 77: 1}


def test_ade20k_maps_reach_coco_weights() -> None:
    ade, coco = load_label_set("ade20k"), load_label_set("coco_stuff")
    painted = {name: label.id for name in ("sky", "tree", "mountain", "sea", "chandelier") if (label := ade.by_name(name))}
    labels = np.array([[0, *painted.values()]], np.uint8)
    carried, unknown = LabelTransfer(ade, LabelChannels.coco_stuff()).apply(labels)
    names = [label.name if (label := coco.by_id(int(id_))) else "unlabeled" for id_ in carried[0]]
    assert names == ["unlabeled", "sky-other", "tree", "mountain", "sea", "unlabeled"]
    assert unknown == {painted["chandelier"]: 1}


def test_weights_without_an_unlabeled_value_get_an_id_without_channel() -> None:
    channels = LabelChannels.cityscapes()
    ade = load_label_set("ade20k")
    sky, chandelier = ade.by_name("sky"), ade.by_name("chandelier")
    assert sky is not None
    assert chandelier is not None
    carried, unknown = LabelTransfer(ade, channels).apply(np.array([[0, sky.id, chandelier.id]], np.uint8))
    sky = load_label_set("cityscapes").by_name("sky")
    assert sky is not None
    assert unknown == {chandelier.id: 1}
    assert channels.lookup()[carried].tolist() == [[-1, sky.id, -1]]


def test_weights_without_a_label_set_take_values_as_channels() -> None:
    with_unlabeled = LabelTransfer(None, LabelChannels.plain(5, unlabeled=True, edge=False))
    assert with_unlabeled.apply(np.array([[0, 3, 255, 6]], np.uint8))[1] == {6: 1}
    without = LabelTransfer(None, LabelChannels.plain(5, unlabeled=False, edge=True))
    carried, unknown = without.apply(np.array([[0, 3, 255, 4]], np.uint8))
    assert carried.tolist() == [[0, 3, 255, 4]]
    assert unknown == {255: 1, 4: 1}
    painted = LabelTransfer(MINE, LabelChannels.plain(5, unlabeled=True, edge=False))
    assert painted.apply(np.array([[0, 1]], np.uint8))[0].tolist() == [[255, 1]]


def test_the_report_names_each_unknown_id_once_with_its_share() -> None:
    account = UnknownLabels()
    account.add({7: 25, 200: 1}, 100)
    account.add({7: 15}, 100)
    account.add({}, 200)
    lines = account.report(load_label_set("coco_stuff"), landscape())
    assert len(lines) == 3
    assert "render as unlabeled" in lines[0]
    assert lines[1] == "  id 7 'truck': 10.00 % of all pixels, in 2 maps"
    assert lines[2] == "  id 200 (no label of COCO-Stuff): 0.25 % of all pixels, in 1 map"
    assert UnknownLabels().report(None, landscape()) == []
    assert "set no channel" in account.report(None, LabelChannels.cityscapes())[0]
