"""Codes of pixels (label channel and edge bit), and functions that hash and number them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from spade_studio.engine.errors import LabelError

_RANDOM = np.random.Generator(np.random.PCG64(20190218))
CODE_HASHES = _RANDOM.integers(0, 2**64, size=2 * 65536 + 4, dtype=np.uint64)
OFFSET_FACTORS = _RANDOM.integers(0, 2**63, size=(2, 25), dtype=np.uint64) * np.uint64(2) + np.uint64(1)
OUTSIDE_HASH = np.uint64(0x9E3779B97F4A7C15)

ScalarT = TypeVar("ScalarT", bound=np.generic)
Codes = npt.NDArray[np.int32]
Hashes = npt.NDArray[np.uint64]
Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class CodeBook:
    """The encoding of a pixel's label channel and edge bit as one code.

    Attributes:
        semantic_channels: Number of channels S of the one-hot layout.
        edges: Whether the last channel marks instance edges.
        replicate: Whether layouts are padded by replication, for generators with replicate padding, instead of with zeros.
    """

    semantic_channels: int
    edges: bool
    replicate: bool = False

    @property
    def label_channels(self) -> int:
        """Number of label channels, unlabeled included."""
        return self.semantic_channels - int(self.edges)

    @property
    def outside(self) -> int:
        """Code of positions outside the picture; codes of pixels are smaller."""
        return 2 * (self.label_channels + 1)

    def encode(self, channels: npt.NDArray[np.integer], edges: npt.NDArray[np.bool_] | None) -> Codes:
        """Combine channels [B, H, W], -1 for none, and edges of the same shape into codes."""
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
        """Return the label channel and the edge channel of each code, outside included; S for none."""
        none = self.semantic_channels
        labels = np.append(np.arange(self.label_channels), none)
        label_of = np.concatenate((labels, labels, [none]))
        edge_of = np.full(self.outside + 1, none)
        if self.edges:
            edge_of[self.label_channels + 1 : self.outside] = self.semantic_channels - 1
        return label_of, edge_of


def mix(values: Hashes) -> Hashes:
    """Apply the finaliser of splitmix64, a bijection of 64-bit values."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def padded(values: npt.NDArray[ScalarT], reach: int, outside: ScalarT | int | None) -> npt.NDArray[ScalarT]:
    """Pad [B, h, w] by ``reach`` on all sides with a value, or with those at the edge where it is None."""
    if not reach:
        return values
    if outside is None:
        return np.pad(values, ((0, 0), (reach, reach), (reach, reach)), mode="edge")
    batch, height, width = values.shape
    result = np.full((batch, height + 2 * reach, width + 2 * reach), outside, values.dtype)
    result[:, reach:-reach, reach:-reach] = values
    return result


def changes(values: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
    """Return where the values of a flat array differ from the value before, bool [n]."""
    found = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1], out=found[1:])
    return found


def distinct(values: Hashes) -> tuple[Ids, Ids]:
    """Return one position of each distinct value of a flat array, in order of values, and the inverse indices."""
    # Values with their places in the low bits: numpy sorts numbers several times as fast as it finds the order of numbers.
    low = np.uint64((1 << len(values).bit_length()) - 1)
    ordered = np.sort(values & ~low | np.arange(len(values), dtype=np.uint64))
    order = (ordered & low).astype(np.int64)
    new = changes(values.take(order))
    if np.count_nonzero(changes(ordered & ~low)) != np.count_nonzero(new):  # what the places took decides
        order = np.argsort(values, kind="stable")
        new = changes(values.take(order))
    number = np.empty(len(values), np.int64)
    number[order] = np.cumsum(new) - 1
    return order[new], number
