"""Neighbourhoods numbered for training, against windows that are cut out one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spade_studio.engine.networks.codes import CodeBook, distinct
from spade_studio.engine.networks.grid import Grid

BOOK = CodeBook(5, edges=True)


def painted(batch: int, height: int, width: int) -> Any:
    """Codes of areas with straight and ragged borders, some of them marked as edges."""
    random = np.random.default_rng(3)
    codes = np.zeros((batch, height, width), np.int32)
    for _ in range(5):
        b, y, x = random.integers((batch, height, width))
        codes[b, y : y + 5, x : x + 4] = random.integers(BOOK.outside)
    codes[-1, height // 2 :] = np.where(random.random((height - height // 2, width)) < 0.3, 4, codes[-1, height // 2 :])
    return codes


def channels_around(plane: Any, reach: int, none: int, replicate: bool) -> Any:
    """Windows [B * h * w, k * k] of a plane."""
    mode: Any = {"mode": "edge"} if replicate else {"constant_values": none}
    around = np.pad(plane, ((0, 0), (reach, reach), (reach, reach)), **mode)
    side = 2 * reach + 1
    return np.lib.stride_tricks.sliding_window_view(around, (side, side), (1, 2)).reshape(plane.size, side * side)


@pytest.mark.parametrize("replicate", [False, True])
@pytest.mark.parametrize("kernel_size", [1, 3, 5])
def test_pixels_find_the_windows_around_them(kernel_size: int, replicate: bool) -> None:
    book, reach = CodeBook(5, edges=True, replicate=replicate), kernel_size // 2
    codes = painted(2, 13, 9)
    grid = Grid.of(codes, book, kernel_size, "cpu")
    assert grid.edge_rows is not None
    label_of, edge_of = book.rows()
    outside = len(grid.label_rows)
    own = grid.hidden_ids[grid.pixel_ids.long()].numpy()  # of every pixel, the windows around it
    # The plane of window numbers: the middle one of each neighbourhood.
    middle = own[:, kernel_size**2 // 2].reshape(codes.shape)
    wanted = channels_around(codes, reach, book.outside, replicate)
    assert (grid.label_rows.numpy()[middle.reshape(-1)] == label_of[wanted]).all()
    assert (grid.edge_rows.numpy()[middle.reshape(-1)] == edge_of[wanted]).all()
    assert (own == channels_around(middle, reach, outside, replicate)).all()
    # There is one of each, and no pixel has what was added to round their number up.
    assert outside == len(np.unique(wanted, axis=0))
    assert sorted(set(grid.pixel_ids.tolist())) == list(range(len(np.unique(own, axis=0))))


@pytest.mark.parametrize("kernel_size", [1, 3])
def test_everything_is_listed_where_it_is_summed(kernel_size: int) -> None:
    grid = Grid.of(painted(2, 16, 11), BOOK, kernel_size, "cpu")
    positions, channels, rows = kernel_size**2, BOOK.semantic_channels, len(grid.hidden_ids)

    def groups(order: Any, offsets: Any) -> list[list[int]]:
        return [part.tolist() for part in np.split(order.numpy(), offsets.numpy()[1:])]

    pixels = groups(grid.order, grid.offsets)
    assert pixels == [torch.nonzero(grid.pixel_ids == row).flatten().tolist() for row in range(rows)]
    found = groups(grid.window_order, grid.window_order_offsets)
    flat = grid.hidden_ids.flatten() * positions + torch.arange(positions).repeat(rows)
    assert found == [torch.nonzero(flat == pair).flatten().tolist() for pair in range((len(grid.label_rows) + 1) * positions)]
    assert grid.edge_rows is not None
    both = torch.stack((grid.label_rows, grid.edge_rows), 1)  # [n1, 2, k * k]
    wanted = [
        [place * channels + int(channel) for row in window for place, channel in enumerate(row) if channel < channels] for window in both
    ]
    assert groups(grid.table_rows, grid.window_offsets) == wanted
    rows_of = range(positions * channels)
    windows = [[window for window, row in enumerate(wanted) for entry in row if entry == one] for one in rows_of]
    assert groups(grid.table_order, grid.table_order_offsets) == windows


@given(st.lists(st.integers(0, 2), min_size=1, max_size=40), st.sampled_from([0, 3, 40]))
@settings(max_examples=60, deadline=None)
def test_values_are_told_apart_by_all_their_bits(small: list[int], shift: int) -> None:
    """Places take the low bits where values are sorted."""
    values = np.array([value << shift for value in small], np.uint64)
    first, number = distinct(values)
    assert values[first].tolist() == sorted(set(values.tolist()))
    assert values[first][number].tolist() == values.tolist()
