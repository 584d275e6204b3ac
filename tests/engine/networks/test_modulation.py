"""The steps of the fast path one by one; as a whole, tests/engine/networks/test_spade.py holds it against the paper."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from spade_studio.engine.networks.grid import Grid
from spade_studio.engine.networks.layout import Layout
from spade_studio.engine.networks.modulation import hidden_rows, modulate, modulation_rows, window_sum, window_table

CHANNELS = np.random.default_rng(0).integers(-1, 3, (2, 6, 5))


def grid_of(kernel_size: int, *, edges: bool = True) -> tuple[Layout, Grid]:
    layout = Layout.from_channels(CHANNELS, 4, edge_channel=edges)
    return layout, layout.grid(6, 5, kernel_size, "cpu")


@pytest.mark.parametrize("edges", [False, True], ids=["no edges", "edges"])
@pytest.mark.parametrize("kernel_size", [1, 3, 5])
def test_the_sum_of_rows_is_the_convolution(kernel_size: int, edges: bool) -> None:
    layout, grid = grid_of(kernel_size, edges=edges)
    torch.manual_seed(0)
    weight = torch.randn(3, 4, kernel_size, kernel_size, dtype=torch.float64)
    found = window_sum(window_table(weight), grid.label_rows, grid.edge_rows)
    expected = F.conv2d(layout.one_hot(6, 5, "cpu", torch.float64), weight, padding=kernel_size // 2).permute(0, 2, 3, 1).reshape(-1, 3)
    middle = grid.hidden_ids[grid.pixel_ids, kernel_size**2 // 2]
    torch.testing.assert_close(found[middle], expected)


def test_hidden_positions_outside_the_picture_are_zero() -> None:
    """The second convolution pads with zeros, not with what the first would give for an empty layout."""
    _, grid = grid_of(3)
    shared, shared_bias = torch.zeros(2, 4, 3, 3), torch.tensor([5.0, -5.0])
    assert hidden_rows(window_table(shared), shared_bias, grid.label_rows, grid.edge_rows).unique(dim=0).tolist() == [[5, 0]]
    rows = modulation_rows((shared, shared_bias, torch.ones(2, 2, 3, 3), torch.zeros(2)), grid)
    of_pixel = rows[grid.pixel_ids].view(2, 6, 5, 2)[0, :, :, 0]
    assert of_pixel[2, 2] == 45
    assert of_pixel[0, 2] == 30
    assert of_pixel[0, 0] == of_pixel[5, 4] == 20


def test_rows_are_few_where_the_layout_is_plain() -> None:
    layout = Layout.from_channels(np.zeros((3, 64, 64), np.int64), 4)
    weights = torch.randn(2, 4, 3, 3), torch.randn(2), torch.randn(6, 2, 3, 3), torch.randn(6)
    grid = layout.grid(64, 64, 3, "cpu")
    assert int(grid.pixel_ids.max()) + 1 == 25  # inside, and by which of the first or last two rows and columns it stands
    assert modulation_rows(weights, grid).shape == (28, 6)  # rounded up


def test_pictures_of_one_layout_are_modulated_alike() -> None:
    _, grid = grid_of(3)
    torch.manual_seed(1)
    x = torch.randn(2, 3, 6, 5)
    rows = torch.randn(len(grid.offsets), 6)
    out = modulate(x, rows, grid)
    assert out.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(modulate(torch.cat((x, 2 * x)), rows, grid)[:2], out)
    scale, shift = rows[grid.pixel_ids].view(2, 6, 5, 6).permute(0, 3, 1, 2).chunk(2, 1)
    torch.testing.assert_close(out, x * scale + shift)
