"""Layouts prepared for generators: the distinct neighbourhoods at each resolution and their positions."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spade_studio.engine.errors import LabelError
from spade_studio.engine.networks.codes import (
    CODE_HASHES,
    OFFSET_FACTORS,
    OUTSIDE_HASH,
    CodeBook,
    Codes,
    Hashes,
    Ids,
    ScalarT,
    changes,
    distinct,
    mix,
    padded,
)
from spade_studio.engine.networks.grid import Grid


def instance_edges(instances: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
    """Return the pixels whose id differs from that of a 4-neighbour.

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
    """Resize [..., H, W] by nearest neighbour, with index floor(i * in / out) as in the published code."""
    rows = np.arange(height) * plane.shape[-2] // height
    columns = np.arange(width) * plane.shape[-1] // width
    return np.ascontiguousarray(plane[..., rows[:, None], columns])


def _window_hashes(values: Hashes, outside: np.uint64 | None, kernel_size: int, level: int) -> Hashes:
    """Hash the k x k window around every position of [B, h, w], padded as by :func:`padded`."""
    if kernel_size == 1:
        return values
    reach = kernel_size // 2
    around = padded(values, reach, outside)
    _, height, width = values.shape
    total = np.zeros_like(values)
    for i in range(kernel_size):
        for j in range(kernel_size):
            total += around[:, i : i + height, j : j + width] * OFFSET_FACTORS[level, i * kernel_size + j]
    return mix(total)


def unique_hashes(hashes: Hashes) -> tuple[Hashes, Ids, Ids]:
    """Return the distinct values of a flat array, one position of each, and the inverse indices.

    Runs of equal values are collapsed first, which is several times faster than ``np.unique`` on layouts.
    """
    starts = np.flatnonzero(changes(hashes))
    first, number = distinct(hashes[starts])
    positions = starts[first]
    return hashes[positions], positions, np.repeat(number, np.diff(starts, append=hashes.size))


@dataclass(frozen=True)
class Scale:
    """A layout at one resolution: codes, and the hash of the neighbourhood of each position."""

    codes: Codes  # [B, h, w]
    window_hashes: Hashes  # [B, h, w], of the k x k codes
    hashes: Hashes  # [B, h, w], of the k x k window hashes, so of the (2k-1) x (2k-1) codes
    kernel_size: int
    outside: int | None  # None where the layout goes on as at its edge

    @classmethod
    def of(cls, codes: Codes, kernel_size: int, outside: int | None) -> Scale:
        """Hash the neighbourhoods of codes [B, h, w]."""
        window = _window_hashes(CODE_HASHES[codes], None if outside is None else CODE_HASHES[outside], kernel_size, 0)
        hashes = _window_hashes(window, None if outside is None else OUTSIDE_HASH, kernel_size, 1)
        return cls(codes, window, hashes, kernel_size, outside)

    def edited(self, codes: Codes) -> Scale:
        """Return the scale of edited codes of the same shape; only rows within reach of a difference are rehashed."""
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
        """Return the windows that determine gamma and beta at flat positions [m] of [B, h, w].

        Returns:
            Distinct code windows [n, k * k] of the hidden map, and the indices [m, k * k] of the windows around each position; n for hidden
            positions outside the picture.
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
        inside = padded(flat.reshape(batch, height, width), reach, None if self.outside is None else -1)
        around = inside[b[:, None], y[:, None] + offset_y, x[:, None] + offset_x].reshape(-1)  # flat positions, -1 outside
        seen = np.zeros(batch * height * width + 1, bool)
        seen[around] = True
        needed = np.flatnonzero(seen[:-1])
        first, number = distinct(self.window_hashes.reshape(-1)[needed])
        lookup = np.full(batch * height * width + 1, len(first))  # the last entry, reached by -1, is "outside"
        lookup[needed] = number
        example = needed[first]
        b, rest = np.divmod(example, height * width)
        y, x = np.divmod(rest, width)
        windows = padded(self.codes, reach, self.outside)[b[:, None], y[:, None] + offset_y, x[:, None] + offset_x]
        return windows, lookup[around].reshape(len(positions), k * k)


@dataclass(frozen=True, eq=False)
class Canvas:
    """Photograph segments composed for B layouts (Qi et al., 2018).

    Attributes:
        colors: RGB, uint8 [B, H, W, 3].
        known: Pixels covered by a piece, bool [B, H, W].
    """

    colors: npt.NDArray[np.uint8]
    known: npt.NDArray[np.bool_]


@dataclass
class Layout:
    """The layouts of B pictures, prepared for any resolution of a generator.

    Attributes:
        codes: Codes of :class:`CodeBook`, int32 [B, H, W].
        book: Code book of the codes.
        canvas: Canvas, for generators that complete one.
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
        """Return the layouts of label channels.

        Args:
            channels: Channel of each pixel, [B, H, W]; -1 for none.
            semantic_channels: Number of channels S of the one-hot layout, edge channel included.
            instances: Instance ids [B, H, W]; the channels where None.
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
        """Number of layouts B."""
        return self.codes.shape[0]

    @property
    def height(self) -> int:
        """Height at full resolution."""
        return self.codes.shape[1]

    @property
    def width(self) -> int:
        """Width at full resolution."""
        return self.codes.shape[2]

    def one_hot(self, height: int, width: int, device: torch.device | str, dtype: torch.dtype) -> Tensor:
        """Return the one-hot planes [B, S, height, width] at a resolution."""
        label_of, edge_of = self.book.rows()
        codes = resize_nearest(self.codes, height, width)
        planes = torch.zeros(self.batch, self.book.semantic_channels + 1, height, width, dtype=dtype, device=device)
        for channel_of in (label_of, edge_of):
            index = torch.as_tensor(channel_of[codes]).unsqueeze(1).to(device, non_blocking=True)
            planes.scatter_(1, index, 1.0)
        return planes[:, :-1]

    def planes(self, device: torch.device | str, dtype: torch.dtype) -> Tensor:
        """Return the one-hot planes [B, S, H, W] at full resolution, channels last in memory (cached)."""
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
        """Return colours in [-1, 1], 0 where unknown, and the mask of the canvas, [B, 4, H, W]; zeros without a canvas."""
        if self.canvas is None:
            return torch.zeros(self.batch, 4, self.height, self.width, dtype=dtype, device=device)
        known = torch.as_tensor(self.canvas.known).to(device, non_blocking=True).unsqueeze(1).to(dtype)
        colors = torch.as_tensor(self.canvas.colors).to(device, non_blocking=True).permute(0, 3, 1, 2).to(dtype)
        return torch.cat(((colors / 127.5 - 1) * known, known), 1)

    def scale(self, height: int, width: int, kernel_size: int, like: Scale | None = None) -> Scale:
        """Return the hashed neighbourhoods at a resolution (cached).

        Args:
            height: Height at this resolution.
            width: Width at this resolution.
            kernel_size: Kernel size of the SPADE layers.
            like: Scale of a similar layout with the same code book at this resolution, to rehash differences only.
        """
        key = (height, width, kernel_size)
        if key not in self._scales:
            codes = self._codes_at(height, width)
            outside = None if self.book.replicate else self.book.outside
            self._scales[key] = Scale.of(codes, kernel_size, outside) if like is None else like.edited(codes)
        return self._scales[key]

    def _codes_at(self, height: int, width: int) -> Codes:
        return self.codes if self.codes.shape[1:] == (height, width) else resize_nearest(self.codes, height, width)

    def grid(self, height: int, width: int, kernel_size: int, device: torch.device | str) -> Grid:
        """Return the distinct neighbourhoods at a resolution on a device (cached)."""
        key = (height, width, kernel_size, str(device))
        if key not in self._grids:
            self._grids[key] = Grid.of(self._codes_at(height, width), self.book, kernel_size, device)
        return self._grids[key]
