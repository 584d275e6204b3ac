"""The data of a run: opened, given the channels that the configuration names, and divided into training and validation.

It does not know what is done with either part.
"""

from __future__ import annotations

from dataclasses import dataclass

from spade_studio.engine.errors import ConfigError
from spade_studio.train.config import TrainConfig
from spade_studio.train.datasets import DataError, FolderDataset, PairDataset, open_dataset


@dataclass(frozen=True)
class RunData:
    """What a run trains on.

    Attributes:
        training: Samples that are trained on.
        validation: Samples that are not, for sample grids and metrics; may be empty.
    """

    training: PairDataset
    validation: PairDataset


def open_run_data(config: TrainConfig) -> RunData:
    """Open the data of a configuration.

    Validation pictures come from the data set's own validation part; where it has none, ``data.validation`` samples are held out.

    Raises:
        ConfigError: The configuration names no data.
        DataError: There is nothing there that can be trained on.
        LabelError: The label set cannot be used.
    """
    if not config.data.path:
        raise ConfigError("data.path is empty", "a data set's folder or zip")
    training = _open(config, "train")
    if isinstance(training, FolderDataset):
        return RunData(*training.split(config.data.validation))
    try:
        return RunData(training, _open(config, "validation"))
    except DataError:  # only the training part was downloaded
        return RunData(*training.split(config.data.validation))


def _open(config: TrainConfig, split: str) -> PairDataset:
    dataset = open_dataset(config.data.path, config.data.kind, split="train" if split == "train" else "validation")
    return dataset.with_channels(config.labels.channels(dataset.label_set))
