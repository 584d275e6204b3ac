"""Scenes that a new layout begins with, and a canvas that is extended."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("PySide6.QtCore", exc_type=ImportError)

from spade_studio.app.model.document import Document
from spade_studio.app.model.starts import Start, start_labels
from spade_studio.app.model.state import Underlay
from spade_studio.app.rendering.hatch import hatched
from spade_studio.engine.labels import load_label_set

COCO = load_label_set("coco_stuff")
SKY, GRASS = 156, 123


@pytest.mark.parametrize("name", ["coco_stuff", "ade20k", "cityscapes"])
@pytest.mark.parametrize("start", [Start.LAND, Start.HILLS])
def test_every_label_set_has_a_scene_with_sky_above_land(name, start):
    label_set = load_label_set(name)
    labels = start_labels(start, label_set, label_set.labels, (90, 160))
    assert labels is not None
    assert labels.shape == (90, 160)
    first, last = (label_set.by_id(int(labels[row, 80])) for row in (0, -1))
    assert first is not None
    assert last is not None
    assert "sky" in first.name or first.name == "clouds"
    assert first.id != last.id
    assert label_set.unlabeled_id not in labels


@pytest.mark.parametrize("name", ["coco_stuff", "ade20k"])
def test_a_lake_lies_between_hills_and_a_near_shore(name):
    label_set = load_label_set(name)
    labels = start_labels(Start.LAKE, label_set, label_set.labels, (90, 160))
    assert labels is not None
    for column in labels.T:
        down = column[np.flatnonzero(np.diff(column, prepend=-1))]
        found = [label.name for value in down if (label := label_set.by_id(int(value))) is not None]
        assert len(found) == 4
        assert found[2] in ("lake", "water-other")
    city = load_label_set("cityscapes")
    assert start_labels(Start.LAKE, city, city.labels, (90, 160)) is None


def test_only_labels_that_are_offered_are_used():
    offered = [label for label in COCO.labels if label.name in ("sky-other", "dirt")]
    labels = start_labels(Start.LAND, COCO, offered, (40, 40))
    assert labels is not None
    assert set(np.unique(labels)) == {label.id for label in offered}
    assert start_labels(Start.SEA, COCO, offered, (40, 40)) is None
    empty = start_labels(Start.EMPTY, COCO, offered, (40, 40))
    assert empty is not None
    assert (empty == COCO.unlabeled_id).all()


def test_an_extended_canvas_goes_on_as_the_layout_ends_and_comes_back():
    labels = np.full((20, 30), SKY, np.uint8)
    labels[10:] = GRASS
    document = Document(labels, COCO, "a")
    document.underlay = Underlay(np.full((40, 60, 3), 9, np.uint8))
    document.extend(5, 0, 10, 4, "extend", fills=True)
    assert document.size == (24, 45)
    assert (document.labels[:10] == SKY).all()
    assert (document.labels[10:] == GRASS).all()
    assert document.underlay is not None
    assert document.underlay.picture.shape == (48, 90, 3)
    assert (document.underlay.picture[:40, 10:70] == 9).all()
    document.undo_stack.undo()
    np.testing.assert_array_equal(document.labels, labels)
    assert document.underlay.picture.shape == (40, 60, 3)
    document.extend(0, 3, 0, 0, "extend", fills=False)
    assert (document.labels[:3] == document.unlabeled_id).all()


def test_a_document_is_empty_until_something_is_painted():
    document = Document(np.full((8, 8), COCO.unlabeled_id, np.uint8), COCO, "a")
    assert document.is_empty
    document.begin_stroke("brush").fill(3, 3, SKY)
    document.end_stroke()
    assert not document.is_empty


def test_the_hatch_is_neutral_and_striped():
    picture = hatched((30, 40))
    assert picture.shape == (30, 40, 3)
    assert (picture[..., 0] == picture[..., 2]).all()
    assert len(np.unique(picture)) == 2
