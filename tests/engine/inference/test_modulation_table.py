"""Rows kept between layouts: right after any history, few new ones for a stroke, memory bounded, failures without traces."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from spade_studio.engine.inference import modulation_table
from spade_studio.engine.inference.modulation_table import ModulationTable, RowSource
from spade_studio.engine.networks.codes import CodeBook
from spade_studio.engine.networks.layout import Layout
from spade_studio.engine.networks.modulation import modulation_rows

S, HIDDEN, CPU = 6, 5, torch.device("cpu")
SIZE = 24


def weights(seed: int, columns: int, kernel_size: int = 3) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(seed)
    shared = torch.randn(HIDDEN, S, kernel_size, kernel_size), torch.randn(HIDDEN)
    return *shared, torch.randn(columns, HIDDEN, kernel_size, kernel_size), torch.randn(columns)


def source(shared: torch.Tensor, shared_bias: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> RowSource:
    return RowSource(shared, shared_bias, weight.permute(0, 2, 3, 1).flatten(1), bias)


class Kept:
    """A table of three sources, the first two over one hidden map, beside what each of its rows has to be."""

    def __init__(self, *, budget: int = 2**20, kernel_size: int = 3) -> None:
        first, other = weights(0, 4, kernel_size), weights(1, 3, kernel_size)
        torch.manual_seed(2)
        second = first[0], first[1], torch.randn(2, HIDDEN, kernel_size, kernel_size), torch.randn(2)
        self.layers = [first, second, other]
        self.kernel_size = kernel_size
        sources = [source(*layer) for layer in self.layers]
        self.table = ModulationTable(sources, CodeBook(S, True), budget, CPU, torch.float32)

    def take(self, labels: NDArray[np.int64]) -> int:
        """Update with a map [H, W], check every pixel's rows, and return how many rows were new."""
        layout = Layout.from_channels(labels[None], S, edge_channel=True)
        height, width = labels.shape
        self.table.update(layout.scale(height, width, self.kernel_size))
        self.check(layout, height, width)
        return self.table.new_rows

    def check(self, layout: Layout, height: int, width: int) -> None:
        grid = layout.grid(height, width, self.kernel_size, CPU)
        assert self.table.slots.shape == (height * width,)
        for table, layer in zip(self.table.tables, self.layers, strict=True):
            torch.testing.assert_close(table[self.table.slots], modulation_rows(layer, grid)[grid.pixel_ids], rtol=0, atol=1e-4)


def noise(seed: int, labels: int = S - 1) -> NDArray[np.int64]:
    return np.random.default_rng(seed).integers(0, labels, (SIZE, SIZE))


def plain(label: int) -> NDArray[np.int64]:
    return np.full((SIZE, SIZE), label)


@pytest.mark.parametrize("kernel_size", [1, 3, 5])
def test_rows_are_those_of_the_definition(tiny: Any, kernel_size: int) -> None:
    kept = Kept(kernel_size=kernel_size)
    for seed in range(3):
        kept.take(tiny.channels(seed, SIZE, SIZE)[0])


def test_a_stroke_pays_only_for_new_neighbourhoods(tiny: Any) -> None:
    kept = Kept()
    labels = tiny.channels(0, SIZE, SIZE)[0]
    first = kept.take(labels)
    assert first > 50
    assert kept.take(labels.copy()) == 0
    assert not len(kept.table.changed)
    edited = labels.copy()
    edited[10:13, 10:13] = (edited[10:13, 10:13] + 1) % (S - 1)
    assert 0 < kept.take(edited) <= 9 * 9
    changed = np.zeros((SIZE, SIZE), bool)
    changed.flat[kept.table.changed] = True
    # The edit, two rings for the neighbourhoods, one more for the edge channel.
    assert changed[10:13, 10:13].all()
    changed[7:16, 7:16] = False
    assert not changed.any()
    assert kept.take(labels) == 0
    assert len(kept.table._slot_of) > first


def test_another_shape_changes_every_position(tiny: Any) -> None:
    kept = Kept()
    labels = tiny.channels(0, SIZE, SIZE)[0]
    kept.take(labels)
    generation = kept.table.memory_generation
    kept.take(labels[:, : SIZE // 2])
    assert len(kept.table.changed) == SIZE * SIZE // 2
    assert kept.table.memory_generation > generation


def test_memory_is_moved_only_to_grow() -> None:
    kept = Kept()
    kept.take(plain(0))
    generation, capacity = kept.table.memory_generation, len(kept.table.tables[0])
    kept.take(plain(1))
    assert kept.table.memory_generation == generation
    kept.take(noise(0))
    assert kept.table.memory_generation > generation
    assert len(kept.table.tables[0]) > capacity


def test_the_least_recently_used_rows_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain map has 25 rows: room for four of them."""
    monkeypatch.setattr(modulation_table, "_FIRST_CAPACITY", 100)
    kept = Kept(budget=1)
    for label in range(4):
        assert kept.take(plain(label)) == 25
    assert kept.take(plain(0)) == 0
    assert kept.take(plain(4)) == 25
    assert len(kept.table.tables[0]) == 100
    assert len(kept.table._slot_of) == 100
    assert [kept.take(plain(label)) for label in (0, 3, 2, 4)] == [0, 0, 0, 0]
    assert kept.take(plain(1)) == 25


def test_a_budget_too_small_for_one_layout_stays_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modulation_table, "_FIRST_CAPACITY", 8)
    kept = Kept(budget=1)
    for seed in (0, 1, 0, 2):
        assert kept.take(noise(seed)) > 0
    # No more than one layout and the share that is dropped ahead of need.
    assert len(kept.table.tables[0]) <= 2 * SIZE * SIZE
    assert len(kept.table._slot_of) <= len(kept.table.tables[0])


def test_rows_in_use_survive_an_eviction(monkeypatch: pytest.MonkeyPatch, tiny: Any) -> None:
    """The unchanged half of the picture keeps its rows while the edited half needs new ones and there is no room."""
    monkeypatch.setattr(modulation_table, "_FIRST_CAPACITY", 150)
    kept = Kept(budget=1)
    labels = tiny.channels(1, SIZE, SIZE)[0]
    for seed in range(12):
        random = np.random.default_rng(seed)
        top, left = random.integers(0, SIZE - 6, 2)
        labels = labels.copy()
        labels[top : top + 6, left : left + 6] = random.integers(0, S - 1, (6, 6))
        kept.take(labels)


def test_a_failed_update_leaves_no_wrong_rows(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory may run out after slots were claimed for rows that were then never computed."""
    kept = Kept()
    labels = tiny.channels(0, SIZE, SIZE)[0]
    kept.take(labels)
    generation = kept.table.memory_generation

    def out_of_memory(*_: object) -> None:
        raise torch.OutOfMemoryError

    with monkeypatch.context() as patch:
        patch.setattr(modulation_table, "hidden_rows", out_of_memory)
        with pytest.raises(torch.OutOfMemoryError):
            kept.take(noise(3))
    kept.take(noise(3))
    kept.take(labels)
    assert kept.table.memory_generation >= generation
