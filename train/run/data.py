"""Data of a run: opened with the configured label channels and split into training and validation."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spade_studio.engine.errors import ConfigError
from spade_studio.engine.labels import LabelChannels, LabelSet, load_label_set
from spade_studio.train.config.run import TrainConfig
from spade_studio.train.datasets import DataError, FolderDataset, PairDataset, open_dataset, read_names, read_scene_list
from spade_studio.train.datasets.folder import LABEL_SET_FILE
from spade_studio.train.datasets.pairs import Entry, Pairing
from spade_studio.train.datasets.published import Split


@dataclass(frozen=True)
class RunData:
    """Data of a run.

    Attributes:
        training: Training samples.
        validation: Held-out samples for sample grids and metrics; may be empty.
        left_out: Number of samples left out by ``data.skip``.
    """

    training: PairDataset
    validation: PairDataset
    left_out: int = 0

    @property
    def words(self) -> str:
        """Note for the user; empty for none."""
        return f"{self.left_out:,} samples are left out (data.skip), {len(self.training):,} are trained on." if self.left_out else ""


def open_run_data(config: TrainConfig, *, anew: bool = True) -> RunData:
    """Open the data of a configuration.

    Validation pictures come from the data set's own validation split; without one, ``data.validation`` samples are held out, independently
    of ``data.skip``, whose samples are then removed from both parts.

    Args:
        config: The configuration.
        anew: Whether the run is new; then data whose label names differ from the configuration's is refused.

    Raises:
        ConfigError: The configuration names no data or labels other than the data's, or the generator cannot make pictures of the
            configured size.
        DataError: There is no usable data, or ``data.scenes`` or ``data.skip`` is unusable.
        LabelError: The label set is unusable.
    """
    if not config.data.path:
        raise ConfigError("data.path is empty", "a data set's folder or zip")
    config.geometry.check_multiple(config.network_configs(1)[0].stride)
    scenes = read_scene_list(Path(config.data.scenes)) if config.data.scenes else None
    skipped = read_names(Path(config.data.skip), "sample") if config.data.skip else frozenset[str]()
    parts = [_open(config, "train", scenes, anew=anew)]
    if not isinstance(parts[0], FolderDataset):
        with suppress(DataError):  # the validation split may not be downloaded
            parts.append(_open(config, "validation", scenes, anew=anew))
    split = parts if len(parts) > 1 else parts[0].split(config.data.validation)
    training, validation = (_without(part, skipped) for part in split)
    left_out = sum(map(len, parts)) - len(training) - len(validation)
    if skipped and not left_out:
        raise DataError(
            f"none of the {len(skipped):,} names in {config.data.skip}, such as {min(skipped)}, "
            f"is that of a sample of {parts[0].source.where}",
            f"names such as {parts[0].name(0)}" if len(parts[0]) else "names of samples",
        )
    return RunData(training, validation, left_out)


class _Absent:
    """Source of unavailable data."""

    def __init__(self, where: str) -> None:
        self.where = where

    def names(self) -> list[str]:
        return []

    def read(self, name: str) -> bytes:
        raise DataError(f"{name} in {self.where} is not there", "the training data")

    def size(self, name: str) -> int:
        del name
        return -1

    def version(self, name: str) -> int:
        del name
        return -1


def absent_data(where: str, parts: Mapping[str, Any]) -> PairDataset:
    """Return a placeholder for unavailable data, with the labels and the size recorded in a checkpoint."""
    entries = tuple(Entry(str(number), "", "") for number in range(int(parts["sampler"]["size"])))
    return PairDataset(_Absent(where), Pairing(entries, ()), LabelChannels.from_json(parts["channels"]))


def _without(dataset: PairDataset, names: Collection[str]) -> PairDataset:
    """Return a data set without the samples of some names."""
    stay = [index for index in range(len(dataset)) if dataset.name(index) not in names]
    return dataset if len(stay) == len(dataset) else dataset.subset(stay)


def refuse_other_labels(dataset: PairDataset, label_set: LabelSet) -> None:
    """Check a label set against the names in the data's own label set, if it has one.

    Raises:
        ConfigError: An id has different names.
    """
    if dataset.kind == FolderDataset.kind and LABEL_SET_FILE not in dataset.source.names():
        return  # COCO-Stuff is only an assumption for such data
    own = dataset.label_set
    for label in own.labels:
        other = label_set.by_id(label.id)
        if label.id != own.unlabeled_id and (other is None or label_set.by_name(label.name) != other):
            theirs = other.name if other else "nothing"
            raise ConfigError(
                f"id {label.id} is {label.name} in the data ({own.name}), and {theirs} in the label set {label_set.name}",
                "a label set that agrees with the data's",
                'Give --labels.label-set "" --labels.ids for all labels of the data, or another preset',
            )


def _open(config: TrainConfig, split: Split, scenes: Collection[str] | None, *, anew: bool) -> PairDataset:
    dataset = open_dataset(config.data.path, config.data.kind, split=split, scenes=scenes)
    if anew and config.labels.label_set:
        refuse_other_labels(dataset, load_label_set(config.labels.label_set))
    return dataset.with_channels(config.labels.channels(dataset.label_set))
