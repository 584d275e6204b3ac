"""The sampler: the samples of each rank and step, a function of seed, epoch and position, for exact resumption."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Sampler

from spade_studio.train.datasets.errors import DataError

_STREAM: Final = 0x5EED  # keeps the order's random numbers apart from those of the samples


@dataclass(frozen=True)
class SampleKey:
    """A sample in an epoch; the key determines its random numbers.

    Attributes:
        epoch, index: Epoch and index of the sample.
        parts: Number of accumulated parts of its batch, the same on all ranks.
        occurrence: Number of earlier occurrences in the epoch.
    """

    epoch: int
    index: int
    parts: int = 1
    occurrence: int = 0

    @property
    def number(self) -> int:
        """Number that identifies the occurrence within an epoch: the index for the first one, other numbers for later ones."""
        return self.index + (self.occurrence << 32)


class ResumableSampler(Sampler[list[SampleKey]]):
    """An endless batch sampler over epochs, each a new permutation of all samples.

    A step takes the next ``batch_size * world_size`` samples of the permutation and distributes them over the ranks in contiguous parts, so
    that the samples of a step do not depend on the number of ranks. The last batch of an epoch may be smaller: its samples are
    distributed as evenly as possible, the first ranks having one more. Where there are fewer than one per rank, or than the two that
    batch norms need in each part, samples from the start of the epoch fill it up, since a rank without work would block the others.

    The position counts samples *trained on* (:meth:`advance`), not those that workers have read ahead.

    Args:
        size: Number of samples of the data set.
        batch_size: Number of samples of a rank per step.
        seed: Seed of the permutations.
        rank, world_size: Rank of this process, and number of ranks.
        drop_last: Whether to drop a smaller last batch, unless it is the only one.
        shuffle: Whether to permute the samples; otherwise epochs are in order of indices.
        parts: Number of accumulated parts of a rank's batch; fewer where a last batch is too small.
        weights: Relative sampling weights; uniform where None. An epoch still has ``size`` samples, with each sample's share rounded up
            or down at random.

    Raises:
        DataError: there is nothing to sample from.
    """

    def __init__(
        self,
        size: int,
        batch_size: int,
        *,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
        drop_last: bool = False,
        shuffle: bool = True,
        parts: int = 1,
        weights: NDArray[np.float64] | None = None,
    ) -> None:
        if size < 1:
            raise DataError("the training data has no sample", "at least one photograph with a label map", kind="no image")
        if batch_size < 1 or not 0 <= rank < world_size:
            raise DataError(f"batches of {batch_size} for rank {rank} of {world_size}", "at least one, and a rank below their number")
        self.size, self.batch_size, self.seed = size, batch_size, seed
        self.rank, self.world_size = rank, world_size
        self.drop_last, self.shuffle, self.parts, self.weights = drop_last, shuffle, parts, weights
        self._fewest = min(2, max(1, batch_size // parts))  # samples of a part
        self.epoch = 0
        self.position = 0  # samples of this epoch, over all ranks, that have been trained on
        self._order: tuple[int, NDArray[np.int64], NDArray[np.int64]] | None = None  # epoch, samples, and how often each came before

    @property
    def global_batch_size(self) -> int:
        """Number of samples of a step over all ranks."""
        return self.batch_size * self.world_size

    @property
    def batches_per_epoch(self) -> int:
        """Number of steps of an epoch from position 0."""
        whole, rest = divmod(self.size, self.global_batch_size)
        return max(1, whole) if self.drop_last or not rest else whole + 1

    def order(self, epoch: int) -> NDArray[np.int64]:
        """Return the samples of an epoch in order, int64 [size]."""
        if not self.shuffle:
            return np.arange(self.size)
        if self._order is None or self._order[0] != epoch:
            rng = np.random.default_rng([self.seed, epoch, _STREAM])
            order = rng.permutation(self.size)
            if self.weights is not None:
                ends: NDArray[np.float64] = np.cumsum(self.weights[order])
                places = (np.arange(self.size) + rng.random()) * (ends[-1] / self.size)
                found = cast("NDArray[np.int64]", np.searchsorted(ends, places, side="right"))  # pyright: ignore[reportUnknownMemberType]
                chosen = np.minimum(found, self.size - 1)
                order = rng.permutation(order[chosen])
            self._order = epoch, order, _occurrences(order)
        return self._order[1]

    def _places(self, position: int) -> list[int]:
        """Return the places in the epoch's order of the step that starts at a position, over all ranks."""
        places = list(range(position, min(position + self.global_batch_size, self.size)))
        short = self._fewest * self.world_size - len(places)
        return places + [place % self.size for place in range(short)]

    def global_batch(self, epoch: int, position: int) -> list[int]:
        """Return the samples of the step at a position, over all ranks."""
        return self.order(epoch)[self._places(position)].tolist()

    def batch(self, epoch: int, position: int) -> list[SampleKey]:
        """Return this rank's part of :meth:`global_batch`."""
        order, whole = self.order(epoch), self._places(position)
        share, rest = divmod(len(whole), self.world_size)
        start = self.rank * share + min(self.rank, rest)
        parts = min(self.parts, share // self._fewest)  # parts are agreed: batch norms of all ranks meet in each of them
        own = whole[start : start + share + (self.rank < rest)]
        before = [0] * len(own) if self._order is None else self._order[2][own].tolist()
        return [SampleKey(epoch, index, parts, count) for index, count in zip(order[own].tolist(), before, strict=True)]

    def following(self, epoch: int, position: int) -> tuple[int, int]:
        """Return (epoch, position) after the step at a position."""
        position += self.global_batch_size
        left = self.size - position
        if left <= 0 or (self.drop_last and left < self.global_batch_size):
            return epoch + 1, 0
        return epoch, position

    def advance(self) -> None:
        """Count one step as done."""
        self.epoch, self.position = self.following(self.epoch, self.position)

    def __iter__(self) -> Iterator[list[SampleKey]]:
        epoch, position = self.epoch, self.position
        while True:
            yield self.batch(epoch, position)
            epoch, position = self.following(epoch, position)

    @property
    def images_per_epoch(self) -> int:
        """Number of samples of an epoch from position 0, including those that fill up its last step."""
        begins = range(0, self.batches_per_epoch * self.global_batch_size, self.global_batch_size)
        return (len(begins) - 1) * self.global_batch_size + len(self.global_batch(0, begins[-1]))

    def state_dict(self) -> dict[str, Any]:
        """Return the state for a checkpoint, the same on all ranks."""
        return {"size": self.size, "seed": self.seed, "shuffle": self.shuffle, "epoch": self.epoch, "position": self.position}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore from :meth:`state_dict`; the number of ranks and the batch size may differ.

        Raises:
            DataError: a state of other data or of another permutation.
        """
        own = self.state_dict()
        if set(state) != set(own):
            raise DataError(f"a sampler's state with {', '.join(sorted(map(str, state)))}", ", ".join(sorted(own)))
        for name, what in (("size", "samples"), ("seed", "seed"), ("shuffle", "shuffling")):
            if state[name] != own[name]:
                raise DataError(
                    f"the checkpoint was made with {what} {state[name]}, and now it is {own[name]}",
                    "the same data and seed to resume",
                    "Restore the data as it was, or start a new run from its weights",
                )
        epoch, position = state["epoch"], state["position"]
        if not (isinstance(epoch, int) and isinstance(position, int) and epoch >= 0 and 0 <= position < self.size):
            raise DataError(f"a sampler's state at epoch {epoch!r}, position {position!r}", f"a position from 0 to {self.size - 1}")
        self.epoch, self.position = epoch, position


def _occurrences(order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how often each entry stands before its place."""
    by_value = np.argsort(order, kind="stable")
    found = np.empty_like(order)
    found[by_value] = np.arange(len(order)) - np.searchsorted(order[by_value], order[by_value])
    return found


def for_other_data(state: Mapping[str, Any], size: int) -> dict[str, Any]:
    """Return a sampler's state for another number of samples, in the same epoch, at the same position if it exists."""
    epoch, position = int(state["epoch"]), int(state["position"])
    return {**state, "size": size, **({"epoch": epoch + 1, "position": 0} if position >= size else {})}
