"""The distinct neighbourhoods of a layout at one resolution, as tensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spade_studio.engine.networks.codes import CODE_HASHES, OFFSET_FACTORS, CodeBook, Codes, Hashes, Ids, changes, distinct, mix, padded

_Plane = npt.NDArray[np.integer]


@dataclass(frozen=True)
class Grid:
    """The distinct neighbourhoods of a layout at one resolution, as tensors on a device.

    Attributes:
        label_rows, edge_rows: Channel of each position of each window, [n1, k * k]; S for none.
        hidden_ids: Windows of each neighbourhood, [n2, k * k]; n1 outside the picture. n2 is padded with unused rows, since oneDNN
            compiles and caches a product for each shape, about half a MiB each in bfloat16.
        pixel_ids: Neighbourhood of each pixel, [B * h * w].
        order: Pixels sorted by neighbourhood; ``offsets`` [n2] is the start of each neighbourhood's pixels.
        table_rows: Rows (position * S + channel) of the weight table that each window sums, window by window; ``window_offsets`` [n1]
            is the start of each window's rows.
        table_order: Windows sorted by these rows; ``table_order_offsets`` [k * k * S] is the start of each row's windows.
        window_order: Indices into the flattened ``hidden_ids``, sorted by window, then by position; ``window_order_offsets``
            [(n1 + 1) * k * k] is the start of each pair of window and position.
    """

    label_rows: Tensor
    edge_rows: Tensor | None
    hidden_ids: Tensor
    pixel_ids: Tensor
    order: Tensor
    offsets: Tensor
    table_rows: Tensor
    window_offsets: Tensor
    table_order: Tensor
    table_order_offsets: Tensor
    window_order: Tensor
    window_order_offsets: Tensor
    batch: int
    height: int
    width: int

    @classmethod
    def of(cls, codes: Codes, book: CodeBook, kernel_size: int, device: torch.device | str) -> Self:
        """Return the distinct neighbourhoods of codes [B, h, w]."""
        narrow = codes.astype(np.min_scalar_type(book.outside))
        windows = _Windows.of(narrow, None if book.replicate else book.outside, kernel_size, CODE_HASHES)
        none = len(windows.contents)  # stands for outside
        ids = windows.plane(np.min_scalar_type(none)).reshape(codes.shape)
        hashes = mix(np.arange(1, none + 2, dtype=np.uint64))
        neighbourhoods = _Windows.of(ids, None if book.replicate else none, kernel_size, hashes)
        rows, positions = _rounded_up(len(neighbourhoods.contents)), kernel_size**2
        hidden_ids = np.full((rows, positions), none, np.int32)
        hidden_ids[: len(neighbourhoods.contents)] = neighbourhoods.contents
        label_of, edge_of = book.rows()
        label_rows = label_of[windows.contents]
        arrays: dict[str, _Plane] = {"label_rows": label_rows, "hidden_ids": hidden_ids, "pixel_ids": neighbourhoods.plane(np.int32)}
        channels = label_rows
        if book.edges:
            arrays["edge_rows"] = edge_of[windows.contents]
            channels = np.concatenate((label_rows, arrays["edge_rows"]), 1)
        arrays["order"], arrays["offsets"] = neighbourhoods.sorted_pixels(rows)
        arrays["window_order"], arrays["window_order_offsets"] = _sorted_windows(hidden_ids, none + 1)
        window, place = np.nonzero(channels < book.semantic_channels)
        arrays["table_rows"] = table_rows = place % positions * book.semantic_channels + channels[window, place]
        arrays["window_offsets"] = _beginnings(np.bincount(window, minlength=none))
        arrays["table_order"] = window[_stable_order(table_rows, positions * book.semantic_channels)]
        arrays["table_order_offsets"] = _beginnings(np.bincount(table_rows, minlength=positions * book.semantic_channels))
        with torch.inference_mode(False):  # tensors made in inference mode could never be trained with
            tensors = {
                name: torch.as_tensor(array.astype(np.int32, copy=False)).to(device, non_blocking=True) for name, array in arrays.items()
            }
        batch, height, width = codes.shape
        return cls(edge_rows=tensors.pop("edge_rows", None), batch=batch, height=height, width=width, **tensors)


@dataclass(frozen=True, eq=False)
class _Windows:
    """The k x k windows around all positions of a plane [B, h, w], numbered.

    Attributes:
        contents: Values of each distinct window, [n, k * k].
        starts: Starts of runs of flat positions with equal windows; ``lengths`` are the lengths of these runs.
        numbers: Window of each run.
    """

    contents: _Plane
    starts: Ids
    lengths: Ids
    numbers: Ids

    @classmethod
    def of(cls, plane: _Plane, outside: int | None, k: int, hashes: Hashes) -> Self:
        """Number windows, hashing only where runs begin.

        Args:
            plane: Values from 0 up.
            outside: Value outside the plane; None for replication of the edge.
            k: Side of the windows.
            hashes: Hash of each value.
        """
        _, height, width = plane.shape
        around = padded(plane, k // 2, outside)
        begins = changes(plane.reshape(-1))
        if k > 1:
            alike = _one_value(around, k).reshape(-1)
            begins[1:] |= ~(alike[1:] & alike[:-1])
        starts = np.flatnonzero(begins)
        rows = starts // width
        corners = starts + rows * (around.shape[2] - width) + rows // height * ((around.shape[1] - height) * around.shape[2])
        places = np.array([i * around.shape[2] + j for i in range(k) for j in range(k)])  # of a window, from its first corner on
        values = around.reshape(-1)
        of_values: Hashes = hashes.take(values)
        total = np.zeros(len(starts), np.uint64)
        for place, factor in zip(places.tolist(), OFFSET_FACTORS[0], strict=False):
            total += of_values[place:][corners] * factor
        kept = np.flatnonzero(changes(total))
        starts = starts[kept]
        first, numbers = distinct(total[kept])
        examples = corners[kept][first]
        contents = values[examples[:, None] + places]
        return cls(contents, starts, np.diff(starts, append=plane.size), numbers)

    def plane(self, dtype: npt.DTypeLike) -> _Plane:
        """Return the window of every position, flat."""
        return np.repeat(self.numbers.astype(dtype), self.lengths)

    def sorted_pixels(self, groups: int) -> tuple[_Plane, Ids]:
        """Return the positions sorted by window, and where each one's begin in that; there are as many as ``groups``, some unused."""
        order = _stable_order(self.numbers, groups)
        lengths = self.lengths.take(order)
        shift = self.starts.take(order) - _beginnings(lengths)
        sizes = np.bincount(self.numbers, self.lengths, groups).astype(np.int64)
        return np.repeat(shift.astype(np.int32), lengths) + np.arange(lengths.sum(), dtype=np.int32), _beginnings(sizes)


def _one_value(around: _Plane, k: int) -> npt.NDArray[np.bool_]:
    """Mark the k x k windows of a plane [B, h + k - 1, w + k - 1] that hold one value: bool [B, h, w]."""
    height, width = (side - k + 1 for side in around.shape[1:])
    across = around[:, :, 1:] == around[:, :, :-1]
    down = around[:, 1:, :width] == around[:, :-1, :width]
    row = across[:, :, :width].copy()
    for i in range(1, k - 1):
        row &= across[:, :, i : i + width]
    found = row[:, :height].copy()
    for i in range(1, k):
        found &= row[:, i : i + height]
        found &= down[:, i - 1 : i - 1 + height]
    return found


def _sorted_windows(hidden_ids: npt.NDArray[np.int32], windows: int) -> tuple[Ids, Ids]:
    """Return the places in ``hidden_ids``, flat, sorted by window and position, and where those of each of both begin in that."""
    rows, positions = hidden_ids.shape
    order = _stable_order(hidden_ids.T.reshape(-1), windows)
    position = order // rows
    pairs = hidden_ids * positions + np.arange(positions, dtype=np.int32)
    sizes = np.bincount(pairs.reshape(-1), minlength=windows * positions)
    return (order - position * rows) * positions + position, _beginnings(sizes)


def _stable_order(values: _Plane, limit: int) -> Ids:
    """Return the places of a flat array sorted by its values, which are below a limit: 16 bits at a time, which numpy sorts by counting."""
    order = np.argsort(values.astype(np.uint16), kind="stable")
    return order if limit <= 1 << 16 else order[np.argsort((values[order] >> 16).astype(np.uint16), kind="stable")]


def _beginnings(sizes: Ids) -> Ids:
    return np.cumsum(sizes) - sizes


def _rounded_up(count: int) -> int:
    """Return the smallest number from ``count`` up with at most three significant binary digits: there are four in an octave."""
    step = 1 << max(0, count.bit_length() - 3)
    return -(-count // step) * step
