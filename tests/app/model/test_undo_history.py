"""The history within its budget, and snapshots, sizes and objects of the document."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from spade_studio.app.model.document import Document
from spade_studio.app.model.raster import Rect
from spade_studio.app.model.undo_history import History
from spade_studio.app.rendering.live_renderer import object_borders
from spade_studio.engine.labels import load_label_set


@dataclass
class Step:
    log: list[str]
    name: str
    memory: int = 10

    def text(self) -> str:
        return self.name

    def undo(self) -> None:
        self.log.append(f"-{self.name}")

    def redo(self) -> None:
        self.log.append(f"+{self.name}")


@pytest.fixture
def document(qapp):
    return Document(np.zeros((60, 80), np.uint8), load_label_set("coco_stuff"), "plain")


def test_the_oldest_steps_are_forgotten_beyond_the_budget(qapp):
    log: list[str] = []
    history = History(budget=35)
    for name in "abcde":
        history.push(Step(log, name))
    assert [history.text(index) for index in range(history.count())] == ["c", "d", "e"]
    assert history.forgotten == 2
    assert history.memory <= 35
    history.go_to(0)
    assert log == ["-e", "-d", "-c"]
    assert not history.canUndo()


def test_a_step_larger_than_the_budget_can_still_be_undone(qapp):
    history = History(budget=5)
    history.push(Step([], "large"))
    assert history.canUndo()


def test_the_saved_state_moves_with_the_steps_and_is_lost_with_them(qapp):
    history = History(budget=35)
    history.push(Step([], "a"))
    history.setClean()
    history.push(Step([], "b"))
    history.push(Step([], "c"))
    history.push(Step([], "d"))  # forgets a: the saved state is now the start
    assert not history.isClean()
    history.go_to(0)
    assert history.isClean()
    history.go_to(3)
    history.push(Step([], "e"))  # forgets b: the saved state cannot be reached
    history.go_to(0)
    assert not history.isClean()


def test_a_saved_state_among_dropped_redo_steps_is_lost(qapp):
    history = History()
    history.push(Step([], "a"))
    history.setClean()
    history.undo()
    history.push(Step([], "b"))
    assert not history.isClean()
    history.undo()
    assert not history.isClean()


def test_objects_are_painted_with_the_labels_and_undone_with_them(document):
    assert document.instances is None
    document.begin_stroke("brush", document.new_object_id()).line((20, 20), (20, 20), 9, 5)
    document.end_stroke()
    document.begin_stroke("brush", document.new_object_id()).line((24, 20), (24, 20), 9, 5)
    document.end_stroke()
    assert document.instances is not None
    assert document.instances[20, 17] == 1
    assert document.instances[20, 24] == 2
    assert document.labels[20, 17] == document.labels[20, 24] == 5
    document.begin_stroke("eraser").line((24, 20), (24, 20), 3, 255)
    document.end_stroke()
    assert document.instances[20, 24] == 0
    document.undo_stack.undo()
    assert document.instances[20, 24] == 2
    document.undo_stack.go_to(0)
    assert not document.instances.any()
    document.undo_stack.go_to(2)
    assert document.instances[20, 24] == 2


def test_the_renderer_is_given_borders_between_objects_and_between_labels():
    labels = np.array([[3, 3, 4, 4]], np.uint8)
    borders = object_borders(labels, np.array([[0, 1, 1, 2]], np.uint16))
    assert borders.dtype == np.uint16
    assert len(set(borders[0].tolist())) == 3
    assert borders[0, 1] == borders[0, 2]
    assert set(object_borders(labels, np.zeros((1, 4), np.uint16))[0].tolist()) == {3, 4}


def test_protected_labels_stay_under_every_kind_of_stroke(document):
    document.write(Rect(40, 0, 80, 60), np.full((60, 40), 9, np.uint8))
    document.protected = frozenset({9})
    stroke = document.begin_stroke("brush")
    stroke.line((0, 30), (79, 30), 11, 3)
    stroke.fill(60, 30, 3)
    stroke.replace(9, 3)
    document.end_stroke()
    assert (document.labels[:, 40:] == 9).all()
    assert document.labels[30, 20] == 3


def test_snapshots_come_back_as_a_step_that_can_be_undone(document):
    snapshot = document.add_snapshot("empty")
    document.begin_stroke("brush").line((20, 20), (20, 20), 9, 5)
    document.end_stroke()
    document.restore_snapshot(snapshot)
    assert not document.labels.any()
    document.undo_stack.undo()
    assert document.labels[20, 20] == 5


def test_another_size_can_be_undone(document):
    document.begin_stroke("brush").line((20, 20), (20, 20), 9, 5)
    document.end_stroke()
    before = document.labels.copy()
    document.reshape(document.labels[10:30, 10:30], None, "crop")
    assert document.size == (20, 20)
    document.undo_stack.undo()
    np.testing.assert_array_equal(document.labels, before)
    document.undo_stack.undo()
    assert not document.labels.any()
    document.undo_stack.go_to(2)
    assert document.size == (20, 20)


def test_the_marked_state_is_the_saved_one_wherever_it_has_gone(qapp):
    history = History(budget=35)
    for name in "ab":
        history.push(Step([], name))
    history.mark()
    history.push(Step([], "c"))
    history.push(Step([], "d"))  # the first one is forgotten for it
    history.setClean(marked=True)
    assert not history.isClean()
    history.go_to(1)
    assert history.isClean()
    history.mark()
    history.undo()
    history.push(Step([], "e"))
    history.setClean(marked=True)
    for index in range(history.count() + 1):
        history.go_to(index)
        assert not history.isClean()
