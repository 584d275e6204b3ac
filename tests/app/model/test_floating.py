"""Selections, and pieces of a layout that are moved, scaled, turned and flipped with hard edges."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from spade_studio.app.model import selections
from spade_studio.app.model.floating import Floating, Placement
from spade_studio.app.model.raster import Patch, Rect
from spade_studio.app.model.selections import Combine
from spade_studio.app.model.surroundings import filled

SIZE = (40, 60)


def piece(height=6, width=10):
    labels = np.arange(height * width, dtype=np.uint8).reshape(height, width)
    return Floating(labels, np.ones((height, width), bool), None, Rect(20, 10, 20 + width, 10 + height)), labels


def laid(one):
    found = one.placed(SIZE)
    assert found is not None
    return found


def test_a_piece_that_was_not_moved_lies_where_it_was():
    one, labels = piece()
    found = laid(one)
    assert found.patch.box == Rect(20, 10, 30, 16)
    assert found.patch.mask.all()
    np.testing.assert_array_equal(found.labels, labels)


def test_flips_and_right_angles_are_exact():
    one, labels = piece()
    start = one.placement
    for place, wanted in (
        (start.flipped(left_right=True), labels[:, ::-1]),
        (start.flipped(left_right=False), labels[::-1]),
        (start.turned(90), np.rot90(labels, -1)),
        (start.turned(-90), np.rot90(labels)),
        (start.turned(180), labels[::-1, ::-1]),
        (start.turned(90).flipped(left_right=True), np.rot90(labels, -1)[:, ::-1]),
    ):
        one.placement = place
        np.testing.assert_array_equal(laid(one).labels, wanted)


def test_a_quarter_turn_of_odd_sides_stays_on_whole_pixels():
    one, labels = piece(5, 8)
    one.placement = one.placement.turned(90)
    found = laid(one)
    assert (found.patch.box.width, found.patch.box.height) == (5, 8)
    np.testing.assert_array_equal(found.labels, np.rot90(labels, -1))


def test_scaling_from_a_corner_keeps_the_opposite_one():
    one, labels = piece()
    one.placement = one.placement.scaled_from((1, 1), (40, 22), keeps_shape=False)
    found = laid(one)
    assert found.patch.box == Rect(20, 10, 40, 22)
    np.testing.assert_array_equal(found.labels, labels.repeat(2, 0).repeat(2, 1))


def test_scaling_beyond_the_opposite_side_flips():
    one, labels = piece()
    one.placement = one.placement.scaled_from((1, 0.5), (10, 0), keeps_shape=False)
    found = laid(one)
    assert found.patch.box == Rect(10, 10, 20, 16)
    np.testing.assert_array_equal(found.labels, labels[:, ::-1])


@pytest.mark.parametrize("angle", [0.0, 30.0, -75.0])
def test_a_frame_that_keeps_its_shape_does_so_at_any_angle(angle):
    place = Placement(30, 20, 12, 8, angle)
    scaled = place.scaled_from((1, 1), (55, 38), keeps_shape=True)
    assert abs(scaled.width / scaled.height) == pytest.approx(12 / 8)
    assert scaled.to_map(0, 0) == pytest.approx(place.to_map(0, 0))
    assert scaled.to_piece(*scaled.to_map(0.3, 0.8)) == pytest.approx((0.3, 0.8))


def test_a_piece_turned_freely_has_only_its_own_labels():
    labels = np.where(np.arange(20) < 10, 3, 7).astype(np.uint8)[None].repeat(20, 0)
    one = Floating(labels, np.ones((20, 20), bool), None, Rect(10, 10, 30, 30))
    one.placement = one.placement.turned(37)
    found = laid(one)
    assert set(np.unique(found.labels[found.patch.mask])) == {3, 7}
    assert found.patch.mask.sum() == pytest.approx(400, abs=12)


def test_objects_get_numbers_in_a_row_until_they_are_used_up():
    numbers = np.array([[0, 300, 40], [40, 0, 7]], np.uint16)
    one = Floating(np.zeros((2, 3), np.uint8), np.ones((2, 3), bool), numbers.copy(), Rect(0, 0, 3, 2))
    one.renumber(5)
    np.testing.assert_array_equal(laid(one).objects, [[0, 7, 6], [6, 0, 5]])
    one.renumber(0xFFFE)
    np.testing.assert_array_equal(laid(one).objects, [[0, 0xFFFF, 0xFFFF], [0xFFFF, 0, 0xFFFE]])


def test_a_piece_outside_lies_nowhere_and_one_at_the_border_is_cut():
    one, labels = piece()
    start = one.placement
    one.placement = start.moved(100, 0)
    assert one.placed(SIZE) is None
    one.placement = start.moved(35, 0)
    np.testing.assert_array_equal(laid(one).labels, labels[:, :5])


def test_a_hole_takes_the_nearest_label_around_it():
    labels = np.full((20, 20), 1, np.uint8)
    labels[10:] = 2
    labels[6:14, 6:14] = 9
    hole = labels == 9
    found = filled(labels, hole, 255)
    assert set(np.unique(found)) == {1, 2}
    assert (found[9, 6:14] == 1).all()
    assert (found[10, 6:14] == 2).all()
    np.testing.assert_array_equal(found[~hole], labels[~hole])


def test_a_horizon_goes_on_through_a_hole_that_hangs_below_it():
    labels = np.full((40, 40), 1, np.uint8)
    labels[20:] = 2
    hole = np.zeros((40, 40), bool)
    hole[10:23, 12:26] = True
    found = filled(labels, hole)
    assert (found[10:20, 12:26] == 1).all()
    assert (found[20:23, 12:26] == 2).all()


def test_a_hole_between_unlabeled_stripes_is_filled_from_afar():
    labels = np.full((60, 60), 255, np.uint8)
    labels[0, 0] = 3
    found = filled(labels, labels == 255, 255)
    assert (found == 3).all()


def test_unlabeled_fills_nothing_unless_nothing_else_is_there():
    labels = np.full((8, 8), 255, np.uint8)
    labels[:, 0] = 4
    assert (filled(labels, np.arange(64).reshape(8, 8) % 8 > 3, 255)[:, 4:] == 4).all()
    labels[:] = 5
    assert (filled(labels, np.ones((8, 8), bool), 255) == 255).all()


def test_what_is_lifted_leaves_locked_pixels_where_they_are():
    labels = np.zeros((10, 10), np.uint8)
    labels[2:5, 2:8] = 1
    labels[2:5, 5:8] = 2
    locked = np.zeros(256, bool)
    locked[2] = True
    selection = np.zeros((10, 10), bool)
    selection[2:5, 2:8] = True
    one = Floating.lifted(labels, None, selection, locked=locked)
    assert one is not None
    assert laid(one).patch.box == Rect(2, 2, 5, 5)
    locked[1] = True
    assert Floating.lifted(labels, None, selection, locked=locked) is None


def test_selections_are_put_in_place_added_and_taken_away():
    box, other = (Patch(Rect(left, 2, left + 4, 6), np.ones((4, 4), bool)) for left in (2, 4))
    first = selections.combined(None, box, Combine.REPLACE, (10, 10))
    assert first is not None
    both = selections.combined(first, other, Combine.ADD, (10, 10))
    rest = selections.combined(first, other, Combine.SUBTRACT, (10, 10))
    assert both is not None
    assert rest is not None
    assert (first.sum(), both.sum(), rest.sum()) == (16, 24, 8)
    assert selections.combined(None, box, Combine.SUBTRACT, (10, 10)) is None
    assert selections.combined(first, box, Combine.SUBTRACT, (10, 10)) is None
    inverse = selections.inverted(first, (10, 10))
    assert inverse is not None
    assert (inverse ^ first).all()
    assert selections.inverted(selections.inverted(None, (10, 10)), (10, 10)) is None
    assert selections.bounds(first) == Rect(2, 2, 6, 6)


def test_rims_of_a_small_selection_on_a_large_map_take_little_memory():
    mask = np.zeros((4000, 4000), bool)
    mask[2000:2010, 3000:3020] = True
    tracemalloc.start()
    lines = {tuple(line) for line in selections.rims(mask).tolist()}
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert lines == {(3000, 2000, 3020, 2000), (3000, 2010, 3020, 2010), (3000, 2000, 3000, 2010), (3020, 2000, 3020, 2010)}
    assert peak < 1 << 20
    assert selections.rims(np.zeros((4, 4), bool)).shape == (0, 4)


def test_rims_go_around_what_is_selected():
    mask = np.zeros((6, 6), bool)
    mask[1:4, 2:5] = True
    lines = {tuple(line) for line in selections.rims(mask).tolist()}
    assert lines == {(2, 1, 5, 1), (2, 4, 5, 4), (2, 1, 2, 4), (5, 1, 5, 4)}
    whole = {tuple(line) for line in selections.rims(np.ones((3, 3), bool)).tolist()}
    assert whole == {(0, 0, 3, 0), (0, 3, 3, 3), (0, 0, 0, 3), (3, 0, 3, 3)}
