"""A layout prepared once for every resolution: which neighbourhoods occur, and where."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spade_studio.engine.errors import LabelError

_RANDOM = np.random.Generator(np.random.PCG64(20190218))
_CODE_HASHES = _RANDOM.integers(0, 2**64, size=2 * 65536 + 4, dtype=np.uint64)
_OFFSET_FACTORS = _RANDOM.integers(0, 2**63, size=(2, 25), dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_OUTSIDE_HASH = np.uint64(0x9E3779B97F4A7C15)

ScalarT = TypeVar("ScalarT", bound=np.generic)
Codes = npt.NDArray[np.int32]
Hashes = npt.NDArray[np.uint64]
Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class CodeBook:
    """How a pixel's label channel and edge bit become one number.

    Attributes:
        semantic_channels: Channels S of the one-hot layout.
        edges: Whether the last of them marks instance edges.
        replicate: Whether the layout goes on beyond the picture as at its edge, for generators with replicate padding; else nothing is
            there.
    """

    semantic_channels: int
    edges: bool
    replicate: bool = False

    @property
    def label_channels(self) -> int:
        """Channels that stand for labels (unlabeled included)."""
        return self.semantic_channels - int(self.edges)

    @property
    def outside(self) -> int:
        """The code of positions outside the picture; codes of pixels are below it."""
        return 2 * (self.label_channels + 1)

    def encode(self, channels: npt.NDArray[np.integer], edges: npt.NDArray[np.bool_] | None) -> Codes:
        """Join channels [B, H, W] (-1 where a pixel sets none) and edge marks of the same shape into codes."""
        if channels.size and not -1 <= int(channels.min()) <= int(channels.max()) < self.label_channels:
            raise LabelError(
                f"a layout with channels {int(channels.min())} to {int(channels.max())}",
                f"channels 0 to {self.label_channels - 1}, or -1 for none",
            )
        codes = np.where(channels < 0, self.label_channels, channels).astype(np.int32)
        if self.edges and edges is not None:
            codes += edges * np.int32(self.label_channels + 1)
        return codes

    def rows(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """For every code, outside included, the label and the edge channel that it sets; S where it sets none."""
        none = self.semantic_channels
        labels = np.append(np.arange(self.label_channels), none)
        label_of = np.concatenate((labels, labels, [none]))
        edge_of = np.full(self.outside + 1, none)
        if self.edges:
            edge_of[self.label_channels + 1 : self.outside] = self.semantic_channels - 1
        return label_of, edge_of


def instance_edges(instances: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
    """Mark pixels whose id differs from the left, right, upper or lower neighbour's, on both sides.

    Args:
        instances: Ids [..., H, W].
    """
    edges = np.zeros(instances.shape, bool)
    across = instances[..., :, 1:] != instances[..., :, :-1]
    down = instances[..., 1:, :] != instances[..., :-1, :]
    edges[..., :, 1:] |= across
    edges[..., :, :-1] |= across
    edges[..., 1:, :] |= down
    edges[..., :-1, :] |= down
    return edges


def resize_nearest(plane: npt.NDArray[ScalarT], height: int, width: int) -> npt.NDArray[ScalarT]:
    """Resize [..., H, W] by nearest: index floor(i * in / out), as the published code does."""
    rows = np.arange(height) * plane.shape[-2] // height
    columns = np.arange(width) * plane.shape[-1] // width
    return np.ascontiguousarray(plane[..., rows[:, None], columns])


def _mix(values: Hashes) -> Hashes:
    """Scramble 64-bit values one to one (the finaliser of splitmix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _padded(values: npt.NDArray[ScalarT], reach: int, outside: ScalarT | int | None) -> npt.NDArray[ScalarT]:
    """Pad [B, h, w] by ``reach`` on all sides with a value, or with those at the edge where it is None."""
    pads = ((0, 0), (reach, reach), (reach, reach))
    return np.pad(values, pads, mode="edge") if outside is None else np.pad(values, pads, constant_values=outside)


def _window_hashes(values: Hashes, outside: np.uint64 | None, kernel_size: int, level: int) -> Hashes:
    """Hash the k x k window around every position of [B, h, w], padded as by :func:`_padded`."""
    if kernel_size == 1:
        return values
    reach = kernel_size // 2
    padded = _padded(values, reach, outside)
    _, height, width = values.shape
    total = np.zeros_like(values)
    for i in range(kernel_size):
        for j in range(kernel_size):
            total += padded[:, i : i + height, j : j + width] * _OFFSET_FACTORS[level, i * kernel_size + j]
    return _mix(total)


def unique_hashes(hashes: Hashes) -> tuple[Hashes, Ids, Ids]:
    """Number the distinct values of a flat array: (values, one position of each, number at every position).

    Runs of equal values are collapsed first, which makes it several times faster than ``np.unique`` on layouts.
    """
    starts = np.flatnonzero(np.concatenate(([True], hashes[1:] != hashes[:-1])))
    values, first, number = np.unique(hashes[starts], return_index=True, return_inverse=True)
    return values, starts[first], np.repeat(number, np.diff(np.append(starts, hashes.size)))


def _sorted_groups(number: Ids, groups: int) -> tuple[Ids, Ids]:
    """Return the places of a flat array sorted by its numbers, and where each number's begin in that."""
    counts = np.bincount(number, minlength=groups)
    narrow = number.astype(np.uint16) if groups <= 1 << 16 else number  # which are sorted by counting
    return np.argsort(narrow, kind="stable"), np.cumsum(counts) - counts


@dataclass(frozen=True)
class Scale:
    """The layout at one resolution: codes and the hashes of the neighbourhoods around every position."""

    codes: Codes  # [B, h, w]
    window_hashes: Hashes  # [B, h, w], of the k x k codes
    hashes: Hashes  # [B, h, w], of the k x k window hashes, so of the (2k-1) x (2k-1) codes
    kernel_size: int
    outside: int | None  # None where the layout goes on as at its edge

    @classmethod
    def of(cls, codes: Codes, kernel_size: int, outside: int | None) -> Scale:
        """Hash the neighbourhoods of codes [B, h, w]."""
        window = _window_hashes(_CODE_HASHES[codes], None if outside is None else _CODE_HASHES[outside], kernel_size, 0)
        hashes = _window_hashes(window, None if outside is None else _OUTSIDE_HASH, kernel_size, 1)
        return cls(codes, window, hashes, kernel_size, outside)

    def edited(self, codes: Codes) -> Scale:
        """Return the scale of codes of the same shape, hashing anew only the rows that differences from these codes reach."""
        if codes.shape != self.codes.shape:
            return Scale.of(codes, self.kernel_size, self.outside)
        rows = np.flatnonzero((codes != self.codes).any((0, 2)))
        if not len(rows):
            return self
        reach = 2 * (self.kernel_size // 2)  # of both windows
        begin, end = max(0, int(rows[0]) - reach), min(codes.shape[1], int(rows[-1]) + 1 + reach)
        first = max(0, begin - reach)  # a band is hashed with what its rows reach; only its inner rows are right
        band = Scale.of(codes[:, first : end + reach], self.kernel_size, self.outside)
        inner = slice(begin - first, end - first)
        window_hashes, hashes = self.window_hashes.copy(), self.hashes.copy()
        window_hashes[:, begin:end] = band.window_hashes[:, inner]
        hashes[:, begin:end] = band.hashes[:, inner]
        return Scale(codes, window_hashes, hashes, self.kernel_size, self.outside)

    def windows_at(self, positions: Ids) -> tuple[Codes, Ids]:
        """Return what decides gamma and beta at flat positions [m] of [B, h, w].

        Returns:
            The distinct code windows [n, k * k] that their hidden maps need, and for every position the numbers
            [m, k * k] of those windows around it; n stands for a hidden position outside the picture.
        """
        k, reach = self.kernel_size, self.kernel_size // 2
        batch, height, width = self.codes.shape
        if k == 1:
            values, number = np.unique(self.codes.reshape(-1)[positions], return_inverse=True)
            return values[:, None].astype(np.int32), number[:, None]
        offset_y, offset_x = (part.reshape(-1) for part in np.mgrid[0:k, 0:k])
        b, rest = np.divmod(positions, height * width)
        y, x = np.divmod(rest, width)
        flat: Ids = np.arange(batch * height * width, dtype=np.int64)
        inside = _padded(flat.reshape(batch, height, width), reach, None if self.outside is None else -1)
        around = inside[b[:, None], y[:, None] + offset_y, x[:, None] + offset_x].reshape(-1)  # flat positions, -1 outside
        seen = np.zeros(batch * height * width + 1, bool)
        seen[around] = True
        needed = np.flatnonzero(seen[:-1])
        _, first, number = np.unique(self.window_hashes.reshape(-1)[needed], return_index=True, return_inverse=True)
        lookup = np.full(batch * height * width + 1, len(first))  # the last entry, reached by -1, is "outside"
        lookup[needed] = number
        example = needed[first]
        b, rest = np.divmod(example, height * width)
        y, x = np.divmod(rest, width)
        windows = _padded(self.codes, reach, self.outside)[b[:, None], y[:, None] + offset_y, x[:, None] + offset_x]
        return windows, lookup[around].reshape(len(positions), k * k)


@dataclass(frozen=True)
class Grid:
    """The distinct neighbourhoods of a layout at one resolution, as tensors on one device.

    Attributes:
        label_rows, edge_rows: For every window [n1, k * k], the channel that each position sets; S where none.
        hidden_ids: [n2, k * k]: for every neighbourhood, its windows; n1 stands for outside. n2 is rounded up with rows that no pixel
            has: oneDNN compiles and keeps a product for every shape that it meets, about half a MiB each in bfloat16.
        pixel_ids: [B * h * w]: the neighbourhood of every pixel.
        order: Pixels sorted by neighbourhood, and ``offsets`` [n2]: where each neighbourhood's pixels begin in it.
        table_rows: Window by window, the rows position * S + channel of a table of weights that it adds up, and
            ``window_offsets`` [n1]: where each window's begin in it.
        table_order: Windows sorted by those rows, and ``table_order_offsets`` [k * k * S]: where each row's begin in it.
        window_order: Places in ``hidden_ids``, flattened, sorted by window, then by position, and ``window_order_offsets``
            [(n1 + 1) * k * k]: where those of a window at a position begin in it.
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


def _rounded_up(count: int) -> int:
    """Return the next number that has no more than three leading binary digits: four of them in an octave."""
    step = 1 << max(0, count.bit_length() - 3)
    return -(-count // step) * step


@dataclass(frozen=True, eq=False)
class Canvas:
    """Pieces of photographs put together for B layouts (Qi et al., 2018).

    Attributes:
        colors: uint8 [B, H, W, 3].
        known: bool [B, H, W]: where there is a piece.
    """

    colors: npt.NDArray[np.uint8]
    known: npt.NDArray[np.bool_]


@dataclass
class Layout:
    """The layouts of B pictures, ready to modulate a generator at any resolution.

    Attributes:
        codes: int32 [B, H, W], see :class:`CodeBook`.
        book: The code book.
        canvas: For generators that complete one.
    """

    codes: Codes
    book: CodeBook
    canvas: Canvas | None = None
    _planes: dict[tuple[str, torch.dtype], Tensor] = field(default_factory=dict[tuple[str, torch.dtype], Tensor], repr=False)
    _scales: dict[tuple[int, int, int], Scale] = field(default_factory=dict[tuple[int, int, int], Scale], repr=False)
    _grids: dict[tuple[int, int, int, str], Grid] = field(default_factory=dict[tuple[int, int, int, str], Grid], repr=False)

    @classmethod
    def from_channels(
        cls,
        channels: npt.NDArray[np.integer],
        semantic_channels: int,
        *,
        instances: npt.NDArray[np.integer] | None = None,
        edge_channel: bool = False,
        replicate: bool = False,
    ) -> Layout:
        """Prepare label channels.

        Args:
            channels: [B, H, W]: the channel that every pixel sets, -1 for none.
            semantic_channels: Channels S of the one-hot layout, the edge channel included.
            instances: Instance ids [B, H, W]; the channels themselves stand for them where None.
            edge_channel: Whether the last channel marks instance edges.
            replicate: See :class:`CodeBook`.

        Raises:
            LabelError: a channel is out of range, or shapes differ.
        """
        if channels.ndim != 3 or (instances is not None and instances.shape != channels.shape):
            shapes = f"{channels.shape}" + (f" and instances {instances.shape}" if instances is not None else "")
            raise LabelError(f"a layout of shape {shapes}", "[batch, height, width], the same for both")
        book = CodeBook(semantic_channels, edge_channel, replicate)
        edges = instance_edges(channels if instances is None else instances) if edge_channel else None
        return cls(book.encode(channels, edges), book)

    @property
    def batch(self) -> int:
        """How many layouts these are."""
        return self.codes.shape[0]

    @property
    def height(self) -> int:
        """Rows of the full resolution."""
        return self.codes.shape[1]

    @property
    def width(self) -> int:
        """Columns of the full resolution."""
        return self.codes.shape[2]

    def one_hot(self, height: int, width: int, device: torch.device | str, dtype: torch.dtype) -> Tensor:
        """Return the planes [B, S, height, width] at a resolution."""
        label_of, edge_of = self.book.rows()
        codes = resize_nearest(self.codes, height, width)
        planes = torch.zeros(self.batch, self.book.semantic_channels + 1, height, width, dtype=dtype, device=device)
        for channel_of in (label_of, edge_of):
            index = torch.as_tensor(channel_of[codes]).unsqueeze(1).to(device, non_blocking=True)
            planes.scatter_(1, index, 1.0)
        return planes[:, :-1]

    def planes(self, device: torch.device | str, dtype: torch.dtype) -> Tensor:
        """Return the planes [B, S, H, W] of the full resolution, channels last in memory (kept)."""
        key = (str(device), dtype)
        if key not in self._planes:
            label_of, edge_of = self.book.rows()
            rows = torch.zeros(len(label_of), self.book.semantic_channels + 1, dtype=dtype)
            for channel_of in (label_of, edge_of):
                rows[torch.arange(len(label_of)), torch.as_tensor(channel_of)] = 1
            codes = torch.as_tensor(self.codes).to(device, non_blocking=True)
            planes = rows[:, :-1].to(device, non_blocking=True).index_select(0, codes.flatten())
            self._planes[key] = planes.view(*self.codes.shape, -1).permute(0, 3, 1, 2)
        return self._planes[key]

    def canvas_planes(self, device: torch.device | str, dtype: torch.dtype) -> Tensor:
        """Return the canvas [B, 4, H, W]: colours in [-1, 1], 0 where there is no piece; then 1 where there is one. 0 without a canvas."""
        if self.canvas is None:
            return torch.zeros(self.batch, 4, self.height, self.width, dtype=dtype, device=device)
        known = torch.as_tensor(self.canvas.known).to(device, non_blocking=True).unsqueeze(1).to(dtype)
        colors = torch.as_tensor(self.canvas.colors).to(device, non_blocking=True).permute(0, 3, 1, 2).to(dtype)
        return torch.cat(((colors / 127.5 - 1) * known, known), 1)

    def scale(self, height: int, width: int, kernel_size: int, like: Scale | None = None) -> Scale:
        """Return the hashed neighbourhoods at a resolution (kept).

        Args:
            height: Rows of the resolution.
            width: Columns of the resolution.
            kernel_size: Of the SPADE layers.
            like: The scale there of a layout with the same code book that this one may differ little from, which saves time.
        """
        key = (height, width, kernel_size)
        if key not in self._scales:
            codes = resize_nearest(self.codes, height, width)
            outside = None if self.book.replicate else self.book.outside
            self._scales[key] = Scale.of(codes, kernel_size, outside) if like is None else like.edited(codes)
        return self._scales[key]

    def grid(self, height: int, width: int, kernel_size: int, device: torch.device | str) -> Grid:
        """Return the distinct neighbourhoods at a resolution on a device (kept)."""
        key = (height, width, kernel_size, str(device))
        if key not in self._grids:
            scale = self.scale(height, width, kernel_size)
            _, positions, number = unique_hashes(scale.hashes.reshape(-1))
            windows, hidden_ids = scale.windows_at(positions)
            unused = _rounded_up(len(hidden_ids)) - len(hidden_ids)
            hidden_ids = np.pad(hidden_ids, ((0, unused), (0, 0)), constant_values=len(windows))
            label_of, edge_of = self.book.rows()
            arrays = {"label_rows": label_of[windows], "hidden_ids": hidden_ids, "pixel_ids": number}
            if self.book.edges:
                arrays["edge_rows"] = edge_of[windows]
            arrays["order"], arrays["offsets"] = _sorted_groups(number, len(hidden_ids))
            positions = kernel_size**2
            pairs = (hidden_ids * positions + np.arange(positions)).reshape(-1)  # of a window and its position in a neighbourhood
            arrays["window_order"], arrays["window_order_offsets"] = _sorted_groups(pairs, (len(windows) + 1) * positions)
            channels = np.concatenate([arrays[name] for name in ("label_rows", "edge_rows") if name in arrays], 1)
            window, place = np.nonzero(channels < self.book.semantic_channels)
            rows = place % kernel_size**2 * self.book.semantic_channels + channels[window, place]
            counts = np.bincount(window, minlength=len(windows))
            arrays["table_rows"], arrays["window_offsets"] = rows, np.cumsum(counts) - counts
            order, arrays["table_order_offsets"] = _sorted_groups(rows, kernel_size**2 * self.book.semantic_channels)
            arrays["table_order"] = window[order]
            with torch.inference_mode(False):  # tensors made in inference mode could never be trained with
                tensors = {name: torch.as_tensor(array.astype(np.int32)).to(device, non_blocking=True) for name, array in arrays.items()}
            edge_rows = tensors.pop("edge_rows", None)
            self._grids[key] = Grid(edge_rows=edge_rows, batch=self.batch, height=height, width=width, **tensors)
        return self._grids[key]
