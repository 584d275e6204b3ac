"""Painting on label maps: exact pixels, exact dirty rectangles."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spade_studio.app.model import raster
from spade_studio.app.model.raster import Rect


def paint_line(labels: np.ndarray, start: tuple[float, float], end: tuple[float, float], diameter: int, label: int) -> Rect | None:
    return raster.write(labels, raster.line_patch((labels.shape[0], labels.shape[1]), start, end, diameter), label)


def paint_disc(labels: np.ndarray, x: float, y: float, diameter: int, label: int) -> Rect | None:
    return paint_line(labels, (x, y), (x, y), diameter, label)


def flood_fill(labels: np.ndarray, x: float, y: float, label: int) -> Rect | None:
    return raster.write(labels, raster.fill_patch(labels, x, y), label)


def blank(height: int = 40, width: int = 50) -> raster.LabelArray:
    return np.full((height, width), 7, np.uint8)


@pytest.mark.parametrize(
    ("diameter", "rows"),
    [
        (1, ["#"]),
        (2, ["##", "##"]),
        (3, ["###", "###", "###"]),
        (4, [".##.", "####", "####", ".##."]),
        (5, [".###.", "#####", "#####", "#####", ".###."]),
    ],
)
def test_disc_shapes(diameter: int, rows: list[str]) -> None:
    assert ["".join("#" if on else "." for on in row) for row in raster.disc_mask(diameter)] == rows


@given(st.integers(1, 30), st.floats(-20, 70), st.floats(-20, 60))
@settings(max_examples=150, deadline=None)
def test_a_click_paints_the_disc_of_the_outline_and_nothing_else(diameter: int, x: float, y: float) -> None:
    labels = blank()
    rect = paint_disc(labels, x, y, diameter, 3)
    center_x, center_y = raster.disc_center(x, y, diameter)
    expected = np.full((200, 200), 7, np.uint8)  # the map with a margin of 60 around it
    left, top = round(60 + center_x - diameter / 2), round(60 + center_y - diameter / 2)
    expected[top : top + diameter, left : left + diameter][raster.disc_mask(diameter)] = 3
    expected = expected[60:100, 60:110]
    np.testing.assert_array_equal(labels, expected)
    assert rect == raster.changed_rect(blank(), labels)


@given(st.tuples(st.floats(-10, 60), st.floats(-10, 50)), st.tuples(st.floats(-10, 60), st.floats(-10, 50)), st.integers(1, 15))
@settings(max_examples=150, deadline=None)
def test_a_line_has_two_values_an_exact_rectangle_and_no_gaps(start: tuple[float, float], end: tuple[float, float], diameter: int) -> None:
    labels = blank()
    rect = paint_line(labels, start, end, diameter, 9)
    assert set(np.unique(labels)) <= {7, 9}
    assert rect == raster.changed_rect(blank(), labels)
    ends = blank()
    paint_disc(ends, *start, diameter, 9)
    paint_disc(ends, *end, diameter, 9)
    assert (labels[ends == 9] == 9).all()
    x0, y0 = raster.disc_center(*start, diameter)
    x1, y1 = raster.disc_center(*end, diameter)
    for step in np.linspace(0, 1, 60):
        column, row = int(np.floor(x0 + step * (x1 - x0))), int(np.floor(y0 + step * (y1 - y0)))
        if 0 <= column < 50 and 0 <= row < 40:
            assert (labels[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2] == 9).any()


def test_the_thinnest_line_is_connected() -> None:
    labels = blank()
    paint_line(labels, (3.2, 4.9), (41.7, 23.1), 1, 9)
    columns = [np.flatnonzero(labels[:, x] == 9) for x in range(3, 42)]
    assert all(rows.size for rows in columns)
    for left, right in itertools.pairwise(columns):
        assert right[0] - left[-1] <= 1


def test_the_rectangle_holds_only_what_changed() -> None:
    labels = blank()
    paint_disc(labels, 20, 20, 10, 3)
    assert paint_disc(labels, 20, 20, 10, 3) is None
    assert paint_disc(labels, 21, 20, 10, 3) == Rect(22, 15, 26, 25)  # its flat top row ended at column 21


def test_outside_paints_nothing() -> None:
    labels = blank()
    assert paint_disc(labels, -30, 10, 20, 3) is None
    assert paint_disc(labels, 50, 40, 1, 3) is None
    np.testing.assert_array_equal(labels, blank())


def test_fill_stays_within_the_region_and_does_not_cross_corners() -> None:
    labels = blank(6, 6)
    labels[:3, :3] = 1
    labels[3:, 3:] = 1
    labels[0, 0] = 2
    rect = flood_fill(labels, 1.5, 1.5, 200)
    assert rect == Rect(0, 0, 3, 3)
    assert labels[0, 0] == 2
    assert (labels == 200).sum() == 8
    assert (labels[3:, 3:] == 1).all()


def test_fill_with_the_same_label_or_outside_does_nothing() -> None:
    labels = blank()
    assert flood_fill(labels, 4, 4, 7) is None
    assert flood_fill(labels, -1, 4, 3) is None
    assert flood_fill(labels, 50, 4, 3) is None


def test_fill_tells_near_values_apart() -> None:
    labels = np.tile(np.arange(250, 256, dtype=np.uint8), (4, 1))
    assert flood_fill(labels, 2, 1, 0) == Rect(2, 0, 3, 4)
    assert flood_fill(labels, 5, 1, 1) == Rect(5, 0, 6, 4)


def test_rectangles_unite() -> None:
    assert Rect(1, 2, 3, 4).united(Rect(0, 3, 2, 9)) == Rect(0, 2, 3, 9)
    assert Rect(1, 2, 3, 4).united(None) == Rect(1, 2, 3, 4)
