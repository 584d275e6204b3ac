"""A cache of modulation rows of one resolution: a stroke computes new neighbourhoods only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from spade_studio.engine.inference.linear import Linear
from spade_studio.engine.inference.transfer import host_tensor, to_device
from spade_studio.engine.networks.codes import CodeBook, Hashes, Ids
from spade_studio.engine.networks.layout import Scale, unique_hashes
from spade_studio.engine.networks.modulation import hidden_rows, window_table

_ROWS_AT_ONCE = 2048
_FIRST_CAPACITY = 256


@dataclass
class RowSource:
    """The source of one table: columns = linear(hidden rows of the k x k windows around a position).

    Attributes:
        shared_weight, shared_bias: Weight [hidden, S, k, k] and bias [hidden] of ``mlp_shared``.
        weight: Weight [columns, k * k * hidden], with normalisation and shortcut folded in.
        bias: Bias [columns].
    """

    shared_weight: Tensor
    shared_bias: Tensor
    weight: Tensor
    bias: Tensor


class ModulationTable:
    """Modulation rows of several SPADE layers at one resolution, one row for each distinct neighbourhood.

    Args:
        sources: Source of each table.
        book: Code book of the layouts.
        budget: Size in bytes beyond which the least recently used rows are dropped; a layout that needs more gets it.
    """

    def __init__(self, sources: list[RowSource], book: CodeBook, budget: int, device: torch.device, dtype: torch.dtype) -> None:
        # Sources that share a hidden map stand once in the sum over windows.
        shared = list({id(source.shared_weight): source for source in sources}.values())
        place = {id(source.shared_weight): i for i, source in enumerate(shared)}
        self._device = device
        self._dtype = dtype
        # One sum over windows serves all layers: the shared weights stand side by side.
        self._shared_table = window_table(torch.cat([source.shared_weight for source in shared]).float().to(device)).contiguous()
        self._shared_bias = torch.cat([source.shared_bias for source in shared]).float().to(device)
        self._hidden_widths = [len(source.shared_bias) for source in shared]
        self._linears = [(place[id(source.shared_weight)], Linear(source.weight, source.bias, device, dtype)) for source in sources]
        self._widths = [len(source.bias) for source in sources]
        self._row_bytes = sum(self._widths) * dtype.itemsize
        self._budget_rows = max(_FIRST_CAPACITY, budget // self._row_bytes)
        label_of, edge_of = book.rows()
        self._label_of, self._edge_of = label_of, edge_of if book.edges else None
        self.tables: list[Tensor] = []
        self.memory_generation = 0
        """Grows when ``slots`` or ``tables`` move in memory; a captured graph that reads them is void then."""
        self.reset()

    def reset(self) -> None:
        """Drop all rows and the last layout."""
        self._slot_of: dict[int, int] = {}
        self._hash_of: Hashes = np.zeros(0, np.uint64)
        self._last_used: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        self._free: list[int] = []
        self._layouts_seen = 0
        self._hashes: Hashes | None = None
        self._slots: npt.NDArray[np.int32] = np.zeros(0, np.int32)
        self.slots = torch.zeros(0, dtype=torch.int32, device=self._device)
        self.changed: Ids = np.zeros(0, np.int64)
        self.new_rows = 0
        self.memory_generation += 1
        self.tables = [torch.empty(0, width, device=self._device, dtype=self._dtype) for width in self._widths]

    def update(self, scale: Scale) -> None:
        """Set ``slots``, int32 [B * h * w], to the row of each pixel of a layout.

        ``changed`` becomes the flat positions whose row differs from the last layout's: all of them after a change of shape.
        """
        try:
            self._take(scale)
        except BaseException:
            self.reset()  # slots may have been claimed for rows that were never computed
            raise

    def _take(self, scale: Scale) -> None:
        hashes = scale.hashes.reshape(-1)
        self._layouts_seen += 1
        self.new_rows = 0
        if self._hashes is not None and len(self._hashes) == len(hashes):
            self.changed = np.flatnonzero(hashes != self._hashes)
        else:
            self.changed = np.arange(len(hashes))
            self._slots = np.full(len(hashes), -1, np.int32)
        if not len(self.changed):
            return
        values, first, number = unique_hashes(hashes[self.changed])
        found = [self._slot_of.get(value, -1) for value in values.tolist()]
        slots = np.array(found, np.int64)
        missing = np.flatnonzero(slots < 0)
        # Claimed rows must not be evicted for the missing ones: mark what stays in use first.
        staying = self._slots[self._slots >= 0]
        self._last_used[staying] = self._layouts_seen - 1
        self._last_used[slots[slots >= 0]] = self._layouts_seen
        if len(missing):
            unchanged = np.ones(len(hashes), bool)
            unchanged[self.changed] = False
            self._last_used[self._slots[unchanged & (self._slots >= 0)]] = self._layouts_seen
            slots[missing] = self._claim(values[missing])
            self._compute(scale, self.changed[first[missing]], slots[missing])
            self.new_rows = len(missing)
        self._slots[self.changed] = slots[number]
        self._hashes = hashes
        if self.slots.shape != self._slots.shape:
            self.slots = torch.empty(len(self._slots), dtype=torch.int32, device=self._device)
            self.memory_generation += 1
        self.slots.copy_(host_tensor(self._slots, self._device), non_blocking=True)

    def _claim(self, hashes: Hashes) -> Ids:
        """Return free slots for new neighbourhoods: grow within the budget, then drop the least recently used."""
        needed = len(hashes) - len(self._free)
        capacity = len(self._last_used)
        if needed > 0:
            grown = min(max(capacity + needed, 2 * capacity, _FIRST_CAPACITY), max(self._budget_rows, capacity))
            self._grow(grown)
            needed = len(hashes) - len(self._free)
        if needed > 0:
            self._evict(needed)
            needed = len(hashes) - len(self._free)
        if needed > 0:  # one layout alone is larger than the budget: it has to fit
            self._grow(len(self._last_used) + needed)
        slots = np.array([self._free.pop() for _ in range(len(hashes))], np.int64)
        self._slot_of.update(zip(hashes.tolist(), slots.tolist(), strict=True))
        self._hash_of[slots] = hashes
        self._last_used[slots] = self._layouts_seen
        return slots

    def _grow(self, capacity: int) -> None:
        old = len(self._last_used)
        if capacity <= old:
            return
        self.memory_generation += 1
        self._free.extend(range(capacity - 1, old - 1, -1))
        self._last_used = np.append(self._last_used, np.zeros(capacity - old, np.int64))
        self._hash_of = np.append(self._hash_of, np.zeros(capacity - old, np.uint64))
        for i, table in enumerate(self.tables):
            larger = torch.empty(capacity, table.shape[1], device=table.device, dtype=table.dtype)
            larger[:old] = table
            self.tables[i] = larger

    def _evict(self, count: int) -> None:
        idle = np.fromiter(self._slot_of.values(), np.int64, len(self._slot_of))
        idle = idle[self._last_used[idle] < self._layouts_seen]
        # A few more than asked for, so that the next strokes find room.
        oldest = idle[np.argsort(self._last_used[idle], kind="stable")[: max(count, len(idle) // 4)]]
        for value in self._hash_of[oldest].tolist():
            del self._slot_of[value]
        self._free.extend(oldest.tolist())

    def _compute(self, scale: Scale, positions: Ids, slots: Ids) -> None:
        """Fill the rows ``slots`` of every table for the neighbourhoods at flat positions."""
        windows, hidden_ids = scale.windows_at(positions)
        edge_rows = to_device(self._edge_of[windows], self._device) if self._edge_of is not None else None
        label_rows = to_device(self._label_of[windows], self._device)
        hidden = hidden_rows(self._shared_table, self._shared_bias, label_rows, edge_rows)
        hidden = F.pad(hidden, (0, 0, 0, 1)).to(self._dtype)  # the row of positions outside the picture is zero
        split = cast("tuple[Tensor, ...]", hidden.split(self._hidden_widths, 1))  # pyright: ignore[reportUnknownMemberType]
        parts = [part.contiguous() for part in split]
        around, targets = to_device(hidden_ids, self._device), to_device(slots, self._device)
        for begin in range(0, len(slots), _ROWS_AT_ONCE):
            ids, target = around[begin : begin + _ROWS_AT_ONCE], targets[begin : begin + _ROWS_AT_ONCE]
            around_rows = [F.embedding(ids, part).flatten(1) for part in parts]
            for table, (place, linear) in zip(self.tables, self._linears, strict=True):
                table.index_copy_(0, target, linear(around_rows[place]))
