"""Layouts against brute force: edges, nearest resizing, one-hot planes, and which neighbourhoods occur where."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from spade_studio.engine.errors import LabelError
from spade_studio.engine.networks.codes import CodeBook
from spade_studio.engine.networks.layout import Layout, Scale, instance_edges, resize_nearest, unique_hashes

BOOK = CodeBook(6, edges=True)


def painted(seed: int, *shape: int, labels: int = 5) -> NDArray[np.int64]:
    """Rectangles on a ground, so that most neighbourhoods occur often."""
    random = np.random.default_rng(seed)
    maps = np.full(shape, random.integers(labels))
    for one in maps.reshape(-1, *shape[-2:]):
        for _ in range(5):
            (top, bottom), (left, right) = np.sort(random.integers(0, shape[-2] + 1, 2)), np.sort(random.integers(0, shape[-1] + 1, 2))
            one[top:bottom, left:right] = random.integers(-1, labels)
    return maps


def noise(seed: int, *shape: int, labels: int = 5) -> NDArray[np.int64]:
    return np.random.default_rng(seed).integers(-1, labels, shape)


def coded(channels: NDArray[np.int64]) -> NDArray[np.int32]:
    return BOOK.encode(channels, instance_edges(channels))


def window(codes: NDArray[np.int32], b: int, y: int, x: int, reach: int, outside: int) -> NDArray[np.int32]:
    """The square of codes around a position; ``outside`` beyond the picture."""
    _, height, width = codes.shape
    side = 2 * reach + 1
    values = np.full((side, side), outside, np.int32)
    for i in range(side):
        for j in range(side):
            v, u = y + i - reach, x + j - reach
            if 0 <= v < height and 0 <= u < width:
                values[i, j] = codes[b, v, u]
    return values


@pytest.mark.parametrize("make", [painted, noise])
def test_edges_stand_on_both_sides(make: Any) -> None:
    instances = make(1, 2, 9, 7)
    found = instance_edges(instances)
    for b, y, x in np.ndindex(2, 9, 7):
        around = [(y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)]
        expected = any(instances[b, v, u] != instances[b, y, x] for v, u in around if 0 <= v < 9 and 0 <= u < 7)
        assert found[b, y, x] == expected


def test_edges_of_16_bit_ids_and_single_rows() -> None:
    assert instance_edges(np.array([[26001, 26001, 26002]], np.uint16)).tolist() == [[False, True, True]]
    assert instance_edges(np.array([[3]])).tolist() == [[False]]


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 40), st.integers(1, 40))
@settings(max_examples=50, deadline=None)
def test_nearest_is_the_floor_formula(height: int, width: int, new_height: int, new_width: int) -> None:
    plane = np.arange(height * width).reshape(1, height, width)
    found = resize_nearest(plane, new_height, new_width)
    expected = [[plane[0, i * height // new_height, j * width // new_width] for j in range(new_width)] for i in range(new_height)]
    assert found.tolist() == [expected]
    assert found.flags.c_contiguous


@given(st.lists(st.integers(0, 5), min_size=1, max_size=60))
@settings(max_examples=50, deadline=None)
def test_unique_numbers_every_position(values: list[int]) -> None:
    hashes = np.array(values, np.uint64)
    distinct, first, number = unique_hashes(hashes)
    assert distinct.tolist() == sorted(set(values))
    assert hashes[first].tolist() == distinct.tolist()
    assert distinct[number].tolist() == values


@pytest.mark.parametrize("kernel_size", [1, 3, 5])
@pytest.mark.parametrize("make", [painted, noise])
def test_there_are_as_many_hashes_as_neighbourhoods(make: Any, kernel_size: int) -> None:
    codes = coded(make(2, 2, 24, 17))
    scale = Scale.of(codes, kernel_size, BOOK.outside)
    neighbourhood_of: dict[int, bytes] = {}
    hash_of: dict[bytes, int] = {}
    for b, y, x in np.ndindex(codes.shape):
        content = window(codes, b, y, x, kernel_size - 1, BOOK.outside).tobytes()
        value = int(scale.hashes[b, y, x])
        assert neighbourhood_of.setdefault(value, content) == content
        assert hash_of.setdefault(content, value) == value


@pytest.mark.parametrize("kernel_size", [1, 3, 5])
@pytest.mark.parametrize("make", [painted, noise])
def test_windows_are_what_lies_around_the_positions(make: Any, kernel_size: int) -> None:
    codes = coded(make(3, 2, 11, 8))
    reach = kernel_size // 2
    positions = np.array([0, 7, 9, 40, 87, 88, 120, 175])
    windows, ids = Scale.of(codes, kernel_size, BOOK.outside).windows_at(positions)
    assert len({row.tobytes() for row in windows}) == len(windows)
    assert windows.shape[1] == ids.shape[1] == kernel_size**2
    for position, around in zip(positions, ids, strict=True):
        b, y, x = (int(part) for part in np.unravel_index(position, codes.shape))
        for number, (dy, dx) in zip(around, np.ndindex(kernel_size, kernel_size), strict=True):
            v, u = y + dy - reach, x + dx - reach
            if not (0 <= v < 11 and 0 <= u < 8):
                assert number == len(windows)
            else:
                assert windows[number].tolist() == window(codes, b, v, u, reach, BOOK.outside).reshape(-1).tolist()


def test_the_same_neighbourhood_has_the_same_hash_in_every_layout() -> None:
    """Rows are kept between strokes by hash."""
    large = coded(painted(4, 1, 30, 30))
    part = large[:, 5:25, 5:25].copy()
    whole, cut = Scale.of(large, 3, BOOK.outside), Scale.of(part, 3, BOOK.outside)
    assert np.array_equal(whole.hashes[:, 7:23, 7:23], cut.hashes[:, 2:18, 2:18])
    assert not np.any(whole.hashes[:, 5, 5:25] == cut.hashes[:, 0])


def test_the_grid_gathers_what_the_planes_say() -> None:
    layout = Layout.from_channels(painted(5, 2, 16, 16), 6, edge_channel=True)
    grid = layout.grid(8, 8, 3, "cpu")
    assert grid is layout.grid(8, 8, 3, "cpu")
    assert torch.equal(grid.pixel_ids[grid.order], torch.sort(grid.pixel_ids).values)
    starts = grid.pixel_ids[grid.order][grid.offsets]
    assert torch.equal(starts, torch.arange(len(grid.offsets)))
    planes = torch.nn.functional.pad(layout.one_hot(8, 8, "cpu", torch.float32), (1, 1, 1, 1))
    assert grid.edge_rows is not None
    for position in range(2 * 8 * 8):
        b, y, x = (int(part) for part in np.unravel_index(position, (2, 8, 8)))
        middle = grid.hidden_ids[grid.pixel_ids[position], 4]
        found = torch.zeros(7, 9)
        found[grid.label_rows[middle], torch.arange(9)] = 1
        found[grid.edge_rows[middle], torch.arange(9)] = 1
        assert torch.equal(found[:6].view(6, 3, 3), planes[b, :, y : y + 3, x : x + 3])


def test_one_hot_planes_of_labels_and_edges() -> None:
    channels = np.array([[[0, 0, 0, 2], [0, 0, 0, 2], [-1, -1, -1, -1], [-1, -1, -1, -1]]])
    layout = Layout.from_channels(channels, 4, edge_channel=True)
    planes = layout.one_hot(4, 4, "cpu", torch.float64)
    assert planes.dtype == torch.float64
    assert planes[0].int().tolist() == [
        [[1, 1, 1, 0], [1, 1, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]],
        [[0] * 4] * 4,
        [[0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]],
        [[0, 0, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1], [0, 0, 0, 0]],
    ]
    # The edges are those of full resolution, picked by nearest: they are not found again at each resolution.
    nothing = [[0, 0], [0, 0]]
    assert layout.one_hot(2, 2, "cpu", torch.float32)[0].int().tolist() == [[[1, 1], [0, 0]], nothing, nothing, [[0, 1], [1, 1]]]


def test_instances_decide_the_edges_where_they_are_given() -> None:
    channels = np.zeros((1, 2, 4), np.int64)
    instances = np.array([[[1, 1, 2, 2]] * 2])
    with_instances = Layout.from_channels(channels, 2, instances=instances, edge_channel=True).one_hot(2, 4, "cpu", torch.float32)
    assert with_instances[0, 1].int().tolist() == [[0, 1, 1, 0]] * 2
    without_channel = Layout.from_channels(channels, 2, instances=instances).one_hot(2, 4, "cpu", torch.float32)
    assert not without_channel[0, 1].any()


@pytest.mark.parametrize(("value", "edges"), [(-2, False), (6, False), (5, True)])
def test_channels_out_of_range_are_named(value: int, edges: bool) -> None:
    channels = np.full((1, 4, 4), 0)
    channels[0, 2, 2] = value
    with pytest.raises(LabelError, match=f"{value}.*Expected channels 0 to {5 - edges}"):
        Layout.from_channels(channels, 6, edge_channel=edges)


def test_shapes_that_do_not_fit_are_named() -> None:
    with pytest.raises(LabelError, match=r"\(4, 4\)"):
        Layout.from_channels(np.zeros((4, 4), np.int64), 6)
    with pytest.raises(LabelError, match=r"\(1, 4, 4\) and instances \(1, 4, 5\)"):
        Layout.from_channels(np.zeros((1, 4, 4), np.int64), 6, instances=np.zeros((1, 4, 5), np.int64))


def test_codes_tell_labels_edges_and_outside_apart() -> None:
    label_of, edge_of = BOOK.rows()
    assert len(label_of) == len(edge_of) == BOOK.outside + 1
    pairs = [(int(label), int(edge)) for label, edge in zip(label_of, edge_of, strict=True)]
    assert len(set(pairs[:-1])) == BOOK.outside
    assert pairs[-1] == (6, 6)
    for channel, edge in np.ndindex(5, 2):
        code = BOOK.encode(np.array([[[channel]]]), np.array([[[bool(edge)]]])).item()
        assert pairs[code] == (channel, 5 if edge else 6)
    assert pairs[BOOK.encode(np.array([[[-1]]]), None).item()] == (6, 6)


def test_real_maps_have_few_neighbourhoods(shared: Callable[..., Path]) -> None:
    """The share that the fast path lives from (14 % and less at 256x256), and no two neighbourhoods with one hash."""
    files = sorted(shared("data", "coco_stuff_maps").rglob("*.png"))
    if not files:
        pytest.skip("there are no maps in shared/data/coco_stuff_maps")
    with Image.open(files[0]) as image:
        labels = resize_nearest(np.asarray(image), 96, 96)
    layout = Layout.from_channels(np.where(labels == 255, 182, labels).astype(np.int64)[None], 184, edge_channel=True)
    scale = layout.scale(96, 96, 3)
    padded = np.pad(scale.codes[0], 2, constant_values=layout.book.outside)
    brute = np.lib.stride_tricks.sliding_window_view(padded, (5, 5)).reshape(-1, 25)
    distinct = len(np.unique(brute, axis=0))
    assert len(np.unique(scale.hashes)) == distinct
    assert distinct < 0.5 * scale.hashes.size


@pytest.mark.parametrize("kernel_size", [1, 3, 5])
def test_an_edited_scale_is_that_of_the_edited_codes(kernel_size: int) -> None:
    """Bands at the top, the bottom, in the middle and over everything, down to one pixel; nothing of the old scale is changed."""
    generator = np.random.default_rng(kernel_size)
    codes = generator.integers(0, 4, (2, 21, 17)).astype(np.int32)
    before = Scale.of(codes, kernel_size, 10)
    untouched = before.hashes.copy()
    for top, bottom in [(0, 1), (20, 21), (10, 11), (3, 9), (0, 21), (1, 20)]:
        edited = codes.copy()
        edited[generator.integers(2), top:bottom, 5:9] = 7
        found, wanted = before.edited(edited), Scale.of(edited, kernel_size, 10)
        assert (found.window_hashes == wanted.window_hashes).all()
        assert (found.hashes == wanted.hashes).all()
        assert (found.codes == edited).all()
    assert (before.hashes == untouched).all()
    assert before.edited(codes.copy()) is before
    assert (before.edited(codes[:, :8]).hashes == Scale.of(codes[:, :8], kernel_size, 10).hashes).all()
