"""New texture in a part of a document: a step that can be undone, and that follows the map."""

from __future__ import annotations

import numpy as np
import pytest

from spade_studio.app.model import textures
from spade_studio.app.model.document import Document
from spade_studio.app.model.raster import Rect
from spade_studio.app.model.textures import renew_texture
from spade_studio.engine.labels import load_label_set

SKY, GRASS = 156, 123


@pytest.fixture
def document(qapp):
    labels = np.full((60, 80), SKY, np.uint8)
    labels[40:] = GRASS
    return Document(labels, load_label_set("coco_stuff"), "plain")


def test_it_is_drawn_anew_in_that_part_and_can_be_undone(document, qtbot):
    grass = document.labels == GRASS
    with qtbot.waitSignal(document.texture_changed):
        assert renew_texture(document, grass)
    first = document.texture_regions
    assert len(np.unique(first[grass])) == 1
    assert first[grass].all()
    assert not first[~grass].any()
    assert document.is_modified
    half = np.zeros(document.size, bool)
    half[:, :40] = True
    assert renew_texture(document, half)
    second = document.texture_regions
    assert set(np.unique(second[:, 40:])) == {0, first[-1, 0]}
    assert second[0, 0] not in (0, first[-1, 0])
    document.undo_stack.undo()
    np.testing.assert_array_equal(document.texture_regions, first)
    document.undo_stack.undo()
    assert document.texture_regions is None
    assert not document.is_modified
    document.undo_stack.redo()
    document.undo_stack.redo()
    np.testing.assert_array_equal(document.texture_regions, second)


def test_nothing_is_no_step(document):
    assert not renew_texture(document, document.labels == 1)
    assert document.texture_regions is None
    assert not document.undo_stack.count()


def test_a_region_takes_a_number_that_none_has_as_long_as_there_are_some(document, monkeypatch):
    drawn = iter([6, 6, 8, 6, 9])
    monkeypatch.setattr(textures.secrets, "randbelow", lambda _limit: next(drawn))
    for expected in (7, 9, 10):
        renew_texture(document, document.labels == GRASS)
        assert document.texture_regions[59, 0] == expected
        document.texture_regions = np.pad(document.texture_regions[40:], ((40, 0), (0, 0)), constant_values=7)
    monkeypatch.setattr(textures.secrets, "randbelow", lambda _limit: 6)
    renew_texture(document, document.labels == GRASS)  # whatever is drawn is used
    assert document.texture_regions[59, 0] == 7


def test_strokes_leave_it_alone(document):
    renew_texture(document, document.labels == GRASS)
    regions = document.texture_regions
    document.begin_stroke("brush").fill(10, 50, SKY)
    document.end_stroke()
    assert document.texture_regions is regions


@pytest.mark.parametrize("step", ["crop", "extend", "resize"])
def test_it_follows_the_map(document, step):
    renew_texture(document, document.labels == GRASS)
    before = document.texture_regions
    if step == "crop":
        document.crop(Rect(10, 30, 50, 60), step)
        expected = before[30:60, 10:50]
    elif step == "extend":
        document.extend(4, 3, 2, 1, step, fills=True)
        expected = np.pad(before, ((3, 1), (4, 2)))
    else:
        document.reshape(np.repeat(np.repeat(document.labels, 2, 0), 2, 1), None, step)
        expected = np.repeat(np.repeat(before, 2, 0), 2, 1)
    np.testing.assert_array_equal(document.texture_regions, expected)
    document.undo_stack.undo()
    np.testing.assert_array_equal(document.texture_regions, before)
    document.undo_stack.redo()
    np.testing.assert_array_equal(document.texture_regions, expected)


def test_another_document_has_its_own(document):
    renew_texture(document, document.labels == GRASS)
    regions = document.texture_regions
    document.replace(np.zeros((20, 20), np.uint8), "other")
    assert document.texture_regions is None
    document.replace(np.zeros((60, 80), np.uint8), "third", texture_regions=regions)
    assert document.texture_regions is regions
