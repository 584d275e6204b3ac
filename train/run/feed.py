"""The batches of a run, agreed upon by all ranks: samples that cannot be read are told of, and end the run where they are too many."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from spade_studio.train.datasets import DataError
from spade_studio.train.datasets.loading import Batch, BatchLoader
from spade_studio.train.learning.distributed import Ranks


class Feed:
    """Gives one step's parts after the other.

    Args:
        loader: Reads them.
        ranks: Those that train together.
        most: Samples that may be unreadable since the run was started or resumed.
        tell: Told of each of them, on the first rank.
    """

    def __init__(self, loader: BatchLoader, ranks: Ranks, most: int, tell: Callable[[str], None]) -> None:
        self._batches: Iterator[tuple[Batch, ...]] = iter(loader)
        self._ranks, self._most, self._tell = ranks, most, tell
        self._unreadable: set[str] = set()

    def next(self) -> tuple[Batch, ...]:
        """Return the next step's parts.

        Raises:
            DataError: On every rank: pictures of a batch differ in size, none can be read, or too many could not be.
        """
        parts: tuple[Batch, ...] = ()
        problem = ""
        try:
            parts = next(self._batches)
        except DataError as error:
            problem = str(error)
        unreadable = [sample for part in parts for sample in part.unreadable]
        failed, left_out = self._ranks.any_of([bool(problem), bool(unreadable)])
        if failed:
            problem = self._ranks.from_first(next((words for words in self._ranks.gather(problem) if words), ""))
            raise DataError(problem)
        if left_out and self._ranks.from_first(self._too_many(self._ranks.gather(unreadable))):
            found = f"more than {self._most} samples could not be read while training"
            action = "spade-train check lists all that is wrong; data.most_unreadable is the limit"
            raise DataError(found, "sound files", action, "unreadable")
        return parts

    def _too_many(self, found: list[list[tuple[str, str]]]) -> bool:
        """Tell of the samples of all ranks that are new; returns whether they are too many."""
        for name, problem in (sample for samples in found for sample in samples):
            if name not in self._unreadable:
                self._unreadable.add(name)
                self._tell(f"{problem} Another sample is trained on in its place ({len(self._unreadable)} so far, at most {self._most}).")
        return len(self._unreadable) > self._most
