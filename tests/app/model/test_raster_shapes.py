"""Figures, mirrors, protected values and fills with gaps: exact pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spade_studio.app.model import raster, raster_shapes
from spade_studio.app.model.raster import Nib, Rect, Symmetry

SIZE = (40, 50)


def painted(patch: raster.Patch | None, *, locked: raster.MaskArray | None = None) -> np.ndarray:
    labels = np.full(SIZE, 7, np.uint8)
    raster.write(labels, patch, 3, locked)
    return labels == 3


def test_a_rectangle_holds_the_pixels_of_both_corners() -> None:
    expected = np.zeros(SIZE, bool)
    expected[5:12, 10:21] = True
    np.testing.assert_array_equal(painted(raster_shapes.rectangle_patch(SIZE, (20.5, 5.2), (10.1, 11.9))), expected)


def test_an_ellipse_is_symmetrical_and_touches_its_rectangle() -> None:
    mask = painted(raster_shapes.ellipse_patch(SIZE, (10, 5), (29, 18)))
    inner = mask[5:19, 10:30]
    assert mask.sum() == inner.sum()
    np.testing.assert_array_equal(inner, inner[::-1, ::-1])
    assert inner.any(axis=0).all()
    assert inner.any(axis=1).all()
    assert not inner[0, 0]


def test_a_polygon_covers_the_pixels_within() -> None:
    mask = painted(raster_shapes.polygon_patch(SIZE, [(10.5, 10.5), (30.5, 10.5), (30.5, 30.5)]))
    assert mask[12, 28]
    assert not mask[28, 12]
    assert mask.sum() == pytest.approx(234, abs=5)  # half the border lies outside


@given(st.tuples(st.floats(-10, 60), st.floats(-10, 50)), st.tuples(st.floats(-10, 60), st.floats(-10, 50)), st.integers(1, 9))
@settings(max_examples=80, deadline=None)
def test_a_square_brush_leaves_whole_squares_at_both_ends(start: tuple[float, float], end: tuple[float, float], side: int) -> None:
    mask = painted(raster.line_patch(SIZE, start, end, side, Nib.SQUARE))
    for at in (start, end):
        x, y = raster.disc_center(*at, side)
        left, top = round(x - side / 2), round(y - side / 2)
        assert mask[max(0, top) : max(0, top + side), max(0, left) : max(0, left + side)].all()


@given(st.integers(0, 49), st.integers(0, 39), st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_mirrors_make_the_picture_symmetrical(x: int, y: int, diameter: int) -> None:
    labels = np.full(SIZE, 7, np.uint8)
    patch = raster.line_patch(SIZE, (x + 0.5, y + 0.5), (25, 20), diameter)
    assert patch is not None
    for image in Symmetry(left_right=True, up_down=True).patches(patch, SIZE):
        raster.write(labels, image, 3)
    np.testing.assert_array_equal(labels, labels[::-1])
    np.testing.assert_array_equal(labels, labels[:, ::-1])


def test_locked_values_stay() -> None:
    labels = np.full(SIZE, 7, np.uint8)
    labels[:, 20:] = 9
    locked = np.zeros(256, bool)
    locked[9] = True
    rect = raster.write(labels, raster_shapes.rectangle_patch(SIZE, (10, 10), (30, 12)), 3, locked)
    assert rect == Rect(10, 10, 20, 13)
    assert (labels[:, 20:] == 9).all()


def room_with_a_door(door: int) -> np.ndarray:
    labels = np.zeros((60, 80), np.uint8)
    labels[10:50, 40] = 1
    labels[10, 10:41] = labels[49, 10:41] = labels[10:50, 10] = 1
    labels[30 : 30 + door, 40] = 0
    return labels


@pytest.mark.parametrize(("door", "gap", "leaks"), [(4, 0, True), (4, 3, True), (4, 4, False), (4, 9, False), (0, 0, False)])
def test_a_fill_with_gap_tolerance_stops_at_small_openings(door: int, gap: int, leaks: bool) -> None:
    labels = room_with_a_door(door)
    patch = raster.fill_patch(labels, 20, 20, gap=gap)
    raster.write(labels, patch, 5)
    assert (labels[5, 70] == 5) == leaks
    assert (labels[11:49, 11:40] == 5).all(), "the room is filled to its corners"
    assert (labels[room_with_a_door(door) == 1] == 1).all()


def test_a_fill_everywhere_takes_all_pixels_of_the_label() -> None:
    labels = room_with_a_door(0)
    raster.write(labels, raster.fill_patch(labels, 20, 20, everywhere=True), 5)
    assert set(np.unique(labels)) == {1, 5}


def test_a_smaller_map_takes_the_pixels_in_the_middle() -> None:
    plane = np.arange(9)[None].repeat(9, 0)
    np.testing.assert_array_equal(raster_shapes.resize_nearest(plane, 3, 3), np.array([[1, 4, 7]] * 3))
    np.testing.assert_array_equal(raster_shapes.resize_nearest(plane, 9, 18)[0], np.arange(9).repeat(2))
    symmetrical = np.minimum(np.arange(96), np.arange(96)[::-1])[None]
    small = raster_shapes.resize_nearest(symmetrical, 1, 32)
    np.testing.assert_array_equal(small, small[:, ::-1])
