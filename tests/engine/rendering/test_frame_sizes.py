"""Which size comes first: what is wanted for any layout and weights, what is known of frames, and what is quick enough."""

from __future__ import annotations

import pytest

from spade_studio.engine.rendering.frame_sizes import PATIENCE_SECONDS, FrameTimes, Size, SizeWish, smaller_size, takes_long


def nearest(height: int, width: int) -> Size:
    return max(32, round(height / 32) * 32), max(32, round(width / 32) * 32)


@pytest.mark.parametrize(
    ("wish", "layout", "size"),
    [
        (SizeWish(), (700, 700), (256, 256)),  # the training size, whatever the layout's
        (SizeWish(), (700, 705), (256, 256)),  # an aspect that differs by less than what counts
        (SizeWish(), (512, 2048), (128, 512)),  # as many pixels in another shape
        (SizeWish("automatic"), (700, 705), (256, 256)),
        (SizeWish("layout"), (300, 500), (288, 512)),
        (SizeWish("side", 512), (1024, 2048), (256, 512)),
        (SizeWish("side", 512), (2048, 1024), (512, 256)),
        (SizeWish("side", 128), (16, 4096), (32, 128)),
        (SizeWish("exact", exact=(96, 160)), (100, 300), (96, 160)),
    ],
)
def test_a_wish_gives_a_size_of_the_layouts_shape(wish: SizeWish, layout: Size, size: Size) -> None:
    assert wish.size(layout, (256, 256), nearest) == size


def test_times_are_in_proportion_to_pixels_of_the_nearest_size() -> None:
    times = FrameTimes()
    assert times.expected((256, 256)) is None
    times.add((128, 128), 0.1)
    assert times.expected((256, 256)) == pytest.approx(0.4)
    times.add((512, 512), 1.0)
    assert times.expected((1024, 1024)) == pytest.approx(4.0)
    assert times.expected((128, 128)) == pytest.approx(0.1)


def test_what_happens_once_counts_once() -> None:
    times = FrameTimes()
    times.add((64, 64), 9.0)
    assert times.expected((64, 64)) == 9.0
    times.add((64, 64), 1.0)
    assert times.expected((64, 64)) == 1.0
    times.add((64, 64), 2.0)
    assert 1.0 < (times.expected((64, 64)) or 0) < 2.0


@pytest.mark.parametrize(("seconds", "size"), [(0.6, (512, 512)), (3.0, (256, 256)), (20.0, (128, 128)), (900.0, (128, 128))])
def test_the_largest_quick_size_comes_first(seconds: float, size: Size) -> None:
    times = FrameTimes()
    times.add((1024, 1024), seconds)
    assert takes_long((1024, 1024), times)
    assert smaller_size((1024, 1024), nearest, times, (256, 256)) == size


def test_large_pictures_begin_small_before_anything_is_known() -> None:
    times = FrameTimes()
    assert not takes_long((256, 256), times)
    assert takes_long((512, 512), times)
    assert smaller_size((512, 512), nearest, times, (256, 256)) == (256, 256)
    assert smaller_size((2048, 1024), nearest, times, (256, 256)) == (256, 128)


def test_a_part_of_a_frame_may_be_quick_where_a_whole_one_is_not() -> None:
    times = FrameTimes()
    times.add((512, 512), 4 * PATIENCE_SECONDS)
    assert takes_long((512, 512), times)
    assert takes_long((512, 512), times, 0.3)
    assert not takes_long((512, 512), times, 0.2)


def test_nothing_is_smaller_than_the_smallest() -> None:
    times = FrameTimes()
    times.add((32, 32), 60.0)
    assert smaller_size((32, 32), nearest, times, (32, 32)) is None
    assert smaller_size((64, 32), nearest, times, (32, 32)) == (32, 32)


@pytest.mark.parametrize(
    ("size", "first"), [((256, 256), (128, 128)), ((256, 512), (128, 256)), ((128, 128), None), ((512, 512), (128, 128))]
)
def test_nothing_is_rendered_at_less_than_half_of_what_was_trained(size: Size, first: Size | None) -> None:
    times = FrameTimes()
    times.add(size, 900.0)
    assert smaller_size(size, nearest, times, (256, 256)) == first
