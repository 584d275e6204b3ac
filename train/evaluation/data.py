"""The data of an evaluation, and an equally large random sample of other photographs."""

from __future__ import annotations

import random

from spade_studio.train.datasets import DataError, FolderDataset, PairDataset, open_dataset
from spade_studio.train.evaluation.cli_options import Run
from spade_studio.train.evaluation.errors import EvaluationError


def open_data(options: Run) -> tuple[PairDataset, PairDataset | None]:
    """Open the data to measure on, and an equally large random sample of other photographs.

    The others come from the training part, or else from what ``--limit`` leaves out; the sample is deterministic.

    Returns:
        Both; the second is None where there are too few.

    Raises:
        DataError: no such data.
        EvaluationError: ``--held-out`` does not match the data, or there is nothing to measure on.
    """
    dataset: PairDataset = open_dataset(options.data, options.kind, split=options.split)
    training: PairDataset | None = None
    if options.held_out:
        if not isinstance(dataset, FolderDataset):
            raise EvaluationError(f"--held-out beside data of kind {dataset.kind}", "a plain folder", "Choose a part with --split")
        training, dataset = dataset.split(options.held_out)
    elif not isinstance(dataset, FolderDataset) and options.split == "validation":
        training = _training_part(options)
    total = len(dataset)
    left_out: PairDataset | None = None
    if options.limit and options.limit < total:
        chosen = [(2 * number + 1) * total // (2 * options.limit) for number in range(options.limit)]
        left_out = dataset.subset(sorted(set(range(total)).difference(chosen)))
        dataset = dataset.subset(chosen)
    if not len(dataset):
        raise EvaluationError(f"{options.data} has no picture to measure on", "photographs with label maps")
    others = next((part for part in (training, left_out) if part is not None and len(part) >= len(dataset)), None)
    return dataset, None if others is None else others.subset(sorted(random.Random(0).sample(range(len(others)), len(dataset))))


def _training_part(options: Run) -> PairDataset | None:
    try:
        return open_dataset(options.data, options.kind, split="train")
    except DataError:  # only the validation part was downloaded
        return None
