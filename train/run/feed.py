"""Batches of a run on all ranks, with a limit on unreadable samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from spade_studio.train.datasets import DataError
from spade_studio.train.datasets.loading import Batch, BatchLoader
from spade_studio.train.learning.distributed import Ranks


class Feed:
    """Source of the micro-batches of each step.

    Args:
        loader: Loader of this rank's batches.
        ranks: Ranks of the training.
        most: Maximum number of unreadable samples since the start or resume of the run.
        tell: Function called on the first rank with a message for each unreadable sample.
    """

    def __init__(self, loader: BatchLoader, ranks: Ranks, most: int, tell: Callable[[str], None]) -> None:
        self._batches: Iterator[tuple[Batch, ...]] = iter(loader)
        self._ranks, self._most, self._tell = ranks, most, tell
        self._unreadable: set[str] = set()

    def next(self) -> tuple[Batch, ...]:
        """Return the micro-batches of the next step; a collective call.

        Raises:
            DataError: Pictures of a batch differ in size, none can be read, or too many samples are unreadable; raised on every rank.
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
        """Report newly unreadable samples of all ranks; return whether there are too many."""
        for name, problem in (sample for samples in found for sample in samples):
            if name not in self._unreadable:
                self._unreadable.add(name)
                self._tell(f"{problem} Another sample is trained on in its place ({len(self._unreadable)} so far, at most {self._most}).")
        return len(self._unreadable) > self._most
