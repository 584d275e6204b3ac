"""The document: revisions, strokes as undo commands, clean state."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from spade_studio.app.model.document import Document
from spade_studio.app.model.raster import Rect
from spade_studio.app.model.state import Underlay
from spade_studio.app.model.undo_commands import PaintStroke
from spade_studio.engine.labels import load_label_set


@pytest.fixture
def document(qapp):
    generator = np.random.default_rng(1)
    return Document(generator.integers(0, 180, (60, 80), np.uint8), load_label_set("coco_stuff"), "noise")


def test_changes_are_announced_with_their_rectangle_and_counted(document, qtbot):
    seen: list[tuple[Rect, int]] = []
    document.labels_changed.connect(lambda rect, revision: seen.append((rect, revision)))
    stroke = document.begin_stroke("brush")
    stroke.line((10, 10), (10, 10), 4, 200)
    stroke.line((10, 10), (30, 10), 4, 200)
    document.end_stroke()
    assert seen == [(Rect(8, 8, 12, 12), 1), (Rect(11, 8, 32, 12), 2)]
    document.undo_stack.undo()
    assert seen[2] == (Rect(8, 8, 32, 12), 3)
    assert document.revision == 3


def test_undo_and_redo_restore_every_pixel(document):
    states = [document.labels.copy()]
    generator = np.random.default_rng(2)
    for _ in range(12):
        stroke = document.begin_stroke("brush")
        for _ in range(3):
            start, end = generator.uniform(-10, 90, 2), generator.uniform(-10, 90, 2)
            stroke.line(tuple(start), tuple(end), int(generator.integers(1, 30)), int(generator.integers(0, 180)))
        document.end_stroke()
        states.append(document.labels.copy())
    for state in reversed(states[:-1]):
        document.undo_stack.undo()
        np.testing.assert_array_equal(document.labels, state)
    for state in states[1:]:
        document.undo_stack.redo()
        np.testing.assert_array_equal(document.labels, state)


def test_a_stroke_that_ends_as_it_began_is_no_command(document):
    value = int(document.labels[20, 20])
    stroke = document.begin_stroke("brush")
    stroke.line((20, 20), (20, 20), 1, 200)
    stroke.line((20, 20), (20, 20), 1, value)
    document.end_stroke()
    assert document.undo_stack.count() == 0
    assert not document.is_modified


def test_the_command_keeps_only_what_changed_and_compressed(qapp):
    document = Document(np.zeros((1000, 1000), np.uint8), load_label_set("coco_stuff"), "large")
    stroke = document.begin_stroke("brush")
    stroke.line((100, 100), (900, 900), 40, 7)
    document.end_stroke()
    command = document.undo_stack.command(0)
    assert isinstance(command, PaintStroke)
    assert command.text() == "brush"
    assert command.memory < 30_000


def test_cancelling_leaves_no_trace(document):
    before = document.labels.copy()
    document.begin_stroke("brush").line((10, 10), (50, 50), 9, 3)
    assert document.is_modified
    document.cancel_stroke()
    np.testing.assert_array_equal(document.labels, before)
    assert not document.is_modified
    assert document.stroke is None


@pytest.mark.parametrize("step", ["crop", "resize", "extend"])
def test_undoing_another_size_brings_the_selection_back(document, step):
    selection = np.zeros((60, 80), bool)
    selection[10:30, 20:50] = True
    document.selection = selection
    match step:
        case "crop":
            document.crop(Rect(20, 10, 50, 30), step)
        case "resize":
            document.reshape(np.zeros((30, 40), np.uint8), None, step)
        case _:
            document.extend(1, 2, 3, 4, step, fills=True)
    assert document.selection is None
    document.undo_stack.undo()
    np.testing.assert_array_equal(document.selection, selection)
    document.undo_stack.redo()
    assert document.selection is None


def test_cropping_to_the_whole_map_is_no_step(document):
    document.crop(document.rect, "crop")
    assert document.undo_stack.count() == 0
    assert not document.is_modified


def test_the_memory_of_a_step_counts_every_picture_that_it_keeps(document):
    photo = np.zeros((600, 800, 3), np.uint8)
    document.underlay = Underlay(photo)
    document.crop(Rect(0, 0, 40, 30), "crop")
    assert photo.nbytes <= document.undo_stack.command(0).memory < 1.1 * photo.nbytes, "the part is in it"
    document.undo_stack.undo()
    document.extend(80, 0, 0, 0, "extend", fills=True)
    assert document.undo_stack.command(0).memory >= 3 * photo.nbytes


def test_extending_copies_the_new_map_no_second_time(document):
    document.replace(np.zeros((600, 800), np.uint8), "large", instances=np.zeros((600, 800), np.uint16))
    tracemalloc.start()
    document.extend(400, 300, 400, 300, "extend", fills=True)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert document.size == (1200, 1600)
    assert peak < 1.2 * (document.labels.nbytes + document.instances.nbytes)


def test_labels_cannot_be_written_from_outside(document):
    with pytest.raises(ValueError, match="read-only"):
        document.labels[0, 0] = 1


def test_clean_state_follows_undo_past_the_save(document, tmp_path):
    for x in (10, 20):
        document.begin_stroke("brush").line((x, 10), (x, 10), 5, 181)
        document.end_stroke()
        if x == 10:
            document.saved_as(tmp_path / "a.png")
            assert not document.is_modified
    assert document.is_modified
    document.undo_stack.undo()
    assert not document.is_modified
    document.undo_stack.undo()
    assert document.is_modified
    assert document.name == "a.png"


def test_another_label_set_keeps_unsaved_work_undoable(document):
    document.begin_stroke("brush").line((10, 10), (10, 10), 5, 181)
    document.end_stroke()
    painted = document.labels.copy()
    document.adopt(load_label_set("ade20k"))
    np.testing.assert_array_equal(document.labels, painted)
    assert document.is_modified
    assert document.undo_stack.canUndo()
    assert document.unlabeled_id == 0
