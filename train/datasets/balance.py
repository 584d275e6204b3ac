"""Class balancing by repeat factors of photographs with rare labels (Gupta et al., LVIS, 2019)."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from spade_studio.train.datasets.errors import DataError
from spade_studio.train.datasets.pairs import PairDataset

_NAMED = 12  # labels in words


@dataclass(frozen=True, eq=False)
class Balance:
    """Sampling weights.

    Attributes:
        weights: Weight of each sample, the largest repeat factor of its labels, float64 [N], at least 1.
        rare: Names of the labels below the threshold, rarest first.
    """

    weights: NDArray[np.float64]
    rare: tuple[str, ...]

    @property
    def words(self) -> str:
        """Message for the user."""
        draws = self.weights / self.weights.mean()
        often = int((self.weights > 1).sum())
        if not often:
            return "Rare labels: none; all photographs are drawn alike."
        names = f"{', '.join(self.rare[:_NAMED])}{', ...' if len(self.rare) > _NAMED else ''}"
        return (
            f"Rare labels ({names}): {often:,} of {len(self.weights):,} photographs are drawn more often, at most {draws.max():.1f} times "
            f"an epoch; those without such labels {draws.min():.2f} times."
        )


def balance(dataset: PairDataset, threshold: float) -> Balance:
    """Read all label maps and return the sampling weights.

    A label in a fraction f of the samples has the factor max(1, sqrt(threshold / f)), if it has a channel; unreadable maps count as empty.

    Args:
        dataset: Data set, whose channels determine the labels that count.
        threshold: Threshold on the fraction, above 0 and at most 1.
    """
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        shown = np.stack(list(pool.map(partial(_shown, dataset), range(len(dataset)))))
    known = np.zeros(256, bool)
    known[list(dataset.channels.known_ids)] = True
    shown &= known
    shares = shown.mean(0)
    factors = np.ones(256)
    present = shares > 0
    factors[present] = np.maximum(1.0, np.sqrt(threshold / shares[present]))
    weights = np.where(shown, factors, 1.0).max(1)
    order = [number for number in np.argsort(shares, kind="stable").tolist() if factors[number] > 1]
    names = [label.name if (label := dataset.label_set.by_id(number)) else str(number) for number in order]
    return Balance(weights, tuple(names))


def _shown(dataset: PairDataset, index: int) -> NDArray[np.bool_]:
    """Return which ids a sample's map shows, bool [256]."""
    try:
        return np.bincount(dataset.read_labels(index).reshape(-1), minlength=256) > 0
    except DataError:
        return np.zeros(256, bool)
