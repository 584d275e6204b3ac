"""Training data, photographs with label maps: reading, checks, preparation and labelling."""

from spade_studio.train.datasets.errors import DataError
from spade_studio.train.datasets.folder import FolderDataset
from spade_studio.train.datasets.opening import DATASET_KINDS, open_dataset
from spade_studio.train.datasets.pairs import Dataset, PairDataset, Problem, Sample
from spade_studio.train.datasets.published import (
    Ade20kDataset,
    Ade20kOutdoorDataset,
    CityscapesDataset,
    CocoStuffDataset,
    read_names,
    read_scene_list,
)

__all__ = [
    "DATASET_KINDS",
    "Ade20kDataset",
    "Ade20kOutdoorDataset",
    "CityscapesDataset",
    "CocoStuffDataset",
    "DataError",
    "Dataset",
    "FolderDataset",
    "PairDataset",
    "Problem",
    "Sample",
    "open_dataset",
    "read_names",
    "read_scene_list",
]
